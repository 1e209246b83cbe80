"""Background work of the extensions room.

A stepwise job is begun anew where a slice of time ends at one of its steps. The only step of those that call a guest for its
effects ends before the call, so that no call is made twice because it took long.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any
from uuid import UUID

from kernel.context import CallContext
from plugins.extensions.calls import invocations, replays
from plugins.extensions.gateway import kept_answers
from plugins.extensions.interfaces import storage
from plugins.extensions.publishing import releases
from plugins.extensions.triggers import errands, telling

if TYPE_CHECKING:
    from kernel.jobs import JobRun


def compile_release(job: JobRun) -> Generator[None, None, dict[str, str]]:
    """Compile a release; the compiler is a process of its own, with a time and a memory limit."""
    yield
    return {"state": releases.compile_release(job.step, UUID(job.args["release_id"]))}


def tell_event(job: JobRun) -> Generator[None, None, dict[str, str]]:
    """Tell an extension of an event."""
    yield
    return telling.tell(job)


def run_schedule(job: JobRun) -> Generator[None, None, dict[str, Any]]:
    """Call an endpoint of an extension, since its time has come."""
    yield
    return errands.run_schedule(job)


def replay_call(job: JobRun) -> Generator[None, None, dict[str, str]]:
    """Make a recorded call again, as often as was asked."""
    return (yield from replays.make_replays(job))


def tidy_invocations(ctx: CallContext) -> dict[str, Any]:
    """Forget invocations older than the tenant keeps, answers that nobody will ask for again, and values that have expired."""
    return {"removed": invocations.forget_old(ctx), "answers": kept_answers.forget_answers(ctx),
            "stored": storage.forget_expired(ctx)}  # fmt: skip
