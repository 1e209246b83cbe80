"""I10: however a period is split, by runs or by contracts, its parts come to the whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kernel import jobs
from kernel.app import Kernel
from kernel.directory.clients import add_client
from kernel.ids import uuid7
from kernel.tenancy import change_settings
from local.postgres import EmbeddedPostgres
from plugins.billing import runs
from plugins.tax.services import set_client_facts
from tests.audit.auditor import audit, connect
from tests.audit.books import read_books
from tests.audit.msp import KINDS, Msp, copy_msp, line_of, morning, open_msp, sign, use, work

FIRST, MONTHS = date(2026, 6, 1), [date(2026, 7, 1), date(2026, 8, 1), date(2026, 9, 1)]


@pytest.fixture
def pattern(kernel: Kernel) -> Msp:
    """Contracts of every kind from the middle of June on, hours and usage in each month."""
    msp = open_msp(kernel, f"whole-{uuid7().hex[-12:]}")
    with msp.call() as ctx:
        for client_id in msp.clients:
            lines = [line_of(msp, kind, 9_999, prorate=True, timing="arrears") for kind in KINDS]
            sign(ctx, client_id, date(2026, 6, 12), *lines, end_on=date(2026, 8, 20))
            for month in range(3):
                use(msp, ctx, client_id, "backup", date(2026, 6 + month, 15), Decimal("7.25") + month)
    for at, client_id in enumerate(msp.clients):
        for month in range(3):
            work(msp, client_id, morning(date(2026, 6 + month, 16), 6 + 3 * at), 47)
    return msp


@pytest.fixture
def admin(postgres: EmbeddedPostgres, database: str) -> Iterator[psycopg.Connection]:
    with connect(postgres.admin_url_for(database)) as connection:
        yield connection


def billed(msp: Msp, auditor: psycopg.Connection, ends: Sequence[date]) -> Counter[tuple[UUID | None, UUID | None, date | None]]:
    """What each contract line, item and period came to after runs up to these days."""
    start = FIRST
    for end in ends:
        with msp.call() as ctx:
            runs.start_run(ctx, window_start=start, window_end=end, invoice_date=MONTHS[-1])
        jobs.drain(msp.kernel, msp.tenant_id)
        start = end
    assert audit(auditor, msp.tenant_id) == []
    sums: Counter[tuple[UUID | None, UUID | None, date | None]] = Counter()
    for line in read_books(auditor, msp.tenant_id).lines:
        sums[line.contract_line_id, line.item_id, line.period_start] += line.net
    return sums


def test_a_quarter_billed_at_once_is_its_months(pattern: Msp, admin: psycopg.Connection, auditor: psycopg.Connection) -> None:
    at_once, by_month = (copy_msp(pattern, f"{how}-{uuid7().hex[-12:]}", admin) for how in ("at-once", "by-month"))
    whole = billed(at_once, auditor, MONTHS[-1:])
    assert billed(by_month, auditor, MONTHS) == whole
    assert len(whole) > 3 * len(KINDS) * 2


@settings(
    max_examples=10,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(price=st.integers(1, 10**6), cycle=st.sampled_from(["weekly", "monthly", "quarterly", "annual"]),
       day=st.integers(0, 364), mode=st.sampled_from(["half_up", "half_even", "up", "down"]))  # fmt: skip
def test_two_contracts_after_one_another_are_one(pattern: Msp, price: int, cycle: str, day: int, mode: str) -> None:
    """A year is agreed once, and once in two contracts that meet on some day; nothing of this is kept."""
    terms = {"cycle": cycle, "timing": "arrears", "prorate": True}
    first, last, meet = date(2025, 1, 1), date(2025, 12, 31), date(2025, 1, 1) + timedelta(day)
    parts = [(first, last)] if day == 0 else [(first, meet - timedelta(1)), (meet, last)]
    sums = []
    for agreed in ([(first, last)], parts):
        with pytest.raises(_Undo) as undone, pattern.call() as ctx:
            change_settings(ctx, "billing", {"rounding_mode": mode})
            client_id = add_client(ctx, name="Split", currency="EUR").id
            set_client_facts(ctx, client_id, region_id=pattern.regions["AT"])
            for start, end in agreed:
                sign(ctx, client_id, start, line_of(pattern, "fixed", price, **terms), end_on=end)
            preview = runs.preview_run(
                ctx, window_start=first, window_end=date(2026, 1, 1), client_ids=[client_id], bounded=False
            )
            assert not preview.problems
            raise _Undo(sum(line.amount for one in preview.invoices for line in one.draft.lines))
        sums.append(undone.value.args[0])
    assert sums[0] == sums[1]


class _Undo(Exception):
    """Ends a transaction that shall leave nothing, with what it found out."""
