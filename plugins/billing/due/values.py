"""What is due: invoices to be written, their lines, and where each line comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from kernel.errors import DeskhandError
from kernel.hookspecs.pricing import ItemFacts
from plugins.billing.errors import ChargesUnpriceable
from plugins.billing.periods import Period
from plugins.billing.pricing import Trace

CONTRACT_ITEM = "billing.contract_item"
USAGE = "billing.usage"
GOODS = ("product", "license")
"""Kinds of items and lines that are sold by the piece."""


class Source(NamedTuple):
    """What a line bills, once only: a row of some room, in one service period if it recurs (`period_key`), and how much
    of the line's amount is its own. The amounts of a line's sources add up to the line. `version` is that of the row as
    it was priced.
    """

    kind: str
    id: UUID
    period_key: str
    amount: int
    version: int = 0


@dataclass(slots=True)  # not frozen: that would cost a third more, ten thousand times a batch
class DueLine:
    """A line to be billed. `amount` in minor units; `unit_price` None where no single whole price made it.

    `kind` is fixed, hourly, usage, product or license; materials are products without a contract line.
    `tax_point` None means the invoice's date (advance).
    `order` places it on the invoice. `exemption` is the printed reason why this line alone is exempt from tax.
    """

    description: str
    item_id: UUID | None
    quantity: Decimal
    unit_price: int | None
    amount: int
    unit: str
    tax_category: str | None
    location_id: UUID | None
    contract_line_id: UUID | None
    kind: str
    service_period: Period | None
    tax_point: date | None
    trace: Trace
    sources: list[Source]
    order: tuple[int, int, date, int, str] = (0, 0, date.min, 0, "")
    exemption: str | None = None


class DueDiscount(NamedTuple):
    """What a contract takes off one line: `percent`, or `fixed` minor units, of the line at this position (from 1)."""

    description: str
    percent: Decimal | None
    fixed: int | None
    position: int


@dataclass(frozen=True, slots=True)
class DueInvoice:
    """What one client owes in one currency under one PO number, in the order of printing."""

    client_id: UUID
    currency: str
    po_number: str | None
    contract_ids: tuple[UUID, ...]
    lines: list[DueLine]
    discounts: tuple[DueDiscount, ...] = ()


@dataclass(frozen=True, slots=True)
class Due:
    """What can be billed, and for which clients something is in the way (nothing of theirs is among the invoices)."""

    invoices: list[DueInvoice]
    problems: dict[UUID, DeskhandError]


class Found(NamedTuple):
    """A line and the invoice it belongs to."""

    client_id: UUID
    currency: str
    po_number: str | None
    contract_id: UUID | None
    line: DueLine


class Named(NamedTuple):
    """A key of the pricing that messages can show."""

    at: int
    words: str
    item_id: UUID | None = None

    def __str__(self) -> str:
        return self.words


@dataclass(slots=True)
class Findings:
    """What the search has found so far."""

    lines: list[Found] = field(default_factory=list)
    refusals: dict[UUID, list[DeskhandError]] = field(default_factory=dict)

    def refuse(self, client_id: UUID, error: DeskhandError) -> None:
        """Note what is in the way of billing a client."""
        self.refusals.setdefault(client_id, []).append(error)

    def refuse_all(self, errors: Mapping[UUID, DeskhandError]) -> None:
        """Note what is in the way of billing some clients."""
        for client_id, error in errors.items():
            self.refuse(client_id, error)

    def due(self) -> Due:
        """Clients with something in the way are parked whole; the others' lines become invoices, sorted."""
        problems = {client_id: _one(self.refusals[client_id]) for client_id in sorted(self.refusals)}
        refused = {one.int for one in problems}
        return Due(list(_invoices([one for one in self.lines if one.client_id.int not in refused])), problems)


def _one(errors: list[DeskhandError]) -> DeskhandError:
    """One error stays itself; several are told together, each with its code."""
    if len(errors) == 1:
        return errors[0]
    return ChargesUnpriceable(
        " ".join(dict.fromkeys(error.detail for error in errors)),
        problems=[{"code": error.code, "detail": error.detail, **error.extra} for error in errors],
    )


def _invoices(lines: list[Found]) -> Iterator[DueInvoice]:
    groups: dict[tuple[int, str, str], list[Found]] = {}
    for one in lines:
        groups.setdefault((one.client_id.int, one.currency, one.po_number or ""), []).append(one)
    for (_, currency, po_number), found in sorted(groups.items()):
        contracts = {one.contract_id.int: one.contract_id for one in found if one.contract_id}
        printed = sorted([one.line for one in found], key=_PLACE)
        yield DueInvoice(
            found[0].client_id, currency, po_number or None, tuple([contracts[one] for one in sorted(contracts)]), printed
        )


_PLACE = attrgetter("order")


def tax_category_of(facts: ItemFacts | None) -> str | None:
    """The item's tax category; what names no item is taxed at the standard rate."""
    return "standard" if facts is None else facts.tax_category


def whole_price(price: int | Decimal | None) -> int | None:
    """A unit price as a line shows it, if it is a whole number of minor units."""
    if price is None or type(price) is int:
        return price
    return int(price) if price == int(price) else None
