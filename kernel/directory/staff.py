"""Users, teams and roles of the MSP."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select

from kernel import audit, auth
from kernel.context import EVERYTHING, CallContext
from kernel.deletion import refuse_if_needed
from kernel.directory.clients import apply_changes
from kernel.directory.models import Role, RolePermission, Team, TeamMember, User, UserRole
from kernel.errors import Conflict, InvalidInput, NotFound, PermissionDenied, Refused
from kernel.hookspecs.directory import Blocker, Ref
from kernel.ids import uuid7
from kernel.passwords import seal_password, stop_totp


class UserNotFound(NotFound):
    code = "user_not_found"
    title = "No such user"


class RoleNotFound(NotFound):
    code = "role_not_found"
    title = "No such role"


class TeamNotFound(NotFound):
    code = "team_not_found"
    title = "No such team"


class RankTooLow(PermissionDenied):
    """Who may change users may not, by that, become somebody who may do more."""

    code = "rank_too_low"
    title = "This user may do more than you"


class LastAdmin(Refused):
    """Somebody must be able to manage the tenant."""

    code = "last_admin"
    title = "The last administrator stays"


def get_user(ctx: CallContext, user_id: UUID) -> User:
    """One user. Raises UserNotFound."""
    user = ctx.session.scalar(select(User).where(User.id == user_id))
    if user is None:
        raise UserNotFound("There is no user with this id.")
    return user


def list_users(ctx: CallContext, *, active_only: bool = True) -> list[User]:
    """Users by name."""
    found = select(User).order_by(User.name, User.id)
    return list(ctx.session.scalars(found.where(User.active) if active_only else found))


def add_user(ctx: CallContext, *, name: str, email: str, password: str | None = None, roles: Iterable[str] = (),
             **fields: Any) -> User:  # fmt: skip
    """Take a user on; `roles` are keys or names. Raises Conflict for a used e-mail address, InvalidInput for the rest."""
    _refuse_taken_email(ctx, email)
    user = User(name=name, email=email.strip(), password_hash=seal_password(password) if password else None, **fields)
    ctx.session.add(user)
    ctx.session.flush()
    set_roles(ctx, user.id, [_role_by_word(ctx, word).id for word in roles])
    audit.record(ctx, "user.added", kind="user", row_id=user.id, label=name)
    return user


def _refuse_taken_email(ctx: CallContext, email: str, but: UUID | None = None) -> None:
    owner = ctx.session.scalar(select(User.id).where(User.email_key == email.strip().lower()))
    if owner not in (None, but):
        raise Conflict("A user with this e-mail address exists.", errors={"email": "Used by another user."})


def change_user(ctx: CallContext, user_id: UUID, changes: Mapping[str, Any], version: int | None = None) -> User:
    """Change a user; setting `active` to false closes the sessions.

    Raises RankTooLow, LastAdmin, and Conflict for an e-mail address in use.
    """
    user = get_user(ctx, user_id)
    require_rank(ctx, [user_id])
    if "email" in changes:
        _refuse_taken_email(ctx, changes["email"], but=user_id)
    apply_changes(ctx, user, changes, version, kind="user", label=user.name)
    if changes.get("active") is False:
        auth.sign_out_everywhere(ctx, user_id)
        keep_an_admin(ctx)
    return user


def outranking(ctx: CallContext, user_ids: Iterable[UUID]) -> set[UUID]:
    """The users among these who may do something that the actor may not."""
    held = auth.held_permissions(ctx, user_ids)
    return {user_id for user_id, permissions in held.items() if not all(map(ctx.actor.may, permissions))}


def require_rank(ctx: CallContext, user_ids: Iterable[UUID]) -> None:
    """Raise RankTooLow when one of these users may do something that the actor may not.

    Whoever could set such a user's password, address or roles could act as that user.
    """
    if outranking(ctx, user_ids):
        raise RankTooLow("Only somebody who may do at least as much can change this user.")


def set_password(ctx: CallContext, user_id: UUID, password: str) -> None:
    """Give a user a new password and close all sessions. Raises RankTooLow."""
    require_rank(ctx, [user_id])
    user = get_user(ctx, user_id)
    user.password_hash = seal_password(password)
    auth.sign_out_everywhere(ctx, user_id)
    audit.record(ctx, "user.password_set", kind="user", row_id=user_id, label=user.name)


def reset_totp(ctx: CallContext, user_id: UUID) -> None:
    """Let a user who lost the authenticator sign in by password alone again. Raises RankTooLow."""
    require_rank(ctx, [user_id])
    user = get_user(ctx, user_id)
    stop_totp(user)
    audit.record(ctx, "user.totp_reset", kind="user", row_id=user_id, label=user.name)


def delete_user(ctx: CallContext, user_id: UUID) -> None:
    """Remove a user that nothing refers to. Raises RankTooLow, StillInUse (set the user inactive instead) or LastAdmin."""
    user = get_user(ctx, user_id)
    require_rank(ctx, [user_id])
    refuse_if_needed(ctx, [Ref("user", user_id)], [], f"{user.name} cannot be deleted.", ["deactivate"])
    ctx.session.delete(user)
    ctx.session.flush()
    keep_an_admin(ctx)
    audit.record(ctx, "user.deleted", kind="user", row_id=user_id, label=user.name)


def set_roles(ctx: CallContext, user_id: UUID, role_ids: Iterable[UUID]) -> None:
    """Give a user exactly these roles. Raises RoleNotFound, RankTooLow, LastAdmin, and PermissionDenied for a role that
    holds more than the actor does.
    """
    require_rank(ctx, [user_id])
    wanted = set(role_ids)
    known = {role.id: role for role in ctx.session.scalars(select(Role).where(Role.id.in_(wanted)))}
    if wanted - known.keys():
        raise RoleNotFound("One of the roles does not exist.")
    held = set(ctx.session.scalars(select(UserRole.role_id).where(UserRole.user_id == user_id)))
    if wanted == held:
        return
    for role_id in wanted - held:
        _may_give(ctx, known[role_id])
    ctx.session.execute(delete(UserRole).where(UserRole.user_id == user_id))
    ctx.session.add_all(UserRole(user_id=user_id, role_id=role_id) for role_id in sorted(wanted))
    ctx.session.flush()
    if held:
        keep_an_admin(ctx)
    audit.record(ctx, "user.roles_set", kind="user", row_id=user_id, changes={"roles": sorted(map(str, wanted))})


def _may_give(ctx: CallContext, role: Role) -> None:
    if not may_give(ctx, role):
        raise PermissionDenied(f"{role.name} holds more than you do; nobody hands out more than they hold.",
                               errors={"role_ids": f"You may not give {role.name}."})  # fmt: skip


def may_give(ctx: CallContext, role: Role) -> bool:
    """True if the actor holds all that the role holds: nobody hands out more than they hold."""
    return all(map(ctx.actor.may, [EVERYTHING] if role.grants_all else role_permissions(ctx, role.id)))


def _role_by_word(ctx: CallContext, word: str) -> Role:
    role = ctx.session.scalar(select(Role).where((Role.key == word) | (Role.name == word)))
    if role is None:
        raise RoleNotFound(f"There is no role named {word!r}.", errors={"roles": f"{word} is not a role."})
    return role


def keep_an_admin(ctx: CallContext) -> None:
    """Raise LastAdmin when no active user is left who may do everything."""
    admins = (select(User.id).join(UserRole, UserRole.user_id == User.id).join(Role, Role.id == UserRole.role_id)
              .where(User.active, Role.grants_all))  # fmt: skip
    if ctx.session.scalar(admins.limit(1)) is None:
        raise LastAdmin("Give another user the Admin role first.")


def list_roles(ctx: CallContext) -> list[Role]:
    """Roles by name."""
    return list(ctx.session.scalars(select(Role).order_by(Role.name)))


def get_role(ctx: CallContext, role_id: UUID) -> Role:
    """One role. Raises RoleNotFound."""
    role = ctx.session.scalar(select(Role).where(Role.id == role_id))
    if role is None:
        raise RoleNotFound("There is no role with this id.")
    return role


def role_permissions(ctx: CallContext, role_id: UUID) -> frozenset[str]:
    """What a role holds."""
    return frozenset(ctx.session.scalars(select(RolePermission.permission).where(RolePermission.role_id == role_id)))


def add_role(ctx: CallContext, *, name: str, permissions: Iterable[str] = ()) -> Role:
    """Make a role. Raises Conflict for a used name, InvalidInput for an unknown permission."""
    _refuse_taken_name(ctx, Role, name)
    role = Role(name=name)
    ctx.session.add(role)
    ctx.session.flush()
    set_role_permissions(ctx, role.id, permissions)
    return role


def _refuse_taken_name(ctx: CallContext, table: type[Role] | type[Team], name: str, but: UUID | None = None) -> None:
    owner = ctx.session.scalar(select(table.id).where(table.name == name))
    if owner not in (None, but):
        raise Conflict("This name is taken.", errors={"name": "Used by another one."})


def rename_role(ctx: CallContext, role_id: UUID, name: str, version: int | None = None) -> Role:
    """Give a role another name. Raises Conflict for a used name."""
    role = get_role(ctx, role_id)
    _refuse_taken_name(ctx, Role, name, but=role_id)
    apply_changes(ctx, role, {"name": name}, version, kind="role", label=name)
    return role


def set_role_permissions(ctx: CallContext, role_id: UUID, permissions: Iterable[str]) -> Role:
    """Give a role exactly these permissions. An actor gives only what it holds itself."""
    role = get_role(ctx, role_id)
    wanted = set(permissions)
    if role.grants_all:
        raise Refused(f"{role.name} holds every permission and cannot be narrowed.")
    unknown = wanted - ctx.kernel.plugins.permissions.keys()
    if unknown:
        raise InvalidInput(errors={"permissions": f"Unknown: {', '.join(sorted(unknown))}."})
    held = role_permissions(ctx, role_id)
    if wanted == held:
        return role
    for permission in sorted(wanted - held):
        ctx.require(permission)
    ctx.session.execute(delete(RolePermission).where(RolePermission.role_id == role_id))
    ctx.session.add_all(RolePermission(id=uuid7(), role_id=role_id, permission=one) for one in sorted(wanted))
    audit.record(ctx, "role.permissions_set", kind="role", row_id=role_id, label=role.name,
                 changes={"permissions": sorted(wanted)})  # fmt: skip
    return role


def delete_role(ctx: CallContext, role_id: UUID) -> None:
    """Remove a role that nobody has. Raises StillInUse, and Refused for the roles a tenant starts with."""
    role = get_role(ctx, role_id)
    if role.key:
        raise Refused(f"{role.name} is a starting role and stays.")
    holders = len(ctx.session.scalars(select(UserRole.id).where(UserRole.role_id == role_id)).all())
    own = [Blocker(Ref("role", role_id), "user", holders, f"{holders} users")] if holders else []
    refuse_if_needed(ctx, [Ref("role", role_id)], own, f"{role.name} cannot be deleted.", ["take the role from its users"])
    ctx.session.delete(role)
    audit.record(ctx, "role.deleted", kind="role", row_id=role_id, label=role.name)


def get_team(ctx: CallContext, team_id: UUID) -> Team:
    """One team. Raises TeamNotFound."""
    team = ctx.session.scalar(select(Team).where(Team.id == team_id))
    if team is None:
        raise TeamNotFound("There is no team with this id.")
    return team


def list_teams(ctx: CallContext) -> list[Team]:
    """Teams by name."""
    return list(ctx.session.scalars(select(Team).order_by(Team.name)))


def team_members(ctx: CallContext, team_id: UUID) -> list[User]:
    """The users of a team by name."""
    found = select(User).join(TeamMember, TeamMember.user_id == User.id).where(TeamMember.team_id == team_id)
    return list(ctx.session.scalars(found.order_by(User.name)))


def add_team(ctx: CallContext, *, name: str, members: Iterable[UUID] = (), leads: Iterable[UUID] = ()) -> Team:
    """Make a team. Raises Conflict for a used name."""
    _refuse_taken_name(ctx, Team, name)
    team = Team(name=name)
    ctx.session.add(team)
    ctx.session.flush()
    audit.record(ctx, "team.added", kind="team", row_id=team.id, label=name)
    set_members(ctx, team.id, members, leads)
    return team


def rename_team(ctx: CallContext, team_id: UUID, name: str, version: int | None = None) -> Team:
    """Give a team another name. Raises Conflict for a used name."""
    team = get_team(ctx, team_id)
    _refuse_taken_name(ctx, Team, name, but=team_id)
    apply_changes(ctx, team, {"name": name}, version, kind="team", label=name)
    return team


def team_leads(ctx: CallContext, team_id: UUID) -> list[UUID]:
    """The ids of a team's leads."""
    return list(ctx.session.scalars(select(TeamMember.user_id).where(TeamMember.team_id == team_id, TeamMember.is_lead)))


def set_members(ctx: CallContext, team_id: UUID, members: Iterable[UUID], leads: Iterable[UUID] = ()) -> None:
    """Make exactly these users the team; leads are members too. Raises TeamNotFound, UserNotFound."""
    team = get_team(ctx, team_id)
    leading = set(leads)
    wanted = set(members) | leading
    known = set(ctx.session.scalars(select(User.id).where(User.id.in_(wanted))))
    if wanted - known:
        raise UserNotFound("One of the members does not exist.")
    ctx.session.execute(delete(TeamMember).where(TeamMember.team_id == team_id))
    ctx.session.add_all(TeamMember(team_id=team_id, user_id=one, is_lead=one in leading) for one in sorted(wanted))
    ctx.session.flush()
    audit.record(ctx, "team.members_set", kind="team", row_id=team_id, label=team.name,
                 changes={"members": sorted(map(str, wanted)), "leads": sorted(map(str, leading))})  # fmt: skip


def delete_team(ctx: CallContext, team_id: UUID) -> None:
    """Remove a team that nothing refers to."""
    team = get_team(ctx, team_id)
    refuse_if_needed(ctx, [Ref("team", team_id)], [], f"{team.name} cannot be deleted.", ["remove its members"])
    ctx.session.delete(team)
    audit.record(ctx, "team.deleted", kind="team", row_id=team_id, label=team.name)
