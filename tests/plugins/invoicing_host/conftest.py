"""The invoicing demo, built, and an end for the workers that the tests started."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kernel.app import Kernel
from plugins.extensions.runtime import close_guest_pool
from tests.extensions.conftest import build
from tests.extensions.room_stage import DEMO_FOLDER


@pytest.fixture(scope="session")
def demo_wasm() -> bytes:
    return build(DEMO_FOLDER)


@pytest.fixture(autouse=True, scope="session")
def _workers_end(_shared_kernel: Kernel) -> Iterator[None]:
    yield
    close_guest_pool(_shared_kernel)
