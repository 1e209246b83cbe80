"""The auditor finds what is forged: one that finds nothing anywhere would prove nothing."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import select

from kernel import jobs
from kernel.app import Kernel
from kernel.clock import FixedClock
from kernel.ids import uuid7
from local.postgres import EmbeddedPostgres
from plugins.billing import credit_notes, finalizing, invoices, payments, runs
from plugins.billing.cycles import services as cycles
from plugins.billing.models import Invoice
from tests.audit.auditor import audit, audit_whole, connect
from tests.audit.books import bind, read_books
from tests.audit.complete import check_complete
from tests.audit.msp import Msp, fit, line_of, morning, open_msp, sign, use, work

JANUARY = {"window_start": date(2026, 9, 1), "window_end": date(2026, 10, 1), "invoice_date": date(2026, 10, 1)}
OLDEST = "(select id from billing_invoices where status = 'finalized' and kind = 'invoice' order by id limit 1)"
FORGERIES = {
    "I1 billed twice": "insert into billing_sources select tenant_id, gen_random_uuid(), source_kind, source_id, period_key,"
    " invoice_id, line_id, 0, true from billing_sources where live limit 1",
    "I1 let go though it stands": "update billing_sources set live = false where source_kind = 'billing.contract_line' and live",
    "I2 an hour forgotten": "update timesheets_entries set invoice_id = null, invoice_line_id = null",
    "I2 a material gone": "delete from tickets_materials where invoice_id is not null",
    "I3 a line dearer": f"update billing_invoice_lines set net = net + 1, total = total + 1 where invoice_id = {OLDEST}",
    "I3 a tax lower": "update billing_invoice_taxes set tax = tax - 1 where tax > 0",
    "I3 a base other": "update billing_invoices set tax_trace ="
    " replace(tax_trace::text, '\"tax_group\"', '\"line\"')::json where tax_trace is not null",
    "I4 an entry off balance": "update billing_postings set amount = amount + 1 where account = 'receivable'",
    "I4 settled for less": f"update billing_invoices set settled = settled - 1 where id = {OLDEST}",
    "I4 money from nowhere": "update billing_credits set remaining = remaining - 1 where remaining > 1",
    "I4 a payment larger": "update billing_payments set amount = amount + 1 where taken_back_at is null",
    "I5 a number skipped": "update billing_series set last_serial = last_serial + 1 where name = 'invoice'",
    "I5 a number taken away": f"delete from billing_invoices where id = {OLDEST}",
    "I6 words changed": f"update billing_invoice_lines set description = 'Gift' where invoice_id = {OLDEST}",
    "I6 a link cut out": "delete from billing_chain_links where position = 2",
    "I6 a seal broken": "update billing_chain_links set hash = sha256('x') where position = 1",
    "I9 said twice": "insert into events select tenant_id, gen_random_uuid(), name, payload, occurred_at, actor_kind, actor_id,"
    " actor_name, author, request_id, caused_by, depth, relayed_at from events where name = 'invoice.finalized'",
    "I9 never said": "delete from events where name = 'payment.recorded'",
}  # fmt: skip


@pytest.fixture
def history(kernel: Kernel) -> Msp:
    """A month of an MSP: a run, all final, paid, credited, one voided, one drafted by hand."""
    msp = open_msp(kernel, f"audited-{uuid7().hex[-12:]}")
    with msp.call() as ctx:
        for client_id in msp.clients:
            sign(
                ctx,
                client_id,
                date(2026, 9, 1),
                *(line_of(msp, kind, 12_345) for kind in ("fixed", "bundle", "tiers", "license")),
            )
            use(msp, ctx, client_id, "backup", date(2026, 9, 5), Decimal("12.5"))
            fit(msp, ctx, client_id, date(2026, 9, 7), Decimal(2), 777)
    for client_id in msp.clients:
        work(msp, client_id, morning(date(2026, 9, 8)) + timedelta(hours=msp.clients.index(client_id)), 50)
    bill(msp)
    with msp.call() as ctx:
        settle(ctx)
    jobs.drain(kernel, msp.tenant_id)
    return msp


def bill(msp: Msp) -> UUID:
    with msp.call() as ctx:
        run_id = runs.start_run(ctx, **JANUARY).id
    jobs.drain(msp.kernel, msp.tenant_id)
    return run_id


def settle(ctx: Any) -> None:
    [first, second, third] = ctx.session.scalars(select(Invoice.id).order_by(Invoice.id)).all()
    finalizing.finalize_invoices(ctx, [first, second, third])
    payments.record_payment(ctx, first, amount=invoices.get_invoice(ctx, first).total + 500)
    credit_notes.create_credit_note(ctx, second, reason="Too much", apply=False)
    finalizing.void_invoice(ctx, third, "Wrong address")


def test_honest_books_have_no_findings(history: Msp, auditor: psycopg.Connection[Any]) -> None:
    assert len(read_books(auditor, history.tenant_id).invoices) == 4
    assert audit_whole(auditor, history.tenant_id) == []


def test_what_was_heard_long_ago_is_not_missed_when_it_was_tidied(
    history: Msp, clock: FixedClock, auditor: psycopg.Connection[Any], postgres: EmbeddedPostgres, database: str
) -> None:
    clock.advance(days=40)
    with history.call() as ctx:
        payments.record_client_payment(ctx, history.clients[0], amount=100, currency="EUR", allocations=[])
        jobs.enqueue(ctx, "admin.tidy", {})
    jobs.drain(history.kernel, history.tenant_id)
    assert len(read_books(auditor, history.tenant_id).events) < 5
    assert audit_whole(auditor, history.tenant_id) == []
    with connect(postgres.admin_url_for(database)) as vandal:
        assert [one[:2] for one in _forge(vandal, history.tenant_id, FORGERIES["I9 never said"])] == ["I9"]


def test_what_was_due_and_is_not_billed_is_found(history: Msp, auditor: psycopg.Connection[Any]) -> None:
    run_id = bill(history)
    assert list(check_complete(auditor, history.tenant_id, run_id)) == []
    with history.call() as ctx:
        for draft in ctx.session.scalars(select(Invoice.id).where(Invoice.status == "draft")):
            invoices.delete_invoice(ctx, draft)
    found = list(check_complete(auditor, history.tenant_id, run_id))
    assert {finding[:2] for finding in found} == {"I1", "I2"}


def test_lines_by_the_clients_cycle_and_the_fees_of_buckets_are_waited_for_and_missed(
    history: Msp, auditor: psycopg.Connection[Any]
) -> None:
    with history.call() as ctx:
        client_id = history.clients[0]
        cycles.set_cycle(ctx, client_id, cycle="monthly", day=15)
        fee = line_of(history, "hours", 4_000)
        sign(ctx, client_id, date(2024, 1, 1), {**fee, "timing": "arrears"}, cadence="client")
    run_id = bill(history)
    assert list(check_complete(auditor, history.tenant_id, run_id)) == []
    with history.call() as ctx:
        for draft in ctx.session.scalars(select(Invoice.id).where(Invoice.status == "draft", Invoice.client_id == client_id)):
            invoices.delete_invoice(ctx, draft)
    assert [one for one in check_complete(auditor, history.tenant_id, run_id) if "/ Hours: 2024-01-01 to 2024-01-15" in one]


def test_every_forgery_is_found(history: Msp, postgres: EmbeddedPostgres, database: str) -> None:
    with connect(postgres.admin_url_for(database)) as vandal:
        found = {name: _forge(vandal, history.tenant_id, statement) for name, statement in FORGERIES.items()}
    assert {name: findings for name, findings in found.items() if name[:2] not in {one[:2] for one in findings}} == {}


def _forge(vandal: psycopg.Connection[Any], tenant_id: UUID, statement: str) -> list[str]:
    """What the auditor says of the tenant's books after a change that no guard could stop; the change is undone."""
    with vandal.transaction(force_rollback=True):
        bind(vandal, tenant_id)
        vandal.execute("set local session_replication_role = replica")
        vandal.execute("set local role deskhand_owner")
        vandal.execute("drop index uq_billing_sources_live")
        assert vandal.execute(statement).rowcount > 0, statement
        return audit(vandal, tenant_id)
