"""Tables of invoice layouts: what invoices look like, in versions that never change, and who gets which."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import TenantTable, Versioned, references, tenant_key


class Layout(TenantTable, Versioned):
    """A layout. `origin` standard comes with the house, code and extension from another room, all by their `key`; own ones are
    the tenant's. `current` is the version in force; `draft` what is being edited and not published yet.
    """

    __tablename__ = "billing_layouts"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("tenant_id", "key"),
        UniqueConstraint("tenant_id", "name_key"),
        CheckConstraint("origin in ('standard', 'code', 'extension', 'own')", name="origin"),
        CheckConstraint("(origin = 'own') = (key is null)", name="key"),
        CheckConstraint("origin = 'own' or draft is null", name="draft"),
        CheckConstraint("current >= 1", name="current"),
    )

    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(Computed("lower(name)", persisted=True))
    origin: Mapped[str] = mapped_column(default="own", server_default="own")
    key: Mapped[str | None]
    current: Mapped[int] = mapped_column(default=1, server_default="1")
    draft: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))


class LayoutVersion(TenantTable):
    """What a layout looked like at one time. Never changed: final invoices are printed by it for ever."""

    __tablename__ = "billing_layout_versions"
    __table_args__ = (
        tenant_key(),
        references("layout_id", "billing_layouts", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "layout_id", "number"),
        CheckConstraint("number >= 1", name="number"),
    )

    layout_id: Mapped[UUID]
    number: Mapped[int]
    document: Mapped[dict[str, Any]]
    digest: Mapped[str]
    made_by: Mapped[str]
    created_at: Mapped[datetime]


class LayoutImage(TenantTable):
    """A picture that layouts print, such as a logo; `file_key` is its place among the tenant's files."""

    __tablename__ = "billing_layout_images"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("tenant_id", "file_key"),
        CheckConstraint("content_type in ('image/png', 'image/jpeg')", name="content_type"),
        CheckConstraint("size > 0 and width > 0 and height > 0", name="size"),
    )

    name: Mapped[str]
    file_key: Mapped[str]
    content_type: Mapped[str]
    size: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]
    created_at: Mapped[datetime]


class LayoutChoice(TenantTable):
    """Which layout prints: for a client or all, for a kind of document or all. The closest choice wins."""

    __tablename__ = "billing_layout_choices"
    __table_args__ = (
        tenant_key(),
        references("layout_id", "billing_layouts"),
        references("client_id", "clients", on_delete="CASCADE"),
        Index("uq_billing_layout_choices_for", "tenant_id", "client_id", "kind", unique=True, postgresql_nulls_not_distinct=True),
        Index(None, "tenant_id", "layout_id"),
        CheckConstraint("kind in ('invoice', 'credit_note', 'prepayment')", name="kind"),
    )

    layout_id: Mapped[UUID]
    client_id: Mapped[UUID | None]
    kind: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
