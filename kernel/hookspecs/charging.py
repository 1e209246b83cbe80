"""What is owed: rooms offer charges to a billing run, and mark them when they are on an invoice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from kernel.hookspecs import hookspec

if TYPE_CHECKING:
    from kernel.context import CallContext


class ChargeWindow(NamedTuple):
    """Half-open business dates [start, end) in the tenant's zone. Whatever is older and unbilled is owed as well. With
    `at_hand` nothing will be billed of the answers: who would have to ask somebody outside gives none.
    """

    start: date
    end: date
    at_hand: bool = False


class Charge(NamedTuple):
    """One thing owed. `quantity` is hours when `unit` is `hour` (then `minutes` says it exactly), else pieces.

    `unit_price` in minor units of `currency`; None lets the client's contract, then the catalog, price it.
    `role` is the worker's role, for rates by role; `contract_line_id` the contract line it was booked on, if any.
    `version` comes back when it is settled, so that its owner sees whether what was billed is still what there is.
    `worker_id` is who did it, `started_at` and `ended_at` (aware instants) when: for overtime, and for work after hours.
    """

    client_id: UUID
    source_kind: str
    source_id: UUID
    item_id: UUID | None
    description: str
    quantity: Decimal
    unit: str
    on_date: date
    unit_price: int | None = None
    currency: str | None = None
    location_id: UUID | None = None
    role: str | None = None
    minutes: int | None = None
    contract_line_id: UUID | None = None
    detail: Mapping[str, Any] = {}
    version: int = 0
    worker_id: UUID | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None


class Settled(NamedTuple):
    """A charge that now stands on an invoice line; `version` is that of the charge when it was collected, 0: as it is now."""

    source_kind: str
    source_id: UUID
    invoice_id: UUID
    line_id: UUID
    version: int = 0


@dataclass(frozen=True, slots=True, order=True)
class Waiting:
    """Work that a switched-off room would bill."""

    plugin: str
    count: int
    words: str


@dataclass(frozen=True, slots=True)
class Unapproved:
    """Billable work of a client that waits for approval: how many entries, and their minutes where it is time."""

    client_id: UUID
    count: int
    minutes: int = 0


@dataclass(frozen=True, slots=True)
class Unbilled:
    """Billable work of one month (its first day) that no invoice bills: `kind` time, material or usage; `ready` when it needs
    no approval any more; `minutes` where it is time.
    """

    month: date
    kind: str
    count: int
    ready: bool = True
    minutes: int = 0


@hookspec
def collect_charges(ctx: CallContext, window: ChargeWindow, clients: Sequence[UUID]) -> Sequence[Charge]:
    """Collect: give every unbilled charge dated before `window.end` of these clients. Any plugin; once per batch of clients.

    Example: `[Charge(client, "timesheets.entry", id, item, "Fix printer", Decimal("1.5"), "hour", date(2026, 7, 3))]`.
    """


@hookspec
def settle_charges(ctx: CallContext, settled: Sequence[Settled]) -> None:
    """Take part: mark your sources as billed by one UPDATE of unbilled rows of that version, whose count must match, else
    raise. Owners of the source kinds; once per batch, in the invoice's transaction.
    """


@hookspec
def release_charges(ctx: CallContext, settled: Sequence[Settled]) -> None:
    """Take part: mark your sources as unbilled again, when an invoice is deleted or voided. Owners of the source kinds, those
    that are switched off as well.
    """


@hookspec
def count_waiting(ctx: CallContext, window: ChargeWindow) -> Waiting | None:
    """Collect: say how much unbilled work you hold. Any plugin; asked of switched-off plugins too, once per preview or run.

    Example: `Waiting("timesheets", 14, "14 approved time entries")`.
    """


@hookspec
def collect_unapproved(ctx: CallContext, window: ChargeWindow, clients: Sequence[UUID]) -> Sequence[Unapproved]:
    """Collect: say how much billable work before `window.end` these clients have that waits for approval, and so is not among
    the charges. Any plugin; once per batch of clients.

    Example: `[Unapproved(client, 3, 270)]`.
    """


@hookspec
def count_unbilled(ctx: CallContext, until: date) -> Sequence[Unbilled]:
    """Collect: count the billable work before a day that stands on no invoice, by month. Any plugin; once per overview.

    Example: `[Unbilled(date(2026, 7, 1), "time", 14, True, 1260), Unbilled(date(2026, 7, 1), "time", 2, False, 90)]`.
    """
