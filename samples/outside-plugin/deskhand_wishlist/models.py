"""Tables of this room."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped

from kernel.db import TenantTable, Versioned, references, tenant_key


class Entry(TenantTable, Versioned):
    """Something to remember about a client."""

    __tablename__ = "wishlist_entries"
    __table_args__ = (
        tenant_key(),
        references("client_id", "clients"),
        CheckConstraint("length(title) between 1 and 255", name="title"),
        Index(None, "tenant_id", "created_at", "id"),
        Index(None, "tenant_id", "updated_at", "id"),
        Index(None, "tenant_id", "client_id"),
    )

    client_id: Mapped[UUID]
    title: Mapped[str]
