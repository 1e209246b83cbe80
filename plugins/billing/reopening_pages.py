"""Web pages of making an invoice a draft again, and of prepayments."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from kernel.context import CallContext
from kernel.ids import uuid7
from kernel.web.i18n import gettext as _
from kernel.web.pages import Pages, redirect_to
from plugins.billing import prepayments, reopening
from plugins.billing.schemas import invoices as schemas
from plugins.billing.schemas import money as money_schemas

pages = Pages("billing")
_PAGE = "/invoices/<uuid:invoice_id>"


@pages.post(f"{_PAGE}/unfinalize", permission="invoice.void")
def unfinalize_invoice(ctx: CallContext, invoice_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    invoice = reopening.unfinalize_invoice(ctx, invoice_id)
    return redirect_to(f"/invoices/{invoice_id}", toast=_("%(number)s is a draft again.", number=invoice.number))


@pages.post(f"{_PAGE}/void-and-copy", permission="invoice.void", schema=schemas.VoidIn)
def void_and_copy(ctx: CallContext, invoice_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    copy = reopening.void_and_copy(ctx, invoice_id, data["reason"])
    return redirect_to(f"/invoices/{copy.id}", toast=_("Void; go on with this draft."))


def _fresh(ctx: CallContext) -> dict[str, Any]:
    return {"idempotency_key": str(uuid7()), "currency": ctx.tenant.currency, "client_id": request.args.get("client_id")}


@pages.form("/prepayments/new", permission="invoice.create", schema=money_schemas.PrepaymentForm,
            template="billing/prepayment_form.html", initial=_fresh)  # fmt: skip
def new_prepayment(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    invoice = prepayments.create_prepayment(ctx, **data)
    return redirect_to(f"/invoices/{invoice.id}", toast=_("Draft %(number)s written.", number=invoice.number))
