"""REST of money for invoices: payments, refunds, prepayments, going back to a draft; and the ledger."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kernel.api.listing import Page
from kernel.api.rest import Rest
from kernel.context import CallContext
from kernel.directory.clients import get_client
from plugins.billing import invoices, ledger, listing, payments, prepayments, refunds, reopening
from plugins.billing.credits import applying
from plugins.billing.credits import schemas as credit_schemas
from plugins.billing.models import Payment
from plugins.billing.routes import shown
from plugins.billing.schemas import money as schemas
from plugins.billing.schemas.invoices import InvoiceOut, VoidIn

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
    payment = payments.record_payment(ctx, invoice_id, **body)
    return {**told(ctx, payment), "invoice_id": invoice_id}


@rest.get("/payments", permission="invoice.read", query=schemas.PaymentQuery, out=schemas.PaymentPage)
def list_all_payments(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List the payments of clients"""
    return listing.list_payments(ctx, query)


@rest.post("/payments", permission="invoice.pay", body=schemas.ClientPaymentIn, out=schemas.PaymentTold)
def record_client_payment(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Record a payment of a client for several invoices; the rest becomes a credit"""
    rows = body.pop("allocations")
    allocations = None if rows is None else [payments.Allocation(one["invoice_id"], one["amount"]) for one in rows]
    return told(ctx, payments.record_client_payment(ctx, body.pop("client_id"), allocations=allocations, **body))


@rest.get("/payments/<uuid:payment_id>", permission="invoice.read", out=schemas.PaymentTold)
def get_payment(ctx: CallContext, payment_id: UUID) -> Any:
    """Read a payment with what each invoice has of it"""
    return told(ctx, payments.get_payment(ctx, payment_id))


def told(ctx: CallContext, payment: Payment) -> dict[str, Any]:
    """A payment with its allocations."""
    row = {name: getattr(payment, name) for name in schemas.PaymentTold().fields if name not in ("client_name", "allocations")}
    shares = [{"invoice_id": one, "amount": amount} for one, amount in payments.shares_of(ctx, payment.id).items()]
    return {**row, "client_name": get_client(ctx, payment.client_id).name, "allocations": shares}


@rest.post("/payments/<uuid:payment_id>/take-back", permission="invoice.pay", out=schemas.PaymentTold, status=200)
def take_back_payment(ctx: CallContext, payment_id: UUID) -> Any:
    """Take back a payment that was entered by mistake or bounced"""
    return told(ctx, payments.take_back_payment(ctx, payment_id))


@rest.post("/payments/<uuid:payment_id>/refund", permission="invoice.pay", body=credit_schemas.RefundIn,
           out=credit_schemas.RefundOut)  # fmt: skip
def refund_payment(ctx: CallContext, payment_id: UUID, body: dict[str, Any]) -> Any:
    """Pay a client back what it paid, or part of it"""
    return refunds.refund_payment(ctx, payment_id, **body)


@rest.get("/refunds/<uuid:refund_id>", permission="invoice.read", out=credit_schemas.RefundOut)
def get_refund(ctx: CallContext, refund_id: UUID) -> Any:
    """Read a refund"""
    return refunds.get_refund(ctx, refund_id)


@rest.post("/refunds/<uuid:refund_id>/take-back", permission="invoice.pay", out=credit_schemas.RefundOut, status=200)
def take_back_refund(ctx: CallContext, refund_id: UUID) -> Any:
    """Take back a refund that came back or was entered by mistake; that of a credit needs credit.manage as well"""
    return refunds.take_back_refund(ctx, refund_id)


@rest.post("/prepayments", permission="invoice.create", body=schemas.PrepaymentIn, out=InvoiceOut)
def create_prepayment(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Draft a prepayment: what is paid for it becomes a credit"""
    return shown(ctx, prepayments.create_prepayment(ctx, **body))


@rest.post(f"{_INVOICE}/unfinalize", permission="invoice.void", out=InvoiceOut, status=200)
def unfinalize_invoice(ctx: CallContext, invoice_id: UUID) -> Any:
    """Make the last invoice of its series a draft again"""
    return shown(ctx, reopening.unfinalize_invoice(ctx, invoice_id))


@rest.post(f"{_INVOICE}/void-and-copy", permission="invoice.void", body=VoidIn, out=InvoiceOut)
def void_and_copy(ctx: CallContext, invoice_id: UUID, body: dict[str, Any]) -> Any:
    """Void an invoice and go on with a draft of the same lines"""
    return shown(ctx, reopening.void_and_copy(ctx, invoice_id, body["reason"]))


@rest.post(f"{_INVOICE}/apply-credit", permission="invoice.credit", body=schemas.ApplyIn, out=credit_schemas.ApplicationOut)
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
