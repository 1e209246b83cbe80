"""Books of companies as an outside service keeps them: request ids are honoured, versions asked for, mishaps come to order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from kernel.errors import Unavailable
from kernel.hookspecs.accounting import (
    Change,
    Changes,
    Choice,
    Company,
    Document,
    Done,
    External,
    Failed,
    KeptLine,
    Money,
    NewCustomer,
    NewItem,
    Theirs,
    Voiding,
)
from kernel.hookspecs.connections import Access, ConsentWithdrawn


@dataclass
class Entry:
    """Something in the books."""

    kind: str
    external: External
    value: Any
    voided: bool = False


@dataclass
class Books:
    """One company. `told` is what it says has changed, `forgot` that this is not all. `mishaps` are raised by the next
    calls that put something, before it is kept or `after`, or ask what changed.
    """

    id: str = "4711"
    name: str = "Acme MSP Inc."
    entries: dict[str, Entry] = field(default_factory=dict)
    requests: dict[str, Done] = field(default_factory=dict)
    items: dict[str, str] = field(default_factory=lambda: {"S1": "Services"})
    mishaps: list[tuple[str, Exception]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=lambda: {"fresh"})
    calls: list[tuple[str, int]] = field(default_factory=list)
    told: list[Change] = field(default_factory=list)
    forgot: bool = False
    theirs: dict[str, list[Theirs]] = field(default_factory=dict)
    strange: set[str] = field(default_factory=set)
    """Numbers that the room's code fails on before it sends them, and references whose answers it does not understand."""

    def of(self, kind: str) -> list[Entry]:
        return [one for one in self.entries.values() if one.kind == kind]


WORLD: dict[str, Books] = {}
"""The companies of the service, by id."""


class BooksGateway:
    """The port onto one company."""

    def __init__(self, access: Access) -> None:
        self.books, self.token = WORLD[access.account_id], access.token

    def company(self) -> Company:
        self._admit()
        return Company(self.books.id, self.books.name, "EUR")

    def choices(self, kind: str) -> Sequence[Choice]:
        if kind == "item":
            return [Choice(one, name) for one, name in self.books.items.items()]
        if kind == "tax":
            return [Choice("20", "VAT 20 %"), Choice("0", "No VAT")]
        if kind == "client":
            return [Choice(one.external.id, one.external.name) for one in self.books.of("client")]
        return []

    def theirs(self, kind: str) -> Sequence[Theirs]:
        return self.books.theirs[kind]

    def put_customers(self, customers: Sequence[NewCustomer]) -> Sequence[Done | Failed]:
        return self._put("client", customers)

    def put_items(self, items: Sequence[NewItem]) -> Sequence[Done | Failed]:
        return self._put("item", items)

    def put_documents(self, documents: Sequence[Document]) -> Sequence[Done | Failed]:
        return self._put("", documents)

    def put_money(self, money: Sequence[Money]) -> Sequence[Done | Failed]:
        return self._put("payment", money)

    def void(self, voidings: Sequence[Voiding]) -> Sequence[Done | Failed]:
        self._begin("void", len(voidings))
        answers: list[Done | Failed] = []
        for one in voidings:
            entry = self.books.entries.get(one.external.id)
            if entry is None:
                answers.append(Failed("gone", "Not there."))
            elif entry.external.version != one.external.version and not entry.voided:
                answers.append(Failed("stale", "Changed meanwhile."))
            else:
                entry.voided = True
                entry.external = entry.external._replace(version=str(int(entry.external.version) + 1))
                answers.append(Done(entry.external))
        self._end()
        return answers

    def changes(self, since: datetime, kinds: Sequence[str]) -> Changes:
        self._admit()
        self._mishap("before")
        return Changes(since, self.books.told, complete=not self.books.forgot)

    def read(self, kind: str, ids: Sequence[str]) -> Sequence[Change]:
        found = {one: self._change(self.books.entries[one]) for one in ids if one in self.books.entries}
        noted = {one.external.id: one for one in self.books.told if one.kind == kind and not one.deleted}
        return [(noted | found)[one] for one in ids if one in noted or one in found]

    def find(self, kind: str, numbers: Sequence[str]) -> Sequence[Change]:
        self.books.calls.append(("find", len(numbers)))
        return [self._change(one) for one in self.books.of(kind) if one.value.number in numbers]

    def _change(self, one: Entry) -> Change:
        value = one.value
        total = value.amount if one.kind == "payment" else value.total
        return Change(one.kind, one.external, datetime(2026, 10, 1, tzinfo=UTC), value.customer,
                      getattr(value, "number", ""), value.currency, None, total, getattr(value, "tax", 0), total,
                      voided=one.voided, lines=_kept(value))  # fmt: skip

    def _put(self, kind: str, values: Sequence[Any]) -> Sequence[Done | Failed]:
        self._begin(kind or "document", len(values))
        if self.books.strange & {getattr(one, "number", "") for one in values}:
            raise KeyError("DocNumber")
        answers = [self._keep(kind or one.kind, one) for one in values]
        if self.books.strange & {getattr(one, "reference", "") for one in values}:
            raise KeyError("TxnDate")
        self._end()
        return answers

    def _keep(self, kind: str, value: Any) -> Done | Failed:
        books = self.books
        if value.request_id in books.requests:
            return books.requests[value.request_id]
        external = getattr(value, "external", None)
        number = getattr(value, "number", None)
        if external is not None:
            if books.entries[external.id].external.version != external.version:
                return Failed("stale", "Changed meanwhile.")
            kept = External(external.id, str(int(external.version) + 1))
        elif number and any(one.value.number == number for one in books.of(kind)):
            return Failed("duplicate_number", f"{number} is there.")
        elif "refuse" in getattr(value, "memo", ""):
            return Failed("refused", "The memo is not liked.")
        else:
            kept = External(str(100 + len(books.entries)), "0", getattr(value, "name", "") or number or "")
        books.entries[kept.id] = Entry(kind, kept, value)
        if kind == "item":
            books.items[kept.id] = value.name
        books.requests[value.request_id] = Done(kept, getattr(value, "total", None), getattr(value, "tax", None), _kept(value))
        return books.requests[value.request_id]

    def _admit(self) -> None:
        if self.token not in self.books.tokens:
            raise ConsentWithdrawn("The token is refused.")

    def _begin(self, what: str, count: int) -> None:
        self._admit()
        self.books.calls.append((what, count))
        self._mishap("before")

    def _end(self) -> None:
        self._mishap("after")

    def _mishap(self, when: str) -> None:
        if self.books.mishaps and self.books.mishaps[0][0] == when:
            raise self.books.mishaps.pop(0)[1]


def _kept(value: Any) -> tuple[KeptLine, ...]:
    return tuple(KeptLine(one.item, one.quantity, one.net, one.description) for one in getattr(value, "lines", ()))


def outage() -> Exception:
    """The service does not answer."""
    return Unavailable("The books do not answer.")
