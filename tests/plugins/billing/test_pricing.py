"""Prices against a slow reference in fractions and against counting day by day; every reason is plain JSON."""

from __future__ import annotations

import doctest
import json
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import plugins.billing.hours
import plugins.billing.pricing
import plugins.billing.usage
from kernel.currencies import exponent
from kernel.errors import InvalidInput
from kernel.hookspecs.pricing import PriceMissingInCurrency
from kernel.money import Rounding, as_major
from plugins.billing.errors import UsageTiersInvalid
from plugins.billing.hours import HourlyTerms, TimeItem, billed_minutes, hourly_rate, hours_of
from plugins.billing.periods import Coverage
from plugins.billing.pricing import FixedPart, Item, Priced, price_fixed, price_items, prorate
from plugins.billing.usage import Tier, UsageSum, UsageTerms, check_tiers, price_usage, sum_usage

seeded = settings(derandomize=True, max_examples=200, deadline=None)
HALF_UP = Rounding.HALF_UP
modes = st.sampled_from(Rounding)
amounts = st.integers(0, 10**8)
quantities = st.decimals(0, 10_000, places=4)
prices = st.one_of(st.integers(0, 10**6), st.decimals(0, 10**4, places=4))


def nearest(value: Fraction, mode: Rounding) -> int:
    if mode is Rounding.HALF_EVEN:
        return round(value)
    if mode is Rounding.HALF_UP:
        return floor(value + Fraction(1, 2))
    return ceil(value) if mode is Rounding.UP else floor(value)


def is_plain_json(priced: Priced) -> bool:
    return json.loads(json.dumps(priced.trace)) == priced.trace


@pytest.mark.parametrize("module", [plugins.billing.pricing, plugins.billing.hours, plugins.billing.usage])
def test_the_examples_in_the_docs_hold(module: ModuleType) -> None:
    assert doctest.testmod(module).failed == 0


# proration


@st.composite
def cuts(draw: st.DrawFn) -> tuple[int, list[int]]:
    total = draw(st.integers(1, 366))
    return total, sorted({0, total, *draw(st.lists(st.integers(0, total), max_size=5))})


@seeded
@given(st.integers(-(10**8), 10**8), cuts(), modes)
def test_any_split_of_a_period_adds_up_to_the_whole(amount: int, cut: tuple[int, list[int]], mode: Rounding) -> None:
    total, edges = cut
    parts = [prorate(amount, Coverage(a, b - a, total), mode) for a, b in pairwise(edges)]
    assert sum(parts) == amount


@seeded
@given(amounts, st.integers(1, 366), st.data(), modes)
def test_a_part_is_the_sum_of_its_days(amount: int, total: int, data: st.DataObject, mode: Rounding) -> None:
    before = data.draw(st.integers(0, total - 1))
    covered = data.draw(st.integers(1, total - before))
    until = [nearest(Fraction(amount * day, total), mode) for day in range(total + 1)]
    by_day = [until[day + 1] - until[day] for day in range(total)]
    part = prorate(amount, Coverage(before, covered, total), mode)
    assert part == sum(by_day[before : before + covered])
    assert abs(part - Fraction(amount * covered, total)) < 1 + (before > 0)


# fixed lines


@seeded
@given(st.none() | amounts, st.lists(st.tuples(quantities, prices), min_size=1, max_size=6), st.integers(1, 31), modes)
def test_a_fixed_line_is_split_without_losing_a_cent(
    price: int | None, services: list[tuple[Decimal, int | Decimal]], covered: int, mode: Rounding
) -> None:
    parts = [FixedPart(i, quantity, unit) for i, (quantity, unit) in enumerate(services)]
    values = [nearest(Fraction(quantity) * Fraction(unit), mode) for quantity, unit in services]
    whole = sum(values) if price is None else price
    due = nearest(Fraction(whole * covered, 31), mode)
    priced = price_fixed(price, parts, Coverage(0, covered, 31), "EUR", mode)
    assert sum(one.amount for one in priced) == due
    for one, value in zip(priced, values, strict=True):
        exact = Fraction(due * value, sum(values)) if any(values) else Fraction(due, len(values))
        assert abs(one.amount - exact) < 1
        assert one.unit_price == one.amount
        assert is_plain_json(one)


def test_list_prices_of_zero_still_bill_the_line() -> None:
    parts = [FixedPart("a", Decimal(1), 0), FixedPart("b", Decimal(1), 0)]
    assert [one.amount for one in price_fixed(10001, parts, None, "EUR", HALF_UP)] == [5001, 5000]


def test_a_fixed_line_without_services_bills_its_price() -> None:
    (only,) = price_fixed(9900, [], Coverage(14, 14, 28), "EUR", HALF_UP)
    assert (only.key, only.amount) == (None, 4950)
    assert only.trace["steps"] == [["line_price", "", 9900], ["prorate", "9900 × 28/28 − 9900 × 14/28", 4950]]


def test_one_service_needs_no_list_price_when_the_line_has_a_price() -> None:
    (only,) = price_fixed(9900, [FixedPart("a", Decimal(1), None)], None, "EUR", HALF_UP)
    assert only.amount == 9900


@pytest.mark.parametrize(
    ("price", "parts", "missing"),
    [
        (None, [], ["the contract line"]),
        (None, [FixedPart("a", Decimal(1), 5), FixedPart("b", Decimal(1), None)], ["b"]),
        (9900, [FixedPart("a", Decimal(1), None), FixedPart("b", Decimal(1), None)], ["a", "b"]),
    ],
)
def test_a_fixed_line_without_price_names_what_lacks_one(price: int | None, parts: list[FixedPart], missing: list[str]) -> None:
    with pytest.raises(PriceMissingInCurrency) as refusal:
        price_fixed(price, parts, None, "CHF", HALF_UP)
    assert refusal.value.extra == {"items": missing, "currency": "CHF"}


# hours


def test_the_first_rate_found_counts() -> None:
    terms = HourlyTerms({"engineer": 12000}, 9000)
    work = TimeItem("a", 60, "engineer", 15000, 8000)
    without_own, unknown_role = work._replace(rate=None), work._replace(rate=None, role="trainee")
    assert _sources([work, without_own, unknown_role], terms) == [("entry", 15000), ("role", 12000), ("line", 9000)]
    assert _sources([unknown_role], HourlyTerms()) == [("catalog", 8000)]
    assert _sources([work._replace(rate=0)], terms) == [("entry", 0)]


def _sources(entries: list[TimeItem], terms: HourlyTerms) -> list[tuple[str, Any]]:
    return [hourly_rate(one, terms) for one in entries]


@seeded
@given(st.integers(0, 3000), st.integers(0, 120), st.sampled_from([0, 1, 6, 10, 15, 30, 60]))
def test_minimum_comes_before_round_up(minutes: int, minimum: int, step: int) -> None:
    billed = max(minutes, minimum) if minutes else 0
    while step and billed % step:
        billed += 1
    reckoned, _ = billed_minutes(minutes, HourlyTerms(minimum_minutes=minimum, round_up_minutes=step))
    assert reckoned == billed
    assert abs(Fraction(hours_of(reckoned)) - Fraction(billed, 60)) <= Fraction(1, 20_000)


# usage


def tiers_of(*edges: tuple[int, int | None, Any]) -> tuple[Tier, ...]:
    return tuple(Tier(Decimal(a), None if b is None else Decimal(b), price) for a, b, price in edges)


def test_splitting_usage_into_more_records_changes_no_price() -> None:
    key = ("api", "2026-03")
    once, often = [(key, UsageSum(Decimal(130), ()))], [(key, UsageSum(Decimal(13), (number,))) for number in range(10)]
    other = [(("api", "2026-04"), UsageSum(Decimal(1), ())), (("sms", "2026-03"), UsageSum(Decimal(1), ()))]
    sums = sum_usage([*often, *other])
    assert sum_usage(once)[key].quantity == sums[key].quantity == 130
    assert sums[key].records == [record for _, record in often]
    assert len(sums) == 3


def test_the_minimum_counts_once_for_a_period() -> None:
    terms = UsageTerms(100, minimum=Decimal(10))
    assert price_usage("api", Decimal(3), terms, "EUR", HALF_UP).amount == 1000
    assert price_usage("api", Decimal(0), terms, "EUR", HALF_UP).amount == 1000
    assert price_usage("api", Decimal(11), terms, "EUR", HALF_UP).amount == 1100
    assert price_usage("api", Decimal(-5), UsageTerms(100), "EUR", HALF_UP).amount == 0


@seeded
@given(st.integers(0, 400), st.lists(st.tuples(st.integers(1, 60), prices), min_size=1, max_size=4), modes)
def test_tiers_are_graduated_as_if_each_unit_were_priced_alone(
    used: int, widths: list[tuple[int, int | Decimal]], mode: Rounding
) -> None:
    tiers, start = [], Decimal(0)
    for width, price in widths:
        tiers.append(Tier(start, start + width, price))
        start += width
    tiers[-1] = tiers[-1]._replace(end=None)
    each = [next(t.unit_price for t in tiers if t.end is None or unit < t.end) for unit in range(used)]
    one = price_usage("api", Decimal(used), UsageTerms(tiers=tuple(tiers)), "EUR", mode)
    assert one.amount == nearest(sum(map(Fraction, each), Fraction(0)), mode)
    assert is_plain_json(one)


@pytest.mark.parametrize(
    "tiers",
    [
        (),
        tiers_of((1, None, 5)),
        tiers_of((0, 100, 5)),
        tiers_of((0, 100, 5), (101, None, 4)),
        tiers_of((0, 100, 5), (99, None, 4)),
        tiers_of((0, None, 5), (100, None, 4)),
        tiers_of((0, 0, 5), (0, None, 4)),
    ],
)
def test_tiers_with_gaps_overlaps_or_a_closed_end_are_refused(tiers: tuple[Tier, ...]) -> None:
    with pytest.raises(UsageTiersInvalid):
        check_tiers(tiers)


def test_usage_without_a_price_is_named() -> None:
    with pytest.raises(PriceMissingInCurrency, match="api"):
        price_usage("api", Decimal(1), UsageTerms(), "EUR", HALF_UP)


def test_floats_never_price_anything() -> None:
    for terms in (UsageTerms(1.5), UsageTerms(tiers=tiers_of((0, None, 1.5)))):  # type: ignore[arg-type]
        with pytest.raises(InvalidInput):
            price_usage("api", Decimal(1), terms, "EUR", HALF_UP)


# products, licenses, materials


@seeded
@given(quantities, st.none() | prices, prices, st.none() | st.integers(1, 28), modes)
def test_items_cost_quantity_times_agreed_else_list_price(
    quantity: Decimal, agreed: int | Decimal | None, listed: int | Decimal, covered: int | None, mode: Rounding
) -> None:
    coverage = None if covered is None else Coverage(0, covered, 28)
    (one,) = price_items([Item("disk", quantity, agreed, listed, coverage)], "EUR", mode)
    whole = nearest(Fraction(quantity) * Fraction(listed if agreed is None else agreed), mode)
    assert one.amount == (whole if covered is None else nearest(Fraction(whole * covered, 28), mode))
    assert is_plain_json(one)


def test_every_item_without_a_price_is_listed() -> None:
    items = [Item("a", Decimal(1)), Item("b", Decimal(1), 0), Item("c", Decimal(1))]
    with pytest.raises(PriceMissingInCurrency) as refusal:
        price_items(items, "USD", HALF_UP)
    assert refusal.value.extra["items"] == ["a", "c"]


@pytest.mark.parametrize(("code", "shown"), [("JPY", "2143"), ("USD", "21.43"), ("KWD", "2.143"), ("CLF", "0.2143")])
def test_the_same_minor_units_serve_currencies_of_0_to_4_decimals(code: str, shown: str) -> None:
    (one,) = price_items([Item("disk", Decimal("1.5"), 2857, None, Coverage(0, 15, 30))], code, HALF_UP)
    assert one.amount == 2143
    assert str(as_major(one.amount, code)) == shown
    assert exponent(code) == len(shown.partition(".")[2])


@given(
    price=st.integers(0, 10**9), each=st.none() | st.integers(0, 10**6), quantity=st.integers(1, 10**4),
    days=st.integers(1, 366), scheduled=st.booleans(), mode=st.sampled_from(Rounding),
)  # fmt: skip
def test_a_plain_fixed_line_comes_out_as_by_the_long_way(
    price: int, each: int | None, quantity: int, days: int, scheduled: bool, mode: Rounding
) -> None:
    part = FixedPart("seats", Decimal(quantity) / 4, each)
    short = price_fixed(price, [part], None, "EUR", mode, scheduled=scheduled)
    assert short == price_fixed(price, [part], Coverage(0, days, days), "EUR", mode, scheduled=scheduled)
