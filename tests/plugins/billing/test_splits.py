"""Any split of a period costs what the whole does: over every cycle, anchor, rounding and currency; days counted one by one."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.money import Rounding, as_major, exponent, parse_amount
from plugins.billing.periods import Anchoring, Cycle, Period
from plugins.billing.pricing import FixedPart, Item, price_fixed, price_items
from plugins.billing.service_periods import agreement, due_periods
from tests.plugins.billing.reference.days import Days, anchor_of
from tests.plugins.billing.reference.money import of_days

CURRENCIES = {"JPY": 0, "EUR": 2, "KWD": 3, "CLF": 4}
DAYS = st.dates(date(2023, 12, 1), date(2026, 3, 31))  # a leap year and the ends of its Februaries
ANCHORS = st.builds(
    Anchoring, st.none(), st.sampled_from(Cycle), st.integers(1, 7), st.none() | DAYS, st.integers(1, 12), st.integers(1, 28)
)
AMOUNTS = st.integers(0, 10**12)


def counted(anchoring: Anchoring, cycle: Cycle) -> Days:
    """The same periods, by walking."""
    rule = {"weekday": anchoring.weekday, "month": anchoring.month, "day": anchoring.day, "reference": anchoring.reference}
    return Days([(date.min, cycle.value, anchor_of(rule, cycle.value))])


@given(ANCHORS, st.sampled_from(Cycle), DAYS, st.sets(st.integers(1, 365), max_size=6), AMOUNTS, st.sampled_from(Rounding),
       st.sampled_from(sorted(CURRENCIES)))  # fmt: skip
@settings(derandomize=True, max_examples=300, deadline=None)
def test_contracts_that_follow_each_other_cost_what_one_does(
    anchoring: Anchoring, cycle: Cycle, day: date, cuts: set[int], amount: int, mode: Rounding, currency: str
) -> None:
    start, end = counted(anchoring, cycle).period(day)
    firsts = [start, *sorted(start + timedelta(cut) for cut in cuts if start + timedelta(cut) < end)]
    parts = []
    for first, following in zip(firsts, [*firsts[1:], end], strict=True):
        one = agreement(cycle, "client", (first, following - timedelta(1)), (None, None), None, [anchoring])
        (due,) = due_periods(one, advance=True, prorate=True, until=end)
        assert (due.period, due.served) == (Period(start, end), Period(first, following))
        (priced,) = price_fixed(amount, [], due.coverage, currency, mode)
        before, covered = (first - start).days, (following - first).days
        assert priced.amount == of_days(amount, before, covered, (end - start).days, mode.value)
        parts.append(priced.amount)
    assert sum(parts) == amount


@given(st.lists(st.tuples(st.integers(1, 400), st.integers(0, 10**6)), min_size=1, max_size=6), AMOUNTS, DAYS,
       st.integers(1, 400), st.sampled_from(Rounding))  # fmt: skip
@settings(derandomize=True, max_examples=200, deadline=None)
def test_services_of_a_fixed_line_add_up_to_it_prorated_or_not(
    services: list[tuple[int, int]], amount: int, day: date, length: int, mode: Rounding
) -> None:
    one = agreement("annual", "calendar", (day, day + timedelta(length)), (None, None), None)
    due = due_periods(one, advance=True, prorate=True, until=date(2028, 1, 1))
    parts = [FixedPart(at, Decimal(count) / 4, price) for at, (count, price) in enumerate(services)]
    for period in due:
        (whole,) = price_fixed(amount, [], period.coverage, "EUR", mode)
        assert sum(part.amount for part in price_fixed(amount, parts, period.coverage, "EUR", mode)) == whole.amount


@pytest.mark.parametrize(("currency", "decimals"), CURRENCIES.items())
def test_currencies_have_their_own_smallest_coin(currency: str, decimals: int) -> None:
    assert exponent(currency) == decimals
    price = parse_amount("1234", currency)
    assert price == 1234 * 10**decimals
    (third,) = price_items([Item("seat", Decimal("0.3333"), price)], currency, Rounding.HALF_UP)
    exact = Fraction(3333, 10_000) * price
    assert abs(third.amount - exact) <= Fraction(1, 2)
    assert parse_amount(f"{as_major(third.amount, currency):f}", currency) == third.amount


@pytest.mark.parametrize("cycle", list(Cycle))
def test_a_line_in_arrears_is_first_billed_a_window_after_its_start_and_last_after_its_end(cycle: Cycle) -> None:
    first, last = date(2024, 1, 31), date(2025, 2, 28)
    agreed = agreement(cycle, "anniversary", (first, last), (None, None), None)
    windows = [first + timedelta(n) for n in range(1, 900)]
    billed: set[str] = set()
    served = []
    for until in windows:
        for one in due_periods(agreed, advance=False, prorate=True, until=until, billed=billed):
            assert one.period.end == until  # not a day before its period is over
            billed.add(one.period.key)
            served.append(one.served)
    assert served[0].start == first
    assert served[-1].end == last + timedelta(1)
    assert sum(one.days for one in served) == (last - first).days + 1


@pytest.mark.parametrize("prorate", [True, False])
def test_a_line_in_advance_that_is_cut_short_pays_by_days_if_that_is_agreed(prorate: bool) -> None:
    cut = agreement("quarterly", "calendar", (date(2024, 1, 1), date(2024, 2, 29)), (None, None), None)
    (due,) = due_periods(cut, advance=True, prorate=prorate, until=date(2024, 4, 1))
    (priced,) = price_fixed(9100, [], due.coverage, "EUR", Rounding.HALF_UP)
    assert priced.amount == (6000 if prorate else 9100)  # 60 of 91 days
