"""Tenants, the plugins each has switched on, and its settings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
from marshmallow import Schema, ValidationError
from sqlalchemy import BigInteger, LargeBinary, UniqueConstraint, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from kernel import audit
from kernel.clock import zone_info
from kernel.currencies import CurrencyUnknown, exponent
from kernel.db import Base, TenantTable, set_tenant, tenant_key
from kernel.directory.models import Role, RolePermission
from kernel.errors import Conflict, InvalidInput, NotFound, Refused
from kernel.ids import uuid7
from kernel.manifest import ROLES, Permission

if TYPE_CHECKING:
    from kernel.context import CallContext
    from kernel.plugins import Plugin, Plugins

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")


class TenantRow(Base):
    """An MSP. `data_key` is its data-encryption key, wrapped by the installation's key. `facts_version` changes with what
    hardly ever does: this row, users, roles, plugins and settings (by triggers, see the migrations).
    """

    __tablename__ = "tenants"
    __table_args__ = (UniqueConstraint("slug"), UniqueConstraint("host"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    slug: Mapped[str]
    name: Mapped[str]
    host: Mapped[str | None]
    zone: Mapped[str] = mapped_column(server_default="UTC")
    currency: Mapped[str] = mapped_column(server_default="EUR")
    locale: Mapped[str] = mapped_column(server_default="en")
    data_key: Mapped[bytes] = mapped_column(LargeBinary)
    active: Mapped[bool] = mapped_column(default=True, server_default="true")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    facts_version: Mapped[int] = mapped_column(BigInteger, server_default="0")


class TenantPlugin(TenantTable):
    """Whether a tenant has a plugin switched on; a row appears when the tenant first meets the plugin.

    `offered` names the permissions and default schedules that the tenant was given once: each is given only once, so
    what an administrator takes away stays away when the plugin is upgraded.
    """

    __tablename__ = "tenant_plugins"
    __table_args__ = (tenant_key(), UniqueConstraint("tenant_id", "plugin"))

    plugin: Mapped[str]
    enabled: Mapped[bool]
    offered: Mapped[list[str]] = mapped_column(default=list, server_default="[]")


class TenantSettings(TenantTable):
    """A tenant's settings of one plugin (or of the kernel: plugin `kernel`)."""

    __tablename__ = "tenant_settings"
    __table_args__ = (tenant_key(), UniqueConstraint("tenant_id", "plugin"))

    plugin: Mapped[str]
    values: Mapped[dict[str, Any]]


def create_tenant(session: Session, plugins: Plugins, *, slug: str, name: str, data_key: bytes, host: str | None = None,
                  zone: str = "UTC", currency: str = "EUR", locale: str = "en") -> TenantRow:  # fmt: skip
    """Found a tenant with its starting roles and plugins, and bind the transaction to it.

    Raises InvalidInput for a bad slug and Conflict for a taken one.
    """
    if not SLUG.fullmatch(slug):
        raise InvalidInput("A short name has 1 to 40 lower-case letters, digits or hyphens.", errors={"slug": "a-z, 0-9, -"})
    if session.scalar(select(TenantRow.id).where(TenantRow.slug == slug)):
        raise Conflict(f"The short name {slug!r} is taken.", errors={"slug": "taken"})
    tenant = TenantRow(id=uuid7(), slug=slug, name=name, host=host, zone=zone, currency=currency, locale=locale,
                       data_key=data_key)  # fmt: skip
    session.add(tenant)
    session.flush()
    set_tenant(session, tenant.id)
    session.add_all(Role(name=key.title(), key=key, grants_all=key == "admin") for key in ROLES)
    session.flush()
    greet_plugins(session, plugins)
    return tenant


def greet_plugins(session: Session, plugins: Plugins) -> list[str]:
    """Give the bound tenant a row of each plugin it has not met yet, and its starting roles each permission that is new
    to the tenant; returns the names of the new plugins."""
    met = {row.plugin: row for row in session.scalars(select(TenantPlugin))}
    new = [one for name, one in plugins.installed.items() if name not in met]
    for one in new:
        met[one.name] = TenantPlugin(plugin=one.name, enabled=one.manifest.default_enabled, offered=[])
        session.add(met[one.name])
    roles = dict(session.execute(select(Role.key, Role.id).where(Role.key.is_not(None))).all())
    for name, plugin in plugins.installed.items():
        fresh = [one for one in plugin.manifest.permissions if one.name not in met[name].offered]
        _grant_permissions(session, fresh, roles)
        note_offered(met[name], [one.name for one in fresh])
    session.flush()
    return [plugin.name for plugin in new]


def note_offered(row: TenantPlugin, names: Iterable[str]) -> None:
    """Remember what the tenant was given, so that it is never given again."""
    if names := list(names):
        row.offered = [*row.offered, *names]


def _grant_permissions(session: Session, permissions: Iterable[Permission], roles: Mapping[str | None, UUID]) -> None:
    rows = [
        {"tenant_id": session.info["tenant_id"], "id": uuid7(), "role_id": roles[key], "permission": permission.name}
        for permission in permissions
        for key in permission.roles
        if key in roles
    ]
    if rows:
        session.execute(insert(RolePermission).values(rows).on_conflict_do_nothing())


def find_tenant(session: Session, *, slug: str | None = None, host: str | None = None) -> TenantRow:
    """The active tenant of a short name or host. Raises NotFound."""
    wanted = TenantRow.slug == slug if slug is not None else TenantRow.host == host
    tenant = session.scalar(select(TenantRow).where(wanted, TenantRow.active))
    if tenant is None:
        raise NotFound(f"No tenant is known as {slug or host!r}.")
    return tenant


def change_tenant(ctx: CallContext, changes: Mapping[str, Any]) -> TenantRow:
    """Change the tenant's name, zone, currency or locale. Raises InvalidInput for an unknown zone or currency."""
    tenant = ctx.session.scalars(select(TenantRow).where(TenantRow.id == ctx.tenant_id)).one()
    if "zone" in changes:
        zone_info(changes["zone"])
    if "currency" in changes:
        _check_currency(changes["currency"])
    changed = {name: value for name, value in changes.items() if getattr(tenant, name) != value}
    for name, value in changed.items():
        setattr(tenant, name, value)
    if changed:
        audit.record(ctx, "tenant.changed", kind="tenant", row_id=tenant.id, label=tenant.name, changes=changed)
    return tenant


def _check_currency(code: str) -> None:
    try:
        exponent(code)
    except CurrencyUnknown as error:
        raise InvalidInput(errors={"currency": error.detail}) from error


def tenant_ids(session: Session) -> list[UUID]:
    """All active tenants, oldest first; for work that goes tenant by tenant."""
    return list(session.scalars(select(TenantRow.id).where(TenantRow.active).order_by(TenantRow.id)))


def switch_plugin(ctx: CallContext, name: str, *, enabled: bool) -> list[str]:
    """Switch a plugin on (with what it requires) or off (with what requires it); returns the names that changed.

    Raises NotFound for an unknown plugin and Refused for one that every tenant needs.
    """
    plugins = ctx.kernel.plugins
    plugin = plugins.get(name)
    if enabled:
        affected = [*_requirements(plugins, plugin), name]
    else:
        affected = [name, *plugins.dependents(name)]
        needed = [one for one in affected if plugins.get(one).manifest.required]
        if needed:
            raise Refused(f"{', '.join(needed)} cannot be switched off: every tenant needs it.")
    changed = ctx.session.scalars(
        update(TenantPlugin).where(TenantPlugin.plugin.in_(affected), TenantPlugin.enabled.is_(not enabled))
        .values(enabled=enabled).returning(TenantPlugin.plugin)
    ).all()  # fmt: skip
    for one in changed:
        audit.record(ctx, "plugin.enabled" if enabled else "plugin.disabled", kind="plugin", label=one)
    return sorted(changed)


def _requirements(plugins: Plugins, plugin: Plugin) -> list[str]:
    found: list[str] = []
    for name in plugin.manifest.requires:
        found += [one for one in [*_requirements(plugins, plugins.get(name)), name] if one not in found]
    return found


def get_settings(ctx: CallContext, plugin: str) -> dict[str, Any]:
    """The tenant's settings of a plugin, defaults filled in by the plugin's schema."""
    schema = ctx.kernel.plugins.get(plugin).manifest.settings
    stored = ctx.session.info["settings"].get(plugin, {})
    return dict(_loaded(schema, orjson.dumps(stored)) if schema else stored)


@lru_cache(maxsize=1024)  # reading settings of fifty fields by their schema costs more than a query
def _loaded(schema: type[Schema], stored: bytes) -> dict[str, Any]:
    loaded: dict[str, Any] = schema().load(orjson.loads(stored))
    return loaded


def change_settings(ctx: CallContext, plugin: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Merge and check changes to a plugin's settings. Raises InvalidInput by field."""
    schema = ctx.kernel.plugins.get(plugin).manifest.settings
    if schema is None:
        raise NotFound(f"The plugin {plugin} has no settings.")
    stored = ctx.session.scalar(select(TenantSettings.values).where(TenantSettings.plugin == plugin).with_for_update()) or {}
    merged = {**stored, **changes}
    try:
        loaded: dict[str, Any] = schema().load(merged)
    except ValidationError as error:
        from kernel.api.fieldpaths import refuse_fields

        raise refuse_fields(error) from error
    values = schema().dump(loaded)
    row = insert(TenantSettings).values(tenant_id=ctx.tenant_id, id=uuid7(), plugin=plugin, values=values)
    ctx.session.execute(
        row.on_conflict_do_update(index_elements=["tenant_id", "plugin"], set_={"values": row.excluded["values"]})
    )
    ctx.session.info["settings"][plugin] = values
    audit.record(ctx, "settings.changed", kind="plugin", label=plugin, changes=dict(changes))
    return loaded
