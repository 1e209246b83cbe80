"""The stages of the kernel's tests: REST with a room of gadgets; background work with bells and ears."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from kernel.app import Kernel
from kernel.config import Settings
from local.postgres import EmbeddedPostgres
from tests.ground import ground_beside
from tests.kernel.api_stage import api_app, room_kernel
from tests.kernel.web_stage import meet_parcels, web_app, web_kernel
from tests.kernel.work_stage import Tower, build_tower


@pytest.fixture
def room(kernel: Kernel) -> Kernel:
    """The kernel with the room of gadgets."""
    return room_kernel(kernel)


@pytest.fixture
def gadgets(acme: Any, room: Kernel) -> Any:
    """Acme, with the room of gadgets."""
    return replace(acme, kernel=room, app=api_app(room))


@pytest.fixture
def beta_gadgets(beta: Any, gadgets: Any) -> Any:
    """Beta, on the same stage."""
    return replace(beta, kernel=gadgets.kernel, app=gadgets.app)


@pytest.fixture
def parcels(acme: Any, kernel: Kernel) -> Any:
    """Acme, with the room of parcels and the pages of the shell."""
    stage = web_kernel(kernel)
    meet_parcels(stage, acme.tenant_id)
    return replace(acme, kernel=stage, app=web_app(stage))


@pytest.fixture(scope="session")
def tower_settings(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings on a database in which there are towers only: its workers and schedulers look after every tenant there is."""
    with ground_beside(postgres, tmp_path_factory.mktemp("towers")) as kernel:
        yield kernel.settings


@pytest.fixture
def tower(tower_settings: Settings) -> Iterator[Tower]:
    """Acme and Beta with bells and ears, and a clock that stands still."""
    tower = build_tower(tower_settings)
    yield tower
    tower.kernel.db.dispose()
