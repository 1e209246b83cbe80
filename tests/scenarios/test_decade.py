"""Two MSPs live a year twice and come out the same; `make soak NAME=decade` lets a hundred live ten years."""

from __future__ import annotations

from pathlib import Path

from local.postgres import EmbeddedPostgres
from tests.ground import ground_beside
from tests.soak.decade import clock, histories

TENANTS, YEARS = 2, 1


def test_a_year_lived_twice_is_the_same_to_the_cent(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    with ground_beside(postgres, tmp_path, clock=clock()) as kernel, histories(kernel, postgres) as live:
        first = [live(seed, YEARS) for seed in range(TENANTS)]
        second = [live(seed, YEARS) for seed in range(TENANTS)]
    assert first == second
    assert len({digest for digest, _ in first}) == TENANTS
    assert all(seen["months"] == 12 * YEARS and seen["invoices"] > 12 for _, seen in first)
