"""Tables of the Stripe room."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import TenantTable, tenant_key

STATES = ("new", "connected", "refused")


class StripeAccount(TenantTable):
    """The tenant's account with Stripe: its keys, sealed; `state` says whether Stripe takes them."""

    __tablename__ = "stripe_accounts"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("tenant_id"),
        CheckConstraint(f"state in {STATES}", name="state"),
    )

    secret_key: Mapped[bytes] = mapped_column(LargeBinary)
    webhook_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    test_mode: Mapped[bool]
    state: Mapped[str] = mapped_column(default="new", server_default="new")
    name: Mapped[str] = mapped_column(default="", server_default="")
    problem: Mapped[str] = mapped_column(default="", server_default="")
    connected_by: Mapped[str]
    connected_at: Mapped[datetime]
    checked_at: Mapped[datetime | None]
    last_notice_at: Mapped[datetime | None]
