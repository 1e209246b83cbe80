"""Users, roles and teams as lists and forms show them; the rules about them live in the kernel's directory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Select, Text, cast, func, select
from sqlalchemy.dialects.postgresql import array

from kernel.api.listing import Page, paginate
from kernel.context import CallContext
from kernel.directory import staff
from kernel.directory.models import Role, RolePermission, Team, TeamMember, User, UserRole
from kernel.errors import Refused

_NAME_KEY = func.lower(User.name)
_SORTABLE = {
    "name": _NAME_KEY,
    "last_login_at": User.last_login_at,
    "created_at": User.created_at,
    "updated_at": User.updated_at,
}
_ROLE_NAMES = (
    select(func.array_agg(Role.name))
    .join(UserRole, (UserRole.tenant_id == Role.tenant_id) & (UserRole.role_id == Role.id))
    .where(UserRole.tenant_id == User.tenant_id, UserRole.user_id == User.id)
    .correlate(User)
    .scalar_subquery()
)
_ROWS = select(
    User.id, User.name, User.email, User.active, User.billing_role, User.totp_enabled,
    User.password_hash.is_not(None).label("has_password"), User.last_login_at, User.created_at, User.updated_at,
    func.coalesce(_ROLE_NAMES, cast(array([], type_=Text), ARRAY(Text))).label("roles"),
)  # fmt: skip


def list_users(ctx: CallContext, query: Mapping[str, Any]) -> Page:
    """One page of users with the names of their roles; `q` narrows by name or address."""
    wanted = dict(query)
    rows: Select[Any] = _ROWS
    if text := wanted.pop("q", "").strip().lower():
        rows = rows.where((func.strpos(_NAME_KEY, text) > 0) | (func.strpos(User.email_key, text) > 0))
    return paginate(ctx, rows, wanted, sortable=_SORTABLE, default="name")


def find_users(ctx: CallContext, text: str, limit: int = 6) -> list[User]:
    """Active users whose name or address holds the text."""
    wanted = text.strip().lower()
    found = select(User).where((func.strpos(_NAME_KEY, wanted) > 0) | (func.strpos(User.email_key, wanted) > 0))
    return list(ctx.session.scalars(found.where(User.active).order_by(User.name, User.id).limit(limit)))


def find_by_email(ctx: CallContext, email: str) -> User:
    """The user of an address. Raises UserNotFound."""
    user = ctx.session.scalar(select(User).where(User.email_key == email.strip().lower()))
    if user is None:
        raise staff.UserNotFound(f"No user has the address {email}.")
    return user


def roles_of(ctx: CallContext, user_id: UUID) -> list[Role]:
    """A user's roles by name."""
    found = select(Role).join(UserRole, UserRole.role_id == Role.id).where(UserRole.user_id == user_id)
    return list(ctx.session.scalars(found.order_by(Role.name)))


def teams_of(ctx: CallContext, user_id: UUID) -> list[tuple[Team, bool]]:
    """A user's teams, each with whether the user leads it."""
    found = select(Team, TeamMember.is_lead).join(TeamMember, TeamMember.team_id == Team.id)
    rows = ctx.session.execute(found.where(TeamMember.user_id == user_id).order_by(Team.name)).all()
    return [(team, is_lead) for team, is_lead in rows]


def show_user(ctx: CallContext, user_id: UUID) -> dict[str, Any]:
    """A user with roles, without what signs them in."""
    user = staff.get_user(ctx, user_id)
    names = ("id", "version", "name", "email", "active", "billing_role", "locale", "totp_enabled", "last_login_at",
             "created_at", "updated_at")  # fmt: skip
    return {name: getattr(user, name) for name in names} | {
        "has_password": user.password_hash is not None, "roles": roles_of(ctx, user_id),
    }  # fmt: skip


def user_form(ctx: CallContext, user_id: UUID) -> dict[str, Any]:
    """What the form of a user begins with."""
    shown = show_user(ctx, user_id)
    return shown | {"role_ids": [role.id for role in shown["roles"]]}


def add_user(ctx: CallContext, *, role_ids: Sequence[UUID] = (), **facts: Any) -> User:
    """Take a user on with these roles. Raises Conflict, RoleNotFound, and PermissionDenied for roles above the actor's."""
    user = staff.add_user(ctx, **facts)
    staff.set_roles(ctx, user.id, role_ids)
    return user


def change_user(ctx: CallContext, user_id: UUID, changes: Mapping[str, Any], version: int | None = None) -> User:
    """Change a user's facts and, where given, roles. Raises RankTooLow, LastAdmin."""
    facts = dict(changes)
    role_ids = facts.pop("role_ids", None)
    user = staff.change_user(ctx, user_id, facts, version)
    if role_ids is not None:
        staff.set_roles(ctx, user_id, role_ids)
    return user


def set_password(ctx: CallContext, user_id: UUID, password: str) -> None:
    """Set another user's password. One's own is changed on the profile, where the present one is asked for."""
    if ctx.actor.user_id == user_id:
        raise Refused("Change your own password on your profile; it asks for the present one.")
    staff.set_password(ctx, user_id, password)


def list_roles(ctx: CallContext) -> list[dict[str, Any]]:
    """Every role with its permissions and the number of its users: three queries."""
    counts = dict(ctx.session.execute(select(UserRole.role_id, func.count()).group_by(UserRole.role_id)).all())
    held: dict[UUID, list[str]] = {}
    for role_id, permission in ctx.session.execute(
        select(RolePermission.role_id, RolePermission.permission).order_by(RolePermission.permission)
    ):
        held.setdefault(role_id, []).append(permission)
    return [_role(role, held.get(role.id, []), counts.get(role.id, 0)) for role in staff.list_roles(ctx)]


def show_role(ctx: CallContext, role_id: UUID) -> dict[str, Any]:
    """One role with its permissions and the number of its users. Raises RoleNotFound."""
    role = staff.get_role(ctx, role_id)
    count = ctx.session.scalar(select(func.count()).where(UserRole.role_id == role_id)) or 0
    return _role(role, sorted(staff.role_permissions(ctx, role_id)), count)


def _role(role: Role, permissions: list[str], users: int) -> dict[str, Any]:
    return {"id": role.id, "version": role.version, "name": role.name, "key": role.key, "grants_all": role.grants_all,
            "permissions": permissions, "users": users}  # fmt: skip


def role_users(ctx: CallContext, role_id: UUID) -> list[User]:
    """The users who have a role, by name."""
    found = select(User).join(UserRole, UserRole.user_id == User.id).where(UserRole.role_id == role_id)
    return list(ctx.session.scalars(found.order_by(User.name)))


def change_role(ctx: CallContext, role_id: UUID, *, name: str | None = None, permissions: Sequence[str] | None = None,
                version: int | None = None) -> Role:  # fmt: skip
    """Rename a role or say what it may do. Raises PermissionDenied for a permission that the actor does not hold."""
    role = staff.get_role(ctx, role_id)
    if name is not None or version is not None:
        role = staff.rename_role(ctx, role_id, name or role.name, version)
    return role if permissions is None else staff.set_role_permissions(ctx, role_id, permissions)


def list_permissions(ctx: CallContext) -> list[dict[str, str]]:
    """Every permission that an installed plugin declares, by plugin."""
    return [
        {"name": one.name, "title": one.title, "plugin": plugin.name}
        for plugin in ctx.kernel.plugins.installed.values()
        for one in plugin.manifest.permissions
    ]


def permission_groups(ctx: CallContext) -> list[tuple[str, list[tuple[str, str]]]]:
    """The permissions as a form shows them: plugin title → (name, words)."""
    return [
        (plugin.manifest.title, [(one.name, one.title) for one in plugin.manifest.permissions])
        for plugin in ctx.kernel.plugins.installed.values()
        if plugin.manifest.permissions
    ]


def list_teams(ctx: CallContext) -> list[dict[str, Any]]:
    """Every team with its members: two queries."""
    members: dict[UUID, list[dict[str, Any]]] = {}
    found = select(TeamMember.team_id, User.id, User.name, TeamMember.is_lead).join(User, User.id == TeamMember.user_id)
    for row in ctx.session.execute(found.order_by(User.name)):
        members.setdefault(row.team_id, []).append({"id": row.id, "name": row.name, "is_lead": row.is_lead})
    return [{"id": team.id, "version": team.version, "name": team.name, "members": members.get(team.id, [])}
            for team in staff.list_teams(ctx)]  # fmt: skip


def show_team(ctx: CallContext, team_id: UUID) -> dict[str, Any]:
    """One team with its members. Raises TeamNotFound."""
    team, leads = staff.get_team(ctx, team_id), set(staff.team_leads(ctx, team_id))
    members = [{"id": one.id, "name": one.name, "is_lead": one.id in leads} for one in staff.team_members(ctx, team_id)]
    return {"id": team.id, "version": team.version, "name": team.name, "members": members}


def change_team(ctx: CallContext, team_id: UUID, *, name: str | None = None, members: Sequence[UUID] | None = None,
                leads: Sequence[UUID] | None = None, version: int | None = None) -> Team:  # fmt: skip
    """Rename a team, or say who is in it and who leads it; what is not given stays."""
    team = staff.get_team(ctx, team_id)
    if name is not None or version is not None:
        team = staff.rename_team(ctx, team_id, name or team.name, version)
    if members is not None or leads is not None:
        present = [one.id for one in staff.team_members(ctx, team_id)] if members is None else members
        leading = staff.team_leads(ctx, team_id) if leads is None else leads
        kept = [one for one in leading if leads is not None or one in present]
        staff.set_members(ctx, team_id, present, kept)
    return team
