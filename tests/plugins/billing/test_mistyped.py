"""What is mistyped is named at its field: fractions of a cent, amounts beyond storing, years of another age."""

from __future__ import annotations

from typing import Any

import pytest

from kernel.context import Actor
from plugins.tickets.services import open_ticket
from tests.plugins.billing.contract_desk import Desk
from tests.plugins.billing.invoice_desk import final, item, lay_out_taxes, taxed_client


@pytest.fixture
def desk(acme: Any) -> dict[str, str]:
    with acme.call(Actor.system()) as ctx:
        client_id = taxed_client(ctx, lay_out_taxes(ctx))
        ids = {"client": client_id, "item": item(ctx, EUR=10000), "invoice": final(ctx, client_id).id}
        return {name: str(one) for name, one in ids.items()} | {
            "ticket": str(open_ticket(ctx, client_id=client_id, title="Printer").id)
        }


def refusal(answer: Any) -> list[str]:
    """The fields that a 422 names."""
    assert answer.status_code == 422, answer.get_data(as_text=True)
    return list(answer.json["errors"])


@pytest.mark.parametrize("amount", [10.9, "10", 10**16, 0, True])
def test_a_payment_is_whole_minor_units(acme: Any, desk: dict[str, str], amount: Any) -> None:
    assert refusal(acme.api("carol").post(f"/api/v1/invoices/{desk['invoice']}/payments", json={"amount": amount})) == ["amount"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"lines": [{"description": "Work", "rate": 10.7}]}, "lines[0].rate"),
        ({"lines": [{"description": "Work", "rate": 10**16}]}, "lines[0].rate"),
        ({"discounts": [{"description": "Off", "amount": 10**17}]}, "discounts[0].amount"),
        ({"discounts": [{"description": "Off", "percent": "33.3333333"}]}, "discounts[0].percent"),
        ({"invoice_date": "9999-12-31"}, "invoice_date"),
        ({"invoice_date": "0206-01-01"}, "invoice_date"),
    ],
)
def test_an_invoice_names_the_field(acme: Any, desk: dict[str, str], change: dict[str, Any], field: str) -> None:
    body = {"client_id": desk["client"], "lines": [{"description": "Work", "rate": 10000}], **change}
    assert refusal(acme.api("carol").post("/api/v1/invoices", json=body)) == [field]


@pytest.mark.parametrize(
    ("change", "field"),
    [({"quantity": "1.00005"}, "quantity"), ({"rate": 2**63}, "rate"), ({"rate": 1, "currency": "ZZZ"}, "currency")],
)
def test_a_material_is_not_rounded_behind_ones_back(acme: Any, desk: dict[str, str], change: dict[str, Any], field: str) -> None:
    body = {"item_id": desk["item"], "quantity": "1", **change}
    assert refusal(acme.api("bob").post(f"/api/v1/tickets/{desk['ticket']}/materials", json=body)) == [field]


def test_a_material_of_three_thousand_million_dong_is_noted(acme: Any, desk: dict[str, str]) -> None:
    body = {"item_id": desk["item"], "quantity": "1", "rate": 3 * 10**9, "currency": "VND"}
    assert acme.api("bob").post(f"/api/v1/tickets/{desk['ticket']}/materials", json=body).json["rate"] == 3 * 10**9


@pytest.mark.parametrize("change", [{"rate": 1, "currency": "ZZZ"}, {"started_at": "0001-01-01T00:00:00+14:00"}])
def test_time_names_the_field(acme: Any, desk: dict[str, str], change: dict[str, Any]) -> None:
    body = {"work_id": desk["ticket"], "item_id": desk["item"], "started_at": "2026-09-01T08:00:00Z",
            "ended_at": "2026-09-01T09:00:00Z", **change}  # fmt: skip
    assert refusal(acme.api("bob").post("/api/v1/time-entries", json=body)) == [list(change)[-1]]


@pytest.mark.parametrize("field", ["start_on", "billed_until"])
def test_a_contract_of_another_age_is_refused(acme: Any, desk: dict[str, str], field: str) -> None:
    body = {"client_id": desk["client"], "name": "Care", "start_on": "2026-01-01", field: "9999-12-31"}
    assert refusal(acme.api().post("/api/v1/contracts", json=body)) == [field]


@pytest.mark.parametrize("field", ["window_end", "invoice_date"])
def test_a_run_does_not_bill_centuries(acme: Any, desk: dict[str, str], field: str) -> None:
    assert refusal(acme.api("carol").post("/api/v1/billing-runs/preview", json={field: "9999-12-31"})) == [field]
    assert refusal(acme.api("carol").post("/api/v1/billing-runs/preview", json={"window_end": "2029-10-02"})) == ["window_end"]


def test_a_contract_that_owes_too_many_periods_parks_its_client_alone(acme: Any, desk: dict[str, str]) -> None:
    with acme.call(Actor.system()) as ctx:
        Desk(ctx, "Old & Co").contract({"kind": "fixed", "price": 10000}, start="1926-01-01")
    shown = acme.api("carol").post("/api/v1/billing-runs/preview", json={}).json
    assert [(one["client_name"], one["code"]) for one in shown["parked"]] == [("Old & Co", "too_many_periods")]
