"""The tax report: what was taxed in each period and region, by rate; credit notes subtracted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from kernel.errors import InvalidInput
from kernel.hookspecs.tax import TaxDate, Taxed

if TYPE_CHECKING:
    from kernel.context import CallContext

MOST_YEARS = 20


class Per(StrEnum):
    """How long a period of the report is."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class ReportLine(NamedTuple):
    """One tax of a region in a period, in minor units. `base` and `tax` are what is left after credit notes.

    A composite tax has a line for each of its parts, so bases may count twice.
    """

    period: str
    currency: str
    region: str | None
    code: str
    name: str
    percent: Decimal
    base: int
    tax: int
    credited_base: int
    credited_tax: int


class Report(NamedTuple):
    """Lines by period, currency, region and rate; `taxes` is the tax of each period, for each currency, none left out."""

    first_day: date
    last_day: date
    lines: Sequence[ReportLine]
    taxes: Mapping[str, Sequence[tuple[str, int]]]

    def total(self, currency: str) -> int:
        """The tax of all periods in a currency, in minor units."""
        return sum(tax for _, tax in self.taxes[currency])

    def credited(self, currency: str) -> int:
        """The tax that credit notes took back, in minor units."""
        return sum(line.credited_tax for line in self.lines if line.currency == currency)


def tax_report(ctx: CallContext, *, first_day: date | None = None, last_day: date | None = None, per: str = Per.MONTH,
               dated_by: str = TaxDate.TAX_POINT, region: str | None = None) -> Report:  # fmt: skip
    """What final documents were taxed from a day to a day (this year, if not said). Raises InvalidInput by field."""
    first = first_day or ctx.today().replace(month=1, day=1)
    last = last_day or first.replace(month=12, day=31)
    if not first <= last or last.year - first.year >= MOST_YEARS:
        raise InvalidInput(errors={"last_day": f"The last day comes after the first one, within {MOST_YEARS} years."})
    answers = ctx.hooks.collect_taxed(ctx=ctx, first_day=first, last_day=last, dated_by=TaxDate(dated_by))
    found = [one for answer in answers for one in answer if region is None or one.region == region]
    lines = add_up(found, Per(per))
    return Report(first, last, lines, _taxes(lines, periods(first, last, Per(per))))


def period_of(day: date, per: Per) -> str:
    """The period that a day lies in.

    >>> [period_of(date(2026, 5, 17), per) for per in Per]
    ['2026-05', '2026-Q2', '2026']
    """
    if per is Per.MONTH:
        return f"{day:%Y-%m}"
    return str(day.year) if per is Per.YEAR else f"{day.year}-Q{(day.month + 2) // 3}"


def periods(first: date, last: date, per: Per) -> list[str]:
    """Every period from a day to a day, in order.

    >>> periods(date(2025, 12, 31), date(2026, 4, 1), Per.QUARTER)
    ['2025-Q4', '2026-Q1', '2026-Q2']
    """
    months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return list(dict.fromkeys(period_of(date(month // 12, month % 12 + 1, 1), per) for month in months))


def add_up(found: Iterable[Taxed], per: Per) -> list[ReportLine]:
    """The sums of each tax in each period, in the order of the report.

    >>> march = Taxed(date(2026, 3, 1), "EUR", "DE", "S", "VAT", Decimal(19), 1000, 190, 200, 38)
    >>> [(one.period, one.base, one.tax) for one in add_up([march, march._replace(month=date(2026, 2, 1))], Per.QUARTER)]
    [('2026-Q1', 1600, 304)]
    """
    sums: dict[tuple[str, str, str | None, str, str, Decimal], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for one in found:
        key = (period_of(one.month, per), one.currency, one.region, one.code, one.name, one.percent)
        amounts = (one.base - one.credited_base, one.tax - one.credited_tax, one.credited_base, one.credited_tax)
        sums[key] = [before + amount for before, amount in zip(sums[key], amounts, strict=True)]
    lines = [ReportLine(*key, *amounts) for key, amounts in sums.items() if any(amounts)]
    return sorted(lines, key=lambda one: (one.period, one.currency, one.region or "~", -one.percent, one.name, one.code))


def _taxes(lines: Sequence[ReportLine], every: Sequence[str]) -> dict[str, list[tuple[str, int]]]:
    found: dict[str, dict[str, int]] = {}
    for line in lines:
        sums = found.setdefault(line.currency, dict.fromkeys(every, 0))
        sums[line.period] += line.tax
    return {currency: list(sums.items()) for currency, sums in sorted(found.items())}
