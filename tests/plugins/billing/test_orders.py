"""Hill & Sons orders 250.00: runs stop before more is invoiced, unless the contract says otherwise, and say why."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from house.stage import csrf_of
from kernel.context import Actor
from kernel.errors import InvalidInput
from plugins.billing import finalizing, runs
from plugins.billing.agreements import orders
from plugins.billing.contracts import services
from plugins.billing.listing import list_invoices
from plugins.billing.models.contracts import Contract
from tests.plugins.billing.contract_desk import Desk
from tests.plugins.billing.invoice_desk import lay_out_taxes, taxed_client


@pytest.fixture
def hill(acme: Any) -> Any:
    """A client with a fee of 100.00 a month, 120.00 with tax, in advance since January."""
    with acme.call(Actor.system()) as ctx:
        client_id = taxed_client(ctx, lay_out_taxes(ctx))
        contract = Desk.of(ctx, client_id).contract({"kind": "fixed", "price": 10000})
        return {"client": client_id, "contract": contract.id}


def bill(ctx: Any, until: date) -> dict[str, Any]:
    """Bill all months that began before a day, each on an invoice of its own run."""
    run = runs.start_run(ctx, window_start=date(2026, 1, 1), window_end=until, invoice_date=until)
    while runs.bill_next(ctx, run.id):
        pass
    return {row["reason_code"]: row for row in runs.list_run_clients(ctx, run.id, {}).items}


def order(ctx: Any, hill: Any, **facts: Any) -> Contract:
    return services.change_contract(ctx, hill["contract"], {"po_number": "PO-1", "po_amount": 25000, **facts})


def test_what_exceeds_the_order_is_parked_with_its_figures(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        order(ctx, hill)
        assert list(bill(ctx, date(2026, 2, 1))) == [""]
        assert list(bill(ctx, date(2026, 3, 1))) == [""]
        parked = bill(ctx, date(2026, 4, 1))["po_amount_exceeded"]
        assert "€120.00 exceeds the €10.00 left of order PO-1 (€250.00 authorized, €240.00 invoiced)" in parked["reason"]
        assert parked["mend_url"] == f"/contracts/{hill['contract']}/edit"
        [row] = orders.list_orders(ctx, {}).items
        assert (row["authorized"], row["invoiced"], row["remaining"], row["state"]) == (25000, 24000, 1000, "nearly")
        order(ctx, hill, po_amount=36000)
        assert list(bill(ctx, date(2026, 4, 1))) == [""]


def test_a_void_invoice_gives_back_what_it_took_of_the_order(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        order(ctx, hill, po_amount=12000)
        bill(ctx, date(2026, 2, 1))
        assert "po_amount_exceeded" in bill(ctx, date(2026, 3, 1))
        [first] = list_invoices(ctx, {}).items
        finalizing.finalize_invoice(ctx, first["id"])
        finalizing.void_invoice(ctx, first["id"], reason="Wrong month")
        assert orders.list_orders(ctx, {}).items[0]["invoiced"] == 0


def test_a_contract_that_warns_is_billed_beyond_its_order_and_shows_it(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        order(ctx, hill, po_amount=5000, po_policy="warn")
        assert list(bill(ctx, date(2026, 2, 1))) == [""]
        assert orders.list_orders(ctx, {}).items[0]["state"] == "exceeded"
    carol = acme.client("carol")
    assert "The order is used up." in carol.get(f"/contracts/{hill['contract']}").text
    assert "Exceeded" in carol.get("/purchase-orders").text


def test_without_a_number_that_is_required_nothing_is_billed(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        services.change_contract(ctx, hill["contract"], {"po_required": True})
        parked = bill(ctx, date(2026, 2, 1))["po_number_missing"]
        assert parked["mend_url"] == f"/contracts/{hill['contract']}/edit"
        problem = runs.preview_run(ctx).problems[hill["client"]]
        assert problem.code == "po_number_missing"
        services.change_contract(ctx, hill["contract"], {"po_number": "PO-7"})
        assert list(bill(ctx, date(2026, 2, 1))) == [""]
        assert [row["po_number"] for row in list_invoices(ctx, {}).items] == ["PO-7"]


def test_an_order_has_one_amount_and_a_number_to_count_it_by(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        order(ctx, hill)
        with pytest.raises(InvalidInput) as told:
            Desk.of(ctx, hill["client"]).contract({"kind": "fixed", "price": 1}, po_number="PO-1", po_amount=1)
        assert "Care says €250.00 for order PO-1." in told.value.errors["po_amount"]
        with pytest.raises(InvalidInput) as told:
            services.change_contract(ctx, hill["contract"], {"po_number": None})
        assert list(told.value.errors) == ["po_amount"]


def test_two_contracts_count_against_one_order(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        order(ctx, hill)
        Desk.of(ctx, hill["client"]).contract({"kind": "fixed", "price": 12000}, name="More", po_number="PO-1", po_amount=25000)
        assert list(bill(ctx, date(2026, 1, 2))) == ["po_amount_exceeded"]


def test_orders_by_rest_and_in_the_form(acme: Any, hill: Any) -> None:
    browser, page = acme.client("carol"), f"/contracts/{hill['contract']}/edit"
    shown = browser.get(page).text
    data = {"csrf_token": csrf_of(shown), "client_id": str(hill["client"]), "name": "Care", "currency": "EUR",
            "start_on": "2026-01-01",
            "cadence": "calendar", "renewal_mode": "none", "notice_days": "0", "po_number": "PO-9", "po_amount": "250.00",
            "po_amount--money": "@currency", "po_policy": "warn", "po_required": "true"}  # fmt: skip
    assert browser.post(page, data=data).status_code == 303
    [row] = acme.api("carol").get("/api/v1/purchase-orders").json["items"]
    assert (row["po_number"], row["authorized"], row["po_policy"], row["state"]) == ("PO-9", 25000, "warn", "open")
    contract = acme.api("carol").get(f"/api/v1/contracts/{hill['contract']}").json
    assert (contract["po_required"], contract["po_amount"]) == (True, 25000)
