"""Invoices sent by mail, one row for each recipient."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import TenantTable, references, tenant_key


class Sending(TenantTable):
    """An invoice on its way to one address. Until `sent_at` is known its job in the ledger says how it stands."""

    __tablename__ = "billing_sendings"
    __table_args__ = (
        tenant_key(),
        references("invoice_id", "billing_invoices"),
        UniqueConstraint("tenant_id", "mail_id", "recipient"),
        Index(None, "tenant_id", "invoice_id", "id"),
    )

    invoice_id: Mapped[UUID]
    mail_id: Mapped[str]
    recipient: Mapped[str]
    job_id: Mapped[UUID]
    asked_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    sent_at: Mapped[datetime | None]
