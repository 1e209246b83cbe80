"""The main job, told once from end to end: a quarter comes in as files and goes out as invoices."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from pypdf import PdfReader

from kernel.app import Kernel
from kernel.jobs import drain
from kernel.tenancy import change_settings
from plugins.extensions.publishing.bundles import pack_bundle
from plugins.extensions.publishing.packing import bundle_of_folder
from tests.conftest import World

TREE = Path(__file__).parents[2]
QUARTER = TREE / "samples" / "datasets" / "acme-2026-q3"
DEMO = TREE / "samples" / "invoicing-demo"
WINDOW = {"window_start": "2026-07-01", "window_end": "2026-10-01", "invoice_date": "2026-10-01"}


def test_a_quarter_from_files_to_invoices(acme: World, beta: World, kernel: Kernel) -> None:
    alice, carol = acme.api("alice"), acme.api("carol")
    _settle_in(acme)
    _import_the_quarter(alice, acme, kernel)
    approved = alice.post("/api/v1/time-entries/approve-until", json={"until": "2026-09-30"}).json["count"]
    assert approved > 500
    preview = carol.post("/api/v1/billing-runs/preview", json=WINDOW).json
    run = _run_the_billing(carol, acme, kernel)
    invoices = _all(carol, f"/api/v1/invoices?run_id={run['id']}")
    _preview_equals_run(preview, invoices, run)
    _every_line_says_why(carol, invoices[0])
    _finalize(carol, invoices)
    _the_pdf_is_the_invoice(carol, invoices[0])
    _the_ledger_balances(carol, invoices)
    _a_second_run_bills_nothing_twice(carol, acme, kernel)
    _the_extension_bills(acme, alice, carol, kernel)
    _time_is_switched_off_for_acme_only(acme, beta, alice)


def _settle_in(acme: World) -> None:
    with acme.call() as ctx:
        change_settings(ctx, "tax", {"tax_id": "DE136695976"})
        change_settings(ctx, "billing", {"seller_name": "Acme MSP GmbH", "seller_tax_id": "DE136695976"})


def _import_the_quarter(alice: FlaskClient, acme: World, kernel: Kernel) -> None:
    files = [
        {"name": path.name, "content": base64.b64encode(path.read_bytes()).decode()} for path in sorted(QUARTER.glob("*.csv"))
    ]
    rehearsal = alice.post("/api/v1/imports", json={"files": files, "dry_run": True})
    assert rehearsal.status_code in (201, 202), rehearsal.json
    drain(kernel, acme.tenant_id)
    _import_ended(alice, rehearsal.json["id"])
    assert alice.get("/api/v1/clients").json["items"] == []
    begun = alice.post("/api/v1/imports", json={"files": files})
    drain(kernel, acme.tenant_id)
    _import_ended(alice, begun.json["id"])
    assert len(_all(alice, "/api/v1/clients")) >= 40
    assert len(_all(alice, "/api/v1/tickets")) == 600
    assert len(_all(alice, "/api/v1/contracts")) >= 45


def _import_ended(alice: FlaskClient, import_id: str) -> None:
    problems = alice.get(f"/api/v1/imports/{import_id}/errors").json["items"]
    assert problems == [], problems[:5]
    assert alice.get(f"/api/v1/imports/{import_id}").json["state"] == "done"


def _run_the_billing(carol: FlaskClient, acme: World, kernel: Kernel) -> Any:
    started = carol.post("/api/v1/billing-runs", json=WINDOW)
    assert started.status_code == 202, started.json
    again = carol.post("/api/v1/billing-runs", json=WINDOW)
    assert again.status_code == 409, again.json
    drain(kernel, acme.tenant_id)
    run = carol.get(f"/api/v1/billing-runs/{started.json['id']}").json
    assert (run["state"], run["pending"]) == ("done", 0)
    return run


def _preview_equals_run(preview: Any, invoices: list[Any], run: Any) -> None:
    assert run["invoices"] == len(invoices) == len(preview["invoices"])
    assert len(invoices) > 40
    assert len(preview["parked"]) == run["parked"]
    expected = sorted(
        (one["client_id"], one["currency"], one["subtotal"], one["tax"], one["total"]) for one in preview["invoices"]
    )
    assert sorted((one["client_id"], one["currency"], one["subtotal"], one["tax"], one["total"]) for one in invoices) == expected


def _every_line_says_why(carol: FlaskClient, row: Any) -> None:
    invoice = carol.get(f"/api/v1/invoices/{row['id']}").json
    assert sum(line["net"] - line["discount"] + line["tax"] for line in invoice["lines"]) == invoice["total"]
    assert invoice["subtotal"] + invoice["tax"] == invoice["total"]
    for line in invoice["lines"]:
        why = carol.get(f"/api/v1/invoices/{invoice['id']}/lines/{line['id']}/why")
        assert why.status_code == 200
        assert why.json, line


def _finalize(carol: FlaskClient, invoices: list[Any]) -> None:
    done = carol.post("/api/v1/invoices/finalize", json={"ids": [one["id"] for one in invoices]})
    assert done.status_code == 200, done.json
    assert {one["status"] for one in done.json["items"]} == {"finalized"}
    numbers = [one["number"] for one in done.json["items"]]
    assert len(set(numbers)) == len(invoices)
    frozen = carol.patch(f"/api/v1/invoices/{invoices[0]['id']}", json={"notes": "too late"})
    assert frozen.status_code == 409, frozen.json


def _the_pdf_is_the_invoice(carol: FlaskClient, row: Any) -> None:
    answer = carol.get(f"/api/v1/invoices/{row['id']}/pdf")
    assert answer.mimetype == "application/pdf"
    number = carol.get(f"/api/v1/invoices/{row['id']}").json["number"]
    assert number in "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages)


def _the_ledger_balances(carol: FlaskClient, invoices: list[Any]) -> None:
    accounts = carol.get("/api/v1/ledger/trial-balance").json["items"]
    for currency in {one["currency"] for one in invoices}:
        own = [one for one in accounts if one["currency"] == currency]
        assert sum(one["debit"] for one in own) == sum(one["credit"] for one in own) > 0
        receivable = next(one for one in own if one["account"] == "receivable")
        assert receivable["balance"] == sum(one["total"] for one in invoices if one["currency"] == currency)


def _a_second_run_bills_nothing_twice(carol: FlaskClient, acme: World, kernel: Kernel) -> None:
    started = carol.post("/api/v1/billing-runs", json=WINDOW).json
    drain(kernel, acme.tenant_id)
    assert carol.get(f"/api/v1/billing-runs/{started['id']}").json["invoices"] == 0


def _the_extension_bills(acme: World, alice: FlaskClient, carol: FlaskClient, kernel: Kernel) -> None:
    bundle = base64.b64encode(pack_bundle(bundle_of_folder(DEMO))).decode()
    release = alice.post("/api/v1/extension-releases", json={"bundle": bundle})
    assert release.status_code in (201, 202), release.json
    drain(kernel, acme.tenant_id)
    install = alice.post("/api/v1/extension-installs", json={"release_id": release.json["id"], "grants": []}).json
    client = _all(alice, "/api/v1/clients")[0]
    item = next(one for one in _all(alice, "/api/v1/catalog-items") if one["kind"] == "service")
    order = {
        "clientId": client["id"],
        "items": [{"serviceId": item["id"], "quantity": 2, "description": "Metered", "rate": 1500}],
    }
    denied = alice.post(f"/x/{install['id']}/create-invoice", json=order)
    assert "capability_denied" in denied.text
    alice.post(f"/api/v1/extension-installs/{install['id']}/grants", json={"capability": "cap:invoice.manual.create"})
    made = alice.post(f"/x/{install['id']}/create-invoice", json=order)
    assert made.status_code in (200, 201), made.text
    [draft] = [one for one in _all(carol, "/api/v1/invoices?status=draft") if one["author"]]
    assert draft["author"].startswith("org.deskhand.samples.invoicing-demo@")
    assert draft["subtotal"] == 3000


def _time_is_switched_off_for_acme_only(acme: World, beta: World, alice: FlaskClient) -> None:
    switched = alice.post("/api/v1/plugins/timesheets/disable")
    assert switched.status_code == 200, switched.json
    assert alice.get("/api/v1/time-entries").json["code"] == "plugin_not_enabled"
    assert acme.client().get("/time").status_code == 404
    assert 'href="/time"' not in acme.client().get("/").text
    assert beta.api().get("/api/v1/time-entries").status_code == 200
    assert 'href="/time"' in beta.client().get("/").text


def _all(client: FlaskClient, path: str) -> list[Any]:
    rows: list[Any] = []
    cursor = ""
    while True:
        page = client.get(f"{path}{'&' if '?' in path else '?'}limit=200{cursor}").json
        rows += page["items"]
        if not page["next_cursor"]:
            return rows
        cursor = f"&cursor={page['next_cursor']}"
