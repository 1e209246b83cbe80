"""Web pages of credits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from kernel.context import CallContext
from kernel.directory.clients import get_client
from kernel.ids import uuid7
from kernel.web.i18n import gettext as _
from kernel.web.i18n import lazy_gettext as _l
from kernel.web.pages import Pages, redirect_to, render
from plugins.billing import refunds
from plugins.billing.credits import applying, checking, giving, listing, rules, schemas
from plugins.billing.invoices import get_invoice

pages = Pages("billing")
STATES = {
    "available": (_l("Available"), "info"),
    "partly_used": (_l("Partly used"), "info"),
    "used": (_l("Used"), "done"),
    "expired": (_l("Expired"), "warning"),
}
ORIGINS = {
    "credit_note": (_l("Credit note"), "neutral"),
    "payment": (_l("Paid too much"), "neutral"),
    "prepayment": (_l("Prepayment"), "neutral"),
    "grant": (_l("Granted"), "neutral"),
    "transfer": (_l("Transferred"), "neutral"),
}
MOVEMENTS = {
    "given": (_l("Given"), "neutral"),
    "applied": (_l("Applied to an invoice"), "neutral"),
    "unapplied": (_l("Taken back from an invoice"), "neutral"),
    "expired": (_l("Expired"), "neutral"),
    "transferred": (_l("Transferred to another client"), "neutral"),
    "refunded": (_l("Paid to the client"), "neutral"),
    "unrefunded": (_l("Refund taken back"), "neutral"),
    "withdrawn": (_l("Withdrawn"), "neutral"),
    "adjusted": (_l("Adjusted"), "neutral"),
}
ORDERS = {
    "expiration_first": _l("Those that end first"),
    "oldest_first": _l("The oldest first"),
    "newest_first": _l("The newest first"),
}
FINDINGS = {
    "ledger": (_l("The ledger owes the client another amount than its credits have left"), "neutral"),
    "remaining": (_l("What is left of a credit is not what its movements come to"), "neutral"),
    "applied": (_l("The movements of a credit are not what it paid"), "neutral"),
    "settled": (_l("An invoice counts another amount as paid than payments and credits come to"), "neutral"),
}
FINDING_STATES = {
    "open": (_l("Open"), "danger"),
    "gone": (_l("Gone by itself"), "done"),
    "adjusted": (_l("Booked"), "done"),
    "no_action": (_l("Nothing to do"), "neutral"),
}
_CREDIT = "/credits/<uuid:credit_id>"


@pages.get("/credits", permission="invoice.read", query=schemas.CreditQuery)
def credits_page(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    open_findings = checking.list_findings(ctx, {"state": "open", "limit": 1}).items
    page = listing.list_credits(ctx, query)
    return render("billing/credits.html", page=page, states=STATES, origins=ORIGINS, findings=bool(open_findings))


@pages.get(_CREDIT, permission="invoice.read")
def credit_page(ctx: CallContext, credit_id: UUID) -> ResponseReturnValue:
    credit = giving.get_credit(ctx, credit_id)
    return render(
        "billing/credit.html",
        credit=credit,
        state=listing.state_of(credit, ctx.today()),
        states=STATES,
        origins=ORIGINS,
        kinds=MOVEMENTS,
        movements=giving.list_movements(ctx, credit_id),
        refunds=refunds.list_refunds(ctx, credit_id=credit_id),
        methods=methods(),
    )


def _client_facts(ctx: CallContext, client_id: UUID) -> dict[str, Any]:
    return {"client": get_client(ctx, client_id)}


def _fresh_key(ctx: CallContext, client_id: UUID) -> dict[str, Any]:
    return {"idempotency_key": str(uuid7())}


@pages.form("/credits/new/<uuid:client_id>", permission="credit.manage", schema=schemas.GrantForm,
            template="billing/credit_grant_form.html", initial=_fresh_key, context=_client_facts)  # fmt: skip
def grant_credit(ctx: CallContext, client_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    credit = giving.grant_credit(ctx, client_id, **data)
    return redirect_to(f"/credits/{credit.id}", toast=_("Credit granted."))


def _all_left(ctx: CallContext, credit_id: UUID) -> dict[str, Any]:
    credit = giving.get_credit(ctx, credit_id)
    return {"amount": credit.remaining, "refunded_on": ctx.today(), "method": "bank_transfer", "version": credit.version}


def _credit_facts(ctx: CallContext, credit_id: UUID) -> dict[str, Any]:
    return {"credit": giving.get_credit(ctx, credit_id), "methods": methods()}


def methods() -> Mapping[str, Any]:
    """How money is paid, in words; asked late, since that page knows this one."""
    from plugins.billing.pages import METHODS

    return METHODS


@pages.form(f"{_CREDIT}/transfer", permission="credit.manage", schema=schemas.TransferIn,
            template="billing/credit_transfer_form.html", initial=_all_left, context=_credit_facts, if_match=True)  # fmt: skip
def transfer_credit(ctx: CallContext, credit_id: UUID, data: dict[str, Any], version: int | None) -> ResponseReturnValue:
    new = giving.transfer_credit(ctx, credit_id, version=version, **data)
    return redirect_to(f"/credits/{new.id}", toast=_("Credit transferred."))


@pages.form(f"{_CREDIT}/refund", permission="credit.manage", schema=schemas.RefundIn,
            template="billing/credit_refund_form.html", initial=_all_left, context=_credit_facts, if_match=True)  # fmt: skip
def refund_credit(ctx: CallContext, credit_id: UUID, data: dict[str, Any], version: int | None) -> ResponseReturnValue:
    refunds.refund_credit(ctx, credit_id, version=version, **data)
    return redirect_to(f"/credits/{credit_id}", toast=_("Refund noted."))


def _present_day(ctx: CallContext, credit_id: UUID) -> dict[str, Any]:
    credit = giving.get_credit(ctx, credit_id)
    return {"expires_on": credit.expires_on, "version": credit.version}


@pages.form(f"{_CREDIT}/expiry", permission="credit.manage", schema=schemas.ExpiryForm,
            template="billing/credit_expiry_form.html", initial=_present_day, context=_credit_facts, if_match=True)  # fmt: skip
def change_expiry(ctx: CallContext, credit_id: UUID, data: dict[str, Any], version: int | None) -> ResponseReturnValue:
    giving.change_expiry(ctx, credit_id, expires_on=data["expires_on"], version=version)
    return redirect_to(f"/credits/{credit_id}", toast=_("Saved."))


@pages.post(f"{_CREDIT}/expire", permission="credit.manage", schema=schemas.ReasonIn)
def expire_credit(ctx: CallContext, credit_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    giving.expire_credit(ctx, credit_id, reason=data["reason"])
    return redirect_to(f"/credits/{credit_id}", toast=_("The credit has ended."))


@pages.post("/credit-applications/<uuid:application_id>/reverse", permission="invoice.credit")
def reverse_application(ctx: CallContext, application_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    done = applying.reverse_application(ctx, application_id)
    said = _("Credit taken back from %(number)s.", number=get_invoice(ctx, done.invoice_id).number)
    return redirect_to(f"/invoices/{done.invoice_id}", toast=said)


@pages.post("/invoices/<uuid:invoice_id>/apply-credits", permission="invoice.credit")
def apply_credits(ctx: CallContext, invoice_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    done = applying.apply_credits(ctx, invoice_id)
    return redirect_to(f"/invoices/{invoice_id}", toast=_("Credits applied.") if done else _("There is no credit to use."))


@pages.get("/credits/of-client/<uuid:client_id>", permission="invoice.read")
def of_client(ctx: CallContext, client_id: UUID) -> ResponseReturnValue:
    get_client(ctx, client_id)
    return render(
        "billing/credits_panel.html",
        client_id=client_id,
        balances=listing.balances_of(ctx, client_id),
        rule=rules.rules_of(ctx, [client_id])[client_id],
        orders=ORDERS,
        states=STATES,
        origins=ORIGINS,
        page=listing.list_credits(ctx, {"client_id": client_id, "limit": 25}),
    )


@pages.form("/credit-rules/<uuid:client_id>", permission="credit.manage", schema=schemas.RuleIn,
            template="billing/credit_rule_form.html", initial=rules.get_rule, context=_client_facts, if_match=True)  # fmt: skip
def change_rule(ctx: CallContext, client_id: UUID, data: dict[str, Any], version: int | None) -> ResponseReturnValue:
    rules.set_rule(ctx, client_id, version=version, **data)
    return redirect_to(f"/clients/{client_id}", toast=_("Saved."))


@pages.get("/credits/findings", permission="ledger.read", query=schemas.FindingQuery)
def findings_page(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    page = checking.list_findings(ctx, query)
    return render("billing/credit_findings.html", page=page, kinds=FINDINGS, states=FINDING_STATES)


@pages.post("/credits/findings/check", permission="credit.manage")
def check_now(ctx: CallContext, form: MultiDict[str, str]) -> ResponseReturnValue:
    found = checking.check_credits(ctx)
    return redirect_to("/credits/findings", toast=_("There are new differences.") if found else _("No new differences."))


def _finding_facts(ctx: CallContext, finding_id: UUID) -> dict[str, Any]:
    finding = checking.get_finding(ctx, finding_id)
    return {"finding": finding, "kinds": FINDINGS, "states": FINDING_STATES, "suspects": checking.suspects(ctx, finding),
            "bookable": finding.kind in checking.BOOKABLE}  # fmt: skip


@pages.form("/credits/findings/<uuid:finding_id>", permission="credit.manage", schema=schemas.ResolveIn,
            template="billing/credit_finding.html", initial=checking.get_finding, context=_finding_facts,
            if_match=True)  # fmt: skip
def resolve_finding(ctx: CallContext, finding_id: UUID, data: dict[str, Any], version: int | None) -> ResponseReturnValue:
    checking.resolve_finding(ctx, finding_id, version=version, **data)
    return redirect_to("/credits/findings", toast=_("The finding is closed."))
