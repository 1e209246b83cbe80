"""The only door of imports to the rest of the house."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kernel.context import CallContext
from kernel.hookspecs import hookimpl
from kernel.hookspecs.start import JobType, NavEntry
from plugins.imports import commands, pages, routes, tasks, tidying

if TYPE_CHECKING:
    import click

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
    return [NavEntry("settings", "Imports", "/imports", "import.run", "upload", 70)]


@hookimpl
def register_commands() -> Sequence[click.Command]:
    return [commands.import_files]


@hookimpl
def register_jobs() -> Sequence[JobType]:
    return [JobType("imports.run", "Import of files", tasks.run_import, stepwise=True)]


@hookimpl
def tidy_up(ctx: CallContext, limit: int) -> int:
    return tidying.forget_files(ctx, limit)
