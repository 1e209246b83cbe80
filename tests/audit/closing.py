"""At the end of each test that has a world, its books are audited. A conftest takes this fixture in by importing it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from kernel.config import Settings
from tests.audit.auditor import audit, connect
from tests.conftest import World


def pytest_configure(config: pytest.Config) -> None:
    """Name the mark of the few tests that write rows past the engine on purpose."""
    config.addinivalue_line("markers", "forged_books: writes rows past the engine, so its books cannot be audited.")


@pytest.fixture(scope="session")
def auditor(settings: Settings) -> Iterator[psycopg.Connection[Any]]:
    """The auditor's own connection, as the role that serves requests."""
    with connect(settings.database_url) as database:
        yield database


@pytest.fixture(autouse=True)
def books_are_right_at_the_end(request: pytest.FixtureRequest, auditor: psycopg.Connection[Any]) -> Iterator[None]:
    """No test leaves books behind that an auditor would object to."""
    yield
    worlds = [one for one in request.node.funcargs.values() if isinstance(one, World)]
    if request.node.get_closest_marker("forged_books") is None:
        findings = [finding for world in worlds for finding in audit(auditor, world.tenant_id)]
        assert not findings, findings
