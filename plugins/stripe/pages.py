"""Web pages of the account with Stripe."""

from __future__ import annotations

from typing import Any

from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields, validate

from kernel.context import CallContext
from kernel.jobs import enqueue
from kernel.web.i18n import gettext as _
from kernel.web.i18n import lazy_gettext as _l
from kernel.web.pages import Pages, redirect_to, render
from plugins.stripe import services

pages = Pages("stripe")
STATES = {"new": (_l("Being checked"), "info"), "connected": (_l("Connected"), "success"), "refused": (_l("Refused"), "danger")}
EVENTS = ("checkout.session.completed", "checkout.session.async_payment_succeeded", "checkout.session.async_payment_failed",
          "checkout.session.expired", "payment_intent.succeeded", "payment_intent.payment_failed", "setup_intent.succeeded",
          "charge.refunded", "refund.updated", "refund.failed", "charge.dispute.created", "charge.dispute.closed")  # fmt: skip


class AccountIn(Schema):
    secret_key = fields.String(load_default="", validate=validate.Length(max=300))
    webhook_secret = fields.String(load_default="", validate=validate.Length(max=300))


@pages.get("/stripe", permission="stripe.manage")
def account(ctx: CallContext) -> ResponseReturnValue:
    return render("stripe/account.html", account=services.find_account(ctx), states=STATES, events=EVENTS,
                  address=services.webhook_address(ctx))  # fmt: skip


def _facts(ctx: CallContext) -> dict[str, Any]:
    return {"account": services.find_account(ctx), "address": services.webhook_address(ctx)}


@pages.form("/stripe/connect", permission="stripe.manage", schema=AccountIn, template="stripe/form.html",
            initial=lambda _ctx: {}, context=_facts)  # fmt: skip
def connect(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    services.connect_account(ctx, **data)
    return redirect_to("/stripe", toast=_("Saved. Stripe is asked whether it takes the key."))


@pages.post("/stripe/check", permission="stripe.manage")
def check(ctx: CallContext) -> ResponseReturnValue:
    services.require_account(ctx)
    enqueue(ctx, services.CHECK)
    return redirect_to("/stripe", toast=_("Stripe is asked. Load the page again in a moment."))


@pages.post("/stripe/disconnect", permission="stripe.manage")
def disconnect(ctx: CallContext) -> ResponseReturnValue:
    services.disconnect_account(ctx)
    return redirect_to("/stripe", toast=_("Stripe is disconnected."))
