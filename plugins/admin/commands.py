"""`deskhand user …`"""

from __future__ import annotations

import json

import click

from cli import tenant_call, tenant_options


@click.group()
def user() -> None:
    """Users: who works here, and their passwords."""


@user.command("list")
@tenant_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_users(tenant: str | None, user: str | None, as_json: bool) -> None:
    """List users with their roles."""
    from plugins.admin.people import list_users as listed

    with tenant_call(tenant, user) as ctx:
        ctx.require("user.read")
        rows = list(listed(ctx, {"limit": 10_000}).items)
    if as_json:
        click.echo(json.dumps([{name: row[name] for name in ("name", "email", "active", "roles")} for row in rows]))
        return
    for row in rows:
        click.echo(f"{row['email']:<36} {row['name']:<28} {', '.join(row['roles'])}{'' if row['active'] else '  (inactive)'}")


@user.command()
@click.argument("email")
@click.option("--name", required=True, help="The person's name.")
@click.option("--role", "roles", multiple=True, help="A role's key or name; may be given several times.")
@click.option("--password", envvar="DESKHAND_USER_PASSWORD", help="Without: the user cannot sign in yet.")
@tenant_options
def add(email: str, *, name: str, roles: tuple[str, ...], password: str | None, tenant: str | None, user: str | None) -> None:
    """Take a user on."""
    from marshmallow import ValidationError

    from kernel.api.fieldpaths import refuse_fields
    from kernel.directory import staff
    from plugins.admin.schemas import UserIn

    try:
        facts = UserIn(only=("name", "email", "password")).load(
            {"name": name, "email": email} | ({"password": password} if password else {})
        )
    except ValidationError as error:
        raise refuse_fields(error) from error
    with tenant_call(tenant, user) as ctx:
        ctx.require("user.manage")
        staff.add_user(ctx, **facts, roles=roles)
    click.echo(f"{email} was added." if password else f"{email} was added; set a password with `deskhand user password {email}`.")


@user.command()
@click.argument("email")
@click.password_option(envvar="DESKHAND_USER_PASSWORD", help="The new password; asked for when not given.")
@tenant_options
def password(email: str, password: str, tenant: str | None, user: str | None) -> None:
    """Set a user's password and close the sessions."""
    from kernel.directory import staff
    from plugins.admin.people import find_by_email

    with tenant_call(tenant, user) as ctx:
        ctx.require("user.manage")
        staff.set_password(ctx, find_by_email(ctx, email).id, password)
    click.echo(f"{email} has a new password; all sessions are closed.")
