"""Workers die in the middle of a billing run, and Acme's clients get the invoices they would have got anyhow.

Three deaths here; `make soak NAME=billing-kills` brings more of them upon more clients.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

from local.postgres import EmbeddedPostgres
from tests.ground import bill_month, found, ground_beside
from tests.soak.billing_kills import Killer, books, differences, finalize_all, prepare

CLIENTS, BATCH, KILLS, SEED = 48, 3, 3, 4


def test_a_run_whose_workers_are_killed_bills_what_an_undisturbed_one_bills(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    with ground_beside(postgres, tmp_path, job_lease=1) as kernel:
        acme, twin = found(kernel, "acme"), found(kernel, "acme-twin")
        prepare(kernel, (acme, twin), CLIENTS, SEED)
        bill_month(kernel, twin, 1)
        killer = Killer(kernel, acme, Random(SEED), BATCH)
        killer.disturb(1, KILLS)
        assert killer.total() > 0
        for tenant_id in (acme, twin):
            finalize_all(kernel, tenant_id)
        assert len(books(kernel, acme)["invoices"]) == CLIENTS
        assert differences(kernel, acme, twin) == []
