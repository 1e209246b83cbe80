"""I1 and I2 right after a run: whoever was not parked is billed for every period and every approved thing there was.

Periods are found here by walking from day to day, as the slow reference does, without the engine's arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import psycopg

from tests.audit.books import Row, bind, grouped
from tests.plugins.billing.reference.days import DAY, Days, anchor_of

_FIRST = date(2024, 1, 1)
"""A Monday, a first of the month, of the quarter and of the year: the calendar's periods begin on it."""
_MONTHLY = {"starts": None, "cycle": "monthly", "weekday": 1, "month": 1, "day": 1, "reference": None}
_LINES = """
select l.*, c.client_id, c.name as contract, c.cadence, c.billed_until, c.start_on as contract_start, c.end_on as contract_end,
  l.kind <> 'bucket' or l.price is not null or exists(select from billing_contract_items i where i.line_id = l.id) as costs
from billing_contract_lines l join billing_contracts c on c.tenant_id = l.tenant_id and c.id = l.contract_id
join billing_run_clients r on r.tenant_id = l.tenant_id and r.client_id = c.client_id and r.run_id = %s
where c.status = 'active' and r.state in ('billed', 'nothing')
"""
_RECURRING = ("fixed", "product", "license", "bucket")
_CYCLES = "select * from billing_client_cycles order by client_id, starts_on nulls first"
_BILLED = "select source_id, period_key from billing_sources where live and source_kind = 'billing.contract_line'"
_DRAWN = """
select s.source_id, split_part(s.period_key, '+', 1) as period_key from billing_sources s
join billing_invoices i on i.tenant_id = s.tenant_id and i.id = s.invoice_id
where s.live and s.source_kind = 'billing.bucket' and i.run_id is distinct from %s
"""
_LEFT = """
select 'time entry' as kind, t.id, t.client_id, t.worked_on as day from timesheets_entries t
join billing_run_clients r on r.tenant_id = t.tenant_id and r.client_id = t.client_id and r.run_id = %(run)s
where r.state in ('billed', 'nothing') and t.state = 'approved' and t.minutes > 0 and t.invoice_id is null
  and t.worked_on < %(until)s
union all
select 'material', m.id, null, m.used_on from tickets_materials m
join billing_run_clients r on r.tenant_id = m.tenant_id and r.client_id = m.client_id and r.run_id = %(run)s
where r.state in ('billed', 'nothing') and m.invoice_id is null and m.used_on < %(until)s
"""


def check_complete(database: psycopg.Connection[Any], tenant_id: UUID, run_id: UUID) -> Iterator[str]:
    """To be asked before anything else changes: nothing that was due is left."""
    with database.transaction():
        bind(database, tenant_id)
        run = database.execute("select * from billing_runs where id = %s", [run_id]).fetchone()
        billed = grouped(database.execute(_BILLED), lambda row: row.source_id)
        cycles = grouped(database.execute(_CYCLES), lambda row: row.client_id)
        drawn = grouped(database.execute(_DRAWN, [run_id]), lambda row: row.source_id)
        lines = [
            Timed(row, cycles[row.client_id], run.window_end, frozenset(one.period_key for one in drawn[row.id]))
            for row in database.execute(_LINES, [run_id]).fetchall()
        ]
        left = database.execute(_LEFT, {"run": run_id, "until": run.window_end}).fetchall()
    for kind, row_id, client_id, day in left:
        if not any(one.row.client_id == client_id and one.waits(day) for one in lines):
            yield f"I2 {kind} {row_id} was due before {run.window_end} and is not billed."
    for one in lines:
        line = one.row
        for first, end in one.due() if line.kind in _RECURRING and line.costs else ():
            open_day = _first_open_day(first, end, [row.period_key for row in billed[line.id]])
            if open_day is not None and open_day < one.held(line.timing):
                yield f"I1 {line.contract} / {line.name}: {first} to {end} was due before {run.window_end} and is not billed."


def _first_open_day(first: date, end: date, keys: Iterable[str]) -> date | None:
    """The first of these days (without the end) that no billed period holds. Where a change of cycle leaves the rest of a
    period, months that were paid for come first: in advance the rest is due on its own first day.
    """
    for begins, ends in sorted(key.partition("+")[0].split("/") for key in keys):
        if date.fromisoformat(begins) <= first < date.fromisoformat(ends):
            first = date.fromisoformat(ends)
    return first if first < end else None


class Timed:
    """A contract line with its periods, and those in which its client is billed where it has a cycle of its own."""

    def __init__(self, row: Row, cycles: Sequence[Row], until: date, drawn: frozenset[str]) -> None:
        self.row, self.until, self.drawn = row, until, drawn
        rules = [{name: getattr(one, name) for name in ("cycle", "weekday", "month", "day")}
                 | {"starts": one.starts_on, "reference": one.reference_on} for one in cycles] or [_MONTHLY]  # fmt: skip
        self.windows: Days | None = None
        if row.cadence == "client":
            self.days = Days([(one["starts"] or date.min, row.cycle, anchor_of(one, row.cycle)) for one in rules])
            self.windows = Days([(one["starts"] or date.min, one["cycle"], anchor_of(one, one["cycle"])) for one in rules])
        else:
            self.days = Days([(date.min, row.cycle, _FIRST if row.cadence == "calendar" else row.contract_start)])

    def held(self, timing: str) -> date:
        """Up to which day the run bills it."""
        if self.windows is None:
            return self.until
        start, end = self.windows.period(self.until - DAY)
        return end if timing == "advance" or end == self.until else start

    def end(self) -> date:
        """The day after the line's last."""
        ends = (self.row.contract_end, self.row.end_on)
        return min((day + DAY for day in ends if day and day < date.max), default=date.max)

    def due(self) -> Iterator[tuple[date, date]]:
        """The days of a recurring line that the run bills, by period."""
        line, until = self.row, self.held(self.row.timing)
        first = max(line.contract_start, line.start_on or line.contract_start)
        if line.billed_until is not None:
            first = max(first, line.billed_until + timedelta(days=1))
        end, day = self.end(), first
        while day < min(end, until):
            start, after = self.days.period(day)
            if line.timing == "advance" or after <= until:
                yield max(start, first), min(after, end)
            day = after

    def waits(self, day: date) -> bool:
        """Whether work of a day may be billed by a later run: the client is not billed so far yet, or a bucket's period is
        not over. The latter takes with it what came to light when its own period, and each until now, was billed before.
        """
        if self.row.kind not in ("hourly", "bucket"):
            return False
        held = self.held("arrears")
        start, end = self.days.period(held - DAY)
        if self.row.kind == "hourly" or end == held:
            return day >= held
        return day >= start or (start < self.end() and self._was_billed(day, start))

    def _was_billed(self, day: date, until: date) -> bool:
        while day < until:
            start, end = self.days.period(day)
            if f"{start}/{end}" not in self.drawn:
                return False
            day = end
        return True
