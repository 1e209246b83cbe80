"""The nouns that every room says: clients with locations and contacts, users in teams and roles."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import TenantTable, Versioned, references, tenant_key


class Client(TenantTable, Versioned):
    """A company or person that the MSP serves."""

    __tablename__ = "clients"
    __table_args__ = (
        tenant_key(),
        references("account_manager_id", "users", on_delete="SET NULL"),
        CheckConstraint("kind in ('company', 'individual')", name="kind"),
        CheckConstraint("status in ('active', 'inactive')", name="status"),
        CheckConstraint("length(currency) = 3", name="currency"),
        Index(None, "tenant_id", "name_key", "id"),
        Index(None, "tenant_id", "updated_at", "id"),
    )

    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(Computed("lower(name)", persisted=True))
    kind: Mapped[str] = mapped_column(default="company", server_default="company")
    status: Mapped[str] = mapped_column(default="active", server_default="active")
    currency: Mapped[str]
    email: Mapped[str | None]
    billing_email: Mapped[str | None]
    phone: Mapped[str | None]
    website: Mapped[str | None]
    locale: Mapped[str | None]
    notes: Mapped[str] = mapped_column(default="", server_default="")
    account_manager_id: Mapped[UUID | None]


class Location(TenantTable, Versioned):
    """An address of a client; at most one is the default."""

    __tablename__ = "client_locations"
    __table_args__ = (
        tenant_key(),
        references("client_id", "clients", on_delete="CASCADE"),
        CheckConstraint("length(country) = 2", name="country"),
        Index("uq_client_locations_default", "tenant_id", "client_id", unique=True, postgresql_where=text("is_default")),
        Index(None, "tenant_id", "client_id", "id"),
    )

    client_id: Mapped[UUID]
    name: Mapped[str]
    line1: Mapped[str] = mapped_column(default="", server_default="")
    line2: Mapped[str] = mapped_column(default="", server_default="")
    postal_code: Mapped[str] = mapped_column(default="", server_default="")
    city: Mapped[str] = mapped_column(default="", server_default="")
    subdivision: Mapped[str] = mapped_column(default="", server_default="")
    country: Mapped[str]
    is_default: Mapped[bool] = mapped_column(default=False, server_default="false")


class Contact(TenantTable, Versioned):
    """A person at a client."""

    __tablename__ = "contacts"
    __table_args__ = (
        tenant_key(),
        references("client_id", "clients", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "email_key"),
        Index(None, "tenant_id", "client_id", "id"),
        Index(None, "tenant_id", "name_key", "id"),
    )

    client_id: Mapped[UUID]
    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(Computed("lower(name)", persisted=True))
    email: Mapped[str | None]
    email_key: Mapped[str | None] = mapped_column(Computed("lower(email)", persisted=True))
    phone: Mapped[str | None]
    title: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True, server_default="true")


class User(TenantTable, Versioned):
    """A member of the MSP's staff. `billing_role` is the word by which contracts name hourly rates.

    Bearer tokens issued before `tokens_from` are refused: the password was changed since, or all sessions were closed.
    """

    __tablename__ = "users"
    __table_args__ = (tenant_key(), UniqueConstraint("tenant_id", "email_key"))

    name: Mapped[str]
    email: Mapped[str]
    email_key: Mapped[str] = mapped_column(Computed("lower(email)", persisted=True))
    password_hash: Mapped[str | None]
    totp_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_step: Mapped[int] = mapped_column(default=0, server_default="0")
    totp_enabled: Mapped[bool] = mapped_column(default=False, server_default="false")
    active: Mapped[bool] = mapped_column(default=True, server_default="true")
    billing_role: Mapped[str | None]
    locale: Mapped[str | None]
    last_login_at: Mapped[datetime | None]
    tokens_from: Mapped[datetime | None]


class Team(TenantTable, Versioned):
    """Users who share work."""

    __tablename__ = "teams"
    __table_args__ = (tenant_key(), UniqueConstraint("tenant_id", "name"))

    name: Mapped[str]


class TeamMember(TenantTable):
    """A user in a team, perhaps its lead."""

    __tablename__ = "team_members"
    __table_args__ = (
        tenant_key(),
        references("team_id", "teams", on_delete="CASCADE"),
        references("user_id", "users", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "team_id", "user_id"),
        Index(None, "tenant_id", "user_id"),
    )

    team_id: Mapped[UUID]
    user_id: Mapped[UUID]
    is_lead: Mapped[bool] = mapped_column(default=False, server_default="false")


class Role(TenantTable, Versioned):
    """A bundle of permissions. `key` marks the roles a tenant starts with; `grants_all` holds every permission."""

    __tablename__ = "roles"
    __table_args__ = (tenant_key(), UniqueConstraint("tenant_id", "name"), UniqueConstraint("tenant_id", "key"))

    name: Mapped[str]
    key: Mapped[str | None]
    grants_all: Mapped[bool] = mapped_column(default=False, server_default="false")


class RolePermission(TenantTable):
    """A permission that a role holds."""

    __tablename__ = "role_permissions"
    __table_args__ = (
        tenant_key(),
        references("role_id", "roles", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "role_id", "permission"),
    )

    role_id: Mapped[UUID]
    permission: Mapped[str]


class UserRole(TenantTable):
    """A role that a user has."""

    __tablename__ = "user_roles"
    __table_args__ = (
        tenant_key(),
        references("role_id", "roles", on_delete="CASCADE"),
        references("user_id", "users", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "user_id", "role_id"),
        Index(None, "tenant_id", "role_id"),
    )

    user_id: Mapped[UUID]
    role_id: Mapped[UUID]
