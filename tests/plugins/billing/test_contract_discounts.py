"""Carol gives discounts: off what they name and never more, for the periods that begin on their days, each only once."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from house.stage import csrf_of
from kernel.context import Actor
from kernel.money import Rounding
from plugins.billing import invoices, runs
from plugins.billing.agreements import discounts
from plugins.billing.agreements.errors import NoDiscountOnProducts
from plugins.billing.assembly import apply_discounts
from plugins.billing.drafts import Draft
from plugins.billing.listing import list_invoices
from plugins.billing.receivables.terms import Agreed
from tests.plugins.billing.contract_desk import Desk, day
from tests.plugins.billing.invoice_desk import lay_out_taxes, taxed_client

JANUARY = {"window_start": date(2026, 1, 1), "window_end": date(2026, 2, 1), "invoice_date": date(2026, 2, 1)}


@pytest.fixture
def care(acme: Any) -> Any:
    """A fee of 100.00 a month, one of 300.00 a quarter, and seats of 45.00, all in advance since January."""
    with acme.call(Actor.system()) as ctx:
        client_id = taxed_client(ctx, lay_out_taxes(ctx))
        desk = Desk.of(ctx, client_id)
        seat = desk.item("Seat", kind="license", EUR=900)
        lines = [{"kind": "fixed", "price": 10000}, {"name": "Network", "kind": "fixed", "cycle": "quarterly", "price": 30000},
                 {"kind": "license", "items": [{"item_id": seat, "quantity": 5}]}]  # fmt: skip
        contract = desk.contract(*lines)
        ids = [desk.line_id(contract, at) for at in range(3)]
        return {"client": client_id, "contract": contract.id, "fee": ids[0], "network": ids[1], "seats": ids[2]}


def taken(ctx: Any, until: date) -> list[tuple[str, int, int]]:
    """Description, net and discount of each line that a run would bill."""
    preview = runs.preview_run(ctx, window_start=date(2026, 1, 1), window_end=until, invoice_date=until)
    assert not preview.problems, preview.problems
    return [(line.description, sums.net, sums.discount) for one in preview.invoices
            for line, sums in zip(one.draft.lines, one.totals.lines, strict=True)]  # fmt: skip


def test_a_percentage_of_one_line_leaves_the_others_alone(acme: Any, care: Any) -> None:
    with acme.call("carol") as ctx:
        discounts.add_discount(ctx, care["contract"], description="Welcome", percent=Decimal("12.5"), line_id=care["fee"],
                               start_on=day("2026-01-15"), end_on=day("2026-02-28"))  # fmt: skip
        assert sorted(taken(ctx, date(2026, 3, 2))) == [
            ("Fixed", 10000, 0), ("Fixed", 10000, 0), ("Fixed", 10000, 1250), ("Network", 30000, 0),
            ("Seat", 4500, 0), ("Seat", 4500, 0), ("Seat", 4500, 0),
        ]  # fmt: skip


def test_a_discount_of_the_whole_contract_skips_goods_and_lowers_what_is_taxed(acme: Any, care: Any) -> None:
    with acme.call("carol") as ctx:
        discounts.add_discount(ctx, care["contract"], description="Loyalty", percent=Decimal(10), start_on=day("2026-01-01"))
        run = runs.preview_run(ctx, **JANUARY)
        [one] = run.invoices
        assert [(line.kind, sums.discount) for line, sums in zip(one.draft.lines, one.totals.lines, strict=True)] == [
            ("fixed", 1000), ("fixed", 3000), ("license", 0)]  # fmt: skip
        assert (one.totals.net, one.totals.discount, one.totals.subtotal, one.totals.tax) == (44500, 4000, 40500, 8100)


def test_a_fixed_amount_is_taken_once_a_month_however_often_is_billed(acme: Any, care: Any) -> None:
    with acme.call("carol") as ctx:
        discounts.add_discount(ctx, care["contract"], description="Bonus", fixed=5000, start_on=day("2026-01-01"))
        run_id = runs.start_run(ctx, **JANUARY).id
        while runs.bill_next(ctx, run_id):
            pass
        [row] = list_invoices(ctx, {"run_id": run_id}).items
        given = invoices.list_discounts(ctx, row["id"])
        assert [(one.description, one.amount) for one in given] == [("Bonus", 1250), ("Bonus", 3750)]
        assert sum(net for net in (one[2] for one in taken(ctx, date(2026, 2, 2)))) == 5000, "February's"
        Desk.of(ctx, care["client"]).contract({"kind": "fixed", "price": 700}, name="Later")
        assert [one for one in taken(ctx, date(2026, 2, 1)) if one[2]] == [], "January's is taken already"
        invoices.delete_invoice(ctx, row["id"])
        assert sum(one[2] for one in taken(ctx, date(2026, 2, 1))) == 5000, "and counts again without the invoice"


def test_a_discount_never_exceeds_what_it_names(acme: Any, care: Any) -> None:
    with acme.call("carol") as ctx:
        discounts.add_discount(
            ctx, care["contract"], description="A", fixed=9000, line_id=care["fee"], start_on=day("2026-01-01")
        )
        discounts.add_discount(ctx, care["contract"], description="B", percent=Decimal(50), line_id=care["fee"],
                               start_on=day("2026-01-01"))  # fmt: skip
        assert [one[2] for one in taken(ctx, date(2026, 1, 2))] == [10000, 0, 0]


def test_products_have_no_discount(acme: Any, care: Any) -> None:
    with acme.call("carol") as ctx, pytest.raises(NoDiscountOnProducts):
        discounts.add_discount(ctx, care["contract"], description="X", percent=Decimal(5), line_id=care["seats"],
                               start_on=day("2026-01-01"))  # fmt: skip
    body = {"description": "X", "percent": "5", "line_id": str(care["seats"]), "start_on": "2026-01-01"}
    refused = acme.api("carol").post(f"/api/v1/contracts/{care['contract']}/discounts", json=body)
    assert (refused.status_code, refused.json["code"], list(refused.json["errors"])) == (
        422,
        "no_discount_on_products",
        ["line_id"],
    )


@pytest.mark.parametrize(("body", "field"), [
    ({"percent": "101"}, "percent"), ({"percent": "-1"}, "percent"), ({}, "percent"), ({"percent": "5", "fixed": 5}, "percent"),
    ({"fixed": -5}, "fixed"), ({"fixed": 5, "end_on": "2025-12-31"}, "end_on"),
])  # fmt: skip
def test_a_discount_that_makes_no_sense_is_refused_at_its_field(acme: Any, care: Any, body: Any, field: str) -> None:
    whole = {"description": "X", "start_on": "2026-01-01", **body}
    refused = acme.api("carol").post(f"/api/v1/contracts/{care['contract']}/discounts", json=whole)
    assert (refused.status_code, list(refused.json["errors"])) == (422, [field])


def test_discounts_by_rest_and_on_the_page(acme: Any, care: Any) -> None:
    carol, url = acme.api("carol"), f"/api/v1/contracts/{care['contract']}/discounts"
    made = carol.post(url, json={"description": "First year", "percent": "5", "start_on": "2026-01-01"})
    assert made.status_code == 201, made.json
    changed = carol.patch(
        f"{url}/{made.json['id']}", json={"percent": None, "fixed": 700}, headers={"If-Match": made.headers["ETag"]}
    )
    assert (changed.status_code, changed.json["fixed"]) == (200, 700), changed.json
    browser, page = acme.client("carol"), f"/contracts/{care['contract']}"
    assert "First year" in browser.get(page).text
    form = f"{page}/discounts/new"
    data = {"csrf_token": csrf_of(browser.get(form).text), "description": "Summer", "percent": "20",
            "line_id": str(care["network"]), "start_on": "2026-06-01", "end_on": "2026-08-31"}  # fmt: skip
    assert browser.post(form, data=data).status_code == 303
    assert "Summer" in browser.get(page).text
    assert [(row["description"], row["line_id"]) for row in carol.get(url).json["items"]] == [
        ("First year", None), ("Summer", str(care["network"]))]  # fmt: skip
    due = carol.get(f"/api/v1/contracts/{care['contract']}/due?until=2026-02-01").json
    assert (due["amount"], due["discount"]) == (44500, 700)
    assert "Less discounts" in browser.get(f"{page}/due?until=2026-02-01").text
    assert carol.delete(f"{url}/{made.json['id']}").status_code == 204


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15, deadline=None)
@given(fixed=st.integers(0, 90_000), percent=st.decimals(0, 100, places=3), months=st.integers(1, 5))
def test_whatever_is_given_no_line_falls_below_zero(acme: Any, care: Any, fixed: int, percent: Decimal, months: int) -> None:
    with acme.call("carol") as ctx:
        discounts.add_discount(ctx, care["contract"], description="F", fixed=fixed, start_on=day("2026-01-01"))
        discounts.add_discount(ctx, care["contract"], description="P", percent=percent, start_on=day("2026-02-01"))
        [invoice] = Desk.of(ctx, care["client"]).due(f"2026-0{months}-02").invoices
        agreed = Agreed(due_date=date(2026, 9, 1))
        draft = Draft.of_due(invoice, invoice_date=date(2026, 9, 1), agreed=agreed, run_id=None)
        lines = draft.reckoned_lines()
        done = apply_discounts(lines, [one.as_discount(str(at)) for at, one in enumerate(draft.discounts)], Rounding.HALF_UP)
        assert all(0 <= taken <= line.net for taken, line in zip(done.taken, lines, strict=True))
        ctx.session.rollback()
