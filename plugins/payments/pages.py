"""Web pages of online payments, for staff."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import make_response
from flask.typing import ResponseReturnValue

from kernel.context import CallContext
from kernel.directory.clients import get_client
from kernel.hookspecs.receipts import OpenInvoiceQuery
from kernel.jobs import enqueue
from kernel.web.i18n import gettext as _
from kernel.web.pages import Pages, redirect_to, render
from plugins.payments import charging, links, listing, mandates, refunding, schemas, services
from plugins.payments.errors import InvoiceUnknown, NothingToPay
from plugins.payments.settings import payment_settings
from plugins.payments.words import DISPUTE_STATES, KINDS, REFUND_STATES, STATES

pages = Pages("payments")
_ATTEMPT = "/online-payments/<uuid:attempt_id>"
_OF_INVOICE = "/online-payments/of-invoice/<uuid:invoice_id>"
_OF_CLIENT = "/online-payments/of-client/<uuid:client_id>"


@pages.get("/online-payments", permission="online_payment.read", query=schemas.AttemptQuery)
def online_payments(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    page = listing.list_attempts(ctx, query)
    live, stuck = listing.count_waiting(ctx)
    return render("payments/list.html", page=page, states=STATES, kinds=KINDS, live=live, stuck=stuck,
                  connected=services.find_provider(ctx))  # fmt: skip


@pages.get(_ATTEMPT, permission="online_payment.read")
def online_payment(ctx: CallContext, attempt_id: UUID) -> ResponseReturnValue:
    attempt = services.get_attempt(ctx, attempt_id)
    return render(
        "payments/detail.html", attempt=attempt, shares=services.shares_of(ctx, attempt_id), states=STATES, kinds=KINDS,
        refunds=refunding.list_refunds(ctx, attempt_id), disputes=listing.disputes_of(ctx, attempt_id),
        refund_states=REFUND_STATES, dispute_states=DISPUTE_STATES, refundable=refunding.refundable(ctx, attempt),
        services={key: one.title for key, one in services.providers(ctx).items()},
    )  # fmt: skip


@pages.post(f"{_ATTEMPT}/look", permission="online_payment.read")
def look_again(ctx: CallContext, attempt_id: UUID) -> ResponseReturnValue:
    attempt = services.get_attempt(ctx, attempt_id)
    enqueue(ctx, services.LOOK, {"attempt_id": str(attempt.id)}, key=str(attempt.id))
    return redirect_to(
        f"/online-payments/{attempt_id}", toast=_("The payment service is asked. Load the page again in a moment.")
    )


def _all_that_is_left(ctx: CallContext, attempt_id: UUID) -> dict[str, Any]:
    return {"amount": refunding.refundable(ctx, services.get_attempt(ctx, attempt_id))}


def _attempt_facts(ctx: CallContext, attempt_id: UUID) -> dict[str, Any]:
    return {"attempt": services.get_attempt(ctx, attempt_id)}


@pages.form(f"{_ATTEMPT}/refund", permission="online_payment.manage", schema=schemas.RefundIn, initial=_all_that_is_left,
            template="payments/refund_form.html", context=_attempt_facts)  # fmt: skip
def ask_refund(ctx: CallContext, attempt_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    refunding.ask_refund(ctx, attempt_id, **data)
    return redirect_to(f"/online-payments/{attempt_id}", toast=_("The refund is on its way."))


@pages.get("/online-payments/links/new", permission="online_payment.manage", query=schemas.LinkQuery)
def choose_invoices(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    return _choose(ctx, query["client_id"])


@pages.post("/online-payments/links/of-client/<uuid:client_id>", permission="online_payment.manage", schema=schemas.LinkForm)
def make_link_of_several(ctx: CallContext, client_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    try:
        url = links.make_link(ctx, data["ids"])
    except (NothingToPay, InvoiceUnknown) as refusal:
        return _choose(ctx, client_id, refusal.detail)
    papers = list(ctx.hooks.get_invoice_papers(ctx=ctx, invoice_ids=data["ids"]).values())
    return render("payments/link_made.html", url=url, papers=papers, client=get_client(ctx, papers[0].client_id),
                  due=sum(one.due for one in papers), days=payment_settings(ctx)["link_days"])  # fmt: skip


def _choose(ctx: CallContext, client_id: UUID | None, refusal: str = "") -> ResponseReturnValue:
    query = OpenInvoiceQuery(client_id=client_id)
    found = ctx.hooks.find_open_invoices(ctx=ctx, query=query) if client_id else []
    return make_response(render("payments/link_new.html", invoices=found, client_id=client_id, refusal=refusal,
                                connected=services.find_provider(ctx)), 409 if refusal else 200)  # fmt: skip


@pages.get(_OF_INVOICE, permission="online_payment.read")
def of_invoice(ctx: CallContext, invoice_id: UUID) -> ResponseReturnValue:
    return _invoice_panel(ctx, invoice_id, "")


@pages.post(f"{_OF_INVOICE}/link", permission="online_payment.manage")
def make_link(ctx: CallContext, invoice_id: UUID) -> ResponseReturnValue:
    return _invoice_panel(ctx, invoice_id, links.make_link(ctx, [invoice_id]))


def _invoice_panel(ctx: CallContext, invoice_id: UUID, url: str) -> ResponseReturnValue:
    paper = ctx.hooks.get_invoice_papers(ctx=ctx, invoice_ids=[invoice_id]).get(invoice_id)
    if paper is None:
        raise InvoiceUnknown("There is no invoice with this id.")
    mandate = mandates.holding_mandate(ctx, paper.client_id)
    tries = charging.tries_of(ctx, mandate, [invoice_id]).get(invoice_id) if mandate else None
    return render(
        "payments/invoice_panel.html", paper=paper, invoice_id=invoice_id, url=url, mandate=mandate, tries=tries, kinds=KINDS,
        attempts=listing.attempts_of_invoice(ctx, invoice_id), states=STATES, connected=services.find_provider(ctx),
        settings=payment_settings(ctx), before=charging.paid_before(ctx, [invoice_id]),
    )  # fmt: skip


@pages.get(_OF_CLIENT, permission="online_payment.read")
def of_client(ctx: CallContext, client_id: UUID) -> ResponseReturnValue:
    return _client_panel(ctx, client_id, "")


@pages.post(f"{_OF_CLIENT}/link", permission="online_payment.manage")
def make_setup_link(ctx: CallContext, client_id: UUID) -> ResponseReturnValue:
    return _client_panel(ctx, client_id, links.make_setup_link(ctx, client_id))


def _client_panel(ctx: CallContext, client_id: UUID, url: str) -> ResponseReturnValue:
    return render("payments/client_panel.html", client=get_client(ctx, client_id), url=url,
                  mandates=mandates.list_mandates(ctx, client_id), connected=services.find_provider(ctx),
                  settings=payment_settings(ctx))  # fmt: skip


@pages.post("/payment-mandates/<uuid:mandate_id>/end", permission="online_payment.manage")
def end_mandate(ctx: CallContext, mandate_id: UUID) -> ResponseReturnValue:
    mandate = mandates.end_mandate(ctx, mandate_id)
    return redirect_to(f"/clients/{mandate.client_id}", toast=_("Automatic payments are ended."))


@pages.get("/online-payments/card", permission="online_payment.read")
def card(ctx: CallContext) -> ResponseReturnValue:
    live, stuck = listing.count_waiting(ctx)
    return render("payments/card.html", live=live, stuck=stuck)
