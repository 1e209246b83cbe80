"""Eight people at one barrier do the same thing at once, and it is done once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import select

from kernel import jobs
from kernel.app import Kernel
from kernel.context import CallContext
from kernel.errors import DeskhandError
from kernel.ids import uuid7
from plugins.billing import credit_notes, finalizing, payments, runs
from plugins.billing.credits import applying
from plugins.billing.models import Credit, Invoice, Run
from tests.audit.auditor import audit
from tests.audit.complete import check_complete
from tests.audit.msp import Msp, line_of, morning, open_msp, sign, work

EIGHT = 8
SEPTEMBER = {"window_start": date(2026, 9, 1), "window_end": date(2026, 10, 1), "invoice_date": date(2026, 10, 1)}


@pytest.fixture
def msp(kernel: Kernel) -> Msp:
    """Three clients with contracts since September, and work."""
    msp = open_msp(kernel, f"eight-{uuid7().hex[-12:]}")
    with msp.call() as ctx:
        for client_id in msp.clients:
            sign(ctx, client_id, date(2026, 9, 1), *(line_of(msp, kind, 12_345) for kind in ("fixed", "bundle", "product")))
    work(msp, msp.clients[0], morning(date(2026, 9, 8)), 50)
    return msp


def at_once(msp: Msp, deed: Callable[[CallContext], Any]) -> Counter[str]:
    """Eight threads, each with a transaction and connection of its own, start together; what came of them."""
    barrier = Barrier(EIGHT)

    def one(_: int) -> str:
        try:
            with msp.call() as ctx:
                ctx.session.connection()
                barrier.wait()
                deed(ctx)
        except DeskhandError as error:
            return error.code
        return "done"

    with ThreadPoolExecutor(EIGHT) as pool:
        return Counter(pool.map(one, range(EIGHT)))


def drain_at_once(msp: Msp) -> None:
    """Eight workers in one process do all that is due."""
    barrier = Barrier(EIGHT)

    def one(_: int) -> None:
        barrier.wait()
        jobs.drain(msp.kernel, msp.tenant_id)

    with ThreadPoolExecutor(EIGHT) as pool:
        list(pool.map(one, range(EIGHT)))
    jobs.drain(msp.kernel, msp.tenant_id)


def billed(msp: Msp) -> list[UUID]:
    with msp.call() as ctx:
        return list(ctx.session.scalars(select(Invoice.id).order_by(Invoice.id)))


def test_eight_starts_of_one_run_are_one_run(msp: Msp, auditor: psycopg.Connection[Any]) -> None:
    assert at_once(msp, lambda ctx: runs.start_run(ctx, **SEPTEMBER)) == {"done": 1, "billing_run_live": EIGHT - 1}
    drain_at_once(msp)
    with msp.call() as ctx:
        [run] = ctx.session.scalars(select(Run))
        assert (run.state, runs.describe_run(ctx, run.id)["invoices"]) == ("done", len(msp.clients))
    assert len(billed(msp)) == len(msp.clients)
    assert audit(auditor, msp.tenant_id) == []
    assert list(check_complete(auditor, msp.tenant_id, run.id)) == []


def test_eight_times_the_same_deed_is_done_once(msp: Msp, auditor: psycopg.Connection[Any]) -> None:
    with msp.call() as ctx:
        runs.start_run(ctx, **SEPTEMBER)
    jobs.drain(msp.kernel, msp.tenant_id)
    [first, second, third] = billed(msp)
    every = [first, second, third]
    assert at_once(msp, lambda ctx: finalizing.finalize_invoices(ctx, every))["done"] == 1
    assert at_once(msp, lambda ctx: payments.record_payment(ctx, first, amount=100, idempotency_key="k"))["done"] >= 1
    assert at_once(msp, lambda ctx: credit_notes.create_credit_note(ctx, second, reason="All", apply=False))["done"] == 1
    assert at_once(msp, lambda ctx: finalizing.void_invoice(ctx, third, "Mistake"))["done"] == 1
    with msp.call() as ctx:
        assert ctx.session.get_one(Invoice, (msp.tenant_id, first)).settled == 100
        credit = ctx.session.scalars(select(Credit)).one()
    used = at_once(msp, lambda ctx: applying.apply_credit(ctx, second, credit.id, credit.amount // 3))
    assert used["done"] == 3
    assert audit(auditor, msp.tenant_id) == []


def test_eight_runs_after_one_another_bill_once(msp: Msp, auditor: psycopg.Connection[Any]) -> None:
    for _ in range(EIGHT):
        with msp.call() as ctx:
            run_id = runs.start_run(ctx, **SEPTEMBER).id
        drain_at_once(msp)
        with msp.call() as ctx:
            assert runs.describe_run(ctx, run_id)["state"] == "done"
    assert len(billed(msp)) == len(msp.clients)
    assert audit(auditor, msp.tenant_id) == []
