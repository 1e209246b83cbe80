"""Applying credits to invoices, by hand and at finalizing, and taking an application back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select

from kernel import audit, events
from kernel.db import among
from kernel.ids import uuid7
from kernel.money import format_minor
from plugins.billing.credits.moving import lock_credits, move_credit, said_of
from plugins.billing.credits.rules import Rule, in_order, rules_of
from plugins.billing.errors import ApplicationNotFound, ApplicationReversed, CreditExpired, CreditTooLarge, PrepaymentNeedsMoney
from plugins.billing.ledger import Booking, post_entries, reverse_entry
from plugins.billing.models import Credit, CreditApplication, Invoice
from plugins.billing.settling import lock_all, lock_payable, settle

if TYPE_CHECKING:
    from kernel.context import CallContext


def apply_credit(ctx: CallContext, invoice_id: UUID, credit_id: UUID, amount: int | None = None) -> CreditApplication:
    """Pay an invoice, or part of it, from a credit of the same client and currency; by default as much as both allow.

    Raises CreditNotFound, InvoiceNotFinal, InvoiceVoid, PrepaymentNeedsMoney, CreditExpired and CreditTooLarge.
    """
    [invoice] = lock_payable(ctx, [invoice_id])
    [credit] = lock_credits(ctx, [credit_id])
    _check(ctx, invoice, credit)
    most = min(credit.remaining, invoice.total - invoice.settled)
    wanted = most if amount is None else amount
    if not 0 < wanted <= most:
        raise CreditTooLarge(errors={"amount": f"At most {format_minor(most, credit.currency)} can be applied."})
    return _apply(ctx, invoice, credit, wanted)


def _check(ctx: CallContext, invoice: Invoice, credit: Credit) -> None:
    if invoice.kind == "prepayment":
        raise PrepaymentNeedsMoney(f"{invoice.number} asks for money in advance; a credit would only become another one.")
    if credit.client_id != invoice.client_id or credit.currency != invoice.currency:
        raise CreditTooLarge("A credit pays invoices of its own client and currency only.",
                             errors={"credit_id": "Choose a credit of the same client and currency."})  # fmt: skip
    check_not_expired(ctx, credit)


def check_not_expired(ctx: CallContext, credit: Credit) -> None:
    """Raise CreditExpired where a credit's last day is over, whether or not the night's work has been done yet."""
    if credit.remaining and credit.expires_on is not None and credit.expires_on < ctx.today():
        raise CreditExpired(f"This credit could be used until {credit.expires_on}. Give it a later day first.")


def _apply(ctx: CallContext, invoice: Invoice, credit: Credit, amount: int) -> CreditApplication:
    application_id = uuid7()
    [entry_id] = post_entries(ctx, [Booking("credit_applied", ctx.today(), invoice.currency, invoice.client_id,
                                            application_id, f"Credit applied to {invoice.number}",
                                            {"credit": amount, "receivable": -amount})])  # fmt: skip
    application = CreditApplication(id=application_id, credit_id=credit.id, invoice_id=invoice.id, amount=amount,
                                    applied_on=ctx.today(), entry_id=entry_id, applied_at=ctx.now())  # fmt: skip
    ctx.session.add(application)
    move_credit(ctx, credit, "applied", -amount, entry_id, invoice_id=invoice.id)
    settle(ctx, invoice, amount)
    audit.record(ctx, "credit.applied", kind="invoice", row_id=invoice.id, label=invoice.number, changes={"amount": amount})
    events.publish(ctx, "credit.applied", {**said_of(credit), "invoice_id": invoice.id, "amount": amount})
    return application


def apply_credits(ctx: CallContext, invoice_id: UUID) -> list[CreditApplication]:
    """Pay what is open of an invoice from the client's credits, in the order that its rules say.

    Raises InvoiceNotFinal, InvoiceVoid and PrepaymentNeedsMoney; no credit at all is no error.
    """
    [invoice] = lock_payable(ctx, [invoice_id])
    if invoice.kind == "prepayment":
        raise PrepaymentNeedsMoney(f"{invoice.number} asks for money in advance; a credit would only become another one.")
    found = ctx.session.scalars(
        select(Credit).where(_usable(ctx), Credit.client_id == invoice.client_id, Credit.currency == invoice.currency)
        .order_by(Credit.id).with_for_update(), execution_options={"populate_existing": True},
    )  # fmt: skip
    return _apply_in_order(ctx, invoice, list(found), rules_of(ctx, [invoice.client_id])[invoice.client_id])


def _usable(ctx: CallContext) -> ColumnElement[bool]:
    return (Credit.remaining > 0) & or_(Credit.expires_on.is_(None), Credit.expires_on >= ctx.today())


def _apply_in_order(ctx: CallContext, invoice: Invoice, credits: Sequence[Credit], rule: Rule) -> list[CreditApplication]:
    done = []
    for credit in in_order(credits, rule.apply_order):
        amount = min(credit.remaining, invoice.total - invoice.settled)
        if amount > 0:
            done.append(_apply(ctx, invoice, credit, amount))
    return done


def hold_automatic(ctx: CallContext, drafts: Sequence[Invoice]) -> dict[tuple[UUID, str], list[Credit]]:
    """The credits that will pay these drafts by themselves, by client and currency; held before any series is."""
    clients = {one.client_id for one in drafts if one.kind == "invoice" and one.total}
    wanted = select(Credit.client_id).where(_usable(ctx), among(Credit.client_id, clients)).distinct()
    owners = list(ctx.session.scalars(wanted)) if clients else []
    willing = [client_id for client_id, rule in rules_of(ctx, owners).items() if rule.auto_apply] if owners else []
    held: dict[tuple[UUID, str], list[Credit]] = {}
    if willing:
        rows = select(Credit).where(_usable(ctx), among(Credit.client_id, willing)).order_by(Credit.id).with_for_update()
        for credit in ctx.session.scalars(rows, execution_options={"populate_existing": True}):
            held.setdefault((credit.client_id, credit.currency), []).append(credit)
    return held


def apply_held(ctx: CallContext, invoices: Sequence[Invoice], held: dict[tuple[UUID, str], list[Credit]]) -> None:
    """Pay invoices that have just become final from the credits held for them, the earlier invoices first."""
    if not held:
        return
    rules = rules_of(ctx, [client_id for client_id, _ in held])
    for invoice in invoices:
        credits = held.get((invoice.client_id, invoice.currency), [])
        if credits and invoice.kind == "invoice":
            _apply_in_order(ctx, invoice, credits, rules[invoice.client_id])


def reverse_application(ctx: CallContext, application_id: UUID) -> CreditApplication:
    """Take a credit back from an invoice: the credit has exactly as much more as was applied, and so much is open again.

    A credit whose last day is over ends again by the night's work, unless it is given a later day. Raises
    ApplicationNotFound and ApplicationReversed.
    """
    known = ctx.session.scalar(select(CreditApplication).where(CreditApplication.id == application_id))
    if known is None:
        raise ApplicationNotFound("There is no application of a credit with this id.")
    [invoice] = lock_all(ctx, [known.invoice_id])
    lock_credits(ctx, [known.credit_id])
    ctx.session.refresh(known)
    if known.reversed_at is not None:
        raise ApplicationReversed("This credit was taken back from the invoice before.")
    _reverse(ctx, invoice, known)
    return known


def reverse_applications(ctx: CallContext, invoice: Invoice) -> int:
    """Take back every credit that paid an invoice; returns the sum. The caller holds the invoice."""
    live = CreditApplication.invoice_id == invoice.id, CreditApplication.reversed_at.is_(None)
    found = list(ctx.session.scalars(select(CreditApplication).where(*live).order_by(CreditApplication.id)))
    lock_credits(ctx, [one.credit_id for one in found])
    for one in found:
        _reverse(ctx, invoice, one)
    return sum(one.amount for one in found)


def _reverse(ctx: CallContext, invoice: Invoice, application: CreditApplication) -> None:
    credit = ctx.session.scalars(select(Credit).where(Credit.id == application.credit_id)).one()
    entry_id = reverse_entry(ctx, application.entry_id, f"Credit taken back from {invoice.number}")
    application.reversed_at, application.reversal_entry_id = ctx.now(), entry_id
    credit.expired_at = None
    move_credit(ctx, credit, "unapplied", application.amount, entry_id, invoice_id=invoice.id)
    settle(ctx, invoice, -application.amount)
    audit.record(ctx, "credit.unapplied", kind="invoice", row_id=invoice.id, label=invoice.number,
                 changes={"amount": application.amount})  # fmt: skip
    events.publish(ctx, "credit.unapplied", {**said_of(credit), "invoice_id": invoice.id, "amount": application.amount})


def list_applications(ctx: CallContext, invoice_id: UUID) -> list[CreditApplication]:
    """The credits that paid an invoice, oldest first, those taken back too."""
    mine = select(CreditApplication).where(CreditApplication.invoice_id == invoice_id).order_by(CreditApplication.id)
    return list(ctx.session.scalars(mine))


def usable_credits(ctx: CallContext, invoice: Invoice) -> list[Credit]:
    """The credits that could pay this invoice, in the order that the client's rules say."""
    mine = Credit.client_id == invoice.client_id, Credit.currency == invoice.currency
    found = list(ctx.session.scalars(select(Credit).where(_usable(ctx), *mine)))
    return in_order(found, rules_of(ctx, [invoice.client_id])[invoice.client_id].apply_order) if found else []
