"""What a company's books hold: rows with ids, versions and times, and what was deleted."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from quickbooks_fake import faults
from quickbooks_fake.clock import Clock, stamp
from quickbooks_fake.wire import Entity

KINDS = ("Account", "Customer", "Item", "Term", "TaxCode", "TaxRate", "Invoice", "CreditMemo", "Payment", "Estimate")


@dataclass(frozen=True, slots=True)
class Told:
    """Something that happened, as webhooks tell it."""

    kind: str
    row_id: str
    operation: str
    at: str


@dataclass(slots=True)
class Books:
    """The rows of one company. What is asked for is copied, so that nobody changes the books by chance. `tax_by_region` says
    which tax code automated sales tax finds for a state that is shipped to; no code where nothing is owed there.
    """

    clock: Clock
    country: str = "US"
    home_currency: str = "USD"
    multi_currency: bool = False
    automated_tax: bool = False
    takes_tax_override: bool = True
    tax_by_region: dict[str, str] = field(default_factory=dict)
    closed_until: date | None = None
    tables: dict[str, dict[str, Entity]] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    deleted: dict[str, dict[str, str]] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    happened: list[Told] = field(default_factory=list)
    _last_id: int = 0

    def find(self, kind: str, row_id: str) -> Entity | None:
        """A row as it stands in the books."""
        return self.tables[kind].get(row_id)

    def need(self, kind: str, row_id: str) -> Entity:
        """A row that has to be there. Raises Fault 610."""
        row = self.find(kind, row_id)
        if row is None:
            raise faults.not_found()
        return row

    def refer(self, kind: str, row_id: str) -> Entity:
        """An active row that another one names. Raises Fault 2500 or 610."""
        row = self.find(kind, row_id)
        if row is None:
            raise faults.unknown_reference(kind, row_id)
        if not row.get("Active", True):
            raise faults.not_found()
        return row

    def rows(self, kind: str) -> Iterator[Entity]:
        """All rows of a kind, in the order of their ids."""
        return iter(list(self.tables[kind].values()))

    def add(self, kind: str, row: Entity, row_id: str | None = None) -> Entity:
        """Put a new row into the books."""
        self._last_id += 1
        now = stamp(self.clock.now())
        row |= {"domain": "QBO", "sparse": False, "Id": row_id or str(self._last_id), "SyncToken": "0",
                "MetaData": {"CreateTime": now, "LastUpdatedTime": now}}  # fmt: skip
        self.tables[kind][row["Id"]] = row
        self.tell(kind, row["Id"], "created")
        return row

    def touch(self, kind: str, row: Entity, operation: str = "updated") -> None:
        """Note that a row changed: it has a new version."""
        row["SyncToken"] = str(int(row["SyncToken"]) + 1)
        row["MetaData"] = row["MetaData"] | {"LastUpdatedTime": stamp(self.clock.now())}
        self.tables[kind][row["Id"]] = row
        self.tell(kind, row["Id"], operation)

    def remove(self, kind: str, row_id: str) -> None:
        """Take a row out; change data capture remembers it."""
        del self.tables[kind][row_id]
        self.deleted[kind][row_id] = stamp(self.clock.now())
        self.tell(kind, row_id, "deleted")

    def tell(self, kind: str, row_id: str, operation: str) -> None:
        """Note something for the webhooks."""
        self.happened.append(Told(kind, row_id, operation, stamp(self.clock.now())))

    def check_open(self, *days: str | None) -> None:
        """Refuse days of a closed period. Raises Fault 6210."""
        if self.closed_until and any(day and date.fromisoformat(day[:10]) <= self.closed_until for day in days):
            raise faults.closed_books()

    def today(self) -> str:
        """The day that transactions without one are of."""
        return stamp(self.clock.now())[:10]


def shown(row: Entity) -> Entity:
    """A row as answers show it: without what is nothing."""
    return copy.deepcopy({name: value for name, value in row.items() if value is not None})


def check_version(row: Entity, body: Entity) -> None:
    """Refuse a change of what somebody else changed meanwhile. Raises Fault 2020 or 5010."""
    if body.get("SyncToken") in (None, ""):
        raise faults.missing("SyncToken")
    if str(body["SyncToken"]) != row["SyncToken"]:
        raise faults.stale()


def check_length(body: Entity, **most: int) -> None:
    """Refuse text that is too long. Raises Fault 2010 or 2050."""
    for name, length in most.items():
        value = body.get(name)
        if value is not None and not isinstance(value, str):
            raise faults.unreadable(name, value)
        if value and len(value) > length:
            raise faults.wrong_length(name, length, len(value))


def check_day(body: Entity, name: str) -> None:
    """Refuse what is no day. Raises Fault 2010."""
    if value := body.get(name):
        try:
            date.fromisoformat(str(value)[:10])
        except ValueError as error:
            raise faults.unreadable(name, value) from error


def merged(old: Entity, body: Entity) -> Entity:
    """A row as an update leaves it: a sparse one changes what it names, a full one takes away what it does not."""
    fixed = {name: old[name] for name in ("Id", "SyncToken", "MetaData", "domain")}
    sparse = body.get("sparse") in (True, "true", "True")
    kept = {name: value for name, value in body.items() if name not in fixed and name != "sparse"}
    return (old | kept if sparse else kept) | fixed | {"sparse": False}
