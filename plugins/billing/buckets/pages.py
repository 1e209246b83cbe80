"""Web pages of working hours."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue

from kernel.context import CallContext
from kernel.web.i18n import gettext as _
from kernel.web.i18n import lazy_gettext as _l
from kernel.web.pages import Pages, redirect_to, render
from plugins.billing.buckets import hours, schemas
from plugins.billing.cycles import words

pages = Pages("billing")
WEEKDAYS = {"week": _l("Monday to Friday"), **words.WEEKDAYS}


@pages.get("/working-hours", permission="contract.read")
def working_hours(ctx: CallContext) -> ResponseReturnValue:
    shown = [schemas.as_clock(hours.view(ctx, one)) for one in hours.list_hours(ctx)]
    return render("billing/working_hours.html", shown=shown, weekdays=WEEKDAYS)


def _new(ctx: CallContext) -> dict[str, Any]:
    return {"time_zone": ctx.tenant.zone, "spans": [{"weekday": "week", "begins": "08:00", "ends": "17:00"}]}


def _context(ctx: CallContext, hours_id: UUID | None = None) -> dict[str, Any]:
    return {"row": hours.get_hours(ctx, hours_id) if hours_id else None, "weekdays": WEEKDAYS}


def _present(ctx: CallContext, hours_id: UUID) -> dict[str, Any]:
    return schemas.as_clock(hours.view(ctx, hours.get_hours(ctx, hours_id)))


@pages.form("/working-hours/new", permission="contract.manage", schema=schemas.WorkingHoursForm,
            template="billing/working_hours_form.html", initial=_new, context=_context)  # fmt: skip
def new_working_hours(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    hours.add_hours(ctx, **schemas.as_minutes(data))
    return redirect_to("/working-hours", toast=_("Working hours added."))


@pages.form("/working-hours/<uuid:hours_id>/edit", permission="contract.manage", schema=schemas.WorkingHoursForm,
            template="billing/working_hours_form.html", initial=_present, context=_context, if_match=True)  # fmt: skip
def edit_working_hours(ctx: CallContext, hours_id: UUID, data: dict[str, Any], version: int | None) -> ResponseReturnValue:
    hours.change_hours(ctx, hours_id, schemas.as_minutes({"days_off": [], **data}), version)
    return redirect_to("/working-hours", toast=_("Saved; what is not billed yet is weighed by them."))


@pages.post("/working-hours/<uuid:hours_id>/delete", permission="contract.manage")
def delete_working_hours(ctx: CallContext, hours_id: UUID) -> ResponseReturnValue:
    hours.delete_hours(ctx, hours_id)
    return redirect_to("/working-hours", toast=_("Working hours removed."))
