"""Web pages that show what an install is doing: charts, calls as they come, and calls made again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue

from kernel.clock import zone_info
from kernel.context import CallContext
from kernel.web.i18n import gettext as _
from kernel.web.pages import Pages, redirect_to, render
from plugins.extensions import schemas, services
from plugins.extensions.calls import invocations, journals, metrics, replays
from plugins.extensions.calls.tailing import Tail
from plugins.extensions.installs.words import REPLAY_STATES
from plugins.extensions.publishing import releases

pages = Pages("extensions")
_INSTALL = "/extensions/<uuid:install_id>"
_SHOWN = 20


@pages.get(f"{_INSTALL}/metrics", permission="extension.read", query=schemas.MetricsQuery)
def charts(ctx: CallContext, install_id: UUID, query: dict[str, Any]) -> ResponseReturnValue:
    install = services.get_install(ctx, install_id)
    found = metrics.metrics_of(ctx, install_id, query["hours"])
    return render(
        "extensions/metrics.html",
        install=install,
        release=releases.get_release(ctx, install.release_id),
        found=found,
        calls=_points(ctx, found, lambda step: step["calls"]),
        stopped=_points(ctx, found, lambda step: step["stopped"] + step["failed"]),
        slow=_points(ctx, found, lambda step: round((step["p95"] or 0) / 1000, 1)),
        spans=((24, _("A day")), (7 * 24, _("A week")), (metrics.LONGEST_HOURS, _("A month"))),
    )


def _points(ctx: CallContext, found: Mapping[str, Any], value: Callable[[Mapping[str, Any]], float]) -> list[tuple[str, float]]:
    zone, pattern = zone_info(ctx.tenant.zone), "%H:%M" if found["hours"] <= 24 else "%m-%d %H:%M"
    return [(f"{step['at'].astimezone(zone):{pattern}}", value(step)) for step in found["steps"]]


@pages.get(f"{_INSTALL}/live", permission="extension.read")
def live(ctx: CallContext, install_id: UUID) -> ResponseReturnValue:
    install = services.get_install(ctx, install_id)
    release = releases.get_release(ctx, install.release_id)
    return render("extensions/live.html", install=install, release=release, calls=_latest(ctx, install_id))


@pages.get(f"{_INSTALL}/live/calls", permission="extension.read")
def live_calls(ctx: CallContext, install_id: UUID) -> ResponseReturnValue:
    services.get_install(ctx, install_id)
    return render("extensions/live_calls.html", calls=_latest(ctx, install_id))


def _latest(ctx: CallContext, install_id: UUID) -> list[Any]:
    return list(reversed(Tail(install_id).latest(ctx, _SHOWN)))


@pages.post(f"{_INSTALL}/record", permission="extension.manage")
def record(ctx: CallContext, install_id: UUID) -> ResponseReturnValue:
    journals.set_recording(ctx, install_id, on=True)
    return redirect_to(f"/extensions/{install_id}", toast=_("Calls are recorded from now on."))


@pages.post(f"{_INSTALL}/record/stop", permission="extension.manage")
def stop_recording(ctx: CallContext, install_id: UUID) -> ResponseReturnValue:
    journals.set_recording(ctx, install_id, on=False)
    return redirect_to(f"/extensions/{install_id}", toast=_("Calls are recorded no more."))


@pages.post("/extensions/invocations/<uuid:invocation_id>/replay", permission="extension.manage", schema=schemas.ReplayIn)
def start_replay(ctx: CallContext, invocation_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    return redirect_to(f"/extensions/replays/{replays.start_replay(ctx, invocation_id, data['times'])}")


@pages.get("/extensions/replays", permission="extension.manage", query=schemas.ReplayQuery)
def replay_list(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    return render("extensions/replays.html", page=replays.list_replays(ctx, query), states=REPLAY_STATES)


@pages.get("/extensions/replays/<uuid:replay_id>", permission="extension.manage")
def replay_page(ctx: CallContext, replay_id: UUID) -> ResponseReturnValue:
    found = replays.result_of(ctx, replay_id)
    call = invocations.get_invocation(ctx, found["invocation_id"])
    return render("extensions/replay.html", replay=found, call=call, states=REPLAY_STATES,
                  sides=[_side(one) for one in (found["then"], found["now"]) if one is not None])  # fmt: skip


def _side(did: Mapping[str, Any]) -> dict[str, Any]:
    """What a guest did, for people to read: how it ended, its answer, and its log."""
    status, _headers, body = did["response"] or (None, [], did["answer"])
    return {"status": status, "trap": did["trap"], "text": body, "failed": did["failed"],
            "log": [{"level": level, "message": message} for level, message in did["log"]]}  # fmt: skip


@pages.post("/extensions/replays/<uuid:replay_id>/cancel", permission="extension.manage")
def cancel_replay(ctx: CallContext, replay_id: UUID) -> ResponseReturnValue:
    replays.cancel_replay(ctx, replay_id)
    return redirect_to(f"/extensions/replays/{replay_id}", toast=_("It stops after the calls that it is making."))
