"""Teams and users from files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from kernel.context import CallContext
from kernel.db import upsert
from kernel.directory import staff
from kernel.directory.models import Role, Team, TeamMember, User, UserRole
from kernel.hookspecs.transfer import Column, Importer, ImportRow, Resolver, RowError
from kernel.ids import uuid7
from kernel.manifest import ROLES


def _met(resolver: Resolver, kind: str, rows: Sequence[ImportRow], known: Mapping[str, UUID], column: str) -> dict[str, UUID]:
    """Ids for the rows: those remembered, those met by their natural key, and new ones."""
    met = {row.external_id: known[row.values[column]] for row in rows if row.values[column] in known}
    return dict(resolver.claim(kind, [row.external_id for row in rows], met))


def load_teams(ctx: CallContext, rows: Sequence[ImportRow], resolver: Resolver) -> list[RowError]:
    """Teams; one that the tenant has already is met by its name."""
    names = [row.values["name"] for row in rows]
    known = dict(ctx.session.execute(select(Team.name, Team.id).where(Team.name.in_(names))).all())
    ids = _met(resolver, "team", rows, known, "name")
    wrong = _twice(rows, ids, known, "name")
    if not wrong:
        upsert(ctx.session, Team, [{"id": ids[row.external_id], "name": row.values["name"]} for row in rows])
    return wrong


def load_users(ctx: CallContext, rows: Sequence[ImportRow], resolver: Resolver) -> list[RowError]:
    """Users; one that the tenant has already is met by the address. A new one cannot sign in until a password is set.

    The role of the file is added to those a user has; the team too.
    """
    emails = [row.values["email"] for row in rows]
    known = dict(ctx.session.execute(select(User.email_key, User.id).where(User.email_key.in_(emails))).all())
    ids = _met(resolver, "user", rows, known, "email")
    roles = {role.key: role for role in staff.list_roles(ctx) if role.key}
    wrong = [*_twice(rows, ids, known, "email"), *_above(ctx, rows, ids, roles)]
    if wrong:
        return wrong
    upsert(ctx.session, User, [
        {"id": ids[row.external_id], "name": row.values["full_name"], "email": row.values["email"],
         "billing_role": row.values["billing_role"], "active": row.values["active"] is not False}
        for row in rows
    ])  # fmt: skip
    staff.keep_an_admin(ctx)
    _give_roles(ctx, ((ids[row.external_id], roles[row.values["role"]].id) for row in rows))
    _join_teams(ctx, ((ids[row.external_id], row.values) for row in rows if row.values["team"]))
    return []


def _twice(rows: Sequence[ImportRow], ids: Mapping[str, UUID], known: Mapping[str, UUID], column: str) -> list[RowError]:
    """Rows whose natural key is another row's, here or in the tenant."""
    owners = dict(known)
    return [
        RowError(row.line, column, f"{row.values[column]} is taken by another row or entry.")
        for row in rows
        if owners.setdefault(row.values[column], ids[row.external_id]) != ids[row.external_id]
    ]


def _above(ctx: CallContext, rows: Sequence[ImportRow], ids: Mapping[str, UUID], roles: Mapping[str, Role]) -> list[RowError]:
    """Rows by which the importing user would give, or act on, more than that user holds."""
    given = {key: staff.may_give(ctx, role) for key, role in roles.items()}
    higher = staff.outranking(ctx, ids.values())
    wrong = [RowError(row.line, "role", f"You may not give the role {row.values['role']}.")
             for row in rows if not given.get(row.values["role"], False)]  # fmt: skip
    return wrong + [RowError(row.line, "email", "This user may do more than you; somebody with more rights must load this row.")
                    for row in rows if ids[row.external_id] in higher]  # fmt: skip


def _give_roles(ctx: CallContext, pairs: Iterable[tuple[UUID, UUID]]) -> None:
    values = [{"tenant_id": ctx.tenant_id, "id": uuid7(), "user_id": user, "role_id": role} for user, role in pairs]
    if values:
        ctx.session.execute(insert(UserRole).values(values).on_conflict_do_nothing())


def _join_teams(ctx: CallContext, people: Iterable[tuple[UUID, Mapping[str, Any]]]) -> None:
    values = [{"tenant_id": ctx.tenant_id, "id": uuid7(), "user_id": user_id, "team_id": row["team"],
               "is_lead": bool(row["team_lead"])} for user_id, row in people]  # fmt: skip
    if values:
        fresh = insert(TeamMember).values(values)
        ctx.session.execute(fresh.on_conflict_do_update(
            index_elements=["tenant_id", "team_id", "user_id"], set_={"is_lead": fresh.excluded.is_lead}
        ))  # fmt: skip


IMPORTERS = (
    Importer("team", "teams.csv", 10, (Column("name", required=True, max_length=120),), load_teams, "Teams"),
    Importer("user", "users.csv", 20, (
        Column("full_name", required=True, max_length=120), Column("email", "email", required=True),
        Column("role", "enum", required=True, choices=ROLES), Column("billing_role", max_length=100),
        Column("team", "reference", refers_to="team"), Column("team_lead", "boolean"), Column("active", "boolean"),
    ), load_users, "Users"),
)  # fmt: skip
