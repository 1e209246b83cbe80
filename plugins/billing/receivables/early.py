"""Discounts for early payment: what a client keeps back that pays in time, booked beside its payment.

It is booked as a discount, not as a credit note: the invoice has named the terms, and the law lowers the taxable amount by the
payment itself (Council Directive 2006/112/EC, Articles 79 and 90), without another document. So the share of the net amount goes
to the account `discount`, the share of each tax off what is owed to the tax office; a tenant whose discounts leave the taxed
amount as it is gives it on the net amount and leaves the tax. When the payment is taken back, so is the discount.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, cast, func, select

from kernel import audit
from kernel.hookspecs.papers import PaperEarly
from kernel.hookspecs.tax import DiscountRule
from kernel.ids import uuid7
from kernel.money import Rounding, as_ratio, round_ratio, spread
from plugins.billing.ledger import Booking, post_entries, reverse_entry
from plugins.billing.models import EarlyDiscount, Invoice, InvoiceTax, Payment, PaymentAllocation
from plugins.billing.settings import billing_settings
from plugins.billing.settling import settle

if TYPE_CHECKING:
    from kernel.context import CallContext


class Shares(NamedTuple):
    """What a discount takes off the net amount and off each tax: (position, base, tax)."""

    net: int
    taxes: list[tuple[int, int, int]]


def discount_of(invoice: Invoice, rule: DiscountRule, mode: Rounding) -> int:
    """What who pays an invoice early may keep back, in minor units: of what credit notes left of it."""
    if invoice.early_percent is None or not invoice.total:
        return 0
    whole = invoice.subtotal if rule is DiscountRule.IGNORE else invoice.total
    top, bottom = as_ratio(invoice.early_percent)
    return round_ratio(whole * (invoice.total - invoice.credited) * top, invoice.total * bottom * 100, mode)


def share_out(amount: int, subtotal: int, taxes: Sequence[InvoiceTax], rule: DiscountRule, mode: Rounding) -> Shares:
    """A discount shared out over net amount and taxes, by largest remainder; the parts add up to it."""
    total = subtotal + sum(one.tax for one in taxes)
    if rule is DiscountRule.IGNORE or not total:
        return Shares(amount, [])
    net, *parts = spread(amount, [amount * one for one in (subtotal, *(tax.tax for tax in taxes))], total)
    bases = [round_ratio(one.base * amount, total, mode) for one in taxes]
    return Shares(net, [(one.position, base, part) for one, base, part in zip(taxes, bases, parts, strict=True)])


def early_of(ctx: CallContext, invoice: Invoice) -> PaperEarly | None:
    """The discount that the terms of an invoice offer, as printed."""
    if invoice.early_percent is None or invoice.early_until is None or not (amount := _discount(ctx, invoice)):
        return None
    return PaperEarly(invoice.early_percent, invoice.early_until, amount)


def offered(ctx: CallContext, invoice: Invoice) -> int:
    """What may still be kept back of an open invoice today; 0 when the day is over or nothing is agreed."""
    in_time = invoice.early_until is not None and ctx.today() <= invoice.early_until
    if invoice.kind != "invoice" or not in_time or invoice.status == "void":
        return 0
    return min(_discount(ctx, invoice), invoice.total - invoice.settled)


def _discount(ctx: CallContext, invoice: Invoice) -> int:
    settings = billing_settings(ctx)
    return discount_of(invoice, settings["discount_rule"], settings["rounding_mode"])


def shares_less_discounts(ctx: CallContext, invoices: Sequence[Invoice], amount: int, day: date) -> list[tuple[UUID, int]]:
    """What of an amount received on a day is meant for each invoice, if it is just what those due first come to less their
    discounts; else nothing.
    """
    shares: list[tuple[UUID, int]] = []
    full = 0
    for invoice in sorted(invoices, key=lambda one: (one.due_date, one.id)):
        left = invoice.total - invoice.settled
        in_time = invoice.early_until is not None and day <= invoice.early_until
        kept = min(_discount(ctx, invoice), left) if in_time else 0
        shares, full = [*shares, (invoice.id, left - kept)], full + left
        paid = sum(share for _, share in shares)
        if paid >= amount:
            return [one for one in shares if one[1]] if paid == amount < full else []
    return []


def give_early_discounts(ctx: CallContext, payment: Payment, invoices: Sequence[Invoice]) -> None:
    """Settle the rest of invoices that a payment pays in time but for their discount. The caller holds the invoices."""
    for invoice in invoices:
        left = invoice.total - invoice.settled
        in_time = invoice.early_until is not None and payment.received_on <= invoice.early_until
        if left and in_time and left + _paid_late(ctx, invoice) <= _discount(ctx, invoice):
            _give(ctx, payment.id, payment, invoice, left)


def _paid_late(ctx: CallContext, invoice: Invoice) -> int:
    same = (Payment.tenant_id == PaymentAllocation.tenant_id) & (Payment.id == PaymentAllocation.payment_id)
    late = select(cast(func.sum(PaymentAllocation.amount), BigInteger)).join(Payment, same)
    return ctx.session.scalar(late.where(PaymentAllocation.invoice_id == invoice.id,
                                         Payment.received_on > invoice.early_until)) or 0  # fmt: skip


def _give(ctx: CallContext, payment_id: UUID, payment: Payment | EarlyDiscount, invoice: Invoice, amount: int) -> None:
    settings, row_id = billing_settings(ctx), uuid7()
    day = payment.received_on if isinstance(payment, Payment) else payment.given_on
    taxes = list(ctx.session.scalars(select(InvoiceTax).where(InvoiceTax.invoice_id == invoice.id).order_by(InvoiceTax.position)))
    shares = share_out(amount, invoice.subtotal, taxes, settings["discount_rule"], settings["rounding_mode"])
    [entry_id] = post_entries(ctx, [Booking(
        "early_discount", day, invoice.currency, invoice.client_id, row_id, f"Discount for early payment of {invoice.number}",
        {"discount": shares.net, "tax": amount - shares.net, "receivable": -amount},
    )])  # fmt: skip
    ctx.session.add(EarlyDiscount(id=row_id, invoice_id=invoice.id, payment_id=payment_id, amount=amount, net=shares.net,
                                  tax=amount - shares.net, tax_parts=shares.taxes, given_on=day, entry_id=entry_id))  # fmt: skip
    settle(ctx, invoice, amount)
    audit.record(ctx, "early_discount.given", kind="invoice", row_id=invoice.id, label=invoice.number, changes={"amount": amount})


def find_early_discount(ctx: CallContext, invoice_id: UUID) -> EarlyDiscount | None:
    """The discount that was given on an invoice and stands."""
    return next(iter(early_discounts(ctx, [invoice_id])), None)


def early_discounts(ctx: CallContext, invoice_ids: Sequence[UUID]) -> list[EarlyDiscount]:
    """The discounts that were given on invoices and stand."""
    live = EarlyDiscount.invoice_id.in_(invoice_ids), EarlyDiscount.taken_back_at.is_(None)
    return list(ctx.session.scalars(select(EarlyDiscount).where(*live).order_by(EarlyDiscount.id)))


def take_back_early_discount(ctx: CallContext, invoice: Invoice) -> EarlyDiscount | None:
    """Take back the discount of an invoice whose payment does not stand any more. The caller holds the invoice."""
    given = find_early_discount(ctx, invoice.id)
    if given is not None:
        reverse_entry(ctx, given.entry_id, f"Discount for early payment of {invoice.number} taken back")
        given.taken_back_at = ctx.now()
        settle(ctx, invoice, -given.amount)
        audit.record(ctx, "early_discount.taken_back", kind="invoice", row_id=invoice.id, label=invoice.number)
    return given


def lower_early_discount(ctx: CallContext, invoice: Invoice) -> None:
    """After a credit note: what is kept back is not more than the part of it that belongs to what is left of the invoice."""
    given = find_early_discount(ctx, invoice.id)
    if given is not None and (right := _discount(ctx, invoice)) < given.amount:
        take_back_early_discount(ctx, invoice)
        if right:
            _give(ctx, given.payment_id, given, invoice, right)
