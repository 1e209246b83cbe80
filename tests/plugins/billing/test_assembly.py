"""Discounts and totals: nothing is lost between lines, discounts, taxes and the sum at the bottom."""

from __future__ import annotations

import doctest
import json
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import plugins.billing.assembly
from kernel.hookspecs.tax import (
    DiscountRule,
    TaxDocument,
    TaxedLine,
    TaxGroup,
    TaxLevel,
    TaxPolicy,
    TaxRateMissing,
    TaxResult,
)
from kernel.money import Rounding
from plugins.billing.assembly import (
    Discount,
    DiscountKind,
    Line,
    Scope,
    apply_discounts,
    tax_lines,
    total_up,
)
from plugins.billing.errors import DiscountInvalid, DiscountTargetNotFound, TaxAnswerInvalid
from plugins.tax.calculator import ClientTax, tax_document
from plugins.tax.rates import Component, Rate, RateBook

seeded = settings(derandomize=True, max_examples=250, deadline=None)
HALF_UP = Rounding.HALF_UP
BACKUP, SEAT, CONTRACT_LINE = UUID(int=1), UUID(int=2), UUID(int=3)
LINES = [
    Line("1", 10000, BACKUP, CONTRACT_LINE, tax_region="DE"),
    Line("2", 5000, SEAT, CONTRACT_LINE, "reduced", "DE"),
    Line("3", 3000, BACKUP, None, "reduced", "DE"),
    Line("4", -2000, SEAT, None, tax_region="DE"),
    Line("5", 7000, SEAT, None, tax_region="DE", discountable=False),
]
EVER = date(2000, 1, 1)
BOOK = RateBook(
    [
        Rate("19", "DE", "standard", "USt", EVER, percent=Decimal(19)),
        Rate("7", "DE", "reduced", "USt", EVER, percent=Decimal(7)),
        Rate(
            "qc",
            "QC",
            "standard",
            "GST + QST",
            EVER,
            components=(Component("g", "GST", Decimal(5)), Component("q", "QST", Decimal("9.975"), compound=True)),
        ),
    ]
)


def percent(value: str, scope: Scope = Scope.INVOICE, target: Any = None) -> Discount:
    return Discount("d", DiscountKind.PERCENTAGE, Decimal(value), scope, target)


def fixed(value: int, scope: Scope = Scope.INVOICE, target: Any = None) -> Discount:
    return Discount("d", DiscountKind.FIXED, value, scope, target)


def taxed(lines: list[Line], discounts: list[Discount], policy: TaxPolicy) -> tuple[Any, TaxResult]:
    done = apply_discounts(lines, discounts, policy.mode)
    document = TaxDocument(UUID(int=9), date(2026, 3, 31), "EUR", tax_lines(done), policy)
    result = tax_document(document, BOOK, ClientTax())
    return total_up(done, result), result


def test_the_examples_in_the_docs_hold() -> None:
    assert doctest.testmod(plugins.billing.assembly).failed == 0


@pytest.mark.parametrize(
    ("discount", "shares"),
    [
        (percent("10"), (1000, 500, 300, 0, 0)),
        (percent("10", Scope.LINE, "2"), (0, 500, 0, 0, 0)),
        (percent("12.5", Scope.ITEM, BACKUP), (1250, 0, 375, 0, 0)),
        (percent("100", Scope.CONTRACT_LINE, CONTRACT_LINE), (10000, 5000, 0, 0, 0)),
        (fixed(900), (500, 250, 150, 0, 0)),
        (fixed(1), (1, 0, 0, 0, 0)),
        (fixed(99999), (10000, 5000, 3000, 0, 0)),
        (fixed(500, Scope.LINE, "4"), (0, 0, 0, 0, 0)),
        (fixed(500, Scope.LINE, "5"), (0, 0, 0, 0, 0)),
        (fixed(500, Scope.ITEM, SEAT), (0, 500, 0, 0, 0)),
        (percent("0"), (0, 0, 0, 0, 0)),
    ],
)
def test_a_discount_is_taken_only_from_what_it_names(discount: Discount, shares: tuple[int, ...]) -> None:
    assert apply_discounts(LINES, [discount], HALF_UP).taken == shares


def test_each_discount_is_reckoned_on_the_gross_of_its_scope() -> None:
    done = apply_discounts(LINES[:2], [percent("10", Scope.LINE, "1"), percent("10")], HALF_UP)
    assert done.taken == (2000, 500)


def test_what_does_not_fit_on_one_line_goes_to_the_others_and_is_shown() -> None:
    done = apply_discounts(LINES[:2], [percent("100", Scope.LINE, "1"), fixed(3000), fixed(3000)], HALF_UP)
    assert done.taken == (10000, 5000)
    assert [one.amount for one in done.discounts] == [10000, 3000, 2000]
    assert done.discounts[2].trace["steps"][1] == ["never_below_zero", "min(3000, 2000)", 2000]


@pytest.mark.parametrize("scope", [Scope.LINE, Scope.ITEM, Scope.CONTRACT_LINE])
def test_a_discount_on_what_is_not_there_is_refused(scope: Scope) -> None:
    with pytest.raises(DiscountTargetNotFound) as refusal:
        apply_discounts(LINES, [percent("1"), percent("1", scope, "nowhere")], HALF_UP)
    assert list(refusal.value.errors) == ["discounts[1]"]


@pytest.mark.parametrize(
    "discount",
    [percent("100.01"), percent("-1"), percent("NaN"), fixed(-1), Discount("d", DiscountKind.FIXED, Decimal("1.5"))],
)
def test_discounts_out_of_range_are_refused(discount: Discount) -> None:
    with pytest.raises(DiscountInvalid):
        apply_discounts(LINES, [discount], HALF_UP)
    with pytest.raises(DiscountInvalid):
        apply_discounts(LINES, [discount._replace(value=0.5)], HALF_UP)  # type: ignore[arg-type]


def test_the_invoice_adds_up_with_discount_and_two_taxes() -> None:
    totals, result = taxed(LINES, [percent("10")], TaxPolicy())
    assert [(group.base, group.tax) for group in result.groups] == [(9000 - 2000 + 7000, 2660), (7200, 504)]
    assert (totals.net, totals.discount, totals.subtotal, totals.tax, totals.total) == (
        23000,
        1800,
        21200,
        3164,
        24364,
    )
    assert totals.lines[3] == (-2000, 0, -380, -2380)


def test_the_discount_rule_changes_the_tax_and_nothing_else() -> None:
    reduced, _ = taxed(LINES, [percent("10")], TaxPolicy())
    ignored, _ = taxed(LINES, [percent("10")], TaxPolicy(discounts=DiscountRule.IGNORE))
    assert reduced.subtotal == ignored.subtotal
    assert (reduced.tax, ignored.tax) == (3164, 3410)


def test_a_refusal_of_the_tax_room_is_raised() -> None:
    done = apply_discounts(LINES, [], HALF_UP)
    with pytest.raises(TaxRateMissing):
        total_up(done, TaxResult.refused(TaxRateMissing()))


@pytest.mark.parametrize(
    "change",
    [
        {"tax": 1901},
        {"lines": []},
        {"lines": [TaxedLine(1899, ((0, 1900),))]},
        {"lines": [TaxedLine(1900, ((1, 1900),))]},
        {"lines": [TaxedLine(1900, ())]},
        {"groups": [TaxGroup("VAT", "S", Decimal(19), 10000, 1901)]},
        {"groups": []},
    ],
)
def test_an_answer_that_does_not_add_up_is_never_written(change: dict[str, Any]) -> None:
    done = apply_discounts(LINES[:1], [], HALF_UP)
    right = TaxResult([TaxedLine(1900, ((0, 1900),))], [TaxGroup("VAT", "S", Decimal(19), 10000, 1900)], 1900, [], {})
    assert total_up(done, right).total == 11900
    with pytest.raises(TaxAnswerInvalid):
        total_up(done, right._replace(**change))


nets = st.one_of(st.integers(0, 2000), st.integers(-(10**6), 10**7))
drawn_lines = st.lists(st.tuples(nets, st.sampled_from(["DE", "QC"]), st.booleans()), min_size=1, max_size=8)
drawn_discounts = st.lists(
    st.one_of(
        st.decimals(0, 100, places=3).map(lambda value: (DiscountKind.PERCENTAGE, value)),
        st.integers(0, 10**6).map(lambda value: (DiscountKind.FIXED, value)),
    ).flatmap(lambda pair: st.integers(-1, 7).map(lambda target: (*pair, target))),
    max_size=4,
)
policies = st.builds(TaxPolicy, st.sampled_from(Rounding), st.sampled_from(TaxLevel), st.sampled_from(DiscountRule))


def nearest(value: Fraction, mode: Rounding) -> int:
    if mode is Rounding.HALF_EVEN:
        return round(value)
    if mode is Rounding.HALF_UP:
        return floor(value + Fraction(1, 2))
    return ceil(value) if mode is Rounding.UP else floor(value)


@seeded
@given(drawn_lines, drawn_discounts, policies)
def test_lines_discounts_and_taxes_always_add_up_to_the_total(
    sold: list[tuple[int, str, bool]], cuts: list[tuple[DiscountKind, Decimal | int, int]], policy: TaxPolicy
) -> None:
    lines = [Line(str(i), net, tax_region=region, discountable=free) for i, (net, region, free) in enumerate(sold)]
    discounts = [
        Discount(str(i), kind, value, *((Scope.INVOICE,) if at < 0 else (Scope.LINE, str(at % len(lines)))))
        for i, (kind, value, at) in enumerate(cuts)
    ]
    totals, result = taxed(lines, discounts, policy)
    done = apply_discounts(lines, discounts, policy.mode)

    room = [line.net if line.discountable and line.net > 0 else 0 for line in lines]
    left = list(room)
    for discount, applied in zip(discounts, done.discounts, strict=True):
        inside = [i for i in range(len(lines)) if discount.scope is Scope.INVOICE or discount.target == str(i)]
        gross = sum(room[i] for i in inside)
        exact = Fraction(discount.value)
        wanted = int(exact) if discount.kind is DiscountKind.FIXED else nearest(gross * exact / 100, policy.mode)
        assert applied.amount == min(wanted, sum(left[i] for i in inside)) == sum(applied.shares)
        assert all(share == 0 for i, share in enumerate(applied.shares) if i not in inside)
        left = [space - share for space, share in zip(left, applied.shares, strict=True)]
        assert min(left) >= 0
        assert json.loads(json.dumps(applied.trace)) == applied.trace

    assert totals.total == totals.subtotal + totals.tax == totals.net - totals.discount + totals.tax
    assert totals.net == sum(line.net for line in lines)
    assert totals.discount == sum(applied.amount for applied in done.discounts) == sum(done.taken)
    assert totals.total == sum(line.total for line in totals.lines)
    assert totals.tax == sum(group.tax for group in result.groups) == sum(line.tax for line in totals.lines)
