"""What was open of each invoice on any day, from the ledger: the entries that moved its receivable, with the days they count.

An invoice's own entry says what is owed; allocations of payments, applications of credits and discounts for early payment name
the invoice and the entry by which they were booked. Together they are the account `receivable`, entry by entry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, Select, Subquery, cast, func, literal, select, union_all
from sqlalchemy.orm import aliased

from kernel.db import among
from plugins.billing.models import CreditApplication, EarlyDiscount, Invoice, LedgerEntry, PaymentAllocation, Posting

if TYPE_CHECKING:
    from kernel.context import CallContext


class Movement(NamedTuple):
    """An amount (minor units) that an invoice's open amount went up or down by on a day."""

    booked_on: date
    amount: int


@cache
def movements() -> Subquery:
    """Every movement of every invoice's receivable: `tenant_id`, `invoice_id`, `entry_id`, `booked_on`, `amount`."""
    return union_all(_own(), _allocated(), *_taken(CreditApplication), *_taken(EarlyDiscount)).subquery("movements")


def _own() -> Select[Any]:
    """Invoices and prepayments, and the reversals of their entries."""
    posted = (Posting.tenant_id == LedgerEntry.tenant_id) & (Posting.entry_id == LedgerEntry.id)
    invoice = (Invoice.tenant_id == LedgerEntry.tenant_id) & (Invoice.id == LedgerEntry.source_id)
    return (
        select(LedgerEntry.tenant_id, Invoice.id.label("invoice_id"), LedgerEntry.id.label("entry_id"), LedgerEntry.booked_on,
               Posting.amount)
        .join(Posting, posted).join(Invoice, invoice).where(Posting.account == "receivable")
    )  # fmt: skip


def _allocated() -> Select[Any]:
    """Payments; what of them was taken back or refunded is an allocation below zero."""
    entry = (LedgerEntry.tenant_id == PaymentAllocation.tenant_id) & (LedgerEntry.id == PaymentAllocation.entry_id)
    return select(PaymentAllocation.tenant_id, PaymentAllocation.invoice_id, PaymentAllocation.entry_id, LedgerEntry.booked_on,
                  (-PaymentAllocation.amount).label("amount")).join(LedgerEntry, entry)  # fmt: skip


def _taken(table: type[CreditApplication] | type[EarlyDiscount]) -> tuple[Select[Any], Select[Any]]:
    """What settled an invoice beside money, and what of that was reversed."""
    entry = (LedgerEntry.tenant_id == table.tenant_id) & (LedgerEntry.id == table.entry_id)
    back = aliased(LedgerEntry)
    reversal = (back.tenant_id == table.tenant_id) & (back.reverses_id == table.entry_id)
    return (
        select(table.tenant_id, table.invoice_id, table.entry_id, LedgerEntry.booked_on, (-table.amount).label("amount"))
        .join(LedgerEntry, entry),
        select(table.tenant_id, table.invoice_id, back.id.label("entry_id"), back.booked_on, table.amount).join(back, reversal),
    )  # fmt: skip


def read_movements(ctx: CallContext, invoice_ids: Sequence[UUID]) -> dict[UUID, list[Movement]]:
    """The movements of some invoices, in the order of days."""
    every = movements()
    found: dict[UUID, list[Movement]] = {one: [] for one in invoice_ids}
    rows = select(every.c.invoice_id, every.c.booked_on, every.c.amount).where(among(every.c.invoice_id, invoice_ids))
    for invoice_id, booked_on, amount in ctx.session.execute(rows.order_by(every.c.booked_on, every.c.entry_id)):
        found[invoice_id].append(Movement(booked_on, amount))
    return found


def open_on(found: Sequence[Movement], day: date) -> int:
    """What was open at the end of a day.

    >>> paid = [Movement(date(2026, 1, 1), 100), Movement(date(2026, 2, 1), -60)]
    >>> open_on(paid, date(2026, 1, 31)), open_on(paid, date(2026, 2, 1))
    (100, 40)
    """
    return sum(one.amount for one in found if one.booked_on <= day)


def open_items(ctx: CallContext, on: date, client_id: UUID | None = None) -> list[Mapping[str, Any]]:
    """The invoices that were not paid in full at the end of a day: `invoice_id`, `client_id`, `number`, `currency`,
    `invoice_date`, `due_date`, `total`, `open_amount`; those due first come first.
    """
    every = movements()
    here = (Invoice.tenant_id == every.c.tenant_id) & (Invoice.id == every.c.invoice_id)
    left = cast(func.sum(every.c.amount), BigInteger)
    wanted = (
        select(Invoice.id.label("invoice_id"), Invoice.client_id, Invoice.number, Invoice.currency, Invoice.invoice_date,
               Invoice.due_date, Invoice.total, left.label("open_amount"))
        .join(every, here).where(every.c.booked_on <= on).group_by(Invoice.tenant_id, Invoice.id).having(left != literal(0))
        .order_by(Invoice.due_date, Invoice.number)
    )  # fmt: skip
    if client_id is not None:
        wanted = wanted.where(Invoice.client_id == client_id)
    return [dict(row) for row in ctx.session.execute(wanted).mappings()]
