"""Tables of the QuickBooks room."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import TenantTable, tenant_key


class Verifier(TenantTable):
    """The token that Intuit signs a tenant's webhooks with, sealed; one for each tenant."""

    __tablename__ = "quickbooks_verifiers"
    __table_args__ = (tenant_key(), UniqueConstraint("tenant_id"))

    token: Mapped[bytes] = mapped_column(LargeBinary)
    set_by: Mapped[str]
    set_at: Mapped[datetime]
