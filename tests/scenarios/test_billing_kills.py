"""Workers and PostgreSQL die in the middle of a billing run, and Acme's clients get the invoices they would have got anyhow.

A few deaths here; `make soak NAME=billing-kills` brings more of them upon more clients.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

from kernel.app import Kernel
from local.postgres import EmbeddedPostgres
from tests.audit.auditor import audit, connect
from tests.ground import bill_month, found, ground, ground_beside
from tests.soak.billing_kills import Killer, books, differences, finalize_all, prepare

CLIENTS, BATCH, KILLS, SEED = 48, 3, 3, 4


def _disturb(kernel: Kernel, postgres: EmbeddedPostgres | None, seed: int) -> None:
    acme, twin = found(kernel, "acme"), found(kernel, "acme-twin")
    prepare(kernel, (acme, twin), CLIENTS, seed)
    bill_month(kernel, twin, 1)
    killer = Killer(kernel, acme, Random(seed), BATCH, postgres)
    killer.disturb(1, KILLS)
    assert killer.total() > 0
    for tenant_id in (acme, twin):
        finalize_all(kernel, tenant_id)
    assert len(books(kernel, acme)["invoices"]) == CLIENTS
    assert differences(kernel, acme, twin) == []
    with connect(kernel.settings.database_url) as database:
        assert audit(database, acme) == []


def test_a_run_whose_workers_are_killed_bills_what_an_undisturbed_one_bills(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    with ground_beside(postgres, tmp_path, job_lease=1) as kernel:
        _disturb(kernel, None, SEED)


def test_a_run_whose_database_is_killed_bills_what_an_undisturbed_one_bills() -> None:
    with ground(durable=True, job_lease=1) as (kernel, own):
        _disturb(kernel, own, SEED)
