"""Tax against a slow reference in fractions: every rounding policy, discounts, composite and compound rates."""

from __future__ import annotations

import doctest
import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import plugins.tax.calculator
import plugins.tax.legal_notes
import plugins.tax.rates
import plugins.tax.taxids
from kernel.hookspecs.tax import (
    DiscountRule,
    ReverseChargeNeedsTaxIds,
    TaxDocument,
    TaxLevel,
    TaxLine,
    TaxPolicy,
    TaxRateMissing,
    TaxRegionMissing,
)
from kernel.money import Rounding
from plugins.tax.calculator import ClientTax, Exemption, compute, tax_document
from plugins.tax.errors import TaxRateInvalid, TaxRatesOverlap
from plugins.tax.legal_notes import reverse_charge_note
from plugins.tax.rates import Bracket, Component, Holiday, Rate, RateBook, check_rate

seeded = settings(derandomize=True, max_examples=300, deadline=None)
DANA = UUID(int=1)
TODAY = date(2026, 3, 31)
LONG_AGO = date(2000, 1, 1)
PLAIN = ClientTax()
DEFAULT = TaxPolicy()

GERMANY = [
    Rate("de16", "DE", "standard", "USt", date(2007, 1, 1), date(2020, 7, 1), percent=Decimal(19)),
    Rate("de19l", "DE", "standard", "USt", date(2020, 7, 1), date(2021, 1, 1), percent=Decimal(16)),
    Rate("de19", "DE", "standard", "USt", date(2021, 1, 1), percent=Decimal("19.000000")),
    Rate("de7", "DE", "reduced", "USt", date(2021, 1, 1), percent=Decimal(7)),
    Rate("de0", "DE", "zero", "USt", date(2023, 1, 1), percent=Decimal(0)),
]
QUEBEC = Rate(
    "qc",
    "CA-QC",
    "standard",
    "GST + QST",
    LONG_AGO,
    components=(
        Component("gst", "GST", Decimal(5)),
        Component("qst-old", "QST", Decimal("8.5"), compound=True, ends=date(2013, 1, 1)),
        Component("qst", "QST", Decimal("9.975"), starts=date(2013, 1, 1)),
    ),
)
BOOK = RateBook([*GERMANY, QUEBEC])


def document(*lines: TaxLine, on: date = TODAY, policy: TaxPolicy = DEFAULT, **tax_ids: str) -> TaxDocument:
    return TaxDocument(DANA, on, "EUR", lines, policy, **tax_ids)


def line(net: int, category: str | None = "standard", region: str | None = "DE", key: str = "1", **more: Any) -> TaxLine:
    return TaxLine(key, net, category, region, **more)


@pytest.mark.parametrize("module", [plugins.tax.calculator, plugins.tax.rates, plugins.tax.legal_notes, plugins.tax.taxids])
def test_the_examples_in_the_docs_hold(module: ModuleType) -> None:
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("on", "tax"), [(date(2020, 6, 30), 1900), (date(2020, 7, 1), 1600), (date(2020, 12, 31), 1600), (TODAY, 1900)]
)
def test_the_rate_of_the_tax_point_counts(on: date, tax: int) -> None:
    assert tax_document(document(line(10000), on=on), BOOK, PLAIN).tax == tax


def test_quebec_taxes_were_compound_until_2013() -> None:
    now = tax_document(document(line(10000, region="CA-QC")), BOOK, PLAIN)
    then = tax_document(document(line(10000, region="CA-QC"), on=date(2012, 12, 31)), BOOK, PLAIN)
    assert [(g.name, g.percent, g.base, g.tax) for g in now.groups] == [
        ("GST", 5, 10000, 500),
        ("QST", Decimal("9.975"), 10000, 998),
    ]
    assert [(g.base, g.tax) for g in then.groups] == [(10000, 500), (10500, 893)]


def test_services_of_one_document_are_taxed_each_in_its_own_way() -> None:
    result = tax_document(
        document(
            line(10000),
            line(5000, "reduced"),
            line(700, "zero"),
            line(300, "exempt", exemption="Education, Article 132"),
            line(200, None, None),
            line(1000, region="CA-QC"),
            line(2000),
        ),
        BOOK,
        PLAIN,
    )
    assert [(g.code, str(g.percent), g.region, g.base, g.tax) for g in result.groups] == [
        ("S", "19", "DE", 12000, 2280),
        ("S", "7", "DE", 5000, 350),
        ("Z", "0", "DE", 700, 0),
        ("E", "0", None, 300, 0),
        ("O", "0", None, 200, 0),
        ("S", "5", "CA-QC", 1000, 50),
        ("S", "9.975", "CA-QC", 1000, 100),
    ]
    assert [one.tax for one in result.lines] == [1900, 350, 0, 0, 0, 150, 380]
    assert result.lines[5].parts == ((5, 50), (6, 100))
    assert result.notes == ["Education, Article 132"]


def test_an_exempt_client_pays_no_tax_even_under_reverse_charge() -> None:
    result = tax_document(document(line(10000)), BOOK, ClientTax((Exemption("Certificate 4711"),), reverse_charge=True))
    assert (result.tax, result.groups[0].code, result.notes) == (0, "E", ["Certificate 4711"])


def test_reverse_charge_taxes_nothing_and_prints_its_legal_note() -> None:
    paper = document(line(10000, region=None), seller_tax_id="DE136695976", buyer_tax_id="ATU12345675")
    result = tax_document(paper, BOOK, ClientTax(reverse_charge=True))
    assert (result.tax, result.groups[0].code, result.groups[0].base) == (0, "AE", 10000)
    assert result.notes == [reverse_charge_note("en")]


@pytest.mark.parametrize(
    ("ids", "fields"),
    [({}, {"seller_tax_id", "buyer_tax_id"}), ({"seller_tax_id": "DE136695976"}, {"buyer_tax_id"})],
)
def test_reverse_charge_without_both_tax_ids_is_refused(ids: dict[str, str], fields: set[str]) -> None:
    with pytest.raises(ReverseChargeNeedsTaxIds) as refusal:
        tax_document(document(line(1), **ids), BOOK, ClientTax(reverse_charge=True))
    assert set(refusal.value.errors) == fields


def test_a_missing_rate_or_region_is_an_error_that_names_the_lines() -> None:
    with pytest.raises(TaxRateMissing) as refusal:
        tax_document(document(line(1), line(1, "luxury", key="x"), line(1, region="FR", key="y")), BOOK, PLAIN)
    assert set(refusal.value.errors) == {"x", "y"}
    with pytest.raises(TaxRateMissing):
        tax_document(document(line(1), on=date(2006, 12, 31)), BOOK, PLAIN)
    with pytest.raises(TaxRegionMissing) as refusal:
        tax_document(document(line(1), line(1, region=None, key="z")), BOOK, PLAIN)
    assert set(refusal.value.errors) == {"z"}


def test_one_document_that_cannot_be_taxed_does_not_stop_the_others() -> None:
    good, bad = document(line(100)), document(line(100, region="FR"))
    results = compute([good, bad, good], BOOK, {})
    assert [result.error and result.error.code for result in results] == [None, "tax_rate_missing", None]
    assert results[0] == results[2] == tax_document(good, BOOK, PLAIN)


def test_the_rounding_level_changes_the_cents() -> None:
    lines = [line(103), line(103), line(103, "reduced")]
    taxes = {level: tax_document(document(*lines, policy=TaxPolicy(level=level)), BOOK, PLAIN).tax for level in TaxLevel}
    assert taxes == {TaxLevel.LINE: 20 + 20 + 7, TaxLevel.TAX_GROUP: 39 + 7, TaxLevel.INVOICE: 46}
    up = document(*lines, policy=TaxPolicy(Rounding.UP))
    assert tax_document(up, BOOK, PLAIN).tax == 40 + 8


def test_a_discount_lowers_the_taxed_amount_unless_the_tenant_says_otherwise() -> None:
    lines = [line(10000, discount=1000)]
    assert tax_document(document(*lines), BOOK, PLAIN).tax == 1710
    assert tax_document(document(*lines, policy=TaxPolicy(discounts=DiscountRule.IGNORE)), BOOK, PLAIN).tax == 1900


def test_an_empty_document_has_no_tax() -> None:
    for level in TaxLevel:
        assert tax_document(document(policy=TaxPolicy(level=level)), BOOK, PLAIN)[:4] == ([], [], 0, [])


def test_the_trace_is_plain_json() -> None:
    trace = tax_document(document(line(10000), line(1, region="CA-QC")), BOOK, PLAIN).trace
    assert json.loads(json.dumps(trace)) == trace
    assert trace["groups"][0] == ["USt", "S", "19", 10000, 1900, [0]]


@pytest.mark.parametrize(
    "change",
    [
        {"percent": None},
        {"percent": Decimal(19), "components": QUEBEC.components},
        {"percent": Decimal("19.1234567")},
        {"percent": Decimal(-1)},
        {"percent": Decimal(101)},
        {"percent": Decimal("NaN")},
        {"percent": 19.5},
        {"ends": LONG_AGO},
        {"percent": None, "components": (Component("c", "c", Decimal(500)),)},
    ],
)
def test_rates_that_cannot_be_applied_exactly_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(TaxRateInvalid) as refusal:
        check_rate(GERMANY[3]._replace(**change))
    assert refusal.value.errors


def test_two_rates_on_one_day_are_never_added_up() -> None:
    with pytest.raises(TaxRatesOverlap):
        RateBook([*GERMANY, GERMANY[0]._replace(key="x", starts=date(2019, 1, 1), ends=None)])


LUXURY = Rate("lux", "X", "standard", "Luxury tax", LONG_AGO, currency="EUR", brackets=(
    Bracket(0, 100_00, Decimal(0)), Bracket(100_00, 500_00, Decimal(5)), Bracket(500_00, None, Decimal("12.5"))))  # fmt: skip


def test_brackets_are_graduated_over_the_document_and_each_slice_is_printed() -> None:
    book = RateBook([LUXURY])
    result = tax_document(document(line(400_00, region="X"), line(200_00, region="X")), book, PLAIN)
    assert [(g.code, str(g.percent), g.base, g.tax) for g in result.groups] == [
        ("Z", "0", 100_00, 0), ("S", "5", 400_00, 20_00), ("S", "12.5", 100_00, 12_50)]  # fmt: skip
    assert [one.tax for one in result.lines] == [21_66, 10_84]
    below = tax_document(document(line(100_00, region="X")), book, PLAIN)
    assert [(g.base, g.tax) for g in below.groups] == [(100_00, 0)]


def test_brackets_are_amounts_of_one_currency() -> None:
    paper = TaxDocument(DANA, TODAY, "USD", [line(1, region="X")])
    with pytest.raises(TaxRateMissing, match=r"amounts in EUR, and this is in USD") as refusal:
        tax_document(paper, RateBook([LUXURY]), PLAIN)
    assert set(refusal.value.errors) == {"1"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"currency": None}, "currency"),
        ({"brackets": (Bracket(1, None, Decimal(5)),)}, "brackets[0].lower"),
        ({"brackets": (Bracket(0, 10, Decimal(5)), Bracket(11, None, Decimal(5)))}, "brackets[1].lower"),
        ({"brackets": (Bracket(0, 10, Decimal(5)),)}, "brackets[0].upper"),
        ({"brackets": (Bracket(0, None, Decimal(5)), Bracket(10, None, Decimal(5)))}, "brackets[1].lower"),
        ({"brackets": (Bracket(0, None, Decimal(101)),)}, "brackets[0].percent"),
        ({"holidays": (Holiday("h", TODAY, TODAY),)}, "holidays[0].ends"),
        ({"holidays": (Holiday("h", LONG_AGO, TODAY, "nobody"),)}, "holidays[0].component"),
    ],
)
def test_brackets_and_holidays_with_gaps_are_refused(change: dict[str, Any], field: str) -> None:
    with pytest.raises(TaxRateInvalid) as refusal:
        check_rate(LUXURY._replace(**change))
    assert list(refusal.value.errors) == [field]


def test_a_holiday_zeroes_the_rate_or_the_component_it_names_on_its_days() -> None:
    july = Holiday("School start", date(2026, 7, 1), date(2026, 8, 1))
    book = RateBook([
        GERMANY[2]._replace(holidays=(july,)), QUEBEC._replace(holidays=(july._replace(component="GST"),)),
    ])  # fmt: skip
    lines = [line(10000), line(10000, region="CA-QC")]
    taxes = {on: tax_document(document(*lines, on=on), book, PLAIN) for on in (TODAY, date(2026, 7, 31), date(2026, 8, 1))}
    assert [[g.tax for g in one.groups] for one in taxes.values()] == [[1900, 500, 998], [0, 0, 998], [1900, 500, 998]]
    off = taxes[date(2026, 7, 31)]
    assert [g.code for g in off.groups] == ["Z", "Z", "S"]
    assert off.trace["holidays"] == [[0, "School start"], [1, "School start"]]


def test_exemptions_hold_on_their_days_and_places_the_nearest_reason_is_printed() -> None:
    plant, year = UUID(int=7), date(2026, 1, 1)
    client = ClientTax((Exemption("Charity", year, certificate="501-7731"), Exemption("Free zone", location_id=plant)))
    lines = [line(100), line(100, location_id=plant), line(100, location_id=plant, exemption="Education")]
    result = tax_document(document(*lines), BOOK, client)
    assert [g.note for g in result.groups] == ["Charity (certificate 501-7731)", "Free zone", "Education"]
    before = tax_document(document(*lines, on=date(2025, 12, 31)), BOOK, client)
    assert [(g.code, g.note) for g in before.groups] == [("S", None), ("E", "Free zone"), ("E", "Education")]


@seeded
@given(
    st.lists(st.integers(1, 10**6), max_size=4, unique=True),
    st.integers(0, 10**7),
    st.decimals(0, 100, places=6).map(lambda d: d.quantize(Decimal("0.000001"))),
)
def test_brackets_of_one_percentage_are_that_percentage(edges: list[int], net: int, percent: Decimal) -> None:
    low = [0, *sorted(edges)]
    slices = tuple(Bracket(a, b, percent) for a, b in zip(low, [*low[1:], None], strict=True))
    assert sum(one.inside(net) for one in slices) == net
    sliced = RateBook([LUXURY._replace(brackets=slices)])
    plain = RateBook([LUXURY._replace(brackets=(), currency=None, percent=percent)])
    whole = TaxPolicy(level=TaxLevel.INVOICE)
    paper = document(line(net, region="X"), policy=whole)
    assert tax_document(paper, sliced, PLAIN).tax == tax_document(paper, plain, PLAIN).tax


# --- the slow reference -------------------------------------------------------------------------------------------


def nearest(value: Fraction, mode: Rounding) -> int:
    if mode is Rounding.HALF_EVEN:
        return round(value)
    size = {
        Rounding.HALF_UP: lambda v: floor(v + Fraction(1, 2)),
        Rounding.UP: ceil,
        Rounding.DOWN: floor,
    }[mode](abs(value))
    return size if value >= 0 else -size


Rates = list[list[tuple[Decimal, bool]]]

percents = st.decimals(0, 100, places=6).map(lambda d: d.quantize(Decimal("0.000001")))
levies = st.lists(st.tuples(percents, st.booleans()), min_size=1, max_size=3)
books = st.lists(levies, min_size=1, max_size=3)
amounts = st.one_of(st.integers(0, 10**5), st.integers(-(10**5), 10**7))
sold = st.lists(st.tuples(amounts, st.integers(0, 100), st.integers(0, 2)), max_size=9)
policies = st.builds(TaxPolicy, st.sampled_from(Rounding), st.sampled_from(TaxLevel), st.sampled_from(DiscountRule))


def book_of(rates: Rates) -> RateBook:
    made = []
    for index, rate in enumerate(rates):
        parts = tuple(Component(f"{index}.{i}", "part", percent, compound) for i, (percent, compound) in enumerate(rate))
        made.append(Rate(str(index), "R", str(index), "rate", LONG_AGO, components=parts))
    return RateBook(made)


def reference(rates: Rates, lines: Sequence[tuple[int, int]], policy: TaxPolicy) -> tuple[dict[tuple[int, int], Fraction], int]:
    """Tax of each (rate, component) before the last rounding, and of the whole, reckoned without the engine."""
    exact: dict[tuple[int, int], Fraction] = {}
    for index, rate in enumerate(rates):
        bases = [Fraction(base) for base, which in lines if which == index]
        if not bases:
            continue
        carried = list(bases)
        group_carried = sum(bases)
        for position, (percent, compound) in enumerate(rate):
            share = Fraction(percent) / 100
            if policy.level is TaxLevel.TAX_GROUP:
                tax = nearest((group_carried if compound else sum(bases)) * share, policy.mode)
                group_carried += tax
            else:
                taxes = [base * share for base in (carried if compound else bases)]
                if policy.level is TaxLevel.LINE:
                    taxes = [Fraction(nearest(tax, policy.mode)) for tax in taxes]
                carried = [a + b for a, b in zip(carried, taxes, strict=True)]
                tax = sum(taxes)
            exact[index, position] = tax
    return exact, nearest(sum(exact.values(), Fraction(0)), policy.mode)


@seeded
@given(books, sold, policies)
def test_the_engine_agrees_with_fractions(rates: Rates, items: list[tuple[int, int, int]], policy: TaxPolicy) -> None:
    items = [(net, abs(net) * cut // 100 * (1 if net >= 0 else -1), which % len(rates)) for net, cut, which in items]
    lines = [TaxLine(str(i), net, str(which), "R", cut) for i, (net, cut, which) in enumerate(items)]
    result = tax_document(TaxDocument(DANA, TODAY, "EUR", lines, policy), book_of(rates), PLAIN)
    reduced = policy.discounts is DiscountRule.REDUCE_TAXABLE_BASE
    exact, total = reference(rates, [(net - cut if reduced else net, which) for net, cut, which in items], policy)

    assert result.tax == total
    assert sum(one.tax for one in result.lines) == sum(group.tax for group in result.groups) == result.tax
    got = {tuple(map(int, group.rate_key.split("."))): group.tax for group in result.groups}
    assert got.keys() == exact.keys()
    assert all(abs(got[key] - exact[key]) < 1 for key in got)
    if policy.level is not TaxLevel.INVOICE:
        assert got == exact
    for one in result.lines:
        assert one.tax == sum(tax for _, tax in one.parts)
    for position, group in enumerate(result.groups):
        assert group.tax == sum(tax for one in result.lines for at, tax in one.parts if at == position)


@seeded
@given(books, sold, policies)
def test_a_credit_note_mirrors_its_invoice_to_the_cent(
    rates: Rates, items: list[tuple[int, int, int]], policy: TaxPolicy
) -> None:
    book = book_of(rates)
    lines = [TaxLine(str(i), net, str(which % len(rates)), "R") for i, (net, _, which) in enumerate(items)]
    invoice = tax_document(TaxDocument(DANA, TODAY, "EUR", lines, policy), book, PLAIN)
    mirrored = [one._replace(net=-one.net) for one in lines]
    credit = tax_document(TaxDocument(DANA, TODAY, "EUR", mirrored, policy), book, PLAIN)
    assert [one.tax for one in credit.lines] == [-one.tax for one in invoice.lines]


@seeded
@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=9), percents, policies)
def test_the_tax_of_a_line_is_within_one_unit_of_its_exact_share(nets: list[int], percent: Decimal, policy: TaxPolicy) -> None:
    book = book_of([[(percent, False)]])
    lines = [TaxLine(str(i), net, "0", "R") for i, net in enumerate(nets)]
    result = tax_document(TaxDocument(DANA, TODAY, "EUR", lines, policy), book, PLAIN)
    for net, one in zip(nets, result.lines, strict=True):
        assert abs(one.tax - net * Fraction(percent) / 100) < 1
