"""Carol makes the last invoice a draft again, or voids one and goes on with a copy; runs that come to zero or less."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from kernel import jobs
from kernel.context import Actor
from kernel.ids import uuid7
from kernel.tenancy import change_settings
from plugins.billing import chain, finalizing, invoices, payments, reopening, runs, unusual
from plugins.billing.contracts import lines as contract_lines
from plugins.billing.credits import giving
from plugins.billing.drafts import Assembled, Draft, manual_line
from plugins.billing.due.values import Source as DueSource
from plugins.billing.errors import (
    InvoiceBelowZero,
    InvoiceNotFinal,
    InvoiceSettled,
    InvoiceWasFinal,
    NotUnfinalizable,
    PeriodsBilled,
)
from plugins.billing.funnel import write_invoices
from plugins.billing.models import Credit, Invoice, Source
from plugins.billing.reckoning import assemble
from plugins.tickets import materials
from plugins.tickets.services import open_ticket
from tests.plugins.billing.contract_desk import Desk
from tests.plugins.billing.invoice_desk import balances, draft, final, item, lay_out_taxes, line, taxed_client

SEPTEMBER = {"window_start": date(2026, 9, 1), "window_end": date(2026, 10, 1)}
AUTUMN = {"window_start": date(2026, 9, 1), "window_end": date(2026, 11, 1)}


@pytest.fixture
def hill(acme: Any) -> Any:
    with acme.call(Actor.system()) as ctx:
        return taxed_client(ctx, lay_out_taxes(ctx))


def _run(world: Any, **window: Any) -> None:
    with world.call("carol") as ctx:
        runs.start_run(ctx, **(window or SEPTEMBER))
    jobs.drain(world.kernel, world.tenant_id)


def _settings(world: Any, **values: Any) -> None:
    with world.call("alice") as ctx:
        change_settings(ctx, "billing", values)


def test_the_last_invoice_becomes_a_draft_and_the_chain_says_so(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        first = final(ctx, hill)
        giving.grant_credit(ctx, hill, amount=500, reason="Sorry")
        one = final(ctx, hill)
        assert one.settled == 500
        with pytest.raises(NotUnfinalizable, match="Numbers after INV-000001"):
            reopening.unfinalize_invoice(ctx, first.id)
        reopening.unfinalize_invoice(ctx, one.id)
        assert (one.status, one.number, one.settled) == ("draft", "INV-000002", 0)
        assert balances(ctx) == {"receivable": 12000, "revenue": -10000, "tax": -2000, "credit": -500, "goodwill": 500}
        assert chain.verify_chain(ctx, "invoice") == []
        invoices.change_invoice(ctx, one.id, {"lines": [line("Less", "1", 100)]})
        assert chain.verify_chain(ctx, "invoice") == []
        with pytest.raises(InvoiceWasFinal):
            invoices.delete_invoice(ctx, one.id)
        finalizing.finalize_invoice(ctx, one.id)
        assert chain.verify_chain(ctx, "invoice") == []
        assert (one.total, one.settled, balances(ctx)["receivable"]) == (120, 120, 12000)
        finalizing.void_invoice(ctx, one.id, "Not needed after all")
        assert chain.verify_chain(ctx, "invoice") == []


def test_what_is_paid_sent_or_void_stays_final(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        one = final(ctx, hill)
        payments.record_payment(ctx, one.id, amount=1)
        with pytest.raises(NotUnfinalizable, match="paid or credited"):
            reopening.unfinalize_invoice(ctx, one.id)
        with pytest.raises(InvoiceSettled):
            finalizing.void_invoice(ctx, one.id, "Paid already")
        with pytest.raises(InvoiceNotFinal):
            reopening.unfinalize_invoice(ctx, draft(ctx, hill).id)


def test_a_void_invoice_goes_on_as_a_copy_that_bills_the_same_work(acme: Any, hill: Any) -> None:
    with acme.call("bob") as ctx:
        system = ctx.acting_as(Actor.system())
        item_id = item(system, EUR=10000)
        ticket = open_ticket(system, client_id=hill, title="Printer")
        material = materials.add_material(system, ticket.id, item_id=item_id, quantity=Decimal(2))
    _run(acme, **AUTUMN)
    with acme.call("carol") as ctx:
        one = ctx.session.scalars(select(Invoice)).one()
        finalizing.finalize_invoice(ctx, one.id)
        copy = reopening.void_and_copy(ctx, one.id, "Wrong PO number")
        assert (one.status, copy.status, copy.total, copy.origin) == ("void", "draft", one.total, "run")
        [live] = ctx.session.scalars(select(Source).where(Source.live))
        assert (live.source_id, live.invoice_id) == (material.id, copy.id)
    _run(acme, **AUTUMN)
    with acme.call("carol") as ctx:
        assert len(list(ctx.session.scalars(select(Invoice)))) == 2
        finalizing.finalize_invoice(ctx, copy.id)


def _free_contract(world: Any, hill: Any, price: int = 0) -> None:
    with world.call() as ctx:
        desk = Desk.of(ctx, hill)
        desk.contract({"kind": "fixed", "cycle": "monthly", "timing": "arrears", "price": price}, start="2026-09-01")


@pytest.mark.parametrize(("rule", "statuses"), [("normal", ["draft"]), ("finalize", ["finalized"]), ("suppress", [])])
def test_an_invoice_of_zero_is_handled_as_set(acme: Any, hill: Any, rule: str, statuses: list[str]) -> None:
    _settings(acme, zero_invoices=rule)
    _free_contract(acme, hill)
    _run(acme)
    with acme.call("carol") as ctx:
        assert [(one.status, one.total) for one in ctx.session.scalars(select(Invoice))] == [(one, 0) for one in statuses]
        assert balances(ctx) == {}


def test_a_month_for_nothing_is_closed_and_not_billed_once_it_has_a_price(acme: Any, hill: Any) -> None:
    _settings(acme, zero_invoices="suppress")
    with acme.call() as ctx:
        desk = Desk.of(ctx, hill)
        care = {"kind": "fixed", "cycle": "monthly", "timing": "arrears", "price": 0}
        hours = {"unit": "hour", "included": Decimal(10), "overage_rate": 9000, "rollover": True, "covers_all": True}
        contract = desk.contract(care, {"kind": "bucket", "timing": "arrears", "price": 0, "bucket": hours}, start="2026-08-01")
        care_id = desk.line_id(contract)
    _run(acme)
    with acme.call("carol") as ctx:
        assert ctx.session.scalars(select(Invoice)).all() == []
        closed = list(ctx.session.scalars(select(Source)))
        assert {(one.source_kind, one.period_key, one.invoice_id, one.live) for one in closed} == {
            (kind, key, None, True) for kind in ("billing.contract_line", "billing.bucket")
            for key in ("2026-08-01/2026-09-01", "2026-09-01/2026-10-01")
        }  # fmt: skip
        with pytest.raises(PeriodsBilled):
            contract_lines.change_line(ctx, contract.id, care_id, {"cycle": "quarterly"})
        contract_lines.change_line(ctx, contract.id, care_id, {"price": 5000})
    _run(acme, **AUTUMN)
    with acme.call("carol") as ctx:
        [one] = ctx.session.scalars(select(Invoice))
        assert next((each.period_start, each.net) for each in invoices.list_lines(ctx, one.id)) == (date(2026, 10, 1), 5000)
        assert one.subtotal == 5000


def _returned(ctx: Any, hill: Any) -> Draft:
    """What a run finds where a room charges a return: 30.00 back and 5.00 of work."""
    lines = [
        replace(manual_line(description=words, quantity=Decimal(1), unit_price=amount, amount=amount, trace={}),
                sources=[DueSource("shop.return", uuid7(), "", amount)])
        for words, amount in (("Disk returned", -3000), ("Work", 500))
    ]  # fmt: skip
    return Draft(client_id=hill, currency="EUR", invoice_date=ctx.today(), due_date=ctx.today(), lines=lines, origin="run")


def test_below_zero_a_client_is_parked_unless_a_credit_note_is_wanted(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        wanted = [_returned(ctx, hill)]
        [refused] = unusual.turn_round(ctx, wanted, assemble(ctx, wanted))
        assert isinstance(refused, InvoiceBelowZero)
    _settings(acme, below_zero="credit_note", credit_auto_apply=False)
    with acme.call("carol") as ctx:
        [turned] = unusual.turn_round(ctx, wanted, assemble(ctx, wanted))
        assert isinstance(turned, Assembled)
        [written] = write_invoices(ctx, [turned])
        note = finalizing.finalize_invoice(ctx, written.id)
        assert (note.kind, note.number, note.subtotal, note.tax, note.credit_of_id) == (
            "credit_note",
            "CN-000001",
            2500,
            500,
            None,
        )
        [credit] = ctx.session.scalars(select(Credit))
        assert (credit.origin, credit.remaining) == ("credit_note", 3000)
        assert balances(ctx) == {"revenue": 2500, "tax": 500, "credit": -3000}
        finalizing.void_invoice(ctx, note.id, "Not returned after all")
        assert (balances(ctx), ctx.session.scalars(select(Source).where(Source.live)).all()) == ({}, [])
