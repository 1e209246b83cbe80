"""Pages that belong to no room: the overview with its cards, the palette, the live card of a job."""

from __future__ import annotations

from uuid import UUID

from flask import request
from flask.typing import ResponseReturnValue

from kernel.context import CallContext
from kernel.gate import SIGNED_IN
from kernel.jobs import ledger
from kernel.jobs.models import Job
from kernel.web.doors import pages
from kernel.web.i18n import gettext as _
from kernel.web.i18n import lazy_gettext as _l
from kernel.web.pages import render
from kernel.web.render import local_url, may, shell

MOST = 24
JOB_STATES = {
    "queued": (_l("Waiting"), "neutral"),
    "running": (_l("Running"), "info"),
    "retrying": (_l("Trying again"), "warning"),
    "succeeded": (_l("Done"), "success"),
    "failed": (_l("Failed"), "danger"),
    "cancelled": (_l("Cancelled"), "neutral"),
    "skipped": (_l("Skipped"), "neutral"),
}


@pages.get("/", permission=SIGNED_IN)
def overview(ctx: CallContext) -> ResponseReturnValue:
    """The cards that rooms contribute, each loaded by itself."""
    answers = ctx.hooks.collect_cards(ctx=ctx)
    cards = sorted((one for answer in answers for one in answer if may(one.permission)), key=lambda one: (one.weight, one.url))
    return render("overview.html", cards=cards)


@pages.get("/palette", permission=SIGNED_IN)
def palette(ctx: CallContext) -> ResponseReturnValue:
    """What the typed text may mean: pages by name, then what rooms find."""
    typed = request.args.get("q", "").strip()[:80]
    lines = [line for _area, lines in shell().navigation() for line in lines]
    found = [(line.url, _(line.label), _(line.group or "Page")) for line in lines if typed.lower() in _(line.label).lower()]
    if typed:
        answers = ctx.hooks.collect_palette(ctx=ctx, text=typed)
        found += [(one.url, one.text, _(one.hint) if one.hint else "") for answer in answers for one in answer]
    return render("kit/options.html", options=found[:MOST])


@pages.get("/jobs/<uuid:job_id>/card", permission=SIGNED_IN)
def job_card(ctx: CallContext, job_id: UUID) -> ResponseReturnValue:
    """A piece of background work as it stands; asks again each second while it lives."""
    return _card(ctx, _visible_job(ctx, job_id))


@pages.post("/jobs/<uuid:job_id>/card/cancel", permission=SIGNED_IN)
def cancel_from_card(ctx: CallContext, job_id: UUID) -> ResponseReturnValue:
    """Stop a job from its card."""
    return _card(ctx, ledger.cancel_job(ctx, _visible_job(ctx, job_id, "job.manage").id))


@pages.post("/jobs/<uuid:job_id>/card/retry", permission=SIGNED_IN)
def retry_from_card(ctx: CallContext, job_id: UUID) -> ResponseReturnValue:
    """Try a failed job again from its card."""
    return _card(ctx, ledger.retry_job(ctx, _visible_job(ctx, job_id, "job.manage").id))


def _visible_job(ctx: CallContext, job_id: UUID, permission: str = "job.read") -> Job:
    """A job that the reader started, or any for who holds the permission. Raises JobNotFound."""
    job = ledger.get_job(ctx, job_id)
    if job.actor_id != ctx.actor.id and not ctx.actor.may(permission):
        raise ledger.JobNotFound
    return job


def _card(ctx: CallContext, job: Job) -> str:
    result = job.result if isinstance(job.result, dict) else {}
    known = ctx.kernel.jobs.get(job.kind)
    may_act = job.actor_id == ctx.actor.id or ctx.actor.may("job.manage")
    return render("job_card.html", job=job, may_act=may_act, title=known.title if known else job.kind, states=JOB_STATES,
                  says=result.get("says"), url=_result_url(result.get("url")))  # fmt: skip


def _result_url(url: object) -> str | None:
    return url if isinstance(url, str) and local_url(url) == url else None
