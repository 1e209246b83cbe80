"""Taxes that a service outside reckons: drafts wait for their amounts, Carol imports them, and all totals follow."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import html
from sqlalchemy import select

from house.stage import csrf_of
from kernel.audit import AuditEntry
from kernel.context import Actor
from kernel.hookspecs.tax import TaxDocument, TaxLine, TaxSource
from kernel.tenancy import change_settings
from plugins.billing.drafts import Draft
from plugins.billing.due.values import DueLine
from plugins.billing.funnel import write_invoices
from plugins.billing.reckoning import assemble
from plugins.tax.calculator import ClientTax, Exemption
from plugins.tax.elsewhere import ImportedTax, share_out, tax_elsewhere
from tests.conftest import World
from tests.plugins.billing.invoice_desk import draft, lay_out_taxes, line, off, taxed_client


def waiting_draft(world: World, *lines: Any, **facts: Any) -> str:
    """A draft of a tenant whose taxes are reckoned elsewhere; returns its id."""
    with world.call(Actor.system()) as ctx:
        change_settings(ctx, "tax", {"tax_source": "external"})
        return str(draft(ctx, taxed_client(ctx, lay_out_taxes(ctx)), *lines, **facts).id)


def read(world: World, invoice_id: str) -> Any:
    return world.api("carol").get(f"/api/v1/invoices/{invoice_id}").json


def bring(world: World, invoice_id: str, **body: Any) -> Any:
    return world.api("carol").post(f"/api/v1/invoices/{invoice_id}/tax-amounts", json=body)


def test_a_draft_waits_for_its_taxes_and_cannot_become_final(acme: World) -> None:
    invoice_id = waiting_draft(acme)
    told = read(acme, invoice_id)
    assert (told["tax_source"], told["tax"], told["total"]) == ("pending_external", 0, 10000)
    refused = acme.api("carol").post(f"/api/v1/invoices/{invoice_id}/finalize", json={})
    assert (refused.status_code, refused.json["code"]) == (409, "tax_amounts_pending")
    assert "not here yet" in acme.client("carol").get(f"/invoices/{invoice_id}").text


def test_carol_imports_the_tax_of_each_line_and_the_totals_follow(acme: World) -> None:
    invoice_id = waiting_draft(acme, line(rate=10000), line("Cable", rate=5000), discounts=[off("10")])
    first, second = (one["id"] for one in read(acme, invoice_id)["lines"])
    amounts = [{"line_id": first, "tax": 799, "name": "NY sales tax", "percent": "8.875"},
               {"line_id": second, "tax": 0, "name": "NY sales tax", "code": "Z", "percent": "0"}]  # fmt: skip
    answer = bring(acme, invoice_id, lines=amounts, reference="CALC-7")
    assert (answer.status_code, answer.json["state"], answer.json["imported_by"]) == (201, "external", "Carol")
    told = read(acme, invoice_id)
    assert (told["subtotal"], told["tax"], told["total"], told["tax_source"]) == (13500, 799, 14299, "external")
    assert [(one["name"], one["code"], one["percent"], one["base"], one["tax"]) for one in told["taxes"]] == [
        ("NY sales tax", "S", "8.875000", 9000, 799), ("NY sales tax", "Z", "0.000000", 4500, 0)]  # fmt: skip
    assert [one["tax"] for one in told["lines"]] == [799, 0]
    with acme.call() as ctx:
        entry = ctx.session.scalars(select(AuditEntry).where(AuditEntry.action == "invoice.tax_imported")).one()
        assert entry.changes == {"tax": [0, 799], "reference": "CALC-7"}
    assert acme.api("carol").post(f"/api/v1/invoices/{invoice_id}/finalize", json={}).status_code == 200


def test_the_tax_of_all_lines_is_spread_by_largest_remainder(acme: World) -> None:
    invoice_id = waiting_draft(acme, line(rate=3333), line(rate=3333), line(rate=3334))
    assert bring(acme, invoice_id, tax=1000, name="VAT", percent="10").status_code == 201
    told = read(acme, invoice_id)
    assert ([one["tax"] for one in told["lines"]], told["total"]) == ([333, 333, 334], 11000)


def test_what_is_exempt_is_decided_here_and_needs_no_amount(acme: World) -> None:
    invoice_id = waiting_draft(acme, line(rate=10000), line("Course", rate=4000, exemption="Education (§ 4 Nr. 21 UStG)"))
    taxed = read(acme, invoice_id)["lines"][0]["id"]
    assert bring(acme, invoice_id, lines=[{"line_id": taxed, "tax": 1900}]).status_code == 201
    told = read(acme, invoice_id)
    assert {(one["code"], one["tax"], one["note"]) for one in told["taxes"]} == {
        ("E", 0, "Education (§ 4 Nr. 21 UStG)"), ("S", 1900, None)}  # fmt: skip
    assert told["taxes"][1]["percent"] == "19.000000"


def test_amounts_hold_as_long_as_their_lines_do(acme: World) -> None:
    invoice_id = waiting_draft(acme)
    assert bring(acme, invoice_id, tax=1900).status_code == 201
    api, url = acme.api("carol"), f"/api/v1/invoices/{invoice_id}"
    assert api.patch(url, json={"notes": "Thank you."}).json["tax_source"] == "external"
    changed = api.patch(url, json={"lines": [{"description": "Less", "rate": 9000}]}).json
    assert (changed["tax_source"], changed["tax"]) == ("pending_external", 0)
    assert bring(acme, invoice_id, tax=1710).status_code == 201
    assert read(acme, invoice_id)["total"] == 10710


def test_a_draft_may_be_reckoned_here_after_all_and_a_final_one_stays(acme: World) -> None:
    invoice_id = waiting_draft(acme)
    api, url = acme.api("carol"), f"/api/v1/invoices/{invoice_id}/tax-source"
    assert api.put(url, json={"source": "internal"}).json["state"] == "internal"
    assert read(acme, invoice_id)["tax"] == 2000
    refused = bring(acme, invoice_id, tax=1900)
    assert (refused.status_code, refused.json["code"]) == (422, "tax_amounts_unwanted")
    assert api.put(url, json={"source": "external"}).json["state"] == "pending_external"
    assert bring(acme, invoice_id, tax=1900).status_code == 201
    api.post(f"/api/v1/invoices/{invoice_id}/finalize", json={})
    assert api.put(url, json={"source": "internal"}).json["code"] == "invoice_not_draft"
    assert bring(acme, invoice_id, tax=1).json["code"] == "invoice_not_draft"
    assert read(acme, invoice_id)["tax"] == 1900


def test_a_client_differs_only_where_it_may(acme: World) -> None:
    with acme.call(Actor.system()) as ctx:
        region_id = lay_out_taxes(ctx)
        client_id = taxed_client(ctx, region_id)
    api, url = acme.api("carol"), f"/api/v1/clients/{client_id}/tax"
    facts = {"region_id": str(region_id), "tax_source": "external"}
    assert api.put(url, json=facts).json["errors"].keys() == {"tax_source"}
    with acme.call(Actor.system()) as ctx:
        change_settings(ctx, "tax", {"client_may_differ": True})
    assert api.put(url, json=facts).json["tax_source"] == "external"
    with acme.call(Actor.system()) as ctx:
        other = taxed_client(ctx, region_id, "Lake Ltd")
        assert [draft(ctx, one).tax_source for one in (client_id, other)] == ["pending_external", "internal"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "tax"), ({"tax": 1, "lines": [{"line_id": str(uuid4()), "tax": 1}]}, "tax"),
        ({"lines": [{"line_id": str(uuid4()), "tax": 1}]}, "lines[0].line_id"),
    ],
)  # fmt: skip
def test_amounts_that_do_not_fit_are_named(acme: World, body: dict[str, Any], field: str) -> None:
    refused = bring(acme, waiting_draft(acme), **body)
    assert refused.status_code == 422
    assert field in refused.json["errors"]


def test_carol_enters_the_tax_on_a_page(acme: World) -> None:
    invoice_id = waiting_draft(acme)
    browser, url = acme.client("carol"), f"/taxes/of-invoice/{invoice_id}"
    assert f"{url}/import" in browser.get(url).text
    form = {"csrf_token": csrf_of(browser.get(f"{url}/import").text), "tax": "19.00", "tax--money": "EUR",
            "name": "VAT", "reference": "Books"}  # fmt: skip
    assert browser.post(f"{url}/import", data=form).status_code == 303
    assert read(acme, invoice_id)["tax"] == 1900
    assert "Books" in browser.get(url).text


def test_a_draft_of_two_tax_points_takes_the_amounts_of_its_lines(acme: World) -> None:
    """As a billing run writes it: in arrears and in advance."""
    with acme.call(Actor.system()) as ctx:
        change_settings(ctx, "tax", {"tax_source": "external"})
        client_id = taxed_client(ctx, lay_out_taxes(ctx))
        lines = [_due("Support", 10000, date(2026, 9, 30)), _due("Care", 5000, None)]
        [one] = assemble(ctx, [Draft(client_id=client_id, currency="EUR", invoice_date=date(2026, 10, 1),
                                     due_date=date(2026, 10, 15), lines=lines, origin="run")])  # fmt: skip
        [written] = write_invoices(ctx, [one])
    assert bring(acme, str(written.id), tax=2850, name="VAT", percent="19").status_code == 201
    told = read(acme, str(written.id))
    assert ([one["tax"] for one in told["lines"]], told["tax"], told["tax_source"]) == ([1900, 950], 2850, "external")


def _due(words: str, amount: int, point: date | None) -> DueLine:
    return DueLine(words, None, Decimal(1), amount, amount, "each", "standard", None, None, "fixed", None, point, {}, [])


def test_an_exempt_line_of_a_manual_invoice_prints_its_reason(acme: World) -> None:
    with acme.call(Actor.system()) as ctx:
        client_id = taxed_client(ctx, lay_out_taxes(ctx))
    lines = [{"description": "Course", "rate": 4000, "exemption": "Education"}, {"description": "Desk", "rate": 1000}]
    told = acme.api("carol").post("/api/v1/invoices", json={"client_id": str(client_id), "lines": lines}).json
    assert [(one["exemption"], one["tax"]) for one in told["lines"]] == [("Education", 0), (None, 200)]
    assert ("E", "Education") in {(one["code"], one["note"]) for one in told["taxes"]}
    assert "Education" in acme.client("carol").get(f"/invoices/{told['id']}").text


def test_editing_on_the_page_keeps_how_a_line_is_taxed(acme: World) -> None:
    with acme.call(Actor.system()) as ctx:
        client_id = taxed_client(ctx, lay_out_taxes(ctx))
        invoice_id = draft(ctx, client_id, line(tax_category="reduced"), line("Course", exemption="Education")).id
    browser = acme.client("carol")
    [form] = [one for one in html.fromstring(browser.get(f"/invoices/{invoice_id}/edit").text).forms if "notes" in one.fields]
    for empty_row in list(form.iter("template")):
        empty_row.drop_tree()
    answer = browser.post(f"/invoices/{invoice_id}/edit", data={**dict(form.form_values()), "notes": "Thank you."})
    assert answer.status_code == 303, answer.text
    told = read(acme, str(invoice_id))
    assert [(one["tax_category"], one["exemption"], one["tax"]) for one in told["lines"]] == [
        ("reduced", None, 1000), ("standard", "Education", 0)]  # fmt: skip


AMOUNTS = st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=6)


@given(bases=AMOUNTS, total=st.integers(-(10**10), 10**10))
def test_shares_add_up_to_the_total(bases: list[int], total: int) -> None:
    assert sum(share_out(total, bases)) == total


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(bases=AMOUNTS, taxes=AMOUNTS, untaxed=st.integers(0, 10**6))
def test_imported_amounts_are_on_their_lines_and_add_up(bases: list[int], taxes: list[int], untaxed: int) -> None:
    amounts = [taxes[at % len(taxes)] for at in range(len(bases))]
    lines = [*(TaxLine(str(at), base) for at, base in enumerate(bases)), TaxLine("free", untaxed, exemption="Charity")]
    imported = {str(at): ImportedTax(base, amounts[at], "Tax", "S") for at, base in enumerate(bases)}
    document = TaxDocument(UUID(int=1), date(2026, 3, 31), "EUR", lines)
    result = tax_elsewhere(document, ClientTax(), imported)
    assert [one.tax for one in result.lines] == [*amounts, 0]
    assert result.tax == sum(amounts) == sum(group.tax for group in result.groups)
    assert result.source is TaxSource.EXTERNAL
    stale = {**imported, "0": imported["0"]._replace(base=bases[0] + 1)}
    assert tax_elsewhere(document, ClientTax(), stale).source is TaxSource.PENDING_EXTERNAL
    exempt = ClientTax((Exemption("Charity"),))
    assert tax_elsewhere(document, exempt, {}).source is TaxSource.INTERNAL
