"""Web pages of payments and their refunds."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from kernel.context import CallContext
from kernel.directory.clients import get_client
from kernel.ids import uuid7
from kernel.money import exponent
from kernel.web.i18n import gettext as _
from kernel.web.pages import Pages, redirect_to, render
from plugins.billing import invoices, listing, payments, refunds
from plugins.billing.credits import applying
from plugins.billing.credits import schemas as credit_schemas
from plugins.billing.credits.pages import ORIGINS
from plugins.billing.pages import METHODS, STATES
from plugins.billing.schemas import money as schemas

pages = Pages("billing")
_INVOICE = "/invoices/<uuid:invoice_id>"
_PAYMENT = "/payments/<uuid:payment_id>"


def _open_amount(ctx: CallContext, invoice_id: UUID) -> dict[str, Any]:
    invoice = invoices.get_invoice(ctx, invoice_id)
    return {"amount": invoice.total - invoice.settled, "received_on": ctx.today(), "method": "bank_transfer", "reference": "",
            "version": invoice.version}  # fmt: skip


def _invoice_facts(ctx: CallContext, invoice_id: UUID) -> dict[str, Any]:
    return {"invoice": invoices.get_invoice(ctx, invoice_id), "methods": METHODS}


@pages.form(f"{_INVOICE}/pay", permission="invoice.pay", schema=schemas.PaymentIn, template="billing/payment_form.html",
            initial=_open_amount, context=_invoice_facts, if_match=True)  # fmt: skip
def record_payment(ctx: CallContext, invoice_id: UUID, data: dict[str, Any], version: int | None) -> ResponseReturnValue:
    payment = payments.record_payment(ctx, invoice_id, version=version, **data)
    return redirect_to(f"/invoices/{invoice_id}", toast=_("Payment recorded."), undo=f"/payments/{payment.id}/take-back")


@pages.post(f"{_INVOICE}/apply-credit", permission="invoice.credit", schema=schemas.ApplyIn)
def apply_credit(ctx: CallContext, invoice_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    applying.apply_credit(ctx, invoice_id, data["credit_id"], data.get("amount"))
    return redirect_to(f"/invoices/{invoice_id}", toast=_("Credit applied."))


@pages.get("/payments", permission="invoice.read", query=schemas.PaymentQuery)
def list_of_payments(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    return render("billing/payments.html", page=listing.list_payments(ctx, query), methods=METHODS)


@pages.form("/payments/new", permission="invoice.pay", schema=schemas.PaymentFor, template="billing/payment_new.html")
def choose_payer(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    client = get_client(ctx, data["client_id"])
    return redirect_to(f"/payments/new/{client.id}?currency={data.get('currency') or client.currency}")


def _currency(ctx: CallContext, client_id: UUID) -> str:
    code = request.args.get("currency") or get_client(ctx, client_id).currency
    exponent(code)
    return code


def _open_shares(ctx: CallContext, client_id: UUID) -> dict[str, Any]:
    ids = payments.open_invoice_ids(ctx, client_id, _currency(ctx, client_id))[: listing.MOST_OPEN]
    return {"received_on": ctx.today(), "method": "bank_transfer", "reference": "", "idempotency_key": str(uuid7()),
            "shares": [{"invoice_id": one} for one in ids]}  # fmt: skip


def _client_facts(ctx: CallContext, client_id: UUID) -> dict[str, Any]:
    currency = _currency(ctx, client_id)
    found = listing.open_invoices(ctx, client_id, currency)
    return {"client": get_client(ctx, client_id), "currency": currency, "methods": METHODS, "states": STATES,
            "found": {str(one["id"]): one for one in found}}  # fmt: skip


@pages.form("/payments/new/<uuid:client_id>", permission="invoice.pay", schema=schemas.ClientPaymentForm,
            template="billing/client_payment_form.html", initial=_open_shares, context=_client_facts)  # fmt: skip
def record_client_payment(ctx: CallContext, client_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    typed = [payments.Allocation(one["invoice_id"], one["amount"]) for one in data.pop("shares") if one["amount"]]
    currency, shared = _currency(ctx, client_id), typed or None
    payment = payments.record_client_payment(ctx, client_id, currency=currency, allocations=shared, **data)
    return redirect_to(f"/payments/{payment.id}", toast=_("Payment recorded."), undo=f"/payments/{payment.id}/take-back")


@pages.get(_PAYMENT, permission="invoice.read")
def payment_page(ctx: CallContext, payment_id: UUID) -> ResponseReturnValue:
    payment = payments.get_payment(ctx, payment_id)
    shares = [{"invoice_id": one, "amount": amount} for one, amount in payments.shares_of(ctx, payment_id).items()]
    return render(
        "billing/payment.html",
        payment=payment,
        shares=shares,
        credits=payments.list_credits_of(ctx, payment_id),
        refunds=refunds.list_refunds(ctx, payment_id=payment_id),
        refundable=refunds.refundable(ctx, payment),
        methods=METHODS,
        origins=ORIGINS,
    )


@pages.post(f"{_PAYMENT}/take-back", permission="invoice.pay")
def take_back_payment(ctx: CallContext, payment_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    ids = list(payments.shares_of(ctx, payment_id))
    payments.take_back_payment(ctx, payment_id)
    url = f"/invoices/{ids[0]}" if len(ids) == 1 else f"/payments/{payment_id}"
    return redirect_to(url, toast=_("Payment taken back."))


@pages.post("/refunds/<uuid:refund_id>/take-back", permission="invoice.pay")
def take_back_refund(ctx: CallContext, refund_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    refund = refunds.take_back_refund(ctx, refund_id)
    url = f"/payments/{refund.payment_id}" if refund.payment_id else f"/credits/{refund.credit_id}"
    return redirect_to(url, toast=_("Refund taken back."))


def _all_refundable(ctx: CallContext, payment_id: UUID) -> dict[str, Any]:
    payment = payments.get_payment(ctx, payment_id)
    return {"amount": refunds.refundable(ctx, payment), "refunded_on": ctx.today(), "method": "bank_transfer",
            "refunded_before": payment.refunded}  # fmt: skip


def _payment_facts(ctx: CallContext, payment_id: UUID) -> dict[str, Any]:
    return {"payment": payments.get_payment(ctx, payment_id), "methods": METHODS}


@pages.form(f"{_PAYMENT}/refund", permission="invoice.pay", schema=credit_schemas.PaymentRefundForm, initial=_all_refundable,
            template="billing/payment_refund_form.html", context=_payment_facts)  # fmt: skip
def refund_payment(ctx: CallContext, payment_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    refunds.refund_payment(ctx, payment_id, **data)
    return redirect_to(f"/payments/{payment_id}", toast=_("Refund noted."))
