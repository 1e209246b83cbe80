"""Tables of what comes back: how far each target was looked at, what stands there, their payments, and exceptions.

Amounts are minor units of the row's currency.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import TenantTable, Versioned, references, tenant_key


class LookCursor(TenantTable):
    """How far a target's books were looked at. `round` is that of the newest look, which alone may write. `everything` asks for a
    look at all that is linked, and `position` is how far that came; `trouble` is why the last look failed, in words.
    """

    __tablename__ = "accounting_cursors"
    __table_args__ = (
        tenant_key(),
        references("target_id", "accounting_targets", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "target_id"),
    )

    target_id: Mapped[UUID]
    since: Mapped[datetime]
    round: Mapped[int] = mapped_column(default=0, server_default="0")
    everything: Mapped[bool] = mapped_column(default=True, server_default="true")
    position: Mapped[str] = mapped_column(default="", server_default="")
    looked_at: Mapped[datetime | None]
    tried_at: Mapped[datetime | None]
    trouble: Mapped[str] = mapped_column(default="", server_default="")


class Seen(TenantTable):
    """Something of theirs that is linked to ours, as it stood there when it was last looked at."""

    __tablename__ = "accounting_seen"
    __table_args__ = (
        tenant_key(),
        references("target_id", "accounting_targets", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "target_id", "kind", "external_id"),
        CheckConstraint("kind in ('invoice', 'credit_note', 'payment')", name="kind"),
    )

    target_id: Mapped[UUID]
    kind: Mapped[str]
    external_id: Mapped[str]
    external_version: Mapped[str]
    number: Mapped[str]
    customer: Mapped[str]
    currency: Mapped[str]
    total: Mapped[int] = mapped_column(BigInteger)
    tax: Mapped[int] = mapped_column(BigInteger)
    balance: Mapped[int] = mapped_column(BigInteger)
    voided: Mapped[bool]
    deleted: Mapped[bool]
    seen_at: Mapped[datetime]


class Received(TenantTable, Versioned):
    """A payment that was noted on the other side and is a receipt of ours. `round` counts how often it was taken anew, since each
    edit takes the receipt back and records another; `taken` is what the receipt was made of.
    """

    __tablename__ = "accounting_received"
    __table_args__ = (
        tenant_key(),
        references("target_id", "accounting_targets", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "target_id", "external_id"),
        CheckConstraint("state in ('recorded', 'taken_back')", name="state"),
        Index(None, "tenant_id", "payment_id"),
    )

    target_id: Mapped[UUID]
    external_id: Mapped[str]
    round: Mapped[int] = mapped_column(default=1, server_default="1")
    payment_id: Mapped[UUID]
    client_id: Mapped[UUID]
    currency: Mapped[str]
    amount: Mapped[int] = mapped_column(BigInteger)
    received_on: Mapped[date]
    taken: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(default="recorded", server_default="recorded")


class Discrepancy(TenantTable, Versioned):
    """Where both sides differ, for a person to decide: one row for each kind of difference of each thing of theirs.

    `ours` and `theirs` say what differs. `open` waits for somebody; `accepted` is known and stays quiet while theirs is the same;
    `resolved` was gone when it was looked at again.
    """

    __tablename__ = "accounting_exceptions"
    __table_args__ = (
        tenant_key(),
        references("target_id", "accounting_targets", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "target_id", "kind", "subject", "external_id"),
        CheckConstraint("state in ('open', 'accepted', 'resolved')", name="state"),
        CheckConstraint("subject in ('invoice', 'credit_note', 'payment')", name="subject"),
        Index("ix_accounting_exceptions_open", "tenant_id", "target_id", "id", postgresql_where=text("state = 'open'")),
        Index(None, "tenant_id", "found_at", "id"),
        Index(None, "tenant_id", "our_id"),
    )

    target_id: Mapped[UUID]
    kind: Mapped[str]
    subject: Mapped[str]
    external_id: Mapped[str]
    our_id: Mapped[UUID | None]
    client_id: Mapped[UUID | None]
    label: Mapped[str]
    currency: Mapped[str] = mapped_column(default="", server_default="")
    ours: Mapped[str]
    theirs: Mapped[str]
    state: Mapped[str] = mapped_column(default="open", server_default="open")
    found_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str] = mapped_column(default="", server_default="")
