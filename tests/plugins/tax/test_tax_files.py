"""Carol brings rates, brackets, holidays and exemptions as files; a later rate ends the one before it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from kernel.hookspecs.tax import TaxDocument, TaxLine
from kernel.hookspecs.transfer import ImportRow, RowError
from plugins.imports.refs import StoredRefs
from plugins.tax import exemptions, importers, services
from plugins.tax.models import Region
from tests.conftest import World

LOADERS = {one.kind: one for one in importers.IMPORTERS}


def _load(world: World, kind: str, *rows: dict[str, Any]) -> Sequence[RowError]:
    """Load rows of a file, numbered from line 2; `id` is their external id, cells that are not given are empty."""
    importer = LOADERS[kind]
    empty = {column.name: None for column in importer.columns}
    given = [
        ImportRow(line, row["id"], empty | {name: cell for name, cell in row.items() if name != "id"})
        for line, row in enumerate(rows, 2)
    ]
    with world.call("carol") as ctx:
        wrong = importer.load(ctx, given, StoredRefs(ctx))
        if wrong:
            ctx.session.rollback()
        return wrong


def _rate(name: str, region: UUID, starts: date, percent: int | None = None, **more: Any) -> dict[str, Any]:
    percentage = None if percent is None else Decimal(percent)
    return {"id": name, "region": region, "name": "VAT", "tax_category": "standard", "percentage": percentage,
            "kind": "composite" if percent is None else "simple", "valid_from": starts, **more}  # fmt: skip


@pytest.fixture
def region(acme: World) -> UUID:
    with acme.call("carol") as ctx:
        return services.add_region(ctx, code="DE", name="Germany", country="DE").id


def _history(world: World, region: UUID) -> list[tuple[int | None, int, int | None]]:
    with world.call("carol") as ctx:
        rates = services.list_rates(ctx, region)
        return [(one.percent and int(one.percent), one.starts.year, one.ends and one.ends.year) for one in reversed(rates)]


def _tax(world: World, region: UUID, on: date, currency: str = "EUR") -> Any:
    with world.call("carol") as ctx:
        code = ctx.session.get(Region, (ctx.tenant_id, region)).code
        document = TaxDocument(UUID(int=1), on, currency, [TaxLine("1", 10000, region=code)])
        return ctx.hooks.compute_taxes(ctx=ctx, documents=[document])[0]


def test_a_later_rate_ends_the_one_before_in_one_file_or_over_the_years(acme: World, region: UUID) -> None:
    assert _load(acme, "tax_rate", _rate("A", region, date(2021, 1, 1), 19), _rate("B", region, date(2024, 1, 1), 20)) == []
    assert _load(acme, "tax_rate", _rate("C", region, date(2026, 1, 1), 21)) == []
    assert _history(acme, region) == [(19, 2021, 2024), (20, 2024, 2026), (21, 2026, None)]
    # The same files again change nothing, and an old one that comes late finds its place.
    _load(acme, "tax_rate", _rate("A", region, date(2021, 1, 1), 19), _rate("B", region, date(2024, 1, 1), 20))
    assert _load(acme, "tax_rate", _rate("Z", region, date(2007, 1, 1), 16)) == []
    assert _history(acme, region) == [(16, 2007, 2021), (19, 2021, 2024), (20, 2024, 2026), (21, 2026, None)]
    assert [_tax(acme, region, date(year, 6, 1)).tax for year in (2007, 2023, 2025, 2026)] == [1600, 1900, 2000, 2100]


def test_a_known_id_with_a_new_percentage_from_a_later_day_is_a_new_rate(acme: World, region: UUID) -> None:
    _load(acme, "tax_rate", _rate("VAT", region, date(2021, 1, 1), 19))
    _load(acme, "tax_rate", _rate("VAT", region, date(2026, 1, 1), 21))
    assert _history(acme, region) == [(19, 2021, 2026), (21, 2026, None)]
    assert _load(acme, "tax_rate", _rate("VAT", region, date(2026, 1, 1), 22)) == []
    assert _history(acme, region) == [(19, 2021, 2026), (22, 2026, None)]


def test_rates_that_hold_on_one_day_are_refused_by_line(acme: World, region: UUID) -> None:
    ended = _rate("A", region, date(2021, 1, 1), 19, valid_to=date(2025, 1, 1))
    wrong = _load(acme, "tax_rate", ended, _rate("B", region, date(2024, 1, 1), 20))
    assert [(one.line, one.column) for one in wrong] == [(3, "valid_from")]
    wrong = _load(acme, "tax_rate", _rate("A", region, date(2024, 1, 1), 19), _rate("B", region, date(2024, 1, 1), 20))
    assert [(one.line, one.column) for one in wrong] == [(3, "valid_from")]
    assert _history(acme, region) == []


def test_a_rate_keeps_its_kind_and_parts_belong_to_the_kind(acme: World, region: UUID) -> None:
    brackets = _rate("B", region, date(2021, 1, 1), kind="brackets")
    assert _load(acme, "tax_rate", brackets, _rate("S", region, date(2022, 1, 1), 19, tax_category="reduced")) == []
    assert [one.column for one in _load(acme, "tax_rate", _rate("B", region, date(2021, 1, 1), 19))] == ["kind"]
    rates = {"B": None, "S": None}
    with acme.call("carol") as ctx:
        rates.update(StoredRefs(ctx).resolve("tax_rate", list(rates)))
    one = {"currency": "EUR", "percentage": Decimal(5), "lower": 0}
    assert [e.column for e in _load(acme, "tax_rate_bracket", {"id": "1", "rate": rates["S"], **one})] == ["rate"]
    assert _tax(acme, region, date(2026, 1, 1)).error.code == "tax_rate_missing", "brackets are not there yet"
    high = {"id": "2", "rate": rates["B"], **one, "lower": 5000, "percentage": Decimal(10)}
    assert [e.column for e in _load(acme, "tax_rate_bracket", {"id": "1", "rate": rates["B"], **one},
                                    {**high, "currency": "USD"})] == ["currency"]  # fmt: skip
    assert _load(acme, "tax_rate_bracket", {"id": "1", "rate": rates["B"], **one}, high) == []
    assert _tax(acme, region, date(2026, 1, 1)).tax == 250 + 500
    assert _tax(acme, region, date(2026, 1, 1), "USD").error.code == "tax_rate_missing"
    part = {"id": "P", "rate": rates["B"], "sequence": 1, "name": "GST", "percentage": Decimal(5), "valid_from": date(2021, 1, 1)}
    assert [e.column for e in _load(acme, "tax_rate_component", part)] == ["rate"]


def test_holidays_come_as_a_file_too(acme: World, region: UUID) -> None:
    _load(acme, "tax_rate", _rate("A", region, date(2021, 1, 1), 19))
    with acme.call("carol") as ctx:
        rate = StoredRefs(ctx).resolve("tax_rate", ["A"])["A"]
    row = {"id": "H", "rate": rate, "name": "School start", "valid_from": date(2026, 8, 1), "valid_to": date(2026, 9, 1)}
    assert [one.column for one in _load(acme, "tax_holiday", {**row, "component": "GST"})] == ["component"]
    assert [one.column for one in _load(acme, "tax_holiday", {**row, "valid_to": date(2026, 8, 1)})] == ["valid_to"]
    assert _load(acme, "tax_holiday", row) == []
    assert [_tax(acme, region, date(2026, month, 31)).tax for month in (7, 8)] == [1900, 0]


def test_clients_and_exemptions_from_files(acme: World, region: UUID) -> None:
    client = UUID(acme.api().post("/api/v1/clients", json={"name": "Contoso"}).json["id"])
    place = UUID(acme.api().post(f"/api/v1/clients/{client}/locations", json={"name": "Port", "country": "DE"}).json["id"])
    other = UUID(acme.api().post("/api/v1/clients", json={"name": "Fabrikam"}).json["id"])
    with acme.call("carol") as ctx:
        StoredRefs(ctx).remember("client", {"C1": client})
    facts = {"id": "C1", "tax_region": region, "tax_exempt": True, "tax_exemption_reason": "Charity"}
    for _ in range(2):
        assert _load(acme, "tax_client", facts) == []
    row = {"id": "E", "client": client, "reason": "Free zone", "certificate": "7", "location": place}
    assert _load(acme, "tax_exemption", row) == []
    assert [one.column for one in _load(acme, "tax_exemption", {**row, "client": other})] == ["location"]
    days = {"valid_from": date(2026, 1, 1), "valid_to": date(2026, 1, 1)}
    assert [one.column for one in _load(acme, "tax_exemption", {**row, **days})] == ["valid_to"]
    with acme.call("carol") as ctx:
        assert {one.reason for one in exemptions.list_exemptions(ctx, client)} == {"Charity", "Free zone"}
    assert _load(acme, "tax_client", {**facts, "tax_exempt": False}) == []
    with acme.call("carol") as ctx:
        assert [one.reason for one in exemptions.list_exemptions(ctx, client)] == ["Free zone"]
