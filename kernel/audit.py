"""The audit trail: who did what to which row, kept in the transaction that did it. Entries are never changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import Index, func, select
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import TenantTable, tenant_key

if TYPE_CHECKING:
    from kernel.context import CallContext


class AuditEntry(TenantTable):
    """One deed. `author` names the extension install and version when code did it."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        tenant_key(),
        Index(None, "tenant_id", "occurred_at", "id"),
        Index(None, "tenant_id", "kind", "row_id", "occurred_at"),
    )

    occurred_at: Mapped[datetime] = mapped_column(server_default=func.now())
    action: Mapped[str]
    kind: Mapped[str]
    row_id: Mapped[UUID | None]
    label: Mapped[str] = mapped_column(server_default="")
    changes: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str]
    on_behalf_of: Mapped[UUID | None]
    author: Mapped[str | None]
    request_id: Mapped[str]


def record(
    ctx: CallContext,
    action: str,
    *,
    kind: str,
    row_id: UUID | None = None,
    label: str = "",
    changes: Mapping[str, Any] | None = None,
) -> None:
    """Write one entry; `action` is `<noun>.<past participle>`, `changes` holds what was set (no secrets)."""
    ctx.session.add(
        AuditEntry(
            occurred_at=ctx.now(), action=action, kind=kind, row_id=row_id, label=label, changes=dict(changes or {}),
            actor_kind=ctx.actor.kind, actor_id=ctx.actor.id, actor_name=ctx.actor.name,
            on_behalf_of=ctx.actor.on_behalf_of, author=ctx.actor.author, request_id=ctx.cause.request_id,
        )
    )  # fmt: skip


def history(ctx: CallContext, kind: str, row_id: UUID, limit: int = 50) -> list[AuditEntry]:
    """What was done to one row, the latest first."""
    found = select(AuditEntry).where(AuditEntry.kind == kind, AuditEntry.row_id == row_id)
    return list(ctx.session.scalars(found.order_by(AuditEntry.occurred_at.desc(), AuditEntry.id.desc()).limit(limit)))
