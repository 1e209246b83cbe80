"""I1 and I2 right after a run: whoever was not parked is billed for every period and every approved thing there was.

Periods are counted here from their first one, day by day and month by month, without the engine's arithmetic.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import psycopg

from tests.audit.books import Row, bind, grouped

_DAYS = {"weekly": 7, "bi_weekly": 14}
_MONTHS = {"monthly": 1, "quarterly": 3, "semi_annual": 6, "annual": 12}
_FIRST = date(2024, 1, 1)
"""A Monday, a first of the month, of the quarter and of the year: the calendar's periods begin on it."""
_RECURRING = """
select l.*, c.client_id, c.name as contract, c.cadence, c.billed_until, c.start_on as contract_start, c.end_on as contract_end
from billing_contract_lines l join billing_contracts c on c.tenant_id = l.tenant_id and c.id = l.contract_id
join billing_run_clients r on r.tenant_id = l.tenant_id and r.client_id = c.client_id and r.run_id = %s
where c.status = 'active' and l.kind in ('fixed', 'product', 'license') and r.state in ('billed', 'nothing')
"""
_BILLED = "select source_id, period_key from billing_sources where live and source_kind = 'billing.contract_line'"
_LEFT = """
select 'time entry' as kind, t.id from timesheets_entries t
join billing_run_clients r on r.tenant_id = t.tenant_id and r.client_id = t.client_id and r.run_id = %(run)s
where r.state in ('billed', 'nothing') and t.state = 'approved' and t.minutes > 0 and t.invoice_id is null
  and t.worked_on < %(until)s
union all
select 'material', m.id from tickets_materials m
join billing_run_clients r on r.tenant_id = m.tenant_id and r.client_id = m.client_id and r.run_id = %(run)s
where r.state in ('billed', 'nothing') and m.invoice_id is null and m.used_on < %(until)s
"""


def check_complete(database: psycopg.Connection[Any], tenant_id: UUID, run_id: UUID) -> Iterator[str]:
    """To be asked before anything else changes: nothing that was due is left."""
    with database.transaction():
        bind(database, tenant_id)
        run = database.execute("select * from billing_runs where id = %s", [run_id]).fetchone()
        billed = grouped(database.execute(_BILLED), lambda row: row.source_id)
        lines = database.execute(_RECURRING, [run_id]).fetchall()
        left = database.execute(_LEFT, {"run": run_id, "until": run.window_end}).fetchall()
    for kind, row_id in left:
        yield f"I2 {kind} {row_id} was due before {run.window_end} and is not billed."
    for line in lines:
        for first, end in due_days(line, run.window_end):
            if not _covered(first, end, [row.period_key for row in billed[line.id]]):
                yield f"I1 {line.contract} / {line.name}: {first} to {end} was due before {run.window_end} and is not billed."


def _covered(first: date, end: date, keys: Iterable[str]) -> bool:
    """Whether billed periods, or parts of such, hold every day from the first up to, not including, the end."""
    for begins, ends in sorted(key.partition("+")[0].split("/") for key in keys):
        if date.fromisoformat(begins) <= first < date.fromisoformat(ends):
            first = date.fromisoformat(ends)
    return first >= end


def due_days(line: Row, until: date) -> Iterator[tuple[date, date]]:
    """The days of a recurring line that a run up to a day bills, by period."""
    first = max(line.contract_start, line.start_on or line.contract_start)
    if line.billed_until is not None:
        first = max(first, line.billed_until + timedelta(days=1))
    ends = [day + timedelta(days=1) for day in (line.contract_end, line.end_on) if day and day < date.max]
    end = min(ends, default=date.max)
    for start, after in _periods(line.cycle, _FIRST if line.cadence == "calendar" else line.contract_start, until, first):
        served_from, served_to = max(start, first), min(after, end)
        if served_from < served_to and (served_from < until if line.timing == "advance" else after <= until):
            yield served_from, served_to


def _periods(cycle: str, anchor: date, until: date, first: date) -> Iterator[tuple[date, date]]:
    """Every period that begins before a day, also those before the anchor, as far back as the first day."""
    at = 0
    while _boundary(cycle, anchor, at) > first:
        at -= 1
    while (start := _boundary(cycle, anchor, at)) < until:
        at += 1
        yield start, _boundary(cycle, anchor, at)


def _boundary(cycle: str, anchor: date, at: int) -> date:
    if cycle in _DAYS:
        return anchor + timedelta(days=_DAYS[cycle] * at)
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + _MONTHS[cycle] * at, 12)
    return date(year, month + 1, min(anchor.day, monthrange(year, month + 1)[1]))
