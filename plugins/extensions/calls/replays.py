"""Replays as background work: asked for by an administrator, made in portions, seen as they get on, stopped when told to."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
from sqlalchemy import Select, case, select
from sqlalchemy.dialects.postgresql import insert

from kernel import audit, jobs
from kernel.api.listing import Page, paginate
from kernel.context import CallContext
from kernel.ids import uuid7
from kernel.jobs.ledger import JobEnded, JobNotFound
from kernel.jobs.models import LIVE, Job
from kernel.secrets import SecretUnreadable
from plugins.extensions.calls.journals import Recorded, read_recorded, recorded_answer, replay
from plugins.extensions.errors import (
    ExtensionRevoked,
    PublisherKeyUnknown,
    ReleaseTampered,
    ReplayEnded,
    ReplayNotFound,
    ReplayRefused,
    SignatureMissing,
)
from plugins.extensions.models import Replay

if TYPE_CHECKING:
    from kernel.jobs import JobRun

REPLAY_JOB = "extensions.replay"
PORTION_SECONDS = 1.0
"""How long calls are made before what they did is written down."""
_NOT_TO_RUN = (ExtensionRevoked, PublisherKeyUnknown, ReleaseTampered, SecretUnreadable, SignatureMissing)
_STATE = case(
    (Job.state.in_(LIVE) & (Replay.done < Replay.times), "running"),
    (Replay.done < Replay.times, "stopped"),
    (Replay.different > 0, "different"),
    else_="same",
).label("state")
_REPLAYS: Select[Any] = select(
    Replay.id, Replay.invocation_id, Replay.job_id, Replay.times, Replay.done, Replay.different, _STATE, Replay.asked_by,
    Replay.asked_at,
).outerjoin(Job, (Job.tenant_id == Replay.tenant_id) & (Job.id == Replay.job_id))  # fmt: skip


@dataclass(slots=True)
class Portion:
    """What some replays found: how many there were, how many did something else, and what the first of those did."""

    done: int = 0
    different: int = 0
    other: Any = None


def start_replay(ctx: CallContext, invocation_id: UUID, times: int = 1) -> UUID:
    """Queue a recorded call to be made again `times` over and return the replay's id; while one of the call runs, that one.

    Raises what `read_recorded` raises.
    """
    read_recorded(ctx, invocation_id)
    replay_id = uuid7()
    job_id = jobs.enqueue(ctx, REPLAY_JOB, {"replay_id": replay_id}, key=str(invocation_id))
    added = insert(Replay).values(
        tenant_id=ctx.tenant_id, id=replay_id, invocation_id=invocation_id, job_id=job_id, times=times, done=0, different=0,
        asked_by=ctx.actor.name, asked_at=ctx.now(),
    )  # fmt: skip
    fresh = added.on_conflict_do_nothing(index_elements=["tenant_id", "job_id"]).returning(Replay.id)
    if ctx.session.scalar(fresh) is None:
        return ctx.session.scalars(select(Replay.id).where(Replay.job_id == job_id)).one()
    audit.record(ctx, "extension.replayed", kind="extension.replay", row_id=replay_id, changes={"times": times})
    return replay_id


def list_replays(ctx: CallContext, query: Mapping[str, Any]) -> Page:
    """One page of replays, the one asked for last first."""
    return paginate(ctx, _REPLAYS, query, sortable={"asked_at": Replay.asked_at}, default="-asked_at")


def replays_of(ctx: CallContext, invocation_id: UUID) -> list[Mapping[str, Any]]:
    """The last ten replays of a call, the one asked for last first."""
    wanted = _REPLAYS.where(Replay.invocation_id == invocation_id).order_by(Replay.asked_at.desc(), Replay.id.desc()).limit(10)
    return [dict(row) for row in ctx.session.execute(wanted).mappings()]


def get_replay(ctx: CallContext, replay_id: UUID) -> dict[str, Any]:
    """A replay as it stands. Raises ReplayNotFound."""
    row = ctx.session.execute(_REPLAYS.where(Replay.id == replay_id)).mappings().one_or_none()
    if row is None:
        raise ReplayNotFound("There is no replay with this id.")
    return dict(row)


def result_of(ctx: CallContext, replay_id: UUID) -> dict[str, Any]:
    """A replay with what the call did `then`, and `now`: what the first did that did something else, or the same; null before
    the first was made. Raises ReplayNotFound.
    """
    shown = get_replay(ctx, replay_id)
    then = recorded_answer(ctx, shown["invocation_id"])
    sealed = ctx.session.scalar(select(Replay.other).where(Replay.id == replay_id))
    now = then if shown["done"] else None
    if sealed is not None:
        now = orjson.loads(ctx.kernel.open(ctx, sealed, Replay.__tablename__, replay_id, "other"))
    return shown | {"then": then, "now": now}


def cancel_replay(ctx: CallContext, replay_id: UUID) -> None:
    """Stop a replay after its present portion; what it found so far stays. Raises ReplayNotFound, ReplayEnded."""
    shown = get_replay(ctx, replay_id)
    try:
        if shown["state"] != "running":
            raise ReplayEnded("There is nothing to cancel.")
        jobs.cancel_job(ctx, shown["job_id"])
    except (JobEnded, JobNotFound) as error:
        raise ReplayEnded("It ended a moment ago.") from error


def make_replays(job: JobRun) -> Generator[None, None, dict[str, str]]:
    """Make a recorded call again as often as was asked, a portion between two transactions; begun anew it goes on with those
    that are not written down. Raises GuestsBusy, and ReplayRefused for what may not run, by a revocation meanwhile for example.
    """
    replay_id = UUID(job.args["replay_id"])
    with job.step() as ctx:
        shown, recorded = _to_make(ctx, replay_id)
    yield
    while shown["done"] < shown["times"]:
        made = _portion(job, recorded, shown["times"] - shown["done"])
        with job.step() as ctx:
            _note(ctx, replay_id, made)
            shown, recorded = _to_make(ctx, replay_id)
        job.progress(shown["done"], shown["times"])
        yield
    same = shown["done"] - shown["different"]
    return {"url": f"/extensions/replays/{replay_id}", "says": f"{same} / {shown['times']}"}


def _to_make(ctx: CallContext, replay_id: UUID) -> tuple[dict[str, Any], Recorded]:
    shown = get_replay(ctx, replay_id)
    try:
        return shown, read_recorded(ctx, shown["invocation_id"])
    except _NOT_TO_RUN as error:
        raise ReplayRefused(error.detail) from error


def _portion(job: JobRun, recorded: Recorded, most: int) -> Portion:
    portion, until = Portion(), time.monotonic() + PORTION_SECONDS
    while portion.done < most and (not portion.done or time.monotonic() < until):
        again = replay(job.kernel, job.claim.tenant_id, recorded)
        portion.done += 1
        if not again.same:
            portion.different += 1
            portion.other = again.now if portion.other is None else portion.other
    return portion


def _note(ctx: CallContext, replay_id: UUID, made: Portion) -> None:
    sealed = None
    if made.different:
        sealed = ctx.kernel.seal(ctx, orjson.dumps(made.other), Replay.__tablename__, replay_id, "other")
    row = ctx.session.scalars(select(Replay).where(Replay.id == replay_id).with_for_update()).one()
    row.done, row.different, row.other = row.done + made.done, row.different + made.different, row.other or sealed
    ctx.session.flush()
