"""Carol does money on pages and by REST."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from house.stage import csrf_of
from kernel.context import Actor
from plugins.billing import invoices
from plugins.billing.credits import giving
from plugins.billing.models import Credit, Invoice, Payment
from tests.plugins.billing.invoice_desk import draft, final, lay_out_taxes, line, taxed_client


@pytest.fixture
def hill(acme: Any) -> Any:
    with acme.call(Actor.system()) as ctx:
        return taxed_client(ctx, lay_out_taxes(ctx))


def _post(browser: Any, url: str, **typed: str) -> Any:
    return browser.post(url, data={"csrf_token": browser.csrf, **typed})


def test_a_payment_is_shared_out_on_a_page(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        first, second = final(ctx, hill).id, final(ctx, hill).id
    browser = acme.client("carol")
    page = browser.get(f"/payments/new/{hill}").text
    assert page.count("INV-00000") == 2
    key = page.split('name="idempotency_key" value="')[1].split('"')[0]
    typed = {"idempotency_key": key, "amount": "150.00", "amount--money": "EUR", "method": "bank_transfer",
             "received_on": "2026-10-01", "shares-0-invoice_id": str(first), "shares-0-amount": "30.00",
             "shares-0-amount--money": "EUR", "shares-1-invoice_id": str(second), "shares-1-amount": "",
             "shares-1-amount--money": "EUR"}  # fmt: skip
    for _ in range(2):
        done = browser.post(f"/payments/new/{hill}", data={"csrf_token": browser.csrf, **typed})
        assert done.status_code == 303
    with acme.call("carol") as ctx:
        payment = ctx.session.scalars(select(Payment)).one()
        assert (payment.amount, payment.applied) == (15000, 3000)
        assert ctx.session.scalars(select(Credit)).one().remaining == 12000
    shown = browser.get(f"/payments/{payment.id}").text
    assert "€120.00" in shown
    url, euros = f"/payments/{payment.id}/refund", {"amount--money": "EUR", "refunded_before": "0"}
    assert _post(browser, url, amount="151.00", **euros).status_code == 422
    assert _post(browser, url, amount="5.00", **euros).status_code == 303
    again = _post(browser, url, amount="5.00", **euros)
    assert "noted already" in again.text
    assert browser.get("/payments").status_code == 200


def test_a_credit_note_is_written_by_ticking_lines(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        one = final(ctx, hill, line("Seats", "10", 1000), line("Travel", "1", 5000), line("Setup", "1", 7000))
        ids = [each.id for each in invoices.list_lines(ctx, one.id)]
    browser = acme.client("carol")
    assert browser.get(f"/invoices/{one.id}/credit").text.count('type="checkbox"') == 5
    picked = {"lines-0-line_id": str(ids[0]), "lines-0-quantity": "3", "lines-1-line_id": str(ids[1]), "lines-1-take": "true",
              "lines-2-line_id": str(ids[2]), "lines-2-amount": "20.00", "lines-2-amount--money": "EUR",
              "everything": "false"}  # fmt: skip
    total = browser.post(f"/invoices/{one.id}/credit/sum", data={"csrf_token": browser.csrf, **picked})
    assert "€100.00" in total.text
    assert "€120.00" in total.text
    wrong = browser.post(f"/invoices/{one.id}/credit/sum", data={"csrf_token": browser.csrf, **picked, "lines-0-quantity": "11"})
    assert "The line has 10." in wrong.text
    done = browser.post(
        f"/invoices/{one.id}/credit", data={"csrf_token": browser.csrf, **picked, "reason": "Returned", "apply": "true"}
    )
    assert done.status_code == 303
    with acme.call("carol") as ctx:
        note = ctx.session.scalars(select(Invoice).where(Invoice.kind == "credit_note")).one()
        assert (note.subtotal, note.tax) == (10000, 2000)


def test_credits_live_on_pages(acme: Any, hill: Any) -> None:
    browser = acme.client("carol")
    key = browser.get(f"/credits/new/{hill}").text.split('name="idempotency_key" value="')[1].split('"')[0]
    typed = {"amount": "40.00", "amount--money": "EUR", "reason": "Two days down", "idempotency_key": key}
    for _ in range(2):
        assert browser.post(f"/credits/new/{hill}", data={"csrf_token": browser.csrf, **typed}).status_code == 303
    with acme.call("carol") as ctx:
        credit = ctx.session.scalars(select(Credit)).one()
        one = final(ctx, hill)
        assert one.settled == 4000
    assert "Two days down" in browser.get(f"/credits/{credit.id}").text
    assert "used" in browser.get("/credits").text.lower()
    page = browser.get(f"/invoices/{one.id}").text
    back = page.split("/credit-applications/")[1].split('"')[0]
    assert _post(browser, f"/credit-applications/{back}").status_code == 303
    with acme.call("carol") as ctx:
        assert giving.get_credit(ctx, credit.id).remaining == 4000
    for url in (f"/credits/{credit.id}/transfer", f"/credits/{credit.id}/refund", f"/credits/{credit.id}/expiry",
                "/credits/findings", f"/credits/of-client/{hill}", f"/credit-rules/{hill}"):  # fmt: skip
        assert browser.get(url).status_code == 200, url
    assert (
        browser.post(
            f"/credit-rules/{hill}",
            data={"csrf_token": browser.csrf, "auto_apply": "false", "expiry_days": "", "apply_order": "", "row_version": "0"},
        ).status_code
        == 303
    )
    assert "by hand" in browser.get(f"/credits/of-client/{hill}").text
    assert _post(browser, f"/credits/{credit.id}/expire", reason="Moved").status_code == 303


def test_an_invoice_goes_back_or_on_from_its_page(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        one = final(ctx, hill).id
    browser = acme.client("carol")
    assert _post(browser, f"/invoices/{one}/unfinalize").status_code == 303
    assert _post(browser, f"/invoices/{one}/finalize").status_code == 303
    assert _post(browser, f"/invoices/{one}/void-and-copy", reason="Wrong PO").status_code == 303
    key = browser.get("/prepayments/new").text.split('name="idempotency_key" value="')[1].split('"')[0]
    typed = {"client_id": str(hill), "amount": "90", "amount--money": "@currency", "currency": "EUR",
             "description": "Hours ahead", "idempotency_key": key}  # fmt: skip
    done = browser.post("/prepayments/new", data={"csrf_token": browser.csrf, **typed})
    assert done.status_code == 303
    shown = browser.get(done.headers["Location"]).text
    assert "PRE-000001" in shown
    assert csrf_of(shown)


def test_the_same_by_rest(acme: Any, hill: Any) -> None:
    api = acme.api("carol")
    with acme.call("carol") as ctx:
        one, two = final(ctx, hill).id, draft(ctx, hill).id
    paid = api.post("/api/v1/payments", json={"client_id": str(hill), "amount": 12500, "currency": "EUR"})
    assert (paid.status_code, paid.json["applied"], paid.json["allocations"]) == (
        201, 12000, [{"invoice_id": str(one), "amount": 12000}])  # fmt: skip
    [credit] = api.get(f"/api/v1/credits?client_id={hill}&state=available").json["items"]
    assert (credit["origin"], credit["remaining"]) == ("payment", 500)
    final_two = api.post(f"/api/v1/invoices/{two}/finalize").json
    assert (final_two["settled"], final_two["state"]) == (500, "partly_paid")
    [used] = api.get(f"/api/v1/invoices/{two}/credit-applications").json["items"]
    assert api.post(f"/api/v1/credit-applications/{used['id']}/reverse").status_code == 200
    told = api.get(f"/api/v1/credits/{credit['id']}").json
    assert [one["kind"] for one in told["movements"]] == ["given", "applied", "unapplied"]
    assert api.post(f"/api/v1/credits/{credit['id']}/refund", json={"amount": 200}).status_code == 201
    assert api.post(f"/api/v1/credits/{credit['id']}/refund", json={"amount": 301}).json["code"] == "credit_too_large"
    assert api.post(f"/api/v1/payments/{paid.json['id']}/refund", json={"amount": 300}).status_code == 201
    assert api.get(f"/api/v1/payments/{paid.json['id']}").json["refunded"] == 300
    assert api.post("/api/v1/credit-findings/check").json == {"new_findings": 0}
    assert api.put(f"/api/v1/credit-rules/{hill}", json={"auto_apply": False}).json["auto_apply"] is False
    asked = api.post("/api/v1/prepayments", json={"client_id": str(hill), "amount": 700, "description": "Ahead"})
    assert (asked.status_code, asked.json["kind"], asked.json["total"]) == (201, "prepayment", 700)
    assert api.post(f"/api/v1/invoices/{two}/payments", json={"amount": 99999}).json["applied"] == 12000


def test_bob_sees_none_of_it(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        credit = giving.grant_credit(ctx, hill, amount=100, reason="Sorry").id
    browser, api = acme.client("bob"), acme.api("bob")
    for url in ("/payments", "/credits", f"/credits/{credit}", f"/credits/new/{hill}", "/credits/findings"):
        assert browser.get(url).status_code == 403, url
    assert api.post(f"/api/v1/credits/{credit}/refund", json={"amount": 1}).status_code == 403
