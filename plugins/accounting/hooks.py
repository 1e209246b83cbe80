"""The accounting room's only door to the rest of the house."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kernel.context import CallContext
from kernel.hookspecs import hookimpl
from kernel.hookspecs.directory import Blocker, Label, Ref
from kernel.hookspecs.start import DefaultSchedule, JobType
from plugins.accounting import answers
from plugins.accounting.incoming import cursors, parts


@hookimpl
def describe(ctx: CallContext, refs: Sequence[Ref]) -> Mapping[Ref, Label]:
    return answers.describe(ctx, refs)


@hookimpl
def collect_blockers(ctx: CallContext, refs: Sequence[Ref]) -> Sequence[Blocker]:
    return answers.blockers(ctx, refs)


@hookimpl
def register_jobs() -> Sequence[JobType]:
    return parts.JOBS


@hookimpl
def register_schedules() -> Sequence[DefaultSchedule]:
    return parts.SCHEDULES


@hookimpl
def books_changed(ctx: CallContext, system: str, account_id: str, told: Sequence[tuple[str, str]]) -> bool:
    return cursors.books_changed(ctx, system, account_id)
