"""Web pages of the timesheets."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from babel.dates import format_date
from flask import request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from kernel.api.listing import every_row
from kernel.context import CallContext
from kernel.hookspecs.directory import Ref
from kernel.web.i18n import babel_locale, ngettext
from kernel.web.i18n import gettext as _
from kernel.web.i18n import lazy_gettext as _l
from kernel.web.pages import Pages, csv_download, redirect_to, render
from kernel.web.render import label_of
from plugins.timesheets import approval, listing, schemas, services
from plugins.timesheets.amounts import hours

pages = Pages("timesheets")
STATES = {
    "draft": (_l("Draft"), "neutral"),
    "submitted": (_l("Submitted"), "info"),
    "approved": (_l("Approved"), "success"),
    "changes_requested": (_l("Changes requested"), "warning"),
}


@pages.get("/time", permission="time.read", query=schemas.EntryQuery)
def entries(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    own = {"user_id": ctx.actor.user_id} if request.args.get("all") != "true" and "user_id" not in query else {}
    week = listing.week_of(ctx, ctx.today(), ctx.actor.user_id)
    return render("timesheets/list.html", page=listing.list_entries(ctx, {**query, **own}), states=STATES, week=_named(week),
                  total=sum(minutes for _day, minutes in week))  # fmt: skip


@pages.get("/time.csv", permission="time.read", query=schemas.EntryQuery)
def entries_csv(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    columns = ("worked_on", "user_name", "client_name", "minutes", "notes", "state")
    rows = every_row(lambda wanted: listing.list_entries(ctx, wanted), query)
    return csv_download("time.csv", columns, ([row[name] for name in columns] for row in rows))


def _named(week: list[tuple[date, int]]) -> list[tuple[str, int]]:
    """The days as people say them in one week: Mon 16."""
    return [(format_date(day, "EEE d", locale=babel_locale()), minutes) for day, minutes in week]


def _prefilled(ctx: CallContext) -> dict[str, Any]:
    """What the address names, and the half hour that ends now, to be corrected."""
    now = ctx.now().replace(second=0, microsecond=0)
    ended = now - timedelta(minutes=now.minute % 5)
    return {"started_at": ended - timedelta(minutes=30), "ended_at": ended, **request.args}


def _back(ctx: CallContext) -> dict[str, Any]:
    """Where the form leads back: the ticket whose page asked for it, else one's own time."""
    work = label_of("ticket", request.args.get("work_id"))
    return {"entry": None, "back": (work.text, work.url) if work and work.url else (_("Time"), "/time")}


@pages.form("/time/new", permission="time.log", schema=schemas.EntryForm, template="timesheets/form.html",
            initial=_prefilled, context=_back)  # fmt: skip
def new_entry(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    services.log_time(ctx, **data)
    return redirect_to(_back(ctx)["back"][1], toast=_("Time logged."))


def _entry(ctx: CallContext, entry_id: UUID) -> dict[str, Any]:
    return {"entry": services.get_entry(ctx, entry_id), "back": (_("Time entry"), f"/time/{entry_id}")}


@pages.get("/time/<uuid:entry_id>", permission="time.read")
def entry(ctx: CallContext, entry_id: UUID) -> ResponseReturnValue:
    return render("timesheets/detail.html", states=STATES, **_entry(ctx, entry_id))


@pages.form("/time/<uuid:entry_id>/edit", permission="time.log", schema=schemas.EntryPatch, template="timesheets/form.html",
            initial=services.get_entry, context=_entry, if_match=True)  # fmt: skip
def edit_entry(ctx: CallContext, entry_id: UUID, data: dict[str, Any], version: int | None) -> ResponseReturnValue:
    services.change_entry(ctx, entry_id, data, version)
    return redirect_to(f"/time/{entry_id}", toast=_("Saved."))


@pages.post("/time/<uuid:entry_id>/delete", permission="time.log")
def delete_entry(ctx: CallContext, entry_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    services.delete_entry(ctx, entry_id)
    return redirect_to("/time", toast=_("Entry deleted."))


@pages.post("/time/submit", permission="time.log", schema=schemas.Ticked)
def submit(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    count = approval.submit(ctx, data["ids"])
    return redirect_to("/time", toast=ngettext("%(num)d entry submitted.", "%(num)d entries submitted.", count))


@pages.get("/time/approval", permission="time.approve", query=schemas.EntryQuery)
def awaiting(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    page = listing.list_entries(ctx, {"sort": "worked_on", **query, "state": "submitted"})
    return render("timesheets/approval.html", page=page, states=STATES, waiting=listing.count_by_state(ctx, "submitted"),
                  today=ctx.today())  # fmt: skip


@pages.post("/time/approve", permission="time.approve", schema=schemas.Ticked)
def approve(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    count = approval.approve(ctx, data["ids"])
    return redirect_to("/time/approval", toast=_approved(count))


@pages.post("/time/approve-until", permission="time.approve", schema=schemas.ApproveUntil)
def approve_until(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    return redirect_to("/time/approval", toast=_approved(approval.approve_until(ctx, **data)))


def _approved(count: int) -> str:
    return ngettext("%(num)d entry approved.", "%(num)d entries approved.", count)


@pages.post("/time/request-changes", permission="time.approve", schema=schemas.TickedWithReason)
def request_changes(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    approval.request_changes(ctx, data["ids"], data["reason"])
    return redirect_to("/time/approval", toast=_("Sent back."))


@pages.post("/time/<uuid:entry_id>/reverse", permission="time.approve")
def reverse(ctx: CallContext, entry_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    approval.reverse(ctx, [entry_id], form.get("reason", ""))
    return redirect_to(f"/time/{entry_id}", toast=_("Approval taken back."))


@pages.get("/time/of-ticket/<uuid:ticket_id>", permission="time.read")
def of_ticket(ctx: CallContext, ticket_id: UUID) -> ResponseReturnValue:
    services.get_work(ctx, Ref("ticket", ticket_id))
    rows = listing.entries_of_work(ctx, "ticket", ticket_id)
    total = hours(sum(row["minutes"] for row in rows))
    return render("timesheets/panel.html", rows=rows, total=total, states=STATES, ref=Ref("ticket", ticket_id))


@pages.get("/time/card", permission="time.read")
def card(ctx: CallContext) -> ResponseReturnValue:
    week = listing.week_of(ctx, ctx.today(), ctx.actor.user_id)
    waiting = listing.count_by_state(ctx, "submitted") if ctx.actor.may("time.approve") else None
    return render("timesheets/card.html", week=_named(week), total=sum(minutes for _day, minutes in week), waiting=waiting)
