"""What an invoice shall hold, before it is reckoned and written. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from kernel.hookspecs.tax import TaxResult
from plugins.billing.assembly import Discount, Discounted, DiscountKind, Line, Scope, Totals
from plugins.billing.due.values import DueInvoice, DueLine
from plugins.billing.receivables.terms import Agreed


class DraftDiscount(NamedTuple):
    """A discount asked for: `percent` (0 to 100) or `fixed` (minor units), of one line, of an item's lines, or of all."""

    description: str
    percent: Decimal | None = None
    fixed: int | None = None
    line_position: int | None = None
    item_id: UUID | None = None

    def as_discount(self, key: str) -> Discount:
        """The discount as it is reckoned."""
        kind = DiscountKind.FIXED if self.percent is None else DiscountKind.PERCENTAGE
        value = (self.fixed or 0) if self.percent is None else self.percent
        if self.line_position is not None:
            return Discount(key, kind, value, Scope.LINE, str(self.line_position))
        if self.item_id is not None:
            return Discount(key, kind, value, Scope.ITEM, self.item_id)
        return Discount(key, kind, value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An invoice or credit note to be written. `invoice_id` and `line_ids` are set when what exists is reckoned anew;
    `credited_line_ids` are the lines that a credit note takes back.
    """

    client_id: UUID
    currency: str
    invoice_date: date
    due_date: date
    lines: list[DueLine]
    discounts: tuple[DraftDiscount, ...] = ()
    po_number: str | None = None
    notes: str = ""
    origin: str = "manual"
    contract_ids: tuple[UUID, ...] = ()
    run_id: UUID | None = None
    idempotency_key: str | None = None
    line_ids: tuple[UUID, ...] = ()
    kind: str = "invoice"
    credit_of_id: UUID | None = None
    credited_line_ids: tuple[UUID | None, ...] = ()
    terms_id: UUID | None = None
    early_percent: Decimal | None = None
    early_until: date | None = None
    invoice_id: UUID | None = None

    @classmethod
    def of_due(cls, due: DueInvoice, *, invoice_date: date, agreed: Agreed, run_id: UUID | None) -> Draft:
        """The invoice for what a client owes, by its terms."""
        return cls(client_id=due.client_id, currency=due.currency, po_number=due.po_number, lines=due.lines, origin="run",
                   contract_ids=due.contract_ids, invoice_date=invoice_date, run_id=run_id,
                   discounts=tuple(DraftDiscount(*one) for one in due.discounts), **agreed._asdict())  # fmt: skip

    def reckoned_lines(self) -> list[Line]:
        """The lines as discounts and taxes take them, each with its position as key."""
        return [
            Line(str(position), line.amount, line.item_id, line.contract_line_id, line.tax_category, None, line.location_id,
                 line.exemption)
            for position, line in enumerate(self.lines, 1)
        ]  # fmt: skip


class Assembled(NamedTuple):
    """A draft with its discounts, taxes and totals; `tax_dates` is the tax point of each tax group."""

    draft: Draft
    discounted: Discounted
    taxes: TaxResult
    tax_dates: tuple[date, ...]
    totals: Totals


class Written(NamedTuple):
    """An invoice that was written."""

    id: UUID
    number: str
    client_id: UUID
    currency: str
    subtotal: int
    tax: int
    total: int


def manual_line(*, description: str, quantity: Decimal, unit_price: int, amount: int, trace: dict[str, Any],
                item_id: UUID | None = None, unit: str = "each", tax_category: str | None = "standard",
                location_id: UUID | None = None, kind: str = "manual", exemption: str | None = None) -> DueLine:  # fmt: skip
    """A line written by hand, of a `kind` product, license or manual; it bills no source, belongs to no service period."""
    return DueLine(description, item_id, quantity, unit_price, amount, unit, tax_category, location_id, None, kind,
                   None, None, trace, [], exemption=exemption)  # fmt: skip
