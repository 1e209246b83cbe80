"""The table of what may be taken in."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import TenantTable, references, tenant_key


class Newcomer(TenantTable):
    """A customer or item of theirs, as it was when it was read last. What became of it is its `state`: `make` and `link` wait for
    the job, which makes them `made`, `linked` or `failed` with a `detail`. `our_id` is the client or item that it is, or shall be
    linked to.
    """

    __tablename__ = "accounting_newcomers"
    __table_args__ = (
        tenant_key(),
        references("target_id", "accounting_targets", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "target_id", "kind", "external_id"),
        CheckConstraint("kind in ('client', 'item')", name="kind"),
        CheckConstraint("state in ('open', 'make', 'link', 'skipped', 'made', 'linked', 'failed')", name="state"),
        CheckConstraint("(our_id is not null) = (state in ('link', 'made', 'linked'))", name="our_id"),
        Index("ix_accounting_newcomers_decided", "tenant_id", "target_id", "id",
              postgresql_where=text("state in ('make', 'link')")),
    )  # fmt: skip

    target_id: Mapped[UUID]
    kind: Mapped[str]
    external_id: Mapped[str]
    name: Mapped[str]
    facts: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(default="open", server_default="open")
    our_id: Mapped[UUID | None]
    detail: Mapped[str] = mapped_column(default="", server_default="")
    read_at: Mapped[datetime]
