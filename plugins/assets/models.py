"""Tables of assets."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import TenantTable, Versioned, references, tenant_key

TYPES = ("workstation", "server", "network_device", "mobile_device", "printer", "unknown")
STATES = ("active", "inactive", "retired")


def _one_of(column: str, words: tuple[str, ...]) -> str:
    return f"{column} in ({', '.join(repr(word) for word in words)})"


class Asset(TenantTable, Versioned):
    """A machine or device of a client. `tag` is what stands on its label, once in the tenant whatever its letters."""

    __tablename__ = "assets_assets"
    __table_args__ = (
        tenant_key(),
        references("client_id", "clients"),
        references("location_id", "client_locations"),
        references("contact_id", "contacts"),
        CheckConstraint(_one_of("asset_type", TYPES), name="asset_type"),
        CheckConstraint(_one_of("status", STATES), name="status"),
        CheckConstraint("length(tag) between 1 and 100", name="tag"),
        CheckConstraint("length(name) between 1 and 255", name="name"),
        UniqueConstraint("tenant_id", "tag_key"),
        Index(None, "tenant_id", "client_id", "name_key", "id"),
        Index(None, "tenant_id", "name_key", "id"),
        Index(None, "tenant_id", "created_at", "id"),
        Index(None, "tenant_id", "location_id"),
        Index(None, "tenant_id", "contact_id"),
        Index("ix_assets_assets_warranty", "tenant_id", "warranty_ends_on", "id",
              postgresql_where=text("warranty_ends_on is not null")),
    )  # fmt: skip

    client_id: Mapped[UUID]
    location_id: Mapped[UUID | None]
    contact_id: Mapped[UUID | None]
    asset_type: Mapped[str] = mapped_column(default="unknown", server_default="unknown")
    tag: Mapped[str]
    tag_key: Mapped[str] = mapped_column(Computed("lower(tag)", persisted=True))
    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(Computed("lower(name)", persisted=True))
    serial_number: Mapped[str | None]
    status: Mapped[str] = mapped_column(default="active", server_default="active")
    purchased_on: Mapped[date | None]
    warranty_ends_on: Mapped[date | None]
    notes: Mapped[str] = mapped_column(default="", server_default="")


class TicketLink(TenantTable):
    """An asset that a ticket is about. The ticket is another room's row, named by its id alone."""

    __tablename__ = "assets_ticket_links"
    __table_args__ = (
        tenant_key(),
        references("asset_id", "assets_assets", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "ticket_id", "asset_id"),
        Index(None, "tenant_id", "asset_id"),
    )

    asset_id: Mapped[UUID]
    ticket_id: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
