"""Web pages of recurring work, and of deliveries of events that were given up."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from kernel.context import CallContext
from kernel.jobs import schedules
from kernel.jobs.models import Schedule
from kernel.web.i18n import gettext as _
from kernel.web.i18n import lazy_gettext as _l
from kernel.web.pages import Pages, redirect_to, render
from plugins.admin import deliveries, records, recurring
from plugins.admin import work_schemas as schemas
from plugins.admin.system_pages import ON_OFF

pages = Pages("admin")
GIVEN_UP = {"dead": (_l("Given up"), "danger"), "dismissed": (_l("Put aside"), "neutral")}
_SCHEDULE = "/schedules/<uuid:schedule_id>"
_DELIVERY = "/event-deliveries/<uuid:delivery_id>"


@pages.get("/schedules", permission="job.read")
def all_schedules(ctx: CallContext) -> ResponseReturnValue:
    titles = {name: _(title) for name, title in records.job_titles(ctx).items()}
    may_add = bool(recurring.kinds(ctx))
    return render("admin/schedules.html", schedules=schedules.list_schedules(ctx), titles=titles, states=ON_OFF,
                  spoken=recurring.spoken, may_add=may_add)  # fmt: skip


def _beginning(ctx: CallContext) -> dict[str, Any]:
    return {"zone": ctx.tenant.zone, "enabled": True}


def _choices(ctx: CallContext, schedule_id: UUID | None = None) -> dict[str, Any]:
    schedule = schedules.get_schedule(ctx, schedule_id) if schedule_id else None
    upcoming = recurring.upcoming(ctx, schedule) if schedule else []
    return {
        "zones": sorted(available_timezones()),
        "kinds": [(one.name, _(one.title)) for one in recurring.kinds(ctx)],
        "schedule": schedule,
        "upcoming": [recurring.spoken(one, schedule.zone) for one in upcoming] if schedule else [],
    }


@pages.form("/schedules/new", permission="job.manage", schema=schemas.ScheduleIn, template="admin/schedule_form.html",
            initial=_beginning, context=_choices)  # fmt: skip
def new_schedule(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    return redirect_to("/schedules", toast=_next_words(recurring.add(ctx, **data)))


@pages.form(f"{_SCHEDULE}/edit", permission="job.manage", schema=schemas.SchedulePatch, template="admin/schedule_form.html",
            initial=schedules.get_schedule, context=_choices, if_match=True)  # fmt: skip
def edit_schedule(ctx: CallContext, schedule_id: UUID, data: dict[str, Any], version: int | None) -> ResponseReturnValue:
    return redirect_to("/schedules", toast=_next_words(recurring.change(ctx, schedule_id, data, version)))


def _next_words(schedule: Schedule) -> str:
    if schedule.next_run_at is None:
        return _("Saved. The schedule is off.")
    return _("Saved. It runs next on %(when)s.", when=recurring.spoken(schedule.next_run_at, schedule.zone))


@pages.post(f"{_SCHEDULE}/remove", permission="job.manage")
def remove_schedule(ctx: CallContext, schedule_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    recurring.remove(ctx, schedule_id)
    return redirect_to("/schedules", toast=_("The schedule is removed."))


@pages.post(f"{_SCHEDULE}/switch", permission="job.manage")
def switch_schedule(ctx: CallContext, schedule_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    found = schedules.get_schedule(ctx, schedule_id)
    changed = recurring.change(ctx, schedule_id, {"enabled": not found.enabled})
    words = _("The schedule is on.") if changed.enabled else _("The schedule is off.")
    return redirect_to("/schedules", toast=words, undo=f"/schedules/{schedule_id}/switch")


@pages.post(f"{_SCHEDULE}/run", permission="job.manage")
def run_schedule(ctx: CallContext, schedule_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    return redirect_to(f"/jobs/{recurring.run_now(ctx, schedule_id)}", toast=_("Queued."))


@pages.get("/event-deliveries", permission="job.read", query=schemas.DeliveryQuery)
def given_up(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    page = deliveries.list_given_up(ctx, query)
    titles = {one.name: _(one.manifest.title) for one in ctx.kernel.plugins.installed.values()}
    return render("admin/deliveries.html", page=page, titles=titles, states=GIVEN_UP)


@pages.get(_DELIVERY, permission="job.read")
def delivery(ctx: CallContext, delivery_id: UUID) -> ResponseReturnValue:
    row = deliveries.show_delivery(ctx, delivery_id)
    room = ctx.kernel.plugins.installed.get(row["subscriber"])
    return render("admin/delivery.html", row=row, room=_(room.manifest.title) if room else row["subscriber"], states=GIVEN_UP,
                  pretty=records.pretty)  # fmt: skip


@pages.post(f"{_DELIVERY}/retry", permission="job.manage")
def retry_delivery(ctx: CallContext, delivery_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    deliveries.retry_delivery(ctx, delivery_id)
    return redirect_to("/event-deliveries", toast=_("It is tried again."))


@pages.post(f"{_DELIVERY}/dismiss", permission="job.manage")
def dismiss_delivery(ctx: CallContext, delivery_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    deliveries.dismiss_delivery(ctx, delivery_id)
    return redirect_to("/event-deliveries", toast=_("Put aside."))
