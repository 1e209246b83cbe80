"""REST of users, roles, teams and one's own profile."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g

from kernel.api.listing import Page
from kernel.api.rest import Rest
from kernel.context import CallContext
from kernel.directory import staff
from kernel.gate import SIGNED_IN
from plugins.admin import people, profile, schemas

rest = Rest("admin")
_USER = "/users/<uuid:user_id>"
_ROLE = "/roles/<uuid:role_id>"
_TEAM = "/teams/<uuid:team_id>"


@rest.get("/users", permission="user.read", query=schemas.UserQuery, out=schemas.UserPage)
def list_users(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List users"""
    return people.list_users(ctx, query)


@rest.post("/users", permission="user.manage", body=schemas.UserIn, out=schemas.UserOut)
def add_user(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Take a user on"""
    return people.show_user(ctx, people.add_user(ctx, **body).id)


@rest.get(_USER, permission="user.read", out=schemas.UserOut)
def get_user(ctx: CallContext, user_id: UUID) -> Any:
    """Read a user"""
    return people.show_user(ctx, user_id)


@rest.patch(_USER, permission="user.manage", body=schemas.UserPatch, out=schemas.UserOut, if_match=True)
def change_user(ctx: CallContext, user_id: UUID, body: dict[str, Any], version: int | None) -> Any:
    """Change a user who may do no more than oneself"""
    people.change_user(ctx, user_id, body, version)
    return people.show_user(ctx, user_id)


@rest.delete(_USER, permission="user.manage")
def delete_user(ctx: CallContext, user_id: UUID) -> None:
    """Delete a user that nothing refers to"""
    staff.delete_user(ctx, user_id)


@rest.post(f"{_USER}/deactivate", permission="user.manage", out=schemas.UserOut, status=200)
def deactivate_user(ctx: CallContext, user_id: UUID) -> Any:
    """Set a user inactive and close the sessions"""
    staff.change_user(ctx, user_id, {"active": False})
    return people.show_user(ctx, user_id)


@rest.post(f"{_USER}/reactivate", permission="user.manage", out=schemas.UserOut, status=200)
def reactivate_user(ctx: CallContext, user_id: UUID) -> Any:
    """Set a user active again"""
    staff.change_user(ctx, user_id, {"active": True})
    return people.show_user(ctx, user_id)


@rest.put(f"{_USER}/password", permission="user.manage", body=schemas.PasswordIn, status=204)
def set_password(ctx: CallContext, user_id: UUID, body: dict[str, Any]) -> None:
    """Set another user's password and close the sessions"""
    people.set_password(ctx, user_id, **body)


@rest.put(f"{_USER}/roles", permission="user.manage", body=schemas.RolesIn, out=schemas.UserOut)
def set_roles(ctx: CallContext, user_id: UUID, body: dict[str, Any]) -> Any:
    """Give a user exactly these roles"""
    staff.get_user(ctx, user_id)
    staff.set_roles(ctx, user_id, body["role_ids"])
    return people.show_user(ctx, user_id)


@rest.delete(f"{_USER}/totp", permission="user.manage")
def reset_totp(ctx: CallContext, user_id: UUID) -> None:
    """Ask a user who lost the authenticator for no codes any more"""
    staff.reset_totp(ctx, user_id)


@rest.get("/roles", permission="user.read", out=schemas.RoleList)
def list_roles(ctx: CallContext) -> Any:
    """List roles with what they may do"""
    return {"items": people.list_roles(ctx)}


@rest.post("/roles", permission="role.manage", body=schemas.RoleIn, out=schemas.RoleOut)
def add_role(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Make a role"""
    return people.show_role(ctx, staff.add_role(ctx, **body).id)


@rest.get(_ROLE, permission="user.read", out=schemas.RoleOut)
def get_role(ctx: CallContext, role_id: UUID) -> Any:
    """Read a role"""
    return people.show_role(ctx, role_id)


@rest.patch(_ROLE, permission="role.manage", body=schemas.RolePatch, out=schemas.RoleOut, if_match=True)
def change_role(ctx: CallContext, role_id: UUID, body: dict[str, Any], version: int | None) -> Any:
    """Rename a role or say what it may do"""
    people.change_role(ctx, role_id, **body, version=version)
    return people.show_role(ctx, role_id)


@rest.delete(_ROLE, permission="role.manage")
def delete_role(ctx: CallContext, role_id: UUID) -> None:
    """Delete a role that nobody has"""
    staff.delete_role(ctx, role_id)


@rest.get("/permissions", permission=SIGNED_IN, out=schemas.PermissionList)
def list_permissions(ctx: CallContext) -> Any:
    """List the permissions that roles and keys may hold"""
    return {"items": people.list_permissions(ctx)}


@rest.get("/teams", permission="user.read", out=schemas.TeamList)
def list_teams(ctx: CallContext) -> Any:
    """List teams with their members"""
    return {"items": people.list_teams(ctx)}


@rest.post("/teams", permission="team.manage", body=schemas.TeamIn, out=schemas.TeamOut)
def add_team(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Make a team"""
    return people.show_team(ctx, staff.add_team(ctx, **body).id)


@rest.get(_TEAM, permission="user.read", out=schemas.TeamOut)
def get_team(ctx: CallContext, team_id: UUID) -> Any:
    """Read a team"""
    return people.show_team(ctx, team_id)


@rest.patch(_TEAM, permission="team.manage", body=schemas.TeamPatch, out=schemas.TeamOut, if_match=True)
def change_team(ctx: CallContext, team_id: UUID, body: dict[str, Any], version: int | None) -> Any:
    """Rename a team, or say who is in it"""
    people.change_team(ctx, team_id, **body, version=version)
    return people.show_team(ctx, team_id)


@rest.delete(_TEAM, permission="team.manage")
def delete_team(ctx: CallContext, team_id: UUID) -> None:
    """Delete a team that nothing refers to"""
    staff.delete_team(ctx, team_id)


@rest.get("/me", permission=SIGNED_IN, out=schemas.MeOut)
def get_me(ctx: CallContext) -> Any:
    """Read who one is, and what the credential may do"""
    return profile.show_self(ctx)


@rest.patch("/me", permission=SIGNED_IN, body=schemas.MePatch, out=schemas.MeOut)
def change_me(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Change one's own name or language"""
    profile.change_self(ctx, body)
    return profile.show_self(ctx)


@rest.put("/me/password", permission=SIGNED_IN, body=schemas.OwnPasswordIn, status=204)
def change_own_password(ctx: CallContext, body: dict[str, Any]) -> None:
    """Change one's own password; other sessions close"""
    profile.change_password(ctx, **body, keep_session=g.identity.session_id)


@rest.post("/me/totp", permission=SIGNED_IN, body=schemas.PresentPasswordIn, out=schemas.TotpOut)
def begin_totp(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Begin to set up an authenticator"""
    return {"address": profile.begin_totp(ctx, **body)}


@rest.post("/me/totp/confirm", permission=SIGNED_IN, body=schemas.CodeIn, status=204)
def confirm_totp(ctx: CallContext, body: dict[str, Any]) -> None:
    """Put the authenticator in force with its first code"""
    profile.finish_totp(ctx, **body)


@rest.post("/me/totp/disable", permission=SIGNED_IN, body=schemas.PresentPasswordIn, status=204)
def disable_totp(ctx: CallContext, body: dict[str, Any]) -> None:
    """Be asked for no codes any more"""
    profile.end_totp(ctx, **body)


@rest.get("/me/sessions", permission=SIGNED_IN, out=schemas.SessionList)
def list_sessions(ctx: CallContext) -> Any:
    """List the browsers in which one is signed in"""
    return {"items": profile.list_sessions(ctx, g.identity.session_id)}


@rest.delete("/me/sessions", permission=SIGNED_IN)
def sign_out_everywhere(ctx: CallContext) -> None:
    """Sign all browsers of one's own out"""
    profile.sign_out_everywhere(ctx)


@rest.delete("/me/sessions/<uuid:session_id>", permission=SIGNED_IN)
def close_session(ctx: CallContext, session_id: UUID) -> None:
    """Sign one browser of one's own out"""
    profile.close_session(ctx, session_id)
