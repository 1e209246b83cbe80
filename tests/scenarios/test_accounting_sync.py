"""Three MSPs and their accountants in QuickBooks Online while calls fail and workers die: both books are equal again.

A few runs here; `make soak NAME=accounting-sync` plays hundreds.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from kernel.clock import FixedClock
from local.postgres import EmbeddedPostgres
from tests.ground import connect_owner, ground_beside
from tests.plugins.billing.invoice_desk import final, line
from tests.soak.accounting_sync import play
from tests.soak.sync_deeds import Deeds
from tests.soak.sync_judge import Drifted, judge
from tests.soak.sync_stage import MORNING, Msp, Stage, open_stage, serving

SEED, RUNS = 3, 1


@contextmanager
def opened_stage(postgres: EmbeddedPostgres, folder: Path) -> Iterator[Stage]:
    clock = FixedClock(MORNING)
    with (
        ground_beside(postgres, folder, clock=clock) as kernel,
        serving(kernel) as url,
        open_stage(kernel, clock, url, SEED) as opened,
    ):
        yield opened


@pytest.fixture(scope="module")
def stage(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with opened_stage(postgres, tmp_path_factory.mktemp("sync")) as opened:
        yield opened


def told(msp: Msp, drifted: Drifted | None = None) -> list[str]:
    with connect_owner(msp.kernel, msp.tenant_id) as database:
        return judge(database, msp.company, drifted or Drifted())


def test_both_books_are_equal_after_the_faults(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    with opened_stage(postgres, tmp_path) as disturbed:
        played = list(play(disturbed, SEED, RUNS))
    assert [run.get("wrong") for run in played] == [None] * RUNS
    assert sum(run["fresh"] for run in played) > 0


def test_the_judge_finds_what_is_there_twice_or_not_at_all(stage: Stage) -> None:
    msp = stage.msps[0]
    with msp.call() as ctx:
        doubled, missing = (final(ctx, msp.clients[0], line(rate=rate)).number for rate in (12_300, 45_600))
    stage.pass_time(minutes=11)
    stage.work()
    rows = {row["DocNumber"]: row for row in msp.company.rows("Invoice")}
    assert not [finding for finding in told(msp) if doubled in finding or missing in finding]
    msp.company.books.add("Invoice", {**rows[doubled]}, "9001")
    msp.company.books.tables["Invoice"].pop(rows[missing]["Id"])
    found = "\n".join(told(msp))
    assert f"Invoice {doubled} exists 2 times there" in found
    assert f"{missing} is not there" in found
    msp.company.books.tables["Invoice"].pop("9001")
    msp.company.books.find("Invoice", rows[doubled]["Id"])["Balance"] = Decimal("0.01")  # type: ignore[index]
    assert any(finding.startswith(f"{doubled}: balance is") and finding.endswith(" here, 1 there") for finding in told(msp))


def test_the_judge_finds_a_payment_that_is_only_there(stage: Stage) -> None:
    msp = stage.msps[1]
    with msp.call() as ctx:
        number = final(ctx, msp.clients[0], line(rate=5_000)).number
    stage.pass_time(minutes=11)
    stage.work()
    row = next(one for one in msp.company.rows("Invoice") if one["DocNumber"] == number)
    linked = [{"Amount": row["TotalAmt"], "LinkedTxn": [{"TxnId": row["Id"], "TxnType": "Invoice"}]}]
    msp.company.create("Payment", {"CustomerRef": row["CustomerRef"], "TotalAmt": row["TotalAmt"], "Line": linked})
    assert any("noted there), is none here" in finding for finding in told(msp))
    stage.pass_time(minutes=11)
    stage.work()
    assert not any("is none here" in finding for finding in told(msp))


def test_what_people_changed_there_is_named_and_stands(stage: Stage) -> None:
    msp = stage.msps[2]
    deeds = Deeds(stage, msp, Random(SEED))
    with msp.call() as ctx:
        final(ctx, msp.clients[0], line(rate=7_000))
    stage.pass_time(minutes=11)
    stage.work()
    assert deeds.drift_there()
    [number] = deeds.drifted.numbers
    assert f"{number} was changed there by people, and nobody is told" in told(msp, deeds.drifted)
    stage.pass_time(minutes=11)
    stage.work()
    assert not [finding for finding in told(msp, deeds.drifted) if number in finding]
