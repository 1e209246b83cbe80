"""The door of the room of bank files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kernel.context import CallContext
from kernel.hookspecs import hookimpl
from kernel.hookspecs.directory import Blocker, Ref
from kernel.hookspecs.start import JobType, NavEntry
from plugins.bank_files import answers, pages, routes, tasks, uploads

if TYPE_CHECKING:
    from kernel.api.rest import Rest
    from kernel.web.pages import Pages


@hookimpl
def register_rest() -> Sequence[Rest]:
    return [routes.rest]


@hookimpl
def register_pages() -> Sequence[Pages]:
    return [pages.pages]


@hookimpl
def register_navigation() -> Sequence[NavEntry]:
    return [NavEntry("billing", "Bank entries", "/bank-entries", "bank_file.read", "building-bank", 24, "Money in")]


@hookimpl
def register_jobs() -> Sequence[JobType]:
    return [JobType(uploads.JOB, "Read a bank statement", tasks.read_file, stepwise=True)]


@hookimpl
def collect_blockers(ctx: CallContext, refs: Sequence[Ref]) -> Sequence[Blocker]:
    return answers.blockers(ctx, refs)
