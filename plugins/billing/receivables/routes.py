"""REST of terms of payment, of how clients pay, and of invoices in dispute."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kernel.api.rest import Rest
from kernel.context import CallContext
from plugins.billing.receivables import payers, schemas, terms

rest = Rest("billing")
_TERMS = "/payment-terms/<uuid:terms_id>"
_PAYER = "/payers/<uuid:client_id>"
_HOLD = "/invoices/<uuid:invoice_id>/hold"


@rest.get("/payment-terms", permission="invoice.read", out=schemas.TermsList)
def list_terms(ctx: CallContext) -> Any:
    """List the terms of payment"""
    return {"items": terms.list_terms(ctx)}


@rest.post("/payment-terms", permission="receivables.manage", body=schemas.TermsIn, out=schemas.TermsOut)
def add_terms(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Add terms of payment"""
    return terms.add_terms(ctx, **body)


@rest.get(_TERMS, permission="invoice.read", out=schemas.TermsOut)
def get_terms(ctx: CallContext, terms_id: UUID) -> Any:
    """Read terms of payment"""
    return terms.get_terms(ctx, terms_id)


@rest.patch(_TERMS, permission="receivables.manage", body=schemas.TermsPatch, out=schemas.TermsOut, if_match=True)
def change_terms(ctx: CallContext, terms_id: UUID, body: dict[str, Any], version: int | None) -> Any:
    """Change terms of payment; invoices written by them stay as they are"""
    return terms.change_terms(ctx, terms_id, body, version)


@rest.post(f"{_TERMS}/make-default", permission="receivables.manage", out=schemas.TermsOut, status=200)
def make_default(ctx: CallContext, terms_id: UUID) -> Any:
    """Make these the terms of every client that has none of its own"""
    return terms.make_default(ctx, terms_id)


@rest.delete(_TERMS, permission="receivables.manage")
def delete_terms(ctx: CallContext, terms_id: UUID) -> None:
    """Remove terms that nobody has"""
    terms.delete_terms(ctx, terms_id)


@rest.get(_PAYER, permission="invoice.read", out=schemas.PayerOut)
def get_payer(ctx: CallContext, client_id: UUID) -> Any:
    """How a client pays"""
    return payers.get_payer(ctx, client_id)


@rest.patch(_PAYER, permission="receivables.manage", body=schemas.PayerIn, out=schemas.PayerOut, if_match=True)
def change_payer(ctx: CallContext, client_id: UUID, body: dict[str, Any], version: int | None) -> Any:
    """Say how a client pays: terms, reminders, late fees"""
    return payers.change_payer(ctx, client_id, body, version)


@rest.post(_HOLD, permission="receivables.manage", body=schemas.HoldIn, out=schemas.HoldOut, status=200)
def hold_invoice(ctx: CallContext, invoice_id: UUID, body: dict[str, Any]) -> Any:
    """Hold an invoice that the client disputes: no reminders, no late fees"""
    return payers.hold_invoice(ctx, invoice_id, body["reason"])


@rest.delete(_HOLD, permission="receivables.manage")
def release_invoice(ctx: CallContext, invoice_id: UUID) -> None:
    """Let reminders and late fees of an invoice go on"""
    payers.release_invoice(ctx, invoice_id)
