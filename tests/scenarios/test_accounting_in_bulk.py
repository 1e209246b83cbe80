"""Many invoices go to QuickBooks Online in one run; `make soak NAME=accounting-thousand` is the same with a thousand."""

from __future__ import annotations

from pathlib import Path

from house.stage import START
from kernel.clock import FixedClock
from local.postgres import EmbeddedPostgres
from tests.ground import ground_beside
from tests.soak.accounting_thousand import sync


def test_many_invoices_go_by_batches_within_the_published_limits(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    clock = FixedClock(START)
    with ground_beside(postgres, tmp_path, clock=clock) as kernel:
        figures = sync(kernel, clock, clients=40, months=3, seed=1)
    assert figures.invoices == 120
    assert figures.requests["batches"] == 4
    assert figures.requests["requests"] < 40 + 20  # each customer by itself, and what is read
    assert figures.busiest["second"] == 10
    assert figures.statements < 3 * figures.invoices
