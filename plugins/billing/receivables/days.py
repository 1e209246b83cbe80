"""Days of payment: when an invoice is due, and until when it may be paid with a discount. Pure: no database, no clock."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta

from plugins.billing.periods import ONE_DAY, Period, add_months


def due_day(invoice_date: date, counted_from: str, days: int) -> date:
    """The last day on which an invoice is paid in time.

    >>> due_day(date(2026, 1, 31), "invoice_date", 14).isoformat(), due_day(date(2026, 2, 3), "month_end", 30).isoformat()
    ('2026-02-14', '2026-03-30')
    """
    first = month_end(invoice_date) if counted_from == "month_end" else invoice_date
    return first + timedelta(days=days)


def month_end(day: date) -> date:
    """The last day of a month.

    >>> month_end(date(2028, 2, 3)).isoformat()
    '2028-02-29'
    """
    return day.replace(day=monthrange(day.year, day.month)[1])


def late_months(due_date: date, grace_days: int, until: date) -> Iterator[tuple[Period, date]]:
    """The months for which an unpaid invoice is late, each with the day on which it is charged: its own first day, but
    never before the days of grace are over. Only months that are charged before `until`.

    >>> [(month.key, charged.isoformat()) for month, charged in late_months(date(2026, 1, 30), 10, date(2026, 3, 10))]
    [('2026-01-31/2026-02-28', '2026-02-10'), ('2026-02-28/2026-03-31', '2026-02-28')]
    """
    first, begun = due_date + ONE_DAY, 0
    pardoned = first + timedelta(days=grace_days)
    while (charged := max(add_months(first, begun), pardoned)) < until:
        yield Period(add_months(first, begun), add_months(first, begun + 1)), charged
        begun += 1
