"""Carol sets up taxes, and documents are taxed by them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from threading import Barrier, Thread
from typing import Any
from uuid import UUID

import pytest

from house.stage import csrf_of
from kernel.directory.clients import get_client
from kernel.hookspecs.tax import TaxDocument, TaxLine
from kernel.tenancy import change_settings, get_settings
from plugins.billing.by_hand import create_invoice
from plugins.billing.drafts import Draft, manual_line
from plugins.billing.manual import LineAsked
from plugins.billing.paper import paper_of
from plugins.billing.reckoning import assemble
from plugins.tax import services
from plugins.tax.legal_notes import reverse_charge_note
from tests.conftest import World


def _region(world: World, code: str = "DE", country: str = "DE") -> str:
    answer = world.api("carol").post("/api/v1/tax-regions", json={"code": code, "name": code, "country": country})
    assert answer.status_code == 201, answer.json
    return str(answer.json["id"])


def _rate(world: World, region_id: str, **facts: Any) -> Any:
    body = {"category": "standard", "name": "VAT", "starts": "2020-01-01", **facts}
    return world.api("carol").post(f"/api/v1/tax-regions/{region_id}/rates", json=body)


def _client(world: World, region_id: str | None = None, **tax: Any) -> UUID:
    client_id = world.api().post("/api/v1/clients", json={"name": "Contoso"}).json["id"]
    if region_id:
        facts = {"region_id": region_id, **tax}
        answer = world.api("carol").put(f"/api/v1/clients/{client_id}/tax", json=facts)
        assert answer.status_code == 200, answer.json
    return UUID(client_id)


def _tax(world: World, client_id: UUID, on: date = date(2026, 9, 30), **line: Any) -> Any:
    document = TaxDocument(client_id, on, "EUR", [TaxLine("1", 10000, **line)])
    with world.call() as ctx:
        return ctx.hooks.compute_taxes(ctx=ctx, documents=[document])[0]


def test_a_new_rate_ends_the_one_before_and_the_tax_date_decides(acme: World) -> None:
    region = _region(acme)
    assert _rate(acme, region, percent="19").status_code == 201
    assert _rate(acme, region, percent="21", starts="2026-10-01").status_code == 201
    client = _client(acme, region)
    assert _tax(acme, client, date(2026, 9, 30)).tax == 1900
    assert _tax(acme, client, date(2026, 10, 1)).tax == 2100
    rates = acme.api("carol").get(f"/api/v1/tax-regions/{region}/rates").json["items"]
    assert [(one["percent"], one["ends"]) for one in rates] == [("21.000000", None), ("19.000000", "2026-10-01")]


def test_a_process_keeps_no_rate_longer_than_it_holds_nor_one_that_never_held(acme: World) -> None:
    region = _region(acme)
    assert _rate(acme, region, percent="19").status_code == 201
    client = _client(acme, region)
    document = TaxDocument(client, date(2026, 9, 30), "EUR", [TaxLine("1", 10000)])
    assert [_tax(acme, client).tax, _tax(acme, client).tax] == [1900, 1900]
    with pytest.raises(ZeroDivisionError), acme.call("carol") as ctx:
        [rate] = services.list_rates(ctx, UUID(region))
        services.change_rate(ctx, rate.id, {"percent": Decimal(21)})
        ctx.session.flush()
        assert ctx.hooks.compute_taxes(ctx=ctx, documents=[document])[0].tax == 2100
        raise ZeroDivisionError
    assert _tax(acme, client).tax == 1900
    with acme.call("carol") as ctx:
        [rate] = services.list_rates(ctx, UUID(region))
        services.change_rate(ctx, rate.id, {"percent": Decimal(23)})
    assert _tax(acme, client).tax == 2300


def test_quebec_has_two_taxes_with_exact_percentages(acme: World) -> None:
    region = _region(acme, "CA-QC", "CA")
    parts = [{"name": "GST", "percent": "5"}, {"name": "QST", "percent": "9.975"}]
    assert _rate(acme, region, components=parts).status_code == 201
    result = _tax(acme, _client(acme, region))
    assert [(group.name, group.percent, group.tax) for group in result.groups] == [
        ("GST", Decimal(5), 500), ("QST", Decimal("9.975"), 998)]  # fmt: skip


def test_brackets_are_graduated_and_checked_when_they_are_saved(acme: World) -> None:
    region = _region(acme)
    slices = [{"lower": 5000, "percent": "20"}, {"lower": 0, "percent": "10"}]
    assert _rate(acme, region, brackets=slices, currency="EUR").status_code == 201
    result = _tax(acme, _client(acme, region))
    assert [(group.percent, group.base, group.tax) for group in result.groups] == [(10, 5000, 500), (20, 5000, 1000)]
    [kept] = acme.api("carol").get(f"/api/v1/tax-regions/{region}/rates").json["items"]
    assert [(one["lower"], one["percent"]) for one in kept["brackets"]] == [(0, "10.000000"), (5000, "20.000000")]
    for wrong, field in [
        ({"brackets": slices}, "currency"),
        ({"brackets": slices[:1], "currency": "EUR"}, "brackets[0].lower"),
        ({"brackets": [slices[1], slices[1]], "currency": "EUR"}, "brackets[1].lower"),
    ]:
        answer = _rate(acme, region, starts="2021-01-01", **wrong)
        assert (answer.status_code, answer.json["code"], list(answer.json["errors"])) == (422, "tax_rate_invalid", [field])


def test_tax_points_of_one_graduated_rate_are_taxed_together(acme: World) -> None:
    region = _region(acme)
    _rate(acme, region, brackets=[{"lower": 0, "percent": "10"}, {"lower": 10000, "percent": "20"}], currency="EUR")
    work = manual_line(description="Work", quantity=Decimal(1), unit_price=8000, amount=8000, trace={})
    lines = [replace(work, tax_point=day) for day in (date(2026, 8, 31), date(2026, 9, 30))]
    draft = Draft(client_id=_client(acme, region), currency="EUR", invoice_date=date(2026, 10, 1), due_date=date(2026, 10, 1),
                  lines=lines)  # fmt: skip
    with acme.call() as ctx:
        [one] = assemble(ctx, [draft])
    assert [(group.percent, group.base, group.tax) for group in one.taxes.groups] == [(10, 10000, 1000), (20, 6000, 1200)]


def test_on_a_tax_holiday_the_part_it_names_is_not_levied(acme: World) -> None:
    region, api = _region(acme, "CA-QC", "CA"), acme.api("carol")
    rate = _rate(acme, region, components=[{"name": "GST", "percent": "5"}, {"name": "QST", "percent": "9.975"}]).json["id"]
    body = {"name": "Holiday season", "component": "GST", "starts": "2026-12-14", "ends": "2027-02-16"}
    holiday = api.post(f"/api/v1/tax-rates/{rate}/holidays", json=body)
    assert holiday.status_code == 201, holiday.json
    client = _client(acme, region)
    assert [_tax(acme, client, date(2026, 12, day)).tax for day in (13, 14)] == [1498, 998]
    assert api.get(f"/api/v1/tax-rates/{rate}").json["holidays"][0]["name"] == "Holiday season"
    wrong = api.post(f"/api/v1/tax-rates/{rate}/holidays", json={**body, "component": "PST"})
    assert (wrong.status_code, list(wrong.json["errors"])) == (422, ["component"])
    assert api.delete(f"/api/v1/tax-holidays/{holiday.json['id']}").status_code == 204
    assert _tax(acme, client, date(2026, 12, 14)).tax == 1498


def test_an_exemption_holds_on_its_days_and_prints_its_certificate(acme: World) -> None:
    region, api = _region(acme), acme.api("carol")
    _rate(acme, region, percent="19")
    client = _client(acme, region)
    place = acme.api().post(f"/api/v1/clients/{client}/locations", json={"name": "Free port", "country": "DE"}).json["id"]
    path = f"/api/v1/clients/{client}/tax-exemptions"
    charity = {"reason": "Charity", "certificate": "501-7731", "starts": "2026-07-01"}
    added = api.post(path, json=charity)
    assert added.status_code == 201, added.json
    assert api.post(path, json={"reason": "Free zone", "location_id": place}).status_code == 201
    assert [_tax(acme, client, date(2026, month, 30)).tax for month in (6, 7)] == [1900, 0]
    assert _tax(acme, client).notes == ["Charity (certificate 501-7731)"]
    assert _tax(acme, client, location_id=UUID(place)).notes == ["Free zone"]
    ended = api.patch(f"/api/v1/tax-exemptions/{added.json['id']}", json={"ends": "2026-09-01"},
                      headers={"If-Match": added.headers["ETag"]})  # fmt: skip
    assert ended.status_code == 200, ended.json
    assert _tax(acme, client).tax == 1900
    assert [one["reason"] for one in api.get(path).json["items"]] == ["Charity", "Free zone"]
    wrong = api.patch(f"/api/v1/tax-exemptions/{added.json['id']}", json={"ends": "2026-01-01"},
                      headers={"If-Match": ended.headers["ETag"]})  # fmt: skip
    assert (wrong.status_code, list(wrong.json["errors"])) == (422, ["ends"])
    stranger = _client(acme)
    foreign = api.post(f"/api/v1/clients/{stranger}/tax-exemptions", json={"reason": "Charity", "location_id": place})
    assert (foreign.status_code, list(foreign.json["errors"])) == (422, ["location_id"])


def test_nobodys_region_is_guessed_and_no_rate_is_never_zero(acme: World) -> None:
    assert _tax(acme, _client(acme)).error.code == "tax_region_missing"
    assert _tax(acme, _client(acme, _region(acme))).error.code == "tax_rate_missing"


def _own_tax_id(world: World, tax_id: str, country: str = "") -> None:
    with world.call("carol") as ctx:
        change_settings(ctx, "tax", {"tax_id": tax_id, "tax_country": country})


def test_reverse_charge_needs_both_ids_and_taxes_nothing(acme: World) -> None:
    region = _region(acme, "AT", "AT")
    _rate(acme, region, percent="20")
    client = _client(acme, region, tax_id="ATU99905406", reverse_charge=True)
    for wrong in ("", "DE136695977"):
        _own_tax_id(acme, wrong)
        assert _tax(acme, client).error.code == "reverse_charge_needs_tax_ids"
        assert list(_tax(acme, client).error.errors) == ["seller_tax_id"]
    _own_tax_id(acme, "DE136695976")
    result = _tax(acme, client)
    assert (result.error, result.tax, result.groups[0].code) == (None, 0, "AE")


def test_a_client_reads_the_legal_note_in_its_language_unless_the_company_has_its_own_words(acme: World) -> None:
    region = _region(acme, "AT", "AT")
    _own_tax_id(acme, "DE136695976")
    client = _client(acme, region, tax_id="ATU99905406", reverse_charge=True)
    assert _tax(acme, client).notes == [reverse_charge_note("en")]
    with acme.call() as ctx:
        get_client(ctx, client).locale = "de-AT"
    assert _tax(acme, client).notes == ["Steuerschuldnerschaft des Leistungsempfängers (reverse charge, Art. 196 2006/112/EC)."]
    with acme.call() as ctx:
        invoice = create_invoice(ctx, client_id=client, lines=[LineAsked("lines[0]", "Advice", Decimal(1), 10000)])
        printed = paper_of(ctx, invoice)
        assert [one.note for one in printed.taxes] == [reverse_charge_note("de")]
        assert printed.buyer.tax_id == "ATU99905406"
        change_settings(ctx, "tax", {"reverse_charge_note": "You owe the tax."})
    assert _tax(acme, client).notes == ["You owe the tax."]


def test_the_own_tax_id_is_checked_by_its_country(acme: World) -> None:
    browser = acme.client("carol")
    token = csrf_of(browser.get("/taxes/settings").text)
    for tax_id, country, status in [("DE136695977", "", 422), ("136695976", "DE", 303), ("CHE-107.787.577 IVA", "CH", 303)]:
        form = {"tax_id": tax_id, "tax_country": country, "reverse_charge_note": "", "csrf_token": token}
        assert browser.post("/taxes/settings", data=form).status_code == status, tax_id
    with acme.call() as ctx:
        assert get_settings(ctx, "tax")["tax_id"] == "CHE107787577IVA"


def test_a_tax_id_with_a_wrong_check_digit_is_refused_at_its_field(acme: World) -> None:
    region = _region(acme)
    client_id = _client(acme)
    answer = acme.api("carol").put(f"/api/v1/clients/{client_id}/tax", json={"region_id": region, "tax_id": "DE136695977"})
    assert (answer.status_code, answer.json["code"]) == (422, "tax_id_invalid")
    assert list(answer.json["errors"]) == ["tax_id"]


def test_overlapping_rates_are_refused(acme: World) -> None:
    region = _region(acme)
    _rate(acme, region, percent="19", starts="2026-01-01", ends="2026-12-31")
    answer = _rate(acme, region, percent="20", starts="2026-06-01")
    assert (answer.status_code, answer.json["code"]) == (409, "tax_rates_overlap")
    assert len(acme.api("carol").get(f"/api/v1/tax-regions/{region}/rates").json["items"]) == 1


def test_of_two_rates_set_at_the_same_moment_one_holds(acme: World) -> None:
    region, ready, answers = _region(acme), Barrier(2), list[int]()

    def add(starts: str) -> None:
        ready.wait()
        answers.append(_rate(acme, region, percent="19", starts=starts).status_code)

    both = [Thread(target=add, args=(starts,)) for starts in ("2026-01-01", "2025-01-01")]
    for one in both:
        one.start()
    for one in both:
        one.join()
    # One after the other would be fine in one order: the later rate ends the earlier one.
    assert sorted(answers) in ([201, 201], [201, 409])
    rates = acme.api("carol").get(f"/api/v1/tax-regions/{region}/rates").json["items"]
    assert len([one for one in rates if one["ends"] is None]) == 1


def test_beta_cannot_use_acmes_region(acme: World, beta: World) -> None:
    region = _region(acme)
    client_id = _client(beta)
    answer = beta.api("carol").put(f"/api/v1/clients/{client_id}/tax", json={"region_id": region})
    assert (answer.status_code, answer.json["code"]) == (404, "tax_region_not_found")
