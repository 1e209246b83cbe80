"""The stage and the cast come from `house.stage`, which pytest loads first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings

from house.stage import CAST, PASSWORD, START, World
from kernel.app import Kernel, create_app
from tests.post_office import PostOffice, opened

__all__ = ["CAST", "PASSWORD", "START", "World"]

# No test asserts a time: what a busy machine does slowly is not wrong.
settings.register_profile("deskhand", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("deskhand")


@pytest.fixture(scope="session")
def _mailing(_shared_kernel: Kernel) -> Iterator[tuple[PostOffice, Kernel, Flask]]:
    """A mail server, and a kernel and an application that know it: one for all tests, since an application takes its time."""
    office = PostOffice()
    with opened(office) as settings:
        kernel = replace(_shared_kernel, mail=settings)
        app = create_app(kernel)
        app.testing = True
        yield office, kernel, app


@pytest.fixture
def office(_mailing: tuple[PostOffice, Kernel, Flask]) -> PostOffice:
    """The mail server, which has taken nothing yet and takes everything."""
    office, *_ = _mailing
    office.envelopes.clear()
    office.answers.clear()
    return office


@pytest.fixture
def posting(acme: World, office: PostOffice, _mailing: tuple[PostOffice, Kernel, Flask]) -> World:
    """Acme, with a mail server."""
    _, kernel, app = _mailing
    return replace(acme, kernel=kernel, app=app)
