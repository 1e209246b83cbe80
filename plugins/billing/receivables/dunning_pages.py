"""Web pages of reminders: what would be sent, what was sent, and their levels."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from kernel.context import CallContext
from kernel.tenancy import change_settings
from kernel.web.i18n import gettext as _
from kernel.web.i18n import lazy_gettext as _l
from kernel.web.i18n import ngettext
from kernel.web.pages import Pages, redirect_to, render
from plugins.billing.receivables import dunning, letters, levels, schemas
from plugins.billing.receivables.dunning_routes import asked_level, shown_plan
from plugins.billing.schemas.invoices import Ticked
from plugins.billing.sending_pages import STATES

pages = Pages("billing")
LETTERS = {"reminder": (_l("Reminder"), "warning"), "statement": (_l("Statement"), "neutral")}
_LEVEL = "/reminders/levels/<uuid:level_id>"


@pages.get("/reminders", permission="invoice.read")
def reminders(ctx: CallContext) -> ResponseReturnValue:
    plans = [shown_plan(one) for one in dunning.plan_reminders(ctx)]
    names = {one.level: one.name for one in levels.list_levels(ctx)}
    return render("billing/reminders.html", plans=[one | {"id": one["client_id"]} for one in plans], names=names,
                  is_on=dunning.is_on(ctx))  # fmt: skip


@pages.post("/reminders/send", permission="invoice.send", schema=Ticked)
def send_reminders(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    sent, problems = dunning.remind_now(ctx, data["ids"] or None)
    said = ngettext("%(num)d reminder is on its way.", "%(num)d reminders are on their way.", sent)
    if problems:
        said += " " + ngettext("%(num)d client has no address.", "%(num)d clients have no address.", len(problems))
    return redirect_to("/reminders", toast=said)


@pages.post("/reminders/switch", permission="receivables.manage")
def switch_reminders(ctx: CallContext, form: MultiDict[str, str]) -> ResponseReturnValue:
    wanted = form.get("on") == "true"
    change_settings(ctx, "billing", {"reminders": wanted})
    return redirect_to("/reminders", toast=_("Reminders go out each day.") if wanted else _("Reminders are off."))


@pages.get("/letters", permission="invoice.read", query=schemas.LetterQuery)
def list_of_letters(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    return render("billing/letters.html", page=letters.list_letters(ctx, query), kinds=LETTERS, states=STATES)


@pages.get("/reminders/levels", permission="invoice.read")
def list_of_levels(ctx: CallContext) -> ResponseReturnValue:
    texts = levels.texts_of(ctx)
    rows = [{"id": one.id, "level": one.level, "name": one.name, "days": one.days, "fee": one.fee,
             "fee_currency": one.fee_currency, "locales": ", ".join(text.locale for text in texts.get(one.id, []))}
            for one in levels.list_levels(ctx)]  # fmt: skip
    return render("billing/dunning_levels.html", rows=rows)


def _places(ctx: CallContext) -> dict[str, Any]:
    return {"level": None, "places": " ".join(f"{{{one}}}" for one in levels.PLACES), "currency": ctx.tenant.currency}


@pages.form("/reminders/levels/new", permission="receivables.manage", schema=schemas.LevelIn,
            template="billing/dunning_level_form.html", context=_places)  # fmt: skip
def new_level(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    levels.add_level(ctx, **_with_currency(ctx, asked_level(data)))
    return redirect_to("/reminders/levels", toast=_("Level added."))


def _with_currency(ctx: CallContext, facts: dict[str, Any]) -> dict[str, Any]:
    """The form's fee is in the tenant's currency."""
    fee = facts.get("fee")
    return facts | {"fee": fee, "fee_currency": None if fee is None else ctx.tenant.currency}


def _one(ctx: CallContext, level_id: UUID) -> dict[str, Any]:
    return _places(ctx) | {"level": levels.get_level(ctx, level_id)}


def _present(ctx: CallContext, level_id: UUID) -> dict[str, Any]:
    row = levels.get_level(ctx, level_id)
    texts = [one._asdict() for one in levels.texts_of(ctx).get(level_id, [])]
    return {name: getattr(row, name) for name in ("version", "name", "days", "fee")} | {"texts": texts}


@pages.form(f"{_LEVEL}/edit", permission="receivables.manage", schema=schemas.LevelPatch,
            template="billing/dunning_level_form.html", initial=_present, context=_one, if_match=True)  # fmt: skip
def edit_level(ctx: CallContext, level_id: UUID, data: dict[str, Any], version: int | None) -> ResponseReturnValue:
    levels.change_level(ctx, level_id, _with_currency(ctx, {"texts": []} | asked_level(data)), version)
    return redirect_to("/reminders/levels", toast=_("Saved."))


@pages.post(f"{_LEVEL}/delete", permission="receivables.manage")
def delete_level(ctx: CallContext, level_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    levels.delete_level(ctx, level_id)
    return redirect_to("/reminders/levels", toast=_("Level removed."))
