"""The same through REST and in the browser: Carol bills September, asks why, finalizes, prints, is paid."""

from __future__ import annotations

import io
import json
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from pypdf import PdfReader
from sqlalchemy import func, select

from house.stage import csrf_of
from kernel import jobs
from kernel.api.endpoint import dumps
from kernel.auth import create_api_key
from kernel.context import Actor
from kernel.ids import uuid7
from kernel.tenancy import change_settings
from plugins.billing import invoices
from plugins.billing.chain import verify_chain
from plugins.billing.models import Invoice
from plugins.billing.routes import shown
from plugins.billing.schemas.invoices import InvoiceOut
from plugins.tax.models import Region
from tests.plugins.billing.contract_desk import Desk
from tests.plugins.billing.invoice_desk import final, item, lay_out_taxes, line, off, taxed_client

WINDOW = {"window_start": "2026-09-01", "window_end": "2026-10-01", "invoice_date": "2026-10-01"}


@pytest.fixture
def hill(acme: Any) -> Any:
    with acme.call(Actor.system()) as ctx:
        change_settings(ctx, "billing", {"seller_name": "Acme MSP GmbH", "seller_address": "Ringstraße 1\n1010 Wien",
                                         "bank_lines": "IBAN: AT61 1904 3002 3457 3201"})  # fmt: skip
        client_id = taxed_client(ctx, lay_out_taxes(ctx))
        support = item(ctx, "Managed care", EUR=10000)
        Desk.of(ctx, client_id).contract(
            {"kind": "fixed", "cycle": "monthly", "timing": "advance", "price": 10000, "items": [{"item_id": support}]},
            start="2026-09-01",
        )
    return client_id


def test_from_preview_to_ledger_through_rest(acme: Any, hill: Any) -> None:
    carol = acme.api("carol")
    preview = carol.post("/api/v1/billing-runs/preview", json=WINDOW)
    assert preview.status_code == 200, preview.json
    assert preview.json["totals"] == [{"currency": "EUR", "invoices": 1, "subtotal": 10000, "tax": 2000, "total": 12000}]
    started = carol.post("/api/v1/billing-runs", json=WINDOW)
    assert started.status_code == 202, started.json
    again = carol.post("/api/v1/billing-runs", json=WINDOW)
    assert (again.status_code, again.json["code"]) == (409, "billing_run_live")
    jobs.drain(acme.kernel, acme.tenant_id)
    run = carol.get(f"/api/v1/billing-runs/{started.json['id']}").json
    assert (run["state"], run["invoices"]) == ("done", 1)
    [row] = carol.get("/api/v1/invoices", query_string={"run_id": run["id"]}).json["items"]
    invoice = carol.get(f"/api/v1/invoices/{row['id']}")
    [first] = invoice.json["lines"]
    foreseen = preview.json["invoices"][0]["lines"][0]
    assert {name: first[name] for name in ("description", "net", "tax", "total", "period_start")} == {
        name: foreseen[name] for name in ("description", "net", "tax", "total", "period_start")}  # fmt: skip
    why = carol.get(f"/api/v1/invoices/{row['id']}/lines/{first['id']}/why").json
    assert why["rule"] == "A fixed price for each period"
    assert ["Price of a period", "€100.00"] in why["words"]
    assert why["sources"][0]["period"] == "2026-09-01/2026-10-01"
    done = carol.post(f"/api/v1/invoices/{row['id']}/finalize")
    assert (done.status_code, done.json["state"]) == (200, "open")
    pdf = carol.get(f"/api/v1/invoices/{row['id']}/pdf")
    words = PdfReader(io.BytesIO(pdf.data)).pages[0].extract_text()
    for expected in (row["number"], "Hill & Sons", "Acme MSP GmbH", "€120.00", "AT61"):
        assert expected in words
    assert carol.get(f"/api/v1/invoices/{row['id']}/pdf").data == pdf.data
    balances = {one["account"]: one["balance"] for one in carol.get("/api/v1/ledger/trial-balance").json["items"]}
    assert balances == {"receivable": 12000, "revenue": -10000, "tax": -2000}
    [entry] = carol.get("/api/v1/ledger/entries").json["items"]
    assert sum(entry["postings"].values()) == 0


def test_by_hand_and_final_in_one_request(acme: Any, hill: Any) -> None:
    carol = acme.api("carol")
    body = {"client_id": str(hill), "lines": [{"description": "Work", "rate": 8000}], "finalize": True,
            "discounts": [{"description": "Friends", "percent": "10"}]}  # fmt: skip
    made = carol.post("/api/v1/invoices", json=body, headers={"Idempotency-Key": "k1"})
    assert made.status_code == 201, made.json
    assert (made.json["status"], made.json["state"], made.json["total"]) == ("finalized", "open", 8640)
    assert (made.json["number"], made.json["discounts"][0]["amount"]) == ("INV-000001", 800)
    read = carol.get(f"/api/v1/invoices/{made.json['id']}")
    assert (read.json, read.headers["ETag"]) == (made.json, made.headers["ETag"])
    assert carol.post("/api/v1/invoices", json=body, headers={"Idempotency-Key": "k1"}).json == made.json
    with acme.call() as ctx:
        _is_as_the_schema_says(shown(ctx, invoices.get_invoice(ctx, UUID(made.json["id"]))).value)
        assert verify_chain(ctx, "invoice") == []
        assert ctx.session.scalar(select(func.count()).select_from(Invoice)) == 1
        _, key = create_api_key(ctx, name="drafts only", user_id=acme.users["carol"], scopes=["invoice.create"])
    refused = acme.app.test_client().post("/api/v1/invoices", json=body, headers={"X-Api-Key": key})
    assert (refused.status_code, refused.json["permission"]) == (403, "invoice.finalize")
    assert len(carol.get("/api/v1/invoices").json["items"]) == 1


def _is_as_the_schema_says(told: dict[str, Any]) -> None:
    """What is dumped without the schema's work, held against the schema."""
    schema = InvoiceOut()
    assert json.loads(dumps(told)) == json.loads(dumps(schema.dump(told)))
    assert set(told) == set(schema.fields)
    for name in ("lines", "taxes", "discounts"):
        assert set(told[name][0]) == set(schema.fields[name].inner.schema.fields)


def test_by_hand_through_rest_with_etag_and_idempotency(acme: Any, hill: Any) -> None:
    carol = acme.api("carol")
    body = {"client_id": str(hill), "lines": [{"description": "Work", "quantity": "2.5", "rate": 8000}],
            "discounts": [{"description": "Friends", "percent": "10", "line": 1}]}  # fmt: skip
    made = carol.post("/api/v1/invoices", json=body, headers={"Idempotency-Key": "k1"})
    assert made.status_code == 201, made.json
    assert (made.json["subtotal"], made.json["tax"]) == (18000, 3600)
    assert carol.post("/api/v1/invoices", json=body, headers={"Idempotency-Key": "k1"}).json["id"] == made.json["id"]
    url = f"/api/v1/invoices/{made.json['id']}"
    etag = made.headers["ETag"]
    changed = carol.patch(
        url, json={"lines": [{"description": "Work", "rate": 100}], "discounts": []}, headers={"If-Match": etag}
    )
    assert (changed.status_code, changed.json["total"]) == (200, 120), changed.json
    assert carol.patch(url, json={"notes": "x"}, headers={"If-Match": etag}).status_code == 412
    bad = carol.post("/api/v1/invoices", json={**body, "lines": [{"description": "", "quantity": "1.00001", "rate": 1}]})
    assert set(bad.json["errors"]) == {"lines[0].description", "lines[0].quantity"}
    assert carol.post(f"{url}/finalize").status_code == 200
    paid = carol.post(f"{url}/payments", json={"amount": 120})
    assert paid.status_code == 201, paid.json
    assert carol.get(url).json["state"] == "paid"
    assert carol.post(f"/api/v1/payments/{paid.json['id']}/take-back").status_code == 200
    note = carol.post(f"{url}/credit-notes", json={"reason": "Wrong"})
    assert (note.status_code, note.json["total"], note.json["kind"]) == (201, 120, "credit_note"), note.json
    assert carol.get("/api/v1/credits").json["items"][0]["remaining"] == 0
    refused = carol.post(f"{url}/void", json={"reason": "x"})
    assert (refused.status_code, refused.json["code"]) == (409, "invoice_settled")


def test_another_tenants_ids_answer_like_random_ones(acme: Any, beta: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        one = final(ctx, hill)
        [first] = invoices.list_lines(ctx, one.id)
    spy = beta.api("alice")
    for path in ("", "/pdf", "/payments", f"/lines/{first.id}/why"):
        real, random = (spy.get(f"/api/v1/invoices/{which}{path}") for which in (one.id, uuid7()))
        assert real.status_code == 404
        assert {**real.json, "request_id": ""} == {**random.json, "request_id": ""}
    for path, body in (
        ("finalize", {}),
        ("void", {"reason": "x"}),
        ("payments", {"amount": 1}),
        ("credit-notes", {"reason": "x"}),
    ):
        real, random = (spy.post(f"/api/v1/invoices/{which}/{path}", json=body) for which in (one.id, uuid7()))
        assert (real.status_code, real.json["code"]) == (random.status_code, random.json["code"]) == (404, "invoice_not_found")


def test_a_technician_sees_no_money(acme: Any, hill: Any) -> None:
    bob = acme.api("bob")
    for path in ("invoices", "billing-runs", "credits", "ledger/trial-balance"):
        assert bob.get(f"/api/v1/{path}").status_code == 403


def test_billing_september_in_the_browser(acme: Any, hill: Any) -> None:
    carol = acme.client("carol")
    page = carol.get("/billing-runs")
    assert 'value="2026-09-01"' in page.text
    preview = carol.get("/billing-runs/preview", query_string=WINDOW)
    assert "Hill &amp; Sons" in preview.text
    assert "€120.00" in preview.text
    started = carol.post("/billing-runs/start", data={**WINDOW, "csrf_token": csrf_of(preview.text)})
    assert started.status_code == 303
    live = carol.get(started.location)
    assert "Running" in live.text
    jobs.drain(acme.kernel, acme.tenant_id)
    done = carol.get(started.location)
    assert "Finalize all" in done.text
    with acme.call("carol") as ctx:
        one = ctx.session.scalars(select(Invoice)).one()
        [first] = invoices.list_lines(ctx, one.id)
    url = f"/invoices/{one.id}"
    for path in ("/invoices", "/invoices.csv", url, f"{url}/edit", f"{url}/lines/{first.id}/why", "/invoices/card",
                 f"/invoices/of-client/{hill}", "/ledger", "/ledger/card", "/credits", "/invoices/new",
                 f"/invoices/new/{hill}"):  # fmt: skip
        answer = carol.get(path)
        assert answer.status_code == 200, (path, answer.text[-2000:])
    assert "A fixed price for each period" in carol.get(f"{url}/lines/{first.id}/why").text
    token = {"csrf_token": csrf_of(carol.get(url).text)}
    assert carol.post(f"{started.location}/finalize", data=token).status_code == 303
    assert "Record payment" in carol.get(url).text
    pay = carol.get(f"{url}/pay")
    assert 'value="120.00"' in pay.text
    paid = carol.post(f"{url}/pay", data={**token, "amount": "20.00", "amount--money": "EUR", "method": "card"})
    assert paid.status_code == 303, paid.text
    assert "Partly paid" in carol.get(url).text
    assert carol.get(f"{url}/credit").status_code == 200
    credited = carol.post(f"{url}/credit", data={**token, "reason": "Late", "apply": "true", "lines-0-line_id": str(first.id),
                                                 "lines-0-amount": "10.00", "lines-0-amount--money": "EUR"})  # fmt: skip
    assert credited.status_code == 303, credited.text
    assert "Credit note" in carol.get(url).text
    assert carol.get(f"{url}/pdf").mimetype == "application/pdf"


def test_writing_and_voiding_by_hand_in_the_browser(acme: Any, hill: Any) -> None:
    carol = acme.client("carol")
    token = {"csrf_token": csrf_of(carol.get("/invoices/new").text)}
    chosen = carol.post("/invoices/new", data={**token, "client_id": str(hill)})
    assert chosen.location == f"/invoices/new/{hill}?currency=EUR"
    typed = {"lines-0-description": "Work", "lines-0-quantity": "2", "lines-0-rate": "10.50", "lines-0-rate--money": "EUR",
             "discounts-0-description": "Friends", "discounts-0-percent": "50"}  # fmt: skip
    wrong = carol.post(chosen.location, data={**token, **typed, "lines-0-quantity": "0"})
    assert wrong.status_code == 422
    assert "above zero" in wrong.text
    made = carol.post(chosen.location, data={**token, **typed})
    assert made.status_code == 303, made.text
    shown = carol.get(made.location)
    assert "€10.50" in shown.text
    edit = carol.get(f"{made.location}/edit")
    assert 'value="10.50"' in edit.text
    saved = carol.post(f"{made.location}/edit", data={**token, **typed, "row_version": "1", "notes": "Thanks"})
    assert saved.status_code == 303, saved.text
    carol.post(f"{made.location}/finalize", data=token)
    carol.post(f"{made.location}/void", data={**token, "reason": "A test"})
    assert "This invoice is void" in carol.get(made.location).text
    with acme.call("carol") as ctx:
        extra = final(ctx, hill, line(), discounts=[off("10")], invoice_date=date(2026, 8, 1))
    assert "Overdue" in carol.get(f"/invoices/{extra.id}").text


def test_the_overview_shows_revenue_of_every_currency(acme: Any, hill: Any) -> None:
    assert "in EUR" in acme.client("carol").get("/ledger/card").text, "with nothing earned, the company's own currency"
    with acme.call("carol") as ctx:
        region_id = ctx.session.scalars(select(Region.id)).one()
        final(ctx, taxed_client(ctx, region_id, "Maple Foods", "USD"))
    shown = acme.client("carol").get("/ledger/card").text
    assert "in USD" in shown
    assert "in EUR" not in shown, "a currency without revenue has no chart"
    with acme.call("carol") as ctx:
        final(ctx, hill)
    both = acme.client("carol").get("/ledger/card").text
    assert both.index("in EUR") < both.index("in USD"), "the company's own comes first"
