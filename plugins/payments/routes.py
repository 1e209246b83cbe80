"""REST of online payments."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kernel.api.listing import Page
from kernel.api.rest import Rest
from kernel.context import CallContext
from plugins.payments import links, listing, mandates, refunding, schemas

rest = Rest("payments")


@rest.get("/online-payments", permission="online_payment.read", query=schemas.AttemptQuery, out=schemas.AttemptPage)
def list_attempts(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List online payments"""
    return listing.list_attempts(ctx, query)


@rest.post("/payment-links", permission="online_payment.manage", body=schemas.LinkIn, out=schemas.LinkOut)
def make_link(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Make an address at which invoices of one client are paid"""
    return {"url": links.make_link(ctx, body["invoice_ids"])}


@rest.post("/online-payments/<uuid:attempt_id>/refund", permission="online_payment.manage", body=schemas.RefundIn,
           out=schemas.RefundOut)  # fmt: skip
def ask_refund(ctx: CallContext, attempt_id: UUID, body: dict[str, Any]) -> Any:
    """Send money of an online payment back"""
    return refunding.ask_refund(ctx, attempt_id, **body)


@rest.get("/clients/<uuid:client_id>/payment-mandates", permission="online_payment.read", out=schemas.MandateList)
def list_mandates(ctx: CallContext, client_id: UUID) -> Any:
    """List a client's consents to automatic payments"""
    return {"items": mandates.list_mandates(ctx, client_id)}


@rest.post("/clients/<uuid:client_id>/payment-link", permission="online_payment.manage", out=schemas.LinkOut)
def make_setup_link(ctx: CallContext, client_id: UUID) -> Any:
    """Make an address at which a client agrees to automatic payments"""
    return {"url": links.make_setup_link(ctx, client_id)}


@rest.post("/payment-mandates/<uuid:mandate_id>/end", permission="online_payment.manage", out=schemas.MandateOut, status=200)
def end_mandate(ctx: CallContext, mandate_id: UUID) -> Any:
    """End a client's automatic payments"""
    return mandates.end_mandate(ctx, mandate_id)
