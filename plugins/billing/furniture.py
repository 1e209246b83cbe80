"""A contract, invoices and what was paid, laid out for the house rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from kernel.context import CallContext
from plugins.billing import by_hand, credit_notes, finalizing, invoices, payments, runs
from plugins.billing.agreements import bundles, discounts, price_schedules, templates
from plugins.billing.buckets import hours as working_hours
from plugins.billing.contracts import services, usage_records
from plugins.billing.credit_notes import CreditAsked
from plugins.billing.credits.example_rows import furnish_credits
from plugins.billing.layouts.example_rows import furnish_layouts
from plugins.billing.manual import LineAsked
from plugins.billing.models import Credit
from plugins.billing.receivables.example_rows import furnish_receivables

NEEDS = ("item_id", "region_id")


def furnish(ctx: CallContext, there: Mapping[str, UUID]) -> dict[str, UUID]:
    """A contract with usage, a draft, an invoice credited in part and paid too much, and a run that waits."""
    run = runs.start_run(ctx)
    rows = {**_contract(ctx, there), **_agreements(ctx, there), **_invoices(ctx, there["client_id"], run.id), "run_id": run.id,
            "client_ids": there["client_id"]}  # fmt: skip
    client_id = there["client_id"]
    rows |= furnish_credits(ctx, client_id)
    return {**rows, **furnish_receivables(ctx, client_id, rows["invoice_id"]), **furnish_layouts(ctx, client_id)}


def _contract(ctx: CallContext, there: Mapping[str, UUID]) -> dict[str, UUID]:
    item = {"item_id": there["item_id"], "quantity": Decimal(1)}
    lines = [
        {"name": "Care", "kind": "fixed", "price": 10_000, "items": [item]},
        {"name": "Use", "kind": "usage", "items": [item]},
    ]
    contract = services.create_contract(ctx, client_id=there["client_id"], name="Care", start_on=ctx.today(), lines=lines)
    fixed, used = (one.line.id for one in services.list_lines(ctx, contract.id))
    usage = usage_records.add_usage(ctx, client_id=there["client_id"], item_id=there["item_id"], used_on=ctx.today(),
                                    quantity=Decimal(5), contract_line_id=used)  # fmt: skip
    price = price_schedules.add_price(ctx, contract.id, line_id=fixed, amount=11_000, start_on=ctx.today())
    discount = discounts.add_discount(ctx, contract.id, description="First year", percent=Decimal(5), start_on=ctx.today())
    return {"contract_id": contract.id, "contracts/line_id": fixed, "scheduled_price_id": price.id, "discount_id": discount.id,
            "contracts/scheduled-prices/line_id": used, "contract_line_id": used, "usage_id": usage.id,
            "hours_id": _hours(ctx)}  # fmt: skip


def _hours(ctx: CallContext) -> UUID:
    office = [{"weekday": day, "begins": 480, "ends": 1020} for day in range(1, 6)]
    return working_hours.add_hours(ctx, name="Office", time_zone="Europe/Berlin", spans=office).id


def _agreements(ctx: CallContext, there: Mapping[str, UUID]) -> dict[str, UUID]:
    line = {"name": "Seats", "kind": "license", "items": [{"item_id": there["item_id"], "quantity": Decimal(1)}]}
    template, lone = (templates.create_template(ctx, name=name, lines=[line]) for name in ("Seats", "Spare seats"))
    bundle = bundles.create_bundle(ctx, name="Seats and more", template_ids=[template.id])
    line_id, *_ = (one["id"] for one in templates.lines_of(template))
    services.create_contract(
        ctx, client_id=there["client_id"], name="Ordered", start_on=ctx.today(), end_on=ctx.today() + timedelta(days=20),
        lines=[line], status="active", po_number="PO-1", po_amount=10**9, renewal_mode="manual", renewal_months=12,
    )  # fmt: skip
    return {
        "template_id": template.id, "template_ids": template.id, "contract-templates/line_id": line_id, "bundle_id": bundle.id,
        "plan-bundles/line_id": line_id, "DELETE contract-templates/template_id": lone.id,
    }  # fmt: skip


def _invoices(ctx: CallContext, client_id: UUID, run_id: UUID) -> dict[str, UUID]:
    line = LineAsked("lines[0]", "Cleaning", Decimal(1), 10_000)
    draft, final = (by_hand.create_invoice(ctx, client_id=client_id, lines=[line]) for _ in range(2))
    invoice = finalizing.finalize_invoice(ctx, final.id)
    paid = payments.record_payment(ctx, invoice.id, amount=invoice.total + 100)
    line_id = invoices.list_lines(ctx, invoice.id)[0].id
    credit_notes.create_credit_note(ctx, invoice.id, reason="Rebate", lines=[CreditAsked(line_id, 100)])
    draft.run_id = run_id
    credit = ctx.session.scalars(select(Credit).where(Credit.payment_id == paid.id)).one()
    return {
        "invoice_id": invoice.id, "invoices/line_id": line_id, "invoices/ids": draft.id,
        "PATCH invoices/invoice_id": draft.id, "payment_id": paid.id, "credit_id": credit.id, "credit_of_id": invoice.id,
    }  # fmt: skip
