"""Which work and usage draws from which bucket, and in which period of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple
from uuid import UUID

from kernel.hookspecs.charging import Charge
from plugins.billing.buckets.pools import Pool, UsedBefore
from plugins.billing.burn import ZERO, Allowance, carried_over, weighted
from plugins.billing.due.values import USAGE, Findings
from plugins.billing.errors import BucketAmbiguous
from plugins.billing.models.contracts import UsageEntry
from plugins.billing.periods import ONE_DAY, Period
from plugins.billing.service_periods import ServicePeriod, due_periods

LATE = "+"
"""What came to light after the last period was billed is billed under that period's key, this mark and a number."""


class Draw(NamedTuple):
    """A time entry or usage record that draws `weight` minutes or units from a bucket."""

    kind: str
    id: UUID
    version: int
    item_id: UUID | None
    on: date
    weight: Decimal
    amount: Decimal
    words: str
    detail: Mapping[str, Any]


@dataclass(slots=True)
class Statement:
    """What was drawn from a bucket in one period; `before` is what was billed of it already."""

    bucket: Pool
    period: ServicePeriod
    key: str
    allowance: Allowance
    before: Decimal = ZERO
    draws: list[Draw] = field(default_factory=list)

    @property
    def drawn(self) -> Decimal:
        """All that was drawn, in minutes or units, less what corrections of usage take away."""
        return self.before + sum((one.weight for one in self.draws), ZERO)

    @property
    def used(self) -> Decimal:
        """What was drawn as it is billed: nothing at the least."""
        return max(self.drawn, ZERO)

    @property
    def tells(self) -> bool:
        """True if it stands on an invoice: something was drawn, or its period costs a fee."""
        return bool(self.draws) or (self.bucket.has_fee and LATE not in self.key)

    @property
    def beyond(self) -> Decimal:
        """What is to be billed as overage."""
        return self.allowance.beyond(self.used) - self.allowance.beyond(self.before)


@dataclass(slots=True)
class Drawn:
    """The statements of periods that are over, and what draws from no bucket."""

    statements: list[Statement]
    charges: list[Charge]
    entries: list[UsageEntry]


class Pools:
    """Finds the bucket that work or usage draws from."""

    def __init__(self, buckets: Iterable[Pool]) -> None:
        self.by_line: dict[UUID, Pool] = {}
        self.by_client: defaultdict[tuple[UUID, str], list[Pool]] = defaultdict(list)
        for bucket in buckets:
            self.by_line[bucket.agreed.line.id] = bucket
            self.by_client[bucket.agreed.contract.client_id, bucket.terms.unit].append(bucket)

    def find(self, client_id: UUID, unit: str, item_id: UUID | None, on: date, line_id: UUID | None) -> Pool | None:
        """The bucket of the line it was booked on, if that holds the service; booked on another line, none. Else the one in
        force that day which names the service, else the one that covers all. Raises BucketAmbiguous if there are several.
        """
        if line_id is not None:
            booked = self.by_line.get(line_id)
            fits = booked and booked.agreed.contract.client_id == client_id and booked.terms.unit == unit
            return booked if booked and fits and booked.terms.holds(item_id) else None
        in_force = [one for one in self.by_client.get((client_id, unit), ()) if one.agreed.agreement.active.contains(on)]
        chosen = [one for one in in_force if item_id in one.terms.members] or [one for one in in_force if one.terms.covers_all]
        if len(chosen) > 1:
            raise _ambiguous(chosen, on)
        return chosen[0] if chosen else None


def _ambiguous(chosen: Sequence[Pool], on: date) -> BucketAmbiguous:
    names = " and ".join(one.agreed.words for one in chosen)
    return BucketAmbiguous(
        f"Work of {on.isoformat()} could draw from {names}. Take the service off one of them, or book the work on a line.",
        contract_line_ids=[str(one.agreed.line.id) for one in chosen],
    )


class Statements:
    """The statements of one bucket, opened before what draws is given to them. `until` is the end of the days billed."""

    def __init__(self, bucket: Pool, used: Mapping[str, Decimal], until: date) -> None:
        self.bucket, self.used, self.until = bucket, used, bucket.agreed.agreement.held(until)
        due = due_periods(bucket.agreed.agreement, advance=False, prorate=False, until=until, billed=used)
        self.open = [Statement(bucket, one, one.period.key, Allowance(bucket.terms.counted)) for one in due]

    def of_day(self, on: date) -> Statement | None:
        """The first open one that ends after a day: what comes to light late counts in the next. None while it is not over."""
        for statement in self.open:
            if on < statement.period.period.end:
                return statement
        return self._late()

    def _late(self) -> Statement | None:
        """When no period follows any more, the last one takes it; is that billed, it is billed once again for the rest."""
        terms = self.bucket.agreed.agreement
        if terms.active.end == date.max:
            return None
        last = terms.schedule.period_containing(terms.active.end - ONE_DAY)
        if last.end > self.until:
            return None
        if self.open:
            return self.open[-1]
        billed = [amount for key, amount in self.used.items() if key.partition(LATE)[0] == last.key]
        whole, before = ServicePeriod(last, last, None), max(billed, default=ZERO)
        late = Statement(self.bucket, whole, f"{last.key}{LATE}{len(billed)}", Allowance(self.bucket.terms.counted), before)
        self.open.append(late)
        return late

    def settle(self) -> list[Statement]:
        """Carry corrections on, and what the period before left, oldest first."""
        self._carry_corrections()
        for statement in self.open:
            if self.bucket.terms.rollover:
                statement.allowance = Allowance(self.bucket.terms.counted, self._carried(statement.period.period))
        return self.open

    def _carry_corrections(self) -> None:
        """Where corrections take away more than a period drew, all of it counts in the next one, as on lines of usage; until
        that is over it waits. In the last period of all there is nothing below nothing.
        """
        ends = self.bucket.agreed.agreement.active.end
        for at, statement in enumerate(self.open):
            if statement.drawn < ZERO and statement.period.period.end < ends:
                for later in self.open[at + 1 : at + 2]:
                    later.draws[:0] = statement.draws
                statement.draws = []

    def _carried(self, period: Period) -> Decimal:
        owed = self.bucket.agreed.agreement.owed
        if period.start <= owed.start:
            return ZERO
        before = self.bucket.agreed.agreement.schedule.period_containing(period.start - ONE_DAY)
        drawn = [one.used for one in self.open if one.period.period == before]
        drawn += [amount for key, amount in self.used.items() if key.partition(LATE)[0] == before.key]
        return carried_over(self.bucket.terms.counted, max(drawn, default=ZERO))


def draw_down(
    buckets: Mapping[UUID, Pool], used: UsedBefore, until: Mapping[UUID, date], charges: Iterable[Charge],
    entries: Iterable[UsageEntry], findings: Findings,
) -> Drawn:  # fmt: skip
    """Give each charge and usage record to the bucket that it draws from; `until`, by line, is the end of the days billed."""
    pools = Pools(buckets.values())
    statements = {line_id: Statements(one, used.get(line_id, {}), until[line_id]) for line_id, one in buckets.items()}
    left = Drawn([], [], [])
    for charge in charges:
        with _refusing(findings, charge.client_id):
            bucket = _bucket_of_charge(pools, charge)
            if bucket is None:
                left.charges.append(charge)
            elif statement := statements[bucket.agreed.line.id].of_day(charge.on_date):
                statement.draws.append(_draw_of_charge(bucket, charge))
    for entry in entries:
        with _refusing(findings, entry.client_id):
            bucket = pools.find(entry.client_id, "each", entry.item_id, entry.used_on, entry.contract_line_id)
            if bucket is None:
                left.entries.append(entry)
            elif statement := statements[bucket.agreed.line.id].of_day(entry.used_on):
                statement.draws.append(_draw_of_entry(bucket, entry))
    left.statements = [each for one in statements.values() for each in one.settle()]
    return left


@contextmanager
def _refusing(findings: Findings, client_id: UUID) -> Iterator[None]:
    try:
        yield
    except BucketAmbiguous as error:
        findings.refuse(client_id, error)


def _bucket_of_charge(pools: Pools, charge: Charge) -> Pool | None:
    """Pieces draw from no bucket, nor does time that has a rate of its own: that was agreed for it alone."""
    if charge.unit != "hour" or charge.unit_price is not None:
        return None
    return pools.find(charge.client_id, "hour", charge.item_id, charge.on_date, charge.contract_line_id)


def _draw_of_charge(bucket: Pool, charge: Charge) -> Draw:
    minutes = charge.quantity * 60 if charge.minutes is None else Decimal(charge.minutes)
    inside: Fraction | int = 1
    if bucket.hours and charge.started_at and charge.ended_at:
        inside = bucket.hours.inside(charge.started_at, charge.ended_at)
    weight = weighted(minutes, bucket.terms.multiplier(charge.item_id), bucket.terms.after_hours, inside)
    return Draw(charge.source_kind, charge.source_id, charge.version, charge.item_id, charge.on_date, weight, minutes,
                charge.description, charge.detail)  # fmt: skip


def _draw_of_entry(bucket: Pool, entry: UsageEntry) -> Draw:
    weight = weighted(entry.quantity, bucket.terms.multiplier(entry.item_id))
    return Draw(USAGE, entry.id, entry.version, entry.item_id, entry.used_on, weight, entry.quantity, entry.note, {})
