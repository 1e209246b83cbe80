"""`make bench` still measures what it says, in small; how fast anything is here is nobody's business."""

from __future__ import annotations

import json
from pathlib import Path

from local.postgres import EmbeddedPostgres
from tests.benchmarks.__main__ import Sizes, readings, write
from tests.benchmarks.measuring import show
from tests.ground import ground_beside

FIELDS = {"name", "value", "unit", "against", "ratio", "spread", "target", "met", "limit"}
SMALL = Sizes(clients=3, runs=1, invoices=51, list_rounds=1, list_calls=2, extension_rounds=1, extension_calls=2, starts=1,
              create_rounds=1, create_calls=1, guest_rounds=1, guest_calls=2, install_tenants=2, installs_each=2,
              install_starts=1)  # fmt: skip


def test_the_benchmarks_measure_and_write_their_file(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    with ground_beside(postgres, tmp_path) as kernel:
        measured = list(readings(kernel, postgres, SMALL))
    show(measured)
    write(measured, tmp_path / "bench.json")
    told = json.loads((tmp_path / "bench.json").read_text())
    assert len(told) == 19
    for one in told:
        assert one.keys() == FIELDS
        assert one["value"] > 0
        assert one["ratio"] > 0
        assert one["met"] in ((True, False) if one["target"] else (None,))
    assert {one["unit"] for one in told} == {"invoices/s", "ms", "s", "MB", "times"}
    assert sum(one["met"] is not None for one in told) == 13
