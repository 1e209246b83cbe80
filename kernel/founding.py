"""The first hour: founding a tenant with its first administrator, and showing new plugins to tenants."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import exists, select, text

from kernel.app import Kernel
from kernel.clock import zone_info
from kernel.context import Actor, CallContext, Cause, Tenant
from kernel.directory import staff
from kernel.errors import Conflict
from kernel.money import exponent
from kernel.tenancy import TenantRow, create_tenant, greet_plugins, tenant_ids

_FOUNDING_LOCK = 7_301_946_512


def found_tenant(kernel: Kernel, *, slug: str, name: str, admin_email: str, admin_name: str, admin_password: str,
                 zone: str = "UTC", currency: str = "EUR", locale: str = "en", only_first: bool = False) -> UUID:  # fmt: skip
    """Found a tenant, its starting roles, plugins and first administrator, all or nothing.

    With `only_first`, raises Conflict when a tenant exists already (two browsers on the welcome page).
    """
    zone_info(zone)
    exponent(currency)
    with kernel.db.transaction(kernel=kernel, settings={}) as session:
        session.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _FOUNDING_LOCK})
        if only_first and session.scalar(select(exists().where(TenantRow.id.is_not(None)))):
            raise Conflict("This installation has its first tenant already. Sign in.")
        row = create_tenant(session, kernel.plugins, slug=slug, name=name, zone=zone, currency=currency, locale=locale,
                            data_key=kernel.vault.new_data_key())  # fmt: skip
        ctx = CallContext(Tenant(row.id, slug, name, zone, currency, locale), Actor.system(), session,
                          kernel.plugins.for_tenant(()), kernel.clock, Cause("founding"))  # fmt: skip
        staff.add_user(ctx, name=admin_name, email=admin_email, password=admin_password, roles=["admin"])
        _furnish(ctx, kernel.plugins.installed)
    return row.id


def _furnish(ctx: CallContext, plugins: Iterable[str]) -> None:
    """Let rooms lay out what a tenant starts with, each after those it requires; then the schedules."""
    from kernel.jobs.schedules import offer_schedules

    for plugin in plugins:
        ctx.hooks.only(plugin, "furnish_tenant")(ctx=ctx)
    offer_schedules(ctx)


def greet_every_tenant(kernel: Kernel) -> dict[UUID, list[str]]:
    """After an upgrade: give each tenant the plugins it has not met with their furniture, and the permissions and schedules
    that plugins bring since; returns the names of the new plugins."""
    with kernel.db.transaction() as session:
        ids = tenant_ids(session)
    greeted: dict[UUID, list[str]] = {}
    for tenant_id in ids:
        with kernel.call(tenant_id) as ctx:
            greeted[tenant_id] = greet_plugins(ctx.session, kernel.plugins)
            _furnish(ctx, greeted[tenant_id])
    return greeted
