"""Money against a slow reference in fractions, for currencies with 0, 2, 3 and 4 decimals."""

from __future__ import annotations

import doctest
import math
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from types import ModuleType
from typing import Any

import iso4217
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kernel.currencies
import kernel.money
from kernel.currencies import CurrencyUnknown, currencies, exponent
from kernel.money import (
    MAX_MINOR,
    AmountInvalid,
    Rounding,
    WeightsInvalid,
    allocate,
    as_major,
    format_minor,
    multiply,
    parse_amount,
    round_minor,
    round_ratio,
    spread,
)

seeded = settings(derandomize=True, max_examples=200, deadline=None)
modes = st.sampled_from(Rounding)
codes = st.sampled_from(["JPY", "USD", "EUR", "KWD", "CLF"])
minors = st.integers(-(10**12), 10**12)
quantities = st.decimals(-10_000, 10_000, places=4, allow_nan=False, allow_infinity=False)


def reference_round(value: Fraction, mode: Rounding) -> int:
    size, sign = abs(value), -1 if value < 0 else 1
    low = math.floor(size)
    if mode is Rounding.HALF_EVEN:
        return sign * round(size)
    if mode is Rounding.HALF_UP:
        return sign * math.floor(size + Fraction(1, 2))
    return sign * (math.ceil(size) if mode is Rounding.UP else low)


@pytest.mark.parametrize("module", [kernel.currencies, kernel.money])
def test_the_examples_in_the_docs_hold(module: ModuleType) -> None:
    assert doctest.testmod(module).failed == 0


def test_exponents_are_those_of_iso_4217_also_where_cldr_differs() -> None:
    assert {c.exponent for c in currencies().values()} == {0, 2, 3, 4}
    assert all(exponent(c.code) == c.exponent for c in iso4217.Currency if c.exponent is not None)
    assert [exponent(c) for c in ("ALL", "IQD", "RSD", "LAK")] == [2, 3, 2, 2]


@pytest.mark.parametrize("code", ["XAU", "XXX", "eur", "EURO", "", None, []])
def test_what_is_no_currency_is_named(code: str) -> None:
    with pytest.raises(CurrencyUnknown):
        exponent(code)


@seeded
@given(st.integers(), st.integers(1, 10**9), modes)
def test_rounding_agrees_with_fractions(numerator: int, denominator: int, mode: Rounding) -> None:
    assert round_ratio(numerator, denominator, mode) == reference_round(Fraction(numerator, denominator), mode)


@seeded
@given(st.integers(-1000, 1000), modes)
def test_ties_agree_with_fractions(halves: int, mode: Rounding) -> None:
    assert round_ratio(halves, 2, mode) == reference_round(Fraction(halves, 2), mode)
    assert round_minor(Decimal(halves) / 2, mode) == reference_round(Fraction(halves, 2), mode)


@seeded
@given(minors, quantities, st.sampled_from([1, 60]), modes)
def test_a_price_times_a_quantity_is_exact_until_rounded_once(price: int, quantity: Decimal, per: int, mode: Rounding) -> None:
    assert multiply(price, quantity, mode, per=per) == reference_round(price * Fraction(quantity) / per, mode)
    assert multiply(Decimal(price), quantity, mode, per=per) == multiply(price, quantity, mode, per=per)


weights = st.lists(st.one_of(st.integers(0, 10**6), st.decimals(0, 100, places=3)), min_size=1, max_size=12)


@seeded
@given(minors, weights)
def test_parts_add_up_and_stay_within_one_unit_of_the_exact_share(total: int, shares: Sequence[Decimal | int]) -> None:
    parts = allocate(total, shares)
    whole = sum(map(Fraction, shares))
    exact = [total * Fraction(w) / whole if whole else Fraction(total, len(shares)) for w in shares]
    assert sum(parts) == total
    assert all(abs(part - share) < 1 for part, share in zip(parts, exact, strict=True))
    assert allocate(-total, shares) == [-part for part in parts]
    assert all(part == 0 for part, w in zip(parts, shares, strict=True) if whole and w == 0)


@seeded
@given(st.integers(0, 10**6), weights)
def test_parts_are_those_of_the_largest_remainders_in_order(total: int, shares: Sequence[Decimal | int]) -> None:
    if not any(shares):
        return
    whole = sum(map(Fraction, shares))
    exact = [total * Fraction(w) / whole for w in shares]
    parts = [math.floor(share) for share in exact]
    for _ in range(total - sum(parts)):
        gaps = [share - part for share, part in zip(exact, parts, strict=True)]
        parts[gaps.index(max(gaps))] += 1
    assert allocate(total, shares) == parts


@seeded
@given(st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=10), st.integers(1, 10**4), modes)
def test_spreading_a_rounded_sum_fits_shares_of_either_sign(exact: list[int], denominator: int, mode: Rounding) -> None:
    total = round_ratio(sum(exact), denominator, mode)
    parts = spread(total, exact, denominator)
    assert sum(parts) == total
    assert all(abs(part - Fraction(share, denominator)) < 1 for part, share in zip(parts, exact, strict=True))
    assert spread(-total, [-share for share in exact], denominator) == [-part for part in parts]


def test_what_cannot_be_shared_is_refused() -> None:
    assert allocate(0, []) == []
    for total, shares in ((1, []), (1, [2, -1]), (1, [Decimal(-1)])):
        with pytest.raises(WeightsInvalid):
            allocate(total, shares)
    with pytest.raises(WeightsInvalid):
        spread(3, [10], 10)


@pytest.mark.parametrize("value", [1.0, 1.5, float("nan"), "1", None, Decimal("NaN"), Decimal("Infinity")])
def test_floats_and_what_is_not_finite_are_never_money(value: Any) -> None:
    for attempt in (
        lambda: round_minor(value, Rounding.UP),
        lambda: multiply(value, 1, Rounding.UP),
        lambda: multiply(1, value, Rounding.UP),
        lambda: allocate(1, [value]),
    ):
        with pytest.raises(AmountInvalid):
            attempt()


def test_amounts_too_large_to_store_are_refused() -> None:
    with pytest.raises(AmountInvalid):
        multiply(MAX_MINOR, 2, Rounding.UP)
    with pytest.raises(AmountInvalid):
        parse_amount("9" * 39, "EUR")
    with pytest.raises(AmountInvalid):
        parse_amount("9" * 5000, "EUR")


@seeded
@given(minors, codes, st.sampled_from([(".", ","), (",", "."), (",", " "), (".", "'"), (".", "")]))
def test_what_is_written_is_read_back(minor: int, code: str, style: tuple[str, str]) -> None:
    decimal, group = style
    plain = f"{as_major(minor, code):,f}"
    written = plain.replace(",", "\0").replace(".", decimal).replace("\0", group)
    assert parse_amount(written, code, decimal=decimal, group=group) == minor


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "EUR"),
        ("12,34", "EUR"),
        ("1,2345", "EUR"),
        ("1.500", "EUR"),
        ("1.0", "JPY"),
        ("1e3", "EUR"),
        ("NaN", "EUR"),
        ("1 000", "EUR"),
        ("٣", "EUR"),
        (".5", "EUR"),
        ("5.", "EUR"),
        ("--5", "EUR"),
        ("5 EUR", "EUR"),
        ("1,,000", "EUR"),
    ],
)
def test_what_is_not_clearly_an_amount_is_refused(text: str, code: str) -> None:
    with pytest.raises(AmountInvalid):
        parse_amount(text, code)


def test_amounts_are_shown_as_the_locale_writes_them_with_all_decimals() -> None:
    assert format_minor(-123456, "EUR", "de") == "-1.234,56\xa0€"
    assert format_minor(1234567, "JPY", "ja") == "￥1,234,567"
    assert format_minor(1234567, "IQD", "en") == "IQD1,234.567"
    assert format_minor(12345, "CLF", "en_US") == "CLF1.2345"
