"""What administration answers to other rooms: labels, blockers, palette entries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from kernel.auth import ApiKey
from kernel.context import CallContext
from kernel.directory.models import Client, Role, Team, User
from kernel.hookspecs.directory import Blocker, Label, Ref
from kernel.hookspecs.screen import PaletteEntry
from kernel.jobs.models import Job, Schedule
from plugins.admin.people import find_users

_KINDS: dict[str, tuple[Any, str, str | None]] = {
    "user": (User, "user.read", "/users/{}"),
    "team": (Team, "user.read", "/teams/{}"),
    "role": (Role, "user.read", "/roles/{}"),
    "schedule": (Schedule, "job.read", "/schedules"),
    "api_key": (ApiKey, "api_key.create", "/api-keys"),
}


def describe(ctx: CallContext, refs: Sequence[Ref]) -> dict[Ref, Label]:
    """Names of users, teams, roles, schedules, keys and jobs, one query a kind; with a page for who may open it."""
    labels: dict[Ref, Label] = {}
    for kind, (table, permission, page) in _KINDS.items():
        if ids := _ids(refs, kind):
            url = page if ctx.actor.may(permission) else None
            found = ctx.session.execute(select(table.id, table.name).where(table.id.in_(ids)))
            labels |= {Ref(kind, row.id): Label(row.name, url and url.format(row.id)) for row in found}
    return labels | _describe_jobs(ctx, _ids(refs, "job"))


def _ids(refs: Sequence[Ref], kind: str) -> set[UUID]:
    return {ref.id for ref in refs if ref.kind == kind}


def _describe_jobs(ctx: CallContext, ids: set[UUID]) -> dict[Ref, Label]:
    if not ids:
        return {}
    page = "/jobs/{}" if ctx.actor.may("job.read") else None
    found = ctx.session.execute(select(Job.id, Job.kind).where(Job.id.in_(ids)))
    return {Ref("job", row.id): Label(_job_title(ctx, row.kind), page and page.format(row.id)) for row in found}


def _job_title(ctx: CallContext, kind: str) -> str:
    return ctx.kernel.jobs[kind].title if kind in ctx.kernel.jobs else kind


def blockers(ctx: CallContext, refs: Sequence[Ref]) -> list[Blocker]:
    """Clients that a user looks after keep the user from being deleted."""
    users = _ids(refs, "user")
    if not users:
        return []
    held = select(Client.account_manager_id, func.count()).where(Client.account_manager_id.in_(users))
    return [Blocker(Ref("user", user_id), "client", count, f"account manager of {count} clients")
            for user_id, count in ctx.session.execute(held.group_by(Client.account_manager_id)) if user_id]  # fmt: skip


def palette(ctx: CallContext, text: str) -> list[PaletteEntry]:
    """Users that the text may mean, the way to a new one, and one's own profile."""
    entries = [PaletteEntry("My profile", "/me", "Page")] if "my profile".startswith(text.lower().strip()) else []
    if ctx.actor.may("user.read") and len(text.strip()) > 1:
        entries += [PaletteEntry(one.name, f"/users/{one.id}", "User") for one in find_users(ctx, text)]
    if ctx.actor.may("user.manage") and "new user".startswith(text.lower().strip()):
        entries.append(PaletteEntry("New user", "/users/new", "Create"))
    return entries
