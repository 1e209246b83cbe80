"""REST of payments, credits and the ledger."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kernel.api.listing import Page
from kernel.api.rest import Rest
from kernel.context import CallContext
from plugins.billing import invoices, ledger, listing, payments
from plugins.billing.credits import applying
from plugins.billing.schemas import money as schemas

rest = Rest("billing")
_INVOICE = "/invoices/<uuid:invoice_id>"


@rest.get(f"{_INVOICE}/payments", permission="invoice.read", out=schemas.PaymentList)
def list_payments(ctx: CallContext, invoice_id: UUID) -> Any:
    """List the payments of an invoice"""
    invoices.get_invoice(ctx, invoice_id)
    return {"items": payments.list_payments(ctx, invoice_id)}


@rest.post(f"{_INVOICE}/payments", permission="invoice.pay", body=schemas.PaymentIn, out=schemas.PaymentOut)
def record_payment(ctx: CallContext, invoice_id: UUID, body: dict[str, Any]) -> Any:
    """Record a payment; what exceeds the invoice becomes a credit"""
    return payments.record_payment(ctx, invoice_id, **body)


@rest.post("/payments/<uuid:payment_id>/take-back", permission="invoice.pay", out=schemas.PaymentOut, status=200)
def take_back_payment(ctx: CallContext, payment_id: UUID) -> Any:
    """Take back a payment that was entered by mistake or bounced"""
    return payments.take_back_payment(ctx, payment_id)


@rest.get("/credits", permission="invoice.read", query=schemas.CreditQuery, out=schemas.CreditPage)
def list_credits(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List customer credits"""
    return listing.list_credits(ctx, query)


@rest.post(f"{_INVOICE}/apply-credit", permission="invoice.credit", body=schemas.ApplyIn, out=schemas.ApplicationOut)
def apply_credit(ctx: CallContext, invoice_id: UUID, body: dict[str, Any]) -> Any:
    """Pay an invoice from a credit"""
    return applying.apply_credit(ctx, invoice_id, **body)


@rest.get("/ledger/trial-balance", permission="ledger.read", query=schemas.UntilQuery, out=schemas.BalanceList)
def get_trial_balance(ctx: CallContext, query: dict[str, Any]) -> Any:
    """Debits, credits and balance of each account and currency"""
    return {"items": ledger.trial_balance(ctx, **query)}


@rest.get("/ledger/entries", permission="ledger.read", query=schemas.EntryQuery, out=schemas.EntryPage)
def list_entries(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List the journal"""
    return ledger.list_entries(ctx, query)
