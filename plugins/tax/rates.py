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


class Rate(NamedTuple):
    """The tax of one region and category on [starts, ends): one percentage, or components in their order.

    `key` names the rate in the tables it comes from. Percentages are exact, from 0 to 100 with at most six decimals.
    """

    key: str
    region: str
    category: str
    name: str
    starts: date
    ends: date | None = None
    percent: Decimal | None = None
    components: tuple[Component, ...] = ()


class Levy(NamedTuple):
    """One percentage to apply; `scaled` is it in millionths of a percent."""

    key: str | None
    name: str
    percent: Decimal
    scaled: int
    compound: bool = False


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
            found = self._found[key] = self._find(region, category, on)
        return found

    def _find(self, region: str, category: str, on: date) -> tuple[Levy, ...]:
        for rate in self._rates.get((region, category), ()):
            if _holds(rate, on):
                return _levies(rate, on)
        return ()


def _holds(dated: Rate | Component, on: date) -> bool:
    return (dated.starts is None or dated.starts <= on) and (dated.ends is None or on < dated.ends)


def _levies(rate: Rate, on: date) -> tuple[Levy, ...]:
    if rate.percent is not None:
        return (_levy(rate.key, rate.name, rate.percent),)
    return tuple(_levy(c.key, c.name, c.percent, c.compound) for c in rate.components if _holds(c, on))


def _levy(key: str, name: str, percent: Decimal, compound: bool = False) -> Levy:
    return Levy(key, name, Decimal(f"{percent.normalize():f}"), int(percent.scaleb(PLACES)), compound)


def check_rate(rate: Rate) -> None:
    """Raise TaxRateInvalid, with the field that is wrong, if a rate cannot be applied exactly as it is written."""
    if (rate.percent is None) == (not rate.components):
        raise _invalid(rate, "percent", "Give either one percentage or components.")
    parts: list[tuple[str, Rate | Component]] = [("", rate)]
    parts += [(f"components[{i}].", component) for i, component in enumerate(rate.components)]
    for field, part in parts:
        if part.percent is not None and not _exact_percent(part.percent):
            raise _invalid(rate, f"{field}percent", "A percentage is from 0 to 100 with at most six decimals.")
        if part.starts and part.ends and part.ends <= part.starts:
            raise _invalid(rate, f"{field}ends", "The first day it no longer holds must come after the day it starts.")


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
