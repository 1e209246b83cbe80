"""The sample extensions, each built once, and an end for the workers that the tests started."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel.app import Kernel
from plugins.extensions.author.building import build_extension
from plugins.extensions.runtime import close_guest_pool

SAMPLES = Path(__file__).parents[2] / "samples"


def built(name: str) -> Path:
    """The folder of a sample, ready to be published."""
    build_extension(SAMPLES / name)
    return SAMPLES / name


@pytest.fixture(autouse=True, scope="session")
def _workers_end(_shared_kernel: Kernel) -> Iterator[None]:
    yield
    close_guest_pool(_shared_kernel)
