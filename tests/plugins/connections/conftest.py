"""The stage: Acme and Beta with a room that connects to books outside, and these books."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module

import pytest
from flask import Flask

from kernel.app import Kernel, create_app
from kernel.plugins import Plugins
from kernel.tenancy import greet_plugins
from tests.conftest import World
from tests.plugins.connections import books_room, books_service
from tests.plugins.connections.books_room import hooks
from tests.plugins.connections.books_service import BooksService


@pytest.fixture
def books() -> Iterator[BooksService]:
    """The service outside."""
    with books_service.running() as service:
        hooks.ADDRESS[0] = service.url
        hooks.TOLD.clear()
        hooks.HELD.clear()
        yield service


@pytest.fixture(scope="session")
def stage(_shared_kernel: Kernel) -> Kernel:
    """The kernel with all rooms and the room of books."""
    packages = [import_module(plugin.package) for plugin in _shared_kernel.plugins.installed.values()]
    plugins = Plugins([*packages, books_room])
    plugins.register_hooks()
    return replace(_shared_kernel, plugins=plugins)


@pytest.fixture(scope="session")
def stage_app(stage: Kernel) -> Flask:
    """The web application of that kernel."""
    app = create_app(stage)
    app.testing = True
    return app


@pytest.fixture
def our(acme: World, stage: Kernel, stage_app: Flask, books: BooksService) -> World:
    """Acme, which has registered an application with the books."""
    world = replace(acme, kernel=stage, app=stage_app)
    with world.call() as ctx:
        greet_plugins(ctx.session, stage.plugins)
    body = {"provider": "books", "environment": "production", "client_id": "app-1", "client_secret": books.secret}
    assert world.api().post("/api/v1/connections/applications", json=body).status_code == 201
    return world


@pytest.fixture
def their(beta: World, our: World, books: BooksService) -> World:
    """Beta, likewise, on the same stage."""
    world = replace(beta, kernel=our.kernel, app=our.app)
    with world.call() as ctx:
        greet_plugins(ctx.session, our.kernel.plugins)
    body = {"provider": "books", "environment": "production", "client_id": "app-2", "client_secret": books.secret}
    assert world.api().post("/api/v1/connections/applications", json=body).status_code == 201
    return world
