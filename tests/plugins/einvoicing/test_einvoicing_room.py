"""Carol gives out invoices as data: what is wanting is named, what cannot be said is refused, mails bring what clients want."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pypdf
import pytest
from lxml import etree

from house.stage import csrf_of
from kernel import jobs
from kernel.context import Actor
from kernel.directory.clients import get_client
from kernel.tenancy import change_settings
from plugins.billing.credit_notes import create_credit_note
from plugins.billing.payments import record_payment
from plugins.einvoicing.services import prepare
from plugins.tax import services as taxes
from tests.conftest import World
from tests.plugins.billing.invoice_desk import final, lay_out_taxes, line, off, taxed_client
from tests.plugins.einvoicing.many_invoices import lay_out
from tests.plugins.einvoicing.official_rules import broken_rules
from tests.post_office import PostOffice

UBL = {"cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
       "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"}  # fmt: skip


def written(world: World, *lines: Any, **facts: Any) -> str:
    """A finalized invoice of Acme, of whom all is known, to an Austrian client; returns its id."""
    with world.call(Actor.system()) as ctx:
        ground = lay_out(ctx)
        get_client(ctx, ground.plain[0][0]).billing_email = "dana@hill.example"
        return str(final(ctx, ground.plain[0][0], *lines, **facts).id)


def fetched(world: World, invoice_id: str, form: str = "ubl") -> Any:
    return world.api("carol").get(f"/api/v1/invoices/{invoice_id}/e-invoice?format={form}")


def read(content: bytes, path: str) -> list[str]:
    """The texts at a path of a UBL document."""
    return [str(one.text) for one in etree.fromstring(content).findall(path, UBL)]


def test_facts_that_are_wanting_are_named_with_the_page_on_which_they_are_entered(acme: World) -> None:
    with acme.call(Actor.system()) as ctx:
        client_id = taxed_client(ctx, lay_out_taxes(ctx))
        invoice_id = final(ctx, client_id, line(), line("Cable", unit="furlong")).id
    refused = fetched(acme, str(invoice_id))
    assert (refused.status_code, refused.json["code"]) == (422, "e_invoice_facts_wanting")
    wanted = {one["term"]: one["url"] for one in refused.json["wanting"]}
    assert wanted == {
        "BT-40": "/e-invoicing/edit", "BT-32": "/e-invoicing/edit", "BT-30": "/e-invoicing/edit",
        "BT-55": f"/clients/{client_id}", "BT-130": "/e-invoicing/edit",
    }  # fmt: skip
    page = acme.client("carol").get(f"/e-invoicing/of-invoice/{invoice_id}").text
    assert all(url in page for url in wanted.values()) and "BT-55" in page
    assert "format=ubl" not in page


def test_carol_mends_what_is_wanting_and_the_invoice_is_there_in_three_forms(acme: World) -> None:
    with acme.call(Actor.system()) as ctx:
        client_id = taxed_client(ctx, lay_out_taxes(ctx))
        invoice_id = str(final(ctx, client_id).id)
    browser = acme.client("carol")
    form = browser.get("/e-invoicing/edit")
    profile = {"country": "AT", "registration": "FN 4711", "tax_number": "12 345/6789",
               "iban": "AT61 1904 3002 3457 3201", "csrf_token": csrf_of(form.text)}  # fmt: skip
    assert browser.post("/e-invoicing/edit", data=profile).status_code == 303
    check = f"/api/v1/invoices/{invoice_id}/e-invoice/check"
    assert [one["term"] for one in acme.api("carol").get(check).json["wanting"]] == ["BT-55"]
    place = {"name": "Office", "country": "AT", "is_default": True}
    assert acme.api().post(f"/api/v1/clients/{client_id}/locations", json=place).status_code == 201
    with acme.call(Actor.system()) as ctx:
        invoice_id = str(final(ctx, client_id).id)
    check = f"/api/v1/invoices/{invoice_id}/e-invoice/check"
    assert acme.api("carol").get(check).json == {"ready": True, "wanting": [], "refusal": ""}
    for form_name, syntax in (("ubl", "ubl"), ("cii", "cii")):
        answer = fetched(acme, invoice_id, form_name)
        assert answer.content_type == "application/xml"
        assert broken_rules(answer.data, syntax) == []
    page = browser.get(f"/e-invoicing/of-invoice/{invoice_id}").text
    assert "/download?format=factur-x" in page
    assert browser.get(f"/e-invoicing/of-invoice/{invoice_id}/download?format=cii").content_type == "application/xml"


def test_a_factur_x_is_the_pdf_with_its_data(acme: World) -> None:
    invoice_id = written(acme)
    made = pypdf.PdfReader(io.BytesIO(fetched(acme, invoice_id, "factur-x").data))
    [data] = made.attachments["factur-x.xml"]
    assert data == fetched(acme, invoice_id, "cii").data
    assert b"urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#" in made.root_object["/Metadata"].get_data()
    assert b"<pdfaid:part>3</pdfaid:part>" in made.root_object["/Metadata"].get_data()
    assert "INV-000001" in made.pages[0].extract_text()


def test_what_was_paid_and_what_is_taken_off_is_in_its_own_terms(acme: World) -> None:
    invoice_id = written(acme, line(rate=10000), line("Hardware", rate=5000, tax_category="reduced"),
                         discounts=[off("10"), off(amount=500, line=1)])  # fmt: skip
    with acme.call(Actor.system()) as ctx:
        record_payment(ctx, UUID(invoice_id), amount=1000)
    content = fetched(acme, invoice_id).data
    assert read(content, "cac:AllowanceCharge/cbc:Amount") == ["10.00", "5.00"]
    assert read(content, "cac:InvoiceLine/cac:AllowanceCharge/cbc:Amount") == ["5.00"]
    assert read(content, "cac:TaxTotal/cac:TaxSubtotal/cbc:TaxableAmount") == ["85.00", "45.00"]
    assert read(content, "cac:LegalMonetaryTotal/cbc:PrepaidAmount") == ["10.00"]
    assert read(content, "cac:LegalMonetaryTotal/cbc:PayableAmount") == ["141.50"]


def test_a_credit_note_names_the_invoice_that_it_corrects(acme: World) -> None:
    invoice_id = written(acme)
    with acme.call(Actor.system()) as ctx:
        note_id = str(create_credit_note(ctx, UUID(invoice_id), reason="Rebate").id)
    content = fetched(acme, note_id).data
    assert etree.QName(etree.fromstring(content)).localname == "CreditNote"
    assert read(content, "cac:BillingReference/cac:InvoiceDocumentReference/cbc:ID") == ["INV-000001"]
    assert read(content, "cac:AccountingSupplierParty/cac:Party/cac:PartyTaxScheme/cbc:CompanyID") == ["ATU13585627"]


@pytest.mark.parametrize(
    ("currency", "policy", "lines", "rule"),
    [
        ("EUR", {}, [line(location_id="Quebec")], "BR-CO-4"),
        ("EUR", {}, [line(), line("Deposit for keys", tax_category=None)], "BR-O-11"),
        ("EUR", {"discount_rule": "ignore"}, [line()], "BR-S-8"),
        ("KWD", {}, [line(rate=12345)], "BR-DEC-12"),
        ("JPY", {"rounding_mode": "up", "rounding_level": "line"}, [line(rate=101)] * 12, "BR-CO-17"),
    ],
)  # fmt: skip
def test_what_the_standard_has_no_words_for_is_refused_by_its_rule(acme: World, currency: str, policy: dict[str, str],
                                                                   lines: list[Any], rule: str) -> None:  # fmt: skip
    with acme.call(Actor.system()) as ctx:
        client_id, place = lay_out(ctx).plain[0]
        change_settings(ctx, "billing", policy)
        if rule == "BR-CO-4":
            taxes.set_location_region(ctx, place, _quebec(ctx))
            lines = [line(location_id=place)]
        discounts = [off("10")] if rule == "BR-S-8" else []
        invoice_id = str(final(ctx, client_id, *lines, currency=currency, discounts=discounts).id)
    refused = fetched(acme, invoice_id)
    assert (refused.status_code, refused.json["code"], refused.json["rule"]) == (422, "e_invoice_not_expressible", rule)
    assert rule in acme.client("carol").get(f"/e-invoicing/of-invoice/{invoice_id}").text


def _quebec(ctx: Any) -> UUID:
    region = taxes.add_region(ctx, code="CA-QC", name="Quebec", country="CA")
    parts = [{"name": "GST", "percent": Decimal(5)}, {"name": "QST", "percent": Decimal("9.975")}]
    taxes.add_rate(ctx, region_id=region.id, name="GST+QST", category="standard", starts=date(2020, 1, 1), components=parts)
    return UUID(str(region.id))


def test_a_draft_is_no_e_invoice(acme: World) -> None:
    invoice_id = written(acme)
    with acme.call(Actor.system()) as ctx:
        client_id = ctx.hooks.get_invoice_papers(ctx=ctx, invoice_ids=[UUID(invoice_id)])[UUID(invoice_id)].client_id
    draft = acme.api("carol").post(
        "/api/v1/invoices", json={"client_id": str(client_id), "lines": [{"description": "x", "rate": 5}]}
    )
    assert fetched(acme, draft.json["id"]).json["code"] == "e_invoice_not_final"


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"country": "UK"}, "country"), ({"iban": "AT611904300234573202"}, "iban"), ({"bic": "nobank"}, "bic"),
        ({"endpoint": "books@acme.example"}, "endpoint_scheme"), ({"endpoint": "x", "endpoint_scheme": "EM"}, "endpoint"),
        ({"registration": "1", "registration_scheme": "9999"}, "registration_scheme"), ({"units": "rack"}, "units"),
        ({"units": "rack = ZZZ"}, "units"),
    ],
)  # fmt: skip
def test_facts_are_checked_when_they_are_entered(acme: World, facts: dict[str, str], field: str) -> None:
    browser = acme.client("carol")
    page = browser.post("/e-invoicing/edit", data={**facts, "csrf_token": csrf_of(browser.get("/e-invoicing/edit").text)})
    assert page.status_code == 422
    refused = acme.api().patch("/api/v1/plugins/einvoicing/settings", json={"settings": facts})
    assert refused.status_code == 422
    assert any(name.endswith(field) for name in refused.json["errors"]), refused.json


@pytest.mark.parametrize(("wish", "names"), [("pdf", ["INV-000001.pdf"]), ("factur_x", ["INV-000001.pdf"]),
                                             ("ubl", ["INV-000001.pdf", "INV-000001.xml"])])  # fmt: skip
def test_a_mail_brings_what_the_client_wants(posting: World, office: PostOffice, wish: str, names: list[str]) -> None:
    world = posting
    invoice_id = written(world)
    client_id = world.api("carol").get(f"/api/v1/invoices/{invoice_id}").json["client_id"]
    assert world.api("carol").put(f"/api/v1/clients/{client_id}/e-invoicing", json={"attach": wish}).status_code == 200
    assert world.api("carol").post(f"/api/v1/invoices/{invoice_id}/send", json={}).status_code == 202
    jobs.drain(world.kernel, world.tenant_id)
    [letter] = office.letters()
    files = list(letter.iter_attachments())
    assert [one.get_filename() for one in files] == names
    embedded = pypdf.PdfReader(io.BytesIO(files[0].get_content())).attachments
    assert list(embedded) == (["factur-x.xml"] if wish == "factur_x" else [])


def test_nothing_less_than_what_the_client_wants_is_sent(posting: World, office: PostOffice) -> None:
    world = posting
    invoice_id = written(world)
    client_id = world.api("carol").get(f"/api/v1/invoices/{invoice_id}").json["client_id"]
    world.api("carol").put(f"/api/v1/clients/{client_id}/e-invoicing", json={"attach": "factur_x"})
    with world.call(Actor.system()) as ctx:
        change_settings(ctx, "einvoicing", {"country": ""})
    refused = world.api("carol").post(f"/api/v1/invoices/{invoice_id}/send", json={})
    assert (refused.status_code, refused.json["code"]) == (422, "e_invoice_facts_wanting")
    jobs.drain(world.kernel, world.tenant_id)
    assert office.letters() == []


def test_a_draft_paper_is_refused_before_anything_is_mapped(acme: World) -> None:
    invoice_id = UUID(written(acme))
    with acme.call() as ctx:
        paper = ctx.hooks.get_invoice_papers(ctx=ctx, invoice_ids=[invoice_id])[invoice_id]
        with pytest.raises(Exception, match="only finalized"):
            prepare(ctx, replace(paper, status="void"))


def test_many_invoices_are_written_at_once_and_what_keeps_one_back_is_said(acme: World) -> None:
    with acme.call(Actor.system()) as ctx:
        client_id = lay_out(ctx).plain[0][0]
        region_id = taxes.get_client_facts(ctx, client_id).region_id
        ready, nowhere = final(ctx, client_id, line()), taxed_client(ctx, region_id, "Nowhere Ltd")
        kept = final(ctx, nowhere).id
        found = ctx.hooks.write_invoice_data(ctx=ctx, invoice_ids=[ready.id, kept, UUID(int=1)], syntax="ubl")
    assert set(found) == {ready.id, kept}
    assert read(found[ready.id].content, "cbc:ID") == [ready.number] and found[ready.id].name == f"{ready.number}.xml"
    assert "BT-55" in found[kept].problem and found[kept].mend_url == f"/clients/{nowhere}"
    assert not found[kept].content
