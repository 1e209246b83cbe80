"""The invoice template: its page changes how new invoices look, final ones keep what they were printed by."""

from __future__ import annotations

from typing import Any

from plugins.billing import paper
from plugins.billing.layouts import choosing, store
from plugins.billing.models import Invoice
from tests.conftest import World
from tests.extensions.room_stage import calls_of, install, publish_folder
from tests.plugins.billing.invoice_desk import draft, final, lay_out_taxes, taxed_client
from tests.plugins.billing.test_layout_store import words
from tests.samples.conftest import built

KEY = "extensions.org.deskhand.samples.invoice-template"


def test_the_template_prints_by_its_options_and_final_invoices_stay(acme: World) -> None:
    installed = install(acme, publish_folder(acme, built("invoice-template")), "cap:storage.kv")
    bob, options = acme.api("bob"), f"{installed['url']}options"
    assert bob.get(options).json["accent"] == "#0f766e"
    with acme.call("carol") as ctx:
        layout = next(one for one in store.find_layouts(ctx) if one.key == KEY)
        choosing.choose_layout(ctx, layout_id=layout.id)
        hill = taxed_client(ctx, lay_out_taxes(ctx), "Hill")
        first = final(ctx, hill)
        before = paper.print_invoice(ctx, first)
    assert "Thank you, Hill." in words(before)
    kept = bob.put(options, data="accent #aa3300\nsections head,lines,thanks\nthanks Until {invoice.due_date}")
    assert (kept.status_code, kept.json["sections"]) == (200, ["head", "lines", "thanks"])
    with acme.call("carol") as ctx:
        assert paper.print_invoice(ctx, ctx.session.get_one(Invoice, (ctx.tenant_id, first.id))) == before
        second = final(ctx, hill)
        assert paper.printed_by(ctx, second)["page"]["accent"] == "#aa3300"
        assert "Until " in words(paper.print_invoice(ctx, draft(ctx, hill)))
        assert paper.name_of_layout(ctx, second) == "Invoice template, version 3"
    assert {one["endpoint"] for one in calls_of(acme, installed) if one["trigger"] == "hook"} == {"render-invoice"}


def test_its_page_is_shown_what_an_invoice_looks_like(acme: World) -> None:
    installed = install(acme, publish_folder(acme, built("invoice-template")), "cap:storage.kv")
    bob = acme.api("bob")
    drawn: Any = bob.post(f"{installed['url']}preview", data="group contract").json
    lines = next(one for one in drawn["layout"]["blocks"] if one["kind"] == "lines")
    assert (lines["group_by"], lines["group_sums"], len(drawn["facts"]["lines"])) == ("contract", True, 3)
    refused = bob.put(f"{installed['url']}options", data="thanks {client.__class__}")
    assert (refused.status_code, refused.text.startswith("thanks: in braces only")) == (422, True)
    assert acme.client("bob").get(f"/apps/{installed['id']}/0").status_code == 200
