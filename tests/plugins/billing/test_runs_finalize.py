"""A run that finalizes what it writes: numbers, ledger, seals and events are those of drafts finalized by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select, text

from kernel import jobs
from kernel.audit import AuditEntry
from kernel.context import Actor, CallContext
from kernel.directory.clients import add_location
from kernel.errors import Conflict
from kernel.events import OutboxEvent
from kernel.ids import uuid7
from kernel.tenancy import change_settings
from plugins.billing import final_at_once, finalizing, runs
from plugins.billing.agreements.discounts import add_discount
from plugins.billing.chain import verify_chain
from plugins.billing.ledger import trial_balance
from plugins.billing.listing import draft_ids
from plugins.billing.models import PARTS, ChainLink, Invoice, InvoiceLine, InvoiceTax, Series, Source
from plugins.billing.numbering import lay_out_series
from plugins.tax.services import set_client_facts, set_location_region
from tests.plugins.billing.contract_desk import Desk
from tests.plugins.billing.invoice_desk import lay_out_taxes
from tests.plugins.billing.test_runs import SEPTEMBER, contracts

COUNT = 70  # more than go as arrays


def bill(world: Any, *, finally_: bool) -> list[Any]:
    """What a run leaves behind in a world, by numbers instead of ids."""
    with world.call(Actor.system()) as ctx:
        contracts(ctx, COUNT, lay_out_taxes(ctx))
        change_settings(ctx, "billing", {"runs_finalize": finally_, "number_at": "finalize"})
    with world.call("carol") as ctx:
        runs.start_run(ctx, **SEPTEMBER)
    jobs.drain(world.kernel, world.tenant_id)
    with world.call(Actor.system()) as ctx:
        if not finally_:
            finalizing.finalize_invoices(ctx, draft_ids(ctx))
    with world.call("carol") as ctx:
        rows = select(
            Invoice.number, Invoice.status, Invoice.total, Invoice.parties, Invoice.version, Invoice.layout_version_id.is_(None)
        )
        found = [tuple(row) for row in ctx.session.execute(rows.order_by(Invoice.number))]
        assert verify_chain(ctx, "invoice") == []
        assert all(one["balance"] for one in trial_balance(ctx))
        said = select(func.count()).select_from(OutboxEvent).where(OutboxEvent.name == "invoice.finalized")
        recorded = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "invoice.finalized")
        assert (ctx.session.scalar(said), ctx.session.scalar(recorded)) == (COUNT, COUNT)
        assert ctx.session.scalar(select(func.count()).select_from(ChainLink)) == COUNT
        return [*found, *[tuple(one.items()) for one in trial_balance(ctx)], *parts(ctx)]


def parts(ctx: CallContext) -> list[str]:
    """What stands on the invoices, and what is remembered of what they bill."""
    of = (Invoice.id == InvoiceLine.invoice_id, Invoice.id == InvoiceTax.invoice_id, Invoice.id == Source.invoice_id)
    lines = select(
        Invoice.number, InvoiceLine.position, InvoiceLine.description, InvoiceLine.quantity, InvoiceLine.unit_price,
        InvoiceLine.net, InvoiceLine.discount, InvoiceLine.tax, InvoiceLine.total, InvoiceLine.period_start, InvoiceLine.trace,
        InvoiceLine.tax_parts,
    ).join(Invoice, of[0]).order_by(Invoice.number, InvoiceLine.position)  # fmt: skip
    taxes = select(Invoice.number, InvoiceTax.name, InvoiceTax.percent, InvoiceTax.base, InvoiceTax.tax, InvoiceTax.tax_date)
    sources = select(Invoice.number, Source.source_kind, Source.period_key, Source.amount, Source.live).join(Invoice, of[2])
    wanted: list[Any] = [
        lines, taxes.join(Invoice, of[1]).order_by(Invoice.number, InvoiceTax.position),
        sources.order_by(Invoice.number, Source.id),
    ]  # fmt: skip
    return [repr(tuple(row)) for one in wanted for row in ctx.session.execute(one)]


def test_what_is_written_as_final_is_what_finalizing_would_have_made(acme: Any) -> None:
    """The seal of an invoice that was never a draft is that of what stands in the database."""
    with acme.call(Actor.system()) as ctx:
        desk = Desk(ctx)
        place = add_location(ctx, client_id=desk.client_id, name="Mill", country="DE")
        region_id = lay_out_taxes(ctx)
        set_location_region(ctx, place.id, region_id)
        care, disk = desk.item("Care", EUR=3333), desk.item("Disk", kind="product", EUR=4999)
        contract = desk.contract(
            {"kind": "fixed", "timing": "advance", "price": 10000, "prorate": True, "items": [{"item_id": care}]},
            {"kind": "product", "timing": "advance", "items": [{"item_id": disk, "quantity": Decimal("2.5")}]},
            {"kind": "usage", "items": [{"item_id": care}], "location_id": place.id},
            start="2026-09-10",
        )
        set_client_facts(ctx, desk.client_id, region_id=region_id)
        desk.use(care, "2026-09-20", "0.3333")
        add_discount(ctx, contract.id, description="Early bird", percent=Decimal("12.5"), start_on=date(2026, 1, 1))
        change_settings(ctx, "billing", {"runs_finalize": True})
    with acme.call("carol") as ctx:
        runs.start_run(ctx, **SEPTEMBER)
    jobs.drain(acme.kernel, acme.tenant_id)
    with acme.call("carol") as ctx:
        invoice = ctx.session.scalars(select(Invoice)).one()
        assert (invoice.status, invoice.number, invoice.version) == ("finalized", "INV-000001", 1)
        assert invoice.parties is not None
        assert invoice.parties["places"] == {str(place.id): "Mill"}
        assert invoice.discount > 0
        assert verify_chain(ctx, "invoice") == []
        said = ctx.session.scalars(select(OutboxEvent).where(OutboxEvent.name.like("invoice.%")).order_by(OutboxEvent.id)).all()
        assert [(one.name, one.payload["number"]) for one in said] == [
            ("invoice.created", "INV-000001"), ("invoice.finalized", "INV-000001"),
        ]  # fmt: skip


def test_a_line_without_its_invoice_is_refused_at_once_and_at_the_end_where_that_was_put_off(acme: Any) -> None:
    for late in (False, True):
        with pytest.raises(Conflict, match="does not exist"), acme.call("carol") as ctx:
            if late:
                ctx.session.execute(text(f"set constraints {', '.join(PARTS)} deferred"))
            stray = {"id": uuid7(), "invoice_id": uuid7(), "position": 1, "kind": "manual", "description": "Stray",
                     "quantity": Decimal(1), "unit": "each", "net": 0, "discount": 0, "tax": 0, "total": 0, "tax_parts": [],
                     "trace": {}}  # fmt: skip
            ctx.session.add(InvoiceLine(**stray))
            ctx.session.flush()
            assert late


def test_a_run_that_finalizes_leaves_what_finalizing_its_drafts_leaves(acme: Any, beta: Any) -> None:
    ours, theirs = bill(acme, finally_=True), bill(beta, finally_=False)
    assert [one[0] for one in ours[:COUNT]] == [f"INV-{number:06}" for number in range(1, COUNT + 1)]
    assert {one[1] for one in ours[:COUNT]} == {"finalized"}
    assert [(one[0], one[2], one[3]["buyer"]) for one in ours[:COUNT]] == [
        (one[0], one[2], one[3]["buyer"]) for one in theirs[:COUNT]
    ]
    assert ours[COUNT:] == theirs[COUNT:]


def test_credits_are_held_before_the_series_of_the_drafts_beside_them(acme: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who finalizes by hand holds credits and then the series; a run that did it the other way round would block with it."""
    with acme.call(Actor.system()) as ctx:
        clients = contracts(ctx, 2, region_id := lay_out_taxes(ctx))
        change_settings(ctx, "tax", {"client_may_differ": True})
        set_client_facts(ctx, clients[0], region_id=region_id, tax_source="external")
        change_settings(ctx, "billing", {"runs_finalize": True, "number_at": "draft"})
        lay_out_series(ctx)
    hold, free = final_at_once.hold_automatic, list[Any]()

    def look_and_hold(ctx: CallContext, drafts: Any) -> Any:
        with acme.call() as other:
            free.append(other.session.scalars(select(Series.name).with_for_update(skip_locked=True)).all())
        return hold(ctx, drafts)

    monkeypatch.setattr(final_at_once, "hold_automatic", look_and_hold)
    with acme.call("carol") as ctx:
        runs.start_run(ctx, **SEPTEMBER)
    jobs.drain(acme.kernel, acme.tenant_id)
    assert [sorted(one) for one in free] == [["credit_note", "invoice", "prepayment"]]
    with acme.call() as ctx:
        assert sorted(ctx.session.scalars(select(Invoice.status))) == ["draft", "finalized"]
