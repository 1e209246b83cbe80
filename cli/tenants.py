"""`deskhand migrate`, `deskhand tenant …`, `deskhand plugins …`."""

from __future__ import annotations

import json

import click

from cli import open_database, open_kernel, tenant_call, tenant_options
from kernel.errors import StartupError


@click.command()
def migrate() -> None:
    """Bring the database's schema to this version, and show new plugins to every tenant."""
    from kernel.config import Settings
    from kernel.founding import greet_every_tenant
    from kernel.migrations.runner import upgrade
    from kernel.plugins import Plugins

    with open_database(Settings.load()) as settings:
        if not settings.owner_url:
            raise StartupError("Set DESKHAND_OWNER_URL to the role that owns the tables; the app role may not change them.")
        changed = upgrade(settings.owner_url, Plugins.discover())
        with open_kernel() as kernel:
            greet_every_tenant(kernel)
    click.echo("The schema was brought up to date." if changed else "The schema is up to date.")


@click.group()
def tenant() -> None:
    """Tenants: the MSPs that this installation serves."""


@tenant.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_tenants(as_json: bool) -> None:
    """List every tenant."""
    from sqlalchemy import select

    from kernel.tenancy import TenantRow

    with open_kernel() as kernel, kernel.db.transaction() as session:
        rows = session.scalars(select(TenantRow).order_by(TenantRow.slug)).all()
    if as_json:
        click.echo(json.dumps([{"slug": row.slug, "name": row.name, "active": row.active} for row in rows]))
        return
    for row in rows:
        click.echo(f"{row.slug:<20} {row.name}" + ("" if row.active else "  (inactive)"))


@tenant.command("create")
@click.argument("slug")
@click.option("--name", required=True, help="The MSP's name.")
@click.option("--zone", default="UTC", show_default=True, help="IANA time zone.")
@click.option("--currency", default="EUR", show_default=True, help="ISO 4217 code.")
@click.option("--admin-email", required=True, help="Address of the first administrator.")
@click.option("--admin-name", default="Administrator", show_default=True)
@click.password_option("--admin-password", envvar="DESKHAND_ADMIN_PASSWORD", help="Password of the first administrator.")
def create(slug: str, name: str, zone: str, currency: str, admin_email: str, admin_name: str, admin_password: str) -> None:
    """Found a tenant with its first administrator."""
    from kernel.founding import found_tenant

    with open_kernel() as kernel:
        found_tenant(kernel, slug=slug, name=name, zone=zone, currency=currency, admin_email=admin_email,
                     admin_name=admin_name, admin_password=admin_password)  # fmt: skip
    click.echo(f"{name} is ready; {admin_email} may sign in.")


@click.group()
def plugins() -> None:
    """Plugins: what is installed, and what a tenant has switched on."""


@plugins.command("list")
@tenant_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_plugins(tenant: str | None, user: str | None, as_json: bool) -> None:
    """List the plugins of a tenant."""
    with tenant_call(tenant, user) as ctx:
        rows = [(one.name, one.manifest.title, ctx.hooks.enabled(one.name)) for one in ctx.kernel.plugins.installed.values()]
    if as_json:
        click.echo(json.dumps([{"name": name, "title": title, "enabled": on} for name, title, on in rows]))
        return
    for name, title, on in rows:
        click.echo(f"{'on ' if on else 'off'}  {name:<18} {title}")


def _switch(tenant: str | None, user: str | None, name: str, enabled: bool) -> None:
    from kernel.tenancy import switch_plugin

    with tenant_call(tenant, user) as ctx:
        ctx.require("plugin.manage")
        changed = switch_plugin(ctx, name, enabled=enabled)
    state = "on" if enabled else "off"
    click.echo(f"Switched {state}: {', '.join(changed)}." if changed else f"{name} was {state} already.")


@plugins.command()
@click.argument("name")
@tenant_options
def enable(name: str, tenant: str | None, user: str | None) -> None:
    """Switch a plugin on, with what it requires."""
    _switch(tenant, user, name, enabled=True)


@plugins.command()
@click.argument("name")
@tenant_options
def disable(name: str, tenant: str | None, user: str | None) -> None:
    """Switch a plugin off, with what requires it."""
    _switch(tenant, user, name, enabled=False)
