"""Web pages of late fees."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from kernel.context import CallContext
from kernel.web.i18n import gettext as _
from kernel.web.i18n import lazy_gettext as _l
from kernel.web.pages import Pages, redirect_to, render
from plugins.billing.models import LateFeeRule
from plugins.billing.receivables import late_fees, schemas
from plugins.billing.receivables.words import percent_in_words

pages = Pages("billing")
KINDS = {"percent": _l("A percentage of what is open"), "fixed": _l("A fixed amount")}
TAXES = {"exempt": _l("Exempt"), "standard": _l("Standard rate"), "reduced": _l("Reduced rate")}
_RULE = "/late-fees/<uuid:rule_id>"


@pages.get("/late-fees", permission="invoice.read")
def list_of_rules(ctx: CallContext) -> ResponseReturnValue:
    return render("billing/late_fees.html", rows=late_fees.list_rules(ctx), percent_in_words=percent_in_words, taxes=TAXES)


def _choices(ctx: CallContext) -> dict[str, Any]:
    return {"rule": None, "kinds": KINDS, "taxes": TAXES}


def _usual(ctx: CallContext) -> dict[str, Any]:
    return {"currency": ctx.tenant.currency, "kind": "percent", "minimum": 0, "grace_days": 0, "starts_on": ctx.today(),
            "tax_category": "exempt"}  # fmt: skip


@pages.form("/late-fees/new", permission="receivables.manage", schema=schemas.LateFeeIn, template="billing/late_fee_form.html",
            initial=_usual, context=_choices)  # fmt: skip
def new_late_fee(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    late_fees.add_rule(ctx, **data)
    return redirect_to("/late-fees", toast=_("Late fee added. Billing runs charge it from now on."))


def _one(ctx: CallContext, rule_id: UUID) -> dict[str, Any]:
    return _choices(ctx) | {"rule": late_fees.get_rule(ctx, rule_id)}


@pages.form(f"{_RULE}/edit", permission="receivables.manage", schema=schemas.LateFeePatch, template="billing/late_fee_form.html",
            initial=late_fees.get_rule, context=_one, if_match=True)  # fmt: skip
def edit_late_fee(ctx: CallContext, rule_id: UUID, data: dict[str, Any], version: int | None) -> ResponseReturnValue:
    late_fees.change_rule(ctx, rule_id, {"percent": None, "amount": None} | data, version)
    return redirect_to("/late-fees", toast=_("Saved."))


@pages.post(f"{_RULE}/delete", permission="receivables.manage")
def delete_late_fee(ctx: CallContext, rule_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    rule: LateFeeRule = late_fees.get_rule(ctx, rule_id)
    late_fees.delete_rule(ctx, rule_id)
    return redirect_to("/late-fees", toast=_("No late fees in %(currency)s any more.", currency=rule.currency))
