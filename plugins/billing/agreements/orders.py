"""Clients' orders: which number invoices must carry, what they authorize, and what is left of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from sqlalchemy import case, func, select

from kernel.api.listing import Page, paginate
from kernel.context import CallContext
from kernel.db import among
from kernel.directory.models import Client
from kernel.errors import DeskhandError, InvalidInput
from kernel.money import format_minor
from plugins.billing.agreements.errors import PoAmountExceeded, PoNumberMissing
from plugins.billing.models.contracts import Contract
from plugins.billing.models.invoices import Invoice

if TYPE_CHECKING:
    from plugins.billing.contracts.agreed import AgreedLine
    from plugins.billing.drafts import Assembled
    from plugins.billing.due.values import Found

Key = tuple[UUID, str, str]
"""An order: client, currency, number."""
_SORTABLE: Mapping[str, Any] = {
    "po_number": Contract.po_number,
    "client_name": Client.name_key,
    "updated_at": Contract.updated_at,
}


class Order(NamedTuple):
    """What an order authorizes, in minor units with tax; `parks` if what exceeds it is not billed."""

    contract_id: UUID
    authorized: int
    parks: bool


def refuse_other_amount(ctx: CallContext, contract: Contract) -> None:
    """Raise InvalidInput if another contract of the client says another amount for the same order."""
    if contract.po_amount is None:
        return
    other = ctx.session.scalar(select(Contract).where(
        Contract.client_id == contract.client_id, Contract.currency == contract.currency, Contract.id != contract.id,
        Contract.po_number == contract.po_number, Contract.po_amount != contract.po_amount,
    ).limit(1))  # fmt: skip
    if other is not None:
        words = f"{other.name} says {format_minor(other.po_amount or 0, other.currency)} for order {other.po_number}."
        raise InvalidInput(f"{words} An order has one amount.", errors={"po_amount": words})


def numbers_missing(lines: Iterable[AgreedLine], found: Iterable[Found]) -> dict[UUID, DeskhandError]:
    """The clients who owe something on a contract that must not be billed without an order number, and has none."""
    waiting = {one.contract.id: one.contract for one in lines if one.contract.po_required and not one.contract.po_number}
    problems: dict[UUID, DeskhandError] = {}
    for one in found if waiting else ():
        if contract := waiting.get(one.contract_id):
            problems[one.client_id] = PoNumberMissing(
                f"{contract.name} is billed under an order number only, and has none. Enter the client's order number.",
                mend_url=f"/contracts/{contract.id}/edit", contract_id=str(contract.id),
            )  # fmt: skip
    return problems


def exceeding_orders(ctx: CallContext, invoices: Sequence[Assembled]) -> dict[UUID, DeskhandError]:
    """The clients whose next invoice is more than is left of the order it is billed under, where contracts park that."""
    drafts = [one for one in invoices if one.draft.po_number and one.draft.kind == "invoice"]
    orders = _orders(ctx, {one.draft.client_id for one in drafts}) if drafts else {}
    used = invoiced(ctx, {client_id for client_id, *_ in orders}) if orders else {}
    problems: dict[UUID, DeskhandError] = {}
    for one in drafts:
        key = (one.draft.client_id, one.draft.currency, one.draft.po_number or "")
        order = orders.get(key)
        if order and order.parks and one.totals.total > order.authorized - used.get(key, 0):
            problems[one.draft.client_id] = _exceeded(key, order, used.get(key, 0), one.totals.total)
    return problems


def _exceeded(key: Key, order: Order, used: int, total: int) -> PoAmountExceeded:
    _, currency, number = key
    left = order.authorized - used
    shown = [format_minor(amount, currency) for amount in (total, left, order.authorized, used)]
    return PoAmountExceeded(
        "An invoice over {} exceeds the {} left of order {n} ({} authorized, {} invoiced)."
        " Enter the amount of the client's new order, or let the contract bill beyond it.".format(*shown, n=number),
        mend_url=f"/contracts/{order.contract_id}/edit", authorized=order.authorized, invoiced=used, remaining=left,
        total=total, currency=currency,
    )  # fmt: skip


def _orders(ctx: CallContext, client_ids: Iterable[UUID]) -> dict[Key, Order]:
    found = ctx.session.scalars(
        select(Contract)
        .where(among(Contract.client_id, sorted(client_ids)), Contract.po_amount.is_not(None), Contract.status == "active")
        .order_by(Contract.start_on, Contract.id)
    )  # fmt: skip
    orders: dict[Key, Order] = {}
    for one in found:
        key = (one.client_id, one.currency, one.po_number or "")
        parks = one.po_policy == "park" or (key in orders and orders[key].parks)
        orders[key] = Order(one.id, one.po_amount or 0, parks)
    return orders


def invoiced(ctx: CallContext, client_ids: Iterable[UUID]) -> dict[Key, int]:
    """What invoices (drafts too, void ones not) bill under each order number of clients, less what was credited."""
    rows = (
        select(Invoice.client_id, Invoice.currency, Invoice.po_number, func.sum(_used()))
        .where(among(Invoice.client_id, sorted(client_ids)), Invoice.po_number.is_not(None))
        .where(Invoice.kind != "prepayment", Invoice.credit_of_id.is_(None), Invoice.status != "void")
        .group_by(Invoice.client_id, Invoice.currency, Invoice.po_number)
    )
    return {(client_id, currency, number): int(amount) for client_id, currency, number, amount in ctx.session.execute(rows)}


def _used() -> Any:
    """What an invoice takes of an order; a credit note that a run wrote instead of one gives back."""
    return case((Invoice.kind == "credit_note", -Invoice.total), else_=Invoice.total - Invoice.credited)


def list_orders(ctx: CallContext, query: Mapping[str, Any]) -> Page:
    """One page of contracts under an order with an amount: what is authorized, invoiced and left."""
    rows: Any = select(
        Contract.id, Contract.name, Contract.client_id, Client.name.label("client_name"), Contract.po_number, Contract.currency,
        Contract.po_amount.label("authorized"), Contract.po_policy, Contract.updated_at,
    ).join(Client, (Client.tenant_id == Contract.tenant_id) & (Client.id == Contract.client_id))  # fmt: skip
    page = paginate(ctx, rows.where(Contract.po_amount.is_not(None)), query, sortable=_SORTABLE, default="client_name")
    used = invoiced(ctx, {row["client_id"] for row in page.items})
    return Page([row | standing(row, used) for row in page.items], page.next_cursor)


def standing(row: Mapping[str, Any], used: Mapping[Key, int]) -> dict[str, Any]:
    """How an order stands: `invoiced`, `remaining` (below zero: exceeded), and a word for it."""
    amount, authorized = used.get((row["client_id"], row["currency"], row["po_number"]), 0), row["authorized"]
    state = "exceeded" if amount > authorized else "nearly" if amount * 10 >= authorized * 9 else "open"
    return {"invoiced": amount, "remaining": authorized - amount, "state": state}


def order_of(ctx: CallContext, contract: Contract) -> dict[str, Any] | None:
    """How the order of one contract stands; None without an amount."""
    if contract.po_amount is None:
        return None
    row = {"client_id": contract.client_id, "currency": contract.currency, "po_number": contract.po_number,
           "authorized": contract.po_amount}  # fmt: skip
    return row | standing(row, invoiced(ctx, [contract.client_id]))
