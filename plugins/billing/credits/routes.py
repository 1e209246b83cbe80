"""REST of credits: given, moved, ended, checked."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kernel.api.listing import Page
from kernel.api.rest import Rest
from kernel.context import CallContext
from kernel.directory.clients import get_client
from plugins.billing import refunds
from plugins.billing.credits import applying, checking, giving, listing, rules, schemas
from plugins.billing.invoices import get_invoice
from plugins.billing.models import Credit

rest = Rest("billing")
_CREDIT = "/credits/<uuid:credit_id>"
_FINDING = "/credit-findings/<uuid:finding_id>"


def told(ctx: CallContext, credit: Credit) -> dict[str, Any]:
    """A credit with its history."""
    row = {name: getattr(credit, name) for name in schemas.CreditOut().fields if name not in ("client_name", "state")}
    return {**row, "client_name": get_client(ctx, credit.client_id).name, "state": listing.state_of(credit, ctx.today()),
            "movements": giving.list_movements(ctx, credit.id)}  # fmt: skip


@rest.get("/credits", permission="invoice.read", query=schemas.CreditQuery, out=schemas.CreditPage)
def list_credits(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List customer credits"""
    return listing.list_credits(ctx, query)


@rest.get(_CREDIT, permission="invoice.read", out=schemas.CreditTold)
def get_credit(ctx: CallContext, credit_id: UUID) -> Any:
    """Read a credit with its history"""
    return told(ctx, giving.get_credit(ctx, credit_id))


@rest.post("/credits", permission="credit.manage", body=schemas.GrantIn, out=schemas.CreditTold)
def grant_credit(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Grant a client a credit out of goodwill"""
    return told(ctx, giving.grant_credit(ctx, **body))


@rest.patch(_CREDIT, permission="credit.manage", body=schemas.ExpiryPatch, out=schemas.CreditTold, if_match=True)
def change_expiry(ctx: CallContext, credit_id: UUID, body: dict[str, Any], version: int | None) -> Any:
    """Set the last day of a credit, or that it never ends"""
    return told(ctx, giving.change_expiry(ctx, credit_id, version=version, **body))


@rest.post(f"{_CREDIT}/transfer", permission="credit.manage", body=schemas.TransferIn, out=schemas.CreditTold)
def transfer_credit(ctx: CallContext, credit_id: UUID, body: dict[str, Any]) -> Any:
    """Transfer a credit, or part of it, to another client"""
    return told(ctx, giving.transfer_credit(ctx, credit_id, **body))


@rest.post(f"{_CREDIT}/refund", permission="credit.manage", body=schemas.RefundIn, out=schemas.RefundOut)
def refund_credit(ctx: CallContext, credit_id: UUID, body: dict[str, Any]) -> Any:
    """Pay a client what is left of a credit, or part of it"""
    return refunds.refund_credit(ctx, credit_id, **body)


@rest.post(f"{_CREDIT}/expire", permission="credit.manage", body=schemas.ReasonIn, out=schemas.CreditTold, status=200)
def expire_credit(ctx: CallContext, credit_id: UUID, body: dict[str, Any]) -> Any:
    """End a credit today"""
    return told(ctx, giving.expire_credit(ctx, credit_id, reason=body["reason"]))


@rest.post("/credit-applications/<uuid:application_id>/reverse", permission="invoice.credit", out=schemas.ApplicationOut,
           status=200)  # fmt: skip
def reverse_application(ctx: CallContext, application_id: UUID) -> Any:
    """Take a credit back from an invoice"""
    return applying.reverse_application(ctx, application_id)


@rest.get("/invoices/<uuid:invoice_id>/credit-applications", permission="invoice.read", out=schemas.ApplicationList)
def list_applications(ctx: CallContext, invoice_id: UUID) -> Any:
    """List the credits that paid an invoice"""
    get_invoice(ctx, invoice_id)
    return {"items": applying.list_applications(ctx, invoice_id)}


@rest.post("/invoices/<uuid:invoice_id>/apply-credits", permission="invoice.credit", out=schemas.ApplicationList, status=200)
def apply_credits(ctx: CallContext, invoice_id: UUID) -> Any:
    """Pay an invoice from all credits of its client, in their order"""
    return {"items": applying.apply_credits(ctx, invoice_id)}


@rest.get("/credit-rules/<uuid:client_id>", permission="invoice.read", out=schemas.RuleOut)
def get_credit_rule(ctx: CallContext, client_id: UUID) -> Any:
    """Read how a client's credits differ from the tenant's settings"""
    return rules.get_rule(ctx, client_id)


@rest.put("/credit-rules/<uuid:client_id>", permission="credit.manage", body=schemas.RuleIn, out=schemas.RuleOut)
def set_credit_rule(ctx: CallContext, client_id: UUID, body: dict[str, Any]) -> Any:
    """Replace how a client's credits differ from the tenant's settings"""
    return rules.set_rule(ctx, client_id, **body)


@rest.get("/credit-findings", permission="ledger.read", query=schemas.FindingQuery, out=schemas.FindingPage)
def list_findings(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List differences between credits and ledger"""
    return checking.list_findings(ctx, query)


@rest.post("/credit-findings/check", permission="credit.manage", out=schemas.CheckOut, status=200)
def check_credits(ctx: CallContext) -> Any:
    """Check credits against the ledger now"""
    return {"new_findings": len(checking.check_credits(ctx))}


@rest.post(f"{_FINDING}/resolve", permission="credit.manage", body=schemas.ResolveIn, out=schemas.FindingOut, status=200)
def resolve_finding(ctx: CallContext, finding_id: UUID, body: dict[str, Any]) -> Any:
    """Deal with a difference: book it, or note why nothing is to be done"""
    finding = checking.resolve_finding(ctx, finding_id, **body)
    row = {name: getattr(finding, name) for name in schemas.FindingOut().fields if name != "client_name"}
    return {**row, "client_name": get_client(ctx, finding.client_id).name}
