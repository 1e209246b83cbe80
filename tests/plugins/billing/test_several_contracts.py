"""Hill & Sons have several contracts at once: one invoice a currency, and a flat fee that is taxed service by service."""

from __future__ import annotations

from datetime import date
from typing import Any

from kernel.context import Actor
from plugins.billing import invoices, runs
from plugins.billing.agreements import discounts
from plugins.billing.listing import list_invoices
from tests.plugins.billing.contract_desk import Desk, day
from tests.plugins.billing.invoice_desk import lay_out_taxes, taxed_client

JANUARY = {"window_start": date(2026, 1, 1), "window_end": date(2026, 2, 1), "invoice_date": date(2026, 2, 1)}


def bill(ctx: Any) -> list[Any]:
    """The invoices of January, by currency and order number."""
    run = runs.start_run(ctx, **JANUARY)
    while runs.bill_next(ctx, run.id):
        pass
    rows = list_invoices(ctx, {"run_id": run.id}).items
    return sorted((invoices.get_invoice(ctx, row["id"]) for row in rows), key=lambda one: (one.currency, one.po_number or ""))


def test_overlapping_contracts_share_an_invoice_unless_currency_or_order_differ(acme: Any) -> None:
    with acme.call(Actor.system()) as ctx:
        client_id = taxed_client(ctx, lay_out_taxes(ctx))
        desk = Desk.of(ctx, client_id)
        desk.contract({"kind": "fixed", "price": 10000}, name="Care")
        desk.contract({"kind": "fixed", "price": 5000}, name="Backup", start="2026-01-15")
        desk.contract({"kind": "fixed", "price": 7000}, name="Cloud", currency="USD")
        desk.contract({"kind": "fixed", "price": 900}, name="Yen", currency="JPY")
        desk.contract({"kind": "fixed", "price": 3000}, name="Project", po_number="PO-1")
        found = bill(ctx)
        assert [(one.currency, one.po_number, one.subtotal, one.tax) for one in found] == [
            ("EUR", None, 15000, 3000), ("EUR", "PO-1", 3000, 600), ("JPY", None, 900, 180), ("USD", None, 7000, 1400),
        ]  # fmt: skip
        assert len(found[0].contract_ids) == 2
        assert bill(ctx) == []


def test_a_flat_fee_is_stored_discounted_and_taxed_service_by_service(acme: Any) -> None:
    with acme.call(Actor.system()) as ctx:
        client_id = taxed_client(ctx, lay_out_taxes(ctx))
        desk = Desk.of(ctx, client_id)
        sold = (("Care", "standard", 2000, 10), ("Books", "reduced", 4000, 1), ("Stamps", "exempt", 1000, 1))
        items = [{"item_id": desk.item(name, tax=tax, EUR=price), "quantity": quantity} for name, tax, price, quantity in sold]
        contract = desk.contract({"name": "All in", "kind": "fixed", "price": 20001, "items": items})
        discounts.add_discount(ctx, contract.id, description="Loyalty", percent=10, start_on=day("2026-01-01"))
        [invoice] = bill(ctx)
        lines = invoices.list_lines(ctx, invoice.id)
        assert [(one.description, one.net, one.discount, one.tax) for one in lines] == [
            ("All in: Care", 16001, 1600, 2880), ("All in: Books", 3200, 320, 288), ("All in: Stamps", 800, 80, 0)]  # fmt: skip
        assert sum(one.net for one in lines) == 20001
        assert [(one.base, one.tax) for one in invoices.list_taxes(ctx, invoice.id)] == [(14401, 2880), (2880, 288), (720, 0)]
        assert {one.item_id for one in lines} == {one["item_id"] for one in items}
        assert all(one.trace["steps"][-1][0] == "fair_share" for one in lines)
