"""Web pages of users, roles and teams."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from kernel import audit
from kernel.api.listing import every_row
from kernel.context import CallContext
from kernel.directory import staff
from kernel.web.i18n import gettext as _
from kernel.web.i18n import lazy_gettext as _l
from kernel.web.i18n import offered
from kernel.web.pages import Pages, csv_download, redirect_to, render, render_options
from plugins.admin import people, schemas

pages = Pages("admin")
STATES = {"true": (_l("Active"), "success"), "false": (_l("Inactive"), "neutral")}
_CSV = ("name", "email", "roles", "billing_role", "active", "last_login_at")


@pages.get("/users", permission="user.read", query=schemas.UserQuery)
def users(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    return render("admin/users.html", page=people.list_users(ctx, query), states=STATES)


@pages.get("/users.csv", permission="user.read", query=schemas.UserQuery)
def users_csv(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    rows = every_row(lambda wanted: people.list_users(ctx, wanted), query)
    flat = (row | {"roles": ", ".join(row["roles"])} for row in map(dict, rows))
    return csv_download("users.csv", _CSV, ([row[name] for name in _CSV] for row in flat))


@pages.get("/users/pick", permission="user.read")
def pick_user(ctx: CallContext) -> ResponseReturnValue:
    found = people.find_users(ctx, request.args.get("q", ""), 12)
    return render_options((one.id, one.name, one.email) for one in found)


def _user_choices(ctx: CallContext, user_id: UUID | None = None) -> dict[str, Any]:
    """Roles that the reader may give, and those that the user has already."""
    held = set(people.roles_of(ctx, user_id)) if user_id else set()
    return {
        "roles": [(role.id, role.name) for role in staff.list_roles(ctx) if role in held or staff.may_give(ctx, role)],
        "locales": offered(),
        "user": staff.get_user(ctx, user_id) if user_id else None,
    }


@pages.form("/users/new", permission="user.manage", schema=schemas.UserIn, template="admin/user_form.html",
            context=_user_choices)  # fmt: skip
def new_user(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    added = people.add_user(ctx, **data)
    return redirect_to(f"/users/{added.id}", toast=_("%(name)s was added.", name=added.name))


@pages.get("/users/<uuid:user_id>", permission="user.read")
def user(ctx: CallContext, user_id: UUID) -> ResponseReturnValue:
    return render(
        "admin/user.html",
        user=people.show_user(ctx, user_id),
        teams=people.teams_of(ctx, user_id),
        history=audit.history(ctx, "user", user_id, 20) if ctx.actor.may("audit.read") else [],
        above=bool(staff.outranking(ctx, [user_id])),
        states=STATES,
    )


@pages.form("/users/<uuid:user_id>/edit", permission="user.manage", schema=schemas.UserPatch,
            template="admin/user_form.html", initial=people.user_form, context=_user_choices, if_match=True)  # fmt: skip
def edit_user(ctx: CallContext, user_id: UUID, data: dict[str, Any], version: int | None) -> ResponseReturnValue:
    people.change_user(ctx, user_id, data, version)
    return redirect_to(f"/users/{user_id}", toast=_("Saved."))


def _named(ctx: CallContext, user_id: UUID) -> dict[str, Any]:
    return {"user": staff.get_user(ctx, user_id)}


@pages.form("/users/<uuid:user_id>/password", permission="user.manage", schema=schemas.PasswordIn,
            template="admin/user_password.html", context=_named)  # fmt: skip
def set_password(ctx: CallContext, user_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    people.set_password(ctx, user_id, **data)
    return redirect_to(f"/users/{user_id}", toast=_("The password is set; all sessions are closed."))


@pages.post("/users/<uuid:user_id>/deactivate", permission="user.manage")
def deactivate(ctx: CallContext, user_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    staff.change_user(ctx, user_id, {"active": False})
    return redirect_to(f"/users/{user_id}", toast=_("The user is inactive."), undo=f"/users/{user_id}/reactivate")


@pages.post("/users/<uuid:user_id>/reactivate", permission="user.manage")
def reactivate(ctx: CallContext, user_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    staff.change_user(ctx, user_id, {"active": True})
    return redirect_to(f"/users/{user_id}", toast=_("The user is active."))


@pages.post("/users/<uuid:user_id>/totp/reset", permission="user.manage")
def reset_totp(ctx: CallContext, user_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    staff.reset_totp(ctx, user_id)
    return redirect_to(f"/users/{user_id}", toast=_("No code is asked for any more."))


@pages.post("/users/<uuid:user_id>/delete", permission="user.manage")
def delete_user(ctx: CallContext, user_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    staff.delete_user(ctx, user_id)
    return redirect_to("/users", toast=_("User deleted."))


@pages.get("/roles", permission="user.read")
def roles(ctx: CallContext) -> ResponseReturnValue:
    return render("admin/roles.html", roles=people.list_roles(ctx))


def _role_choices(ctx: CallContext, role_id: UUID | None = None) -> dict[str, Any]:
    return {
        "groups": people.permission_groups(ctx),
        "role": people.show_role(ctx, role_id) if role_id else None,
        "holders": people.role_users(ctx, role_id) if role_id else [],
    }


@pages.form("/roles/new", permission="role.manage", schema=schemas.RoleIn, template="admin/role_form.html",
            context=_role_choices)  # fmt: skip
def new_role(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    added = staff.add_role(ctx, **data)
    return redirect_to(f"/roles/{added.id}", toast=_("Role added."))


@pages.get("/roles/<uuid:role_id>", permission="user.read")
def role(ctx: CallContext, role_id: UUID) -> ResponseReturnValue:
    return render("admin/role.html", **_role_choices(ctx, role_id))


@pages.form("/roles/<uuid:role_id>/edit", permission="role.manage", schema=schemas.RolePatch,
            template="admin/role_form.html", initial=people.show_role, context=_role_choices, if_match=True)  # fmt: skip
def edit_role(ctx: CallContext, role_id: UUID, data: dict[str, Any], version: int | None) -> ResponseReturnValue:
    people.change_role(ctx, role_id, **data, version=version)
    return redirect_to(f"/roles/{role_id}", toast=_("Saved."))


@pages.post("/roles/<uuid:role_id>/delete", permission="role.manage")
def delete_role(ctx: CallContext, role_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    staff.delete_role(ctx, role_id)
    return redirect_to("/roles", toast=_("Role deleted."))


@pages.get("/teams", permission="user.read")
def teams(ctx: CallContext) -> ResponseReturnValue:
    return render("admin/teams.html", teams=people.list_teams(ctx))


def _team_choices(ctx: CallContext, team_id: UUID | None = None) -> dict[str, Any]:
    everybody = [(one.id, one.name) for one in staff.list_users(ctx)]
    return {"people": everybody, "team": staff.get_team(ctx, team_id) if team_id else None}


def _team_form(ctx: CallContext, team_id: UUID) -> dict[str, Any]:
    shown = people.show_team(ctx, team_id)
    return {"name": shown["name"], "members": [one["id"] for one in shown["members"]],
            "leads": [one["id"] for one in shown["members"] if one["is_lead"]]}  # fmt: skip


@pages.form("/teams/new", permission="team.manage", schema=schemas.TeamIn, template="admin/team_form.html",
            context=_team_choices)  # fmt: skip
def new_team(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    added = staff.add_team(ctx, **data)
    return redirect_to(f"/teams/{added.id}", toast=_("Team added."))


@pages.get("/teams/<uuid:team_id>", permission="user.read")
def team(ctx: CallContext, team_id: UUID) -> ResponseReturnValue:
    return render("admin/team.html", team=people.show_team(ctx, team_id))


@pages.form("/teams/<uuid:team_id>/edit", permission="team.manage", schema=schemas.TeamPatch,
            template="admin/team_form.html", initial=_team_form, context=_team_choices)  # fmt: skip
def edit_team(ctx: CallContext, team_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    people.change_team(ctx, team_id, **data)
    return redirect_to(f"/teams/{team_id}", toast=_("Saved."))


@pages.post("/teams/<uuid:team_id>/delete", permission="team.manage")
def delete_team(ctx: CallContext, team_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    staff.delete_team(ctx, team_id)
    return redirect_to("/teams", toast=_("Team deleted."))
