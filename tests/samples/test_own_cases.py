"""Each sample passes the cases that lie beside it, as `deskhand ext test` runs them."""

from __future__ import annotations

import pytest

from kernel.app import Kernel
from kernel.plugins import Plugins
from plugins.extensions.author.testing import run_cases
from plugins.extensions.runtime import artefact_store
from tests.samples.conftest import SAMPLES

WITH_CASES = sorted({case.parent.parent.name for case in SAMPLES.glob("*/tests/*.test.json")})


@pytest.mark.parametrize("name", WITH_CASES)
def test_a_sample_passes_its_own_cases(name: str, kernel: Kernel) -> None:
    verdicts = run_cases(SAMPLES / name, Plugins.discover(), artefact_store(kernel))
    assert {one.name: one.differs for one in verdicts if one.differs} == {}
