"""The stage: Acme and Beta with a room that connects to books outside, and these books."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module

import pytest

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


@pytest.fixture
def stage(kernel: Kernel) -> Kernel:
    """The kernel with all rooms and the room of books."""
    packages = [import_module(plugin.package) for plugin in kernel.plugins.installed.values()]
    plugins = Plugins([*packages, books_room])
    plugins.register_hooks()
    return replace(kernel, plugins=plugins)


@pytest.fixture
def our(acme: World, stage: Kernel, books: BooksService) -> World:
    """Acme, which has registered an application with the books."""
    app = create_app(stage)
    app.testing = True
    world = replace(acme, kernel=stage, app=app)
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
