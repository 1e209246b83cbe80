"""Web pages of clients' orders and of renewals."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from kernel.context import CallContext
from kernel.web.i18n import gettext as _
from kernel.web.pages import Pages, redirect_to, render
from plugins.billing.agreements import orders, renewals
from plugins.billing.agreements import standing_schemas as schemas
from plugins.billing.agreements.words import ORDER_STATES, PO_POLICIES, RENEWAL_MODES
from plugins.billing.contracts import services

pages = Pages("billing")
_CONTRACT = "/contracts/<uuid:contract_id>"


@pages.get("/purchase-orders", permission="contract.read", query=schemas.OrderQuery)
def purchase_orders(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    page = orders.list_orders(ctx, query)
    return render("billing/orders.html", page=page, states=ORDER_STATES, policies=PO_POLICIES)


@pages.get("/contract-renewals", permission="contract.read", query=schemas.RenewalQuery)
def contract_renewals(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    return render("billing/renewals.html", page=renewals.list_due(ctx, query), modes=RENEWAL_MODES)


def _context(ctx: CallContext, contract_id: UUID) -> dict[str, Any]:
    return {"contract": services.get_contract(ctx, contract_id)}


def _months(ctx: CallContext, contract_id: UUID) -> dict[str, Any]:
    return {"months": services.get_contract(ctx, contract_id).renewal_months}


@pages.form(f"{_CONTRACT}/renew", permission="contract.manage", schema=schemas.RenewIn, template="billing/renew_form.html",
            initial=_months, context=_context)  # fmt: skip
def renew(ctx: CallContext, contract_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    renewals.renew(ctx, contract_id, **data)
    return redirect_to(f"/contracts/{contract_id}", toast=_("The contract is renewed."))


@pages.post(f"{_CONTRACT}/let-end", permission="contract.manage")
def let_end(ctx: CallContext, contract_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    renewals.let_end(ctx, contract_id)
    return redirect_to(f"/contracts/{contract_id}", toast=_("The contract ends on its last day."))


def _in_a_week(ctx: CallContext, contract_id: UUID) -> dict[str, Any]:
    return {"until": ctx.today() + timedelta(days=7)}


@pages.form(f"{_CONTRACT}/snooze-renewal", permission="contract.manage", schema=schemas.SnoozeIn,
            template="billing/snooze_form.html", initial=_in_a_week, context=_context)  # fmt: skip
def snooze(ctx: CallContext, contract_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    renewals.snooze(ctx, contract_id, **data)
    return redirect_to("/contract-renewals", toast=_("It comes back on that day."))
