"""Tax rates as values: what a rate is made of, and which one holds on a day. Pure: no database, no clock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from plugins.tax.errors import TaxRateInvalid, TaxRatesOverlap

PLACES = 6
SCALE = 100 * 10**PLACES  # percentages are reckoned in whole millionths of a percent; SCALE of them are the base itself


class Component(NamedTuple):
    """A part of a composite rate, in force on [starts, ends). `compound`: on the base plus the tax of all before it."""

    key: str
    name: str
    percent: Decimal
    compound: bool = False
    starts: date | None = None
    ends: date | None = None


class Bracket(NamedTuple):
    """A slice [lower, upper) of what is taxed together, in minor units of the rate's currency; the last one is open."""

    lower: int
    upper: int | None
    percent: Decimal

    def inside(self, amount: int) -> int:
        """How much of an amount, from 0, lies in this slice.

        >>> low, high = Bracket(0, 1000, Decimal(5)), Bracket(1000, None, Decimal(10))
        >>> [(low.inside(amount), high.inside(amount)) for amount in (0, 999, 1000, 1001)]
        [(0, 0), (999, 0), (1000, 0), (1000, 1)]
        """
        return max(0, (amount if self.upper is None else min(amount, self.upper)) - self.lower)


class Holiday(NamedTuple):
    """Days [starts, ends) on which a rate, or its components of the name `component`, are not levied."""

    name: str
    starts: date
    ends: date
    component: str | None = None


class Rate(NamedTuple):
    """The tax of one region and category on [starts, ends): one percentage, components in their order, or brackets.

    `key` names the rate in the tables it comes from. Percentages are exact, from 0 to 100 with at most six decimals.
    Brackets are graduated: each percentage is on its own slice only. They are amounts, so they have a `currency`.
    """

    key: str
    region: str
    category: str
    name: str
    starts: date
    ends: date | None = None
    percent: Decimal | None = None
    components: tuple[Component, ...] = ()
    brackets: tuple[Bracket, ...] = ()
    holidays: tuple[Holiday, ...] = ()
    currency: str | None = None


class Levy(NamedTuple):
    """One percentage to apply, to the slice of a `bracket` only if there is one; `scaled` is it in millionths of a percent.

    `holiday` is the name of the tax holiday that makes it zero.
    """

    key: str | None
    name: str
    percent: Decimal
    scaled: int
    compound: bool = False
    bracket: Bracket | None = None
    holiday: str | None = None


class RateBook:
    """Dated rates, made once for a batch and asked for each line.

    Raises TaxRateInvalid or TaxRatesOverlap, as saving such rates should have.

    >>> book = RateBook([Rate("1", "DE", "standard", "USt", date(2007, 1, 1), percent=Decimal(19))])
    >>> [str(levy.percent) for levy in book.levies("DE", "standard", date(2026, 3, 31))]
    ['19']
    >>> book.levies("DE", "reduced", date(2026, 3, 31))
    ()
    """

    def __init__(self, rates: Iterable[Rate]) -> None:
        self._rates: dict[tuple[str, str], list[Rate]] = defaultdict(list)
        self._found: dict[tuple[str, str, date], tuple[Levy, ...]] = {}
        for rate in rates:
            check_rate(rate)
            self._rates[rate.region, rate.category].append(rate)
        for same in self._rates.values():
            check_overlap(same)

    def levies(self, region: str, category: str, on: date) -> tuple[Levy, ...]:
        """What is levied in a region for a category on a day, in order; empty if no rate holds then."""
        key = (region, category, on)
        found = self._found.get(key)
        if found is None:
            rate = self.find(region, category, on)
            found = self._found[key] = _levies(rate, on) if rate else ()
        return found

    def find(self, region: str, category: str, on: date) -> Rate | None:
        """The rate that holds in a region for a category on a day."""
        return next((rate for rate in self._rates.get((region, category), ()) if _holds(rate, on)), None)


def _holds(dated: Rate | Component | Holiday, on: date) -> bool:
    return (dated.starts is None or dated.starts <= on) and (dated.ends is None or on < dated.ends)


def _levies(rate: Rate, on: date) -> tuple[Levy, ...]:
    """The percentages of a rate on a day. A holiday of the whole rate leaves its name, at zero."""
    off = {holiday.component: holiday.name for holiday in rate.holidays if _holds(holiday, on)}
    if None in off and not rate.components:
        return (Levy(rate.key, rate.name, Decimal(0), 0, holiday=off[None]),)
    if rate.percent is not None:
        return (_levy(rate.key, rate.name, rate.percent),)
    if rate.brackets:
        return tuple(_levy(rate.key, rate.name, one.percent)._replace(bracket=one) for one in rate.brackets)
    return tuple(_component_levy(one, off.get(one.name, off.get(None))) for one in rate.components if _holds(one, on))


def _component_levy(component: Component, holiday: str | None) -> Levy:
    if holiday is not None:
        return Levy(component.key, component.name, Decimal(0), 0, component.compound, holiday=holiday)
    return _levy(component.key, component.name, component.percent)._replace(compound=component.compound)


def _levy(key: str, name: str, percent: Decimal) -> Levy:
    return Levy(key, name, Decimal(f"{percent.normalize():f}"), int(percent.scaleb(PLACES)))


def check_rate(rate: Rate) -> None:
    """Raise TaxRateInvalid, with the field that is wrong, if a rate cannot be applied exactly as it is written."""
    if [rate.percent is not None, bool(rate.components), bool(rate.brackets)].count(True) != 1:
        raise _invalid(rate, "percent", "Give either one percentage, or components, or brackets.")
    parts: list[tuple[str, Rate | Component | Bracket]] = [("", rate)]
    parts += [(f"components[{i}].", component) for i, component in enumerate(rate.components)]
    parts += [(f"brackets[{i}].", bracket) for i, bracket in enumerate(rate.brackets)]
    for field, part in parts:
        if part.percent is not None and not _exact_percent(part.percent):
            raise _invalid(rate, f"{field}percent", "A percentage is from 0 to 100 with at most six decimals.")
        if not isinstance(part, Bracket) and part.starts and part.ends and part.ends <= part.starts:
            raise _invalid(rate, f"{field}ends", "The first day it no longer holds must come after the day it starts.")
    _check_brackets(rate)
    _check_holidays(rate)


def _check_brackets(rate: Rate) -> None:
    if bool(rate.brackets) != bool(rate.currency):
        raise _invalid(rate, "currency", "Brackets are amounts and need a currency; without brackets there is none.")
    expected: int | None = 0
    for place, bracket in enumerate(rate.brackets):
        if expected is None or bracket.lower != expected:
            raise _invalid(rate, f"brackets[{place}].lower", "Each bracket begins where the one before it ends, the first at 0.")
        if bracket.upper is not None and bracket.upper <= bracket.lower:
            raise _invalid(rate, f"brackets[{place + 1}].lower", "Each bracket begins above the one before it.")
        expected = bracket.upper
    if rate.brackets and expected is not None:
        raise _invalid(rate, f"brackets[{len(rate.brackets) - 1}].upper", "The last bracket is open.")


def _check_holidays(rate: Rate) -> None:
    known = {None, *(component.name for component in rate.components)}
    for place, holiday in enumerate(rate.holidays):
        if holiday.ends <= holiday.starts:
            raise _invalid(rate, f"holidays[{place}].ends", "The day after a holiday must come after the day it starts.")
        if holiday.component not in known:
            raise _invalid(rate, f"holidays[{place}].component", "The rate has no component of this name.")


def _exact_percent(percent: Decimal) -> bool:
    if not isinstance(percent, Decimal) or not percent.is_finite() or not 0 <= percent <= 100:
        return False
    return percent.scaleb(PLACES) % 1 == 0


def _invalid(rate: Rate, field: str, sentence: str) -> TaxRateInvalid:
    return TaxRateInvalid(f"The tax rate “{rate.name}” cannot be applied.", errors={field: sentence})


def check_overlap(rates: Sequence[Rate]) -> None:
    """Raise TaxRatesOverlap if two of these rates, all of one region and category, hold on the same day."""
    for earlier, later in pairwise(sorted(rates, key=lambda rate: rate.starts)):
        if earlier.ends is None or later.starts < earlier.ends:
            raise TaxRatesOverlap(
                f"“{earlier.name}” and “{later.name}” both hold in {later.region} for {later.category} "
                f"on {later.starts}. End the earlier one on that day."
            )
