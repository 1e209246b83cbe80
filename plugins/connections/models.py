"""Tables of the connections room."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import TenantTable, Versioned, references, tenant_key


class Application(TenantTable, Versioned):
    """What the tenant registered with a service, for one of its environments. The secret is sealed and never shown."""

    __tablename__ = "connections_applications"
    __table_args__ = (tenant_key(), UniqueConstraint("tenant_id", "provider", "environment"))

    provider: Mapped[str]
    environment: Mapped[str]
    client_id: Mapped[str]
    client_secret: Mapped[bytes] = mapped_column(LargeBinary)


class ConnectionRow(TenantTable, Versioned):
    """An account of a service, and the sealed tokens that open it.

    `failing` is one whose tokens could not be renewed `failures` times in a row and that is not tried before `next_try_at`;
    `parting` are the tokens of a connection that was disconnected here and is still to be taken back there.
    """

    __tablename__ = "connections"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("tenant_id", "provider", "environment", "account_id"),
        ForeignKeyConstraint(
            ["tenant_id", "provider", "environment"],
            [f"connections_applications.{column}" for column in ("tenant_id", "provider", "environment")],
        ),
        CheckConstraint("state in ('connected', 'failing', 'withdrawn')", name="state"),
        CheckConstraint("(state = 'withdrawn') = (tokens is null)", name="tokens"),
        CheckConstraint("(tokens is null) = (expires_at is null)", name="expires_at"),
        CheckConstraint("parting is null or state = 'withdrawn'", name="parting"),
        CheckConstraint("(parting is null) = (parting_since is null)", name="parting_since"),
        CheckConstraint("failures >= 0", name="failures"),
        Index(None, "tenant_id", "account_name", "id"),
    )

    provider: Mapped[str]
    environment: Mapped[str]
    account_id: Mapped[str]
    account_name: Mapped[str]
    state: Mapped[str]
    tokens: Mapped[bytes | None] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime | None]
    refresh_expires_at: Mapped[datetime | None]
    refreshed_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0, server_default="0")
    next_try_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(default="", server_default="")
    last_error_at: Mapped[datetime | None]
    parting: Mapped[bytes | None] = mapped_column(LargeBinary)
    parting_since: Mapped[datetime | None]
    connected_by: Mapped[str]
    connected_at: Mapped[datetime]


class Consent(TenantTable):
    """A question that a person takes to a service, and its answer. Who brings the answer has to be that person, and know the
    state, of which only the hash is kept; `verifier` (RFC 7636) and `answer` are sealed, and gone when the consent has ended.
    """

    __tablename__ = "connections_consents"
    __table_args__ = (
        tenant_key(),
        references("user_id", "users", on_delete="CASCADE"),
        references("application_id", "connections_applications", on_delete="CASCADE"),
        references("connection_id", "connections", on_delete="SET NULL"),
        UniqueConstraint("tenant_id", "state_hash"),
        CheckConstraint("state in ('asked', 'answered', 'connected', 'declined', 'failed')", name="state"),
        CheckConstraint("state <> 'answered' or answer is not null", name="answer"),
        Index(None, "tenant_id", "asked_at"),
    )

    user_id: Mapped[UUID]
    application_id: Mapped[UUID]
    connection_id: Mapped[UUID | None]
    job_id: Mapped[UUID | None]
    state_hash: Mapped[bytes] = mapped_column(LargeBinary)
    verifier: Mapped[bytes | None] = mapped_column(LargeBinary)
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(default="asked", server_default="asked")
    detail: Mapped[str] = mapped_column(default="", server_default="")
    asked_at: Mapped[datetime]
