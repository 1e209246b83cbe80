"""Tables of the service desk."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKeyConstraint,
    Index,
    Integer,
    Numeric,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import TenantTable, Versioned, references, tenant_key


class Board(TenantTable, Versioned):
    """A queue of tickets with statuses of its own."""

    __tablename__ = "tickets_boards"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("tenant_id", "name"),
        Index("uq_tickets_boards_default", "tenant_id", unique=True, postgresql_where=text("is_default")),
    )

    name: Mapped[str]
    is_default: Mapped[bool] = mapped_column(default=False, server_default="false")
    active: Mapped[bool] = mapped_column(default=True, server_default="true")


class Status(TenantTable):
    """A state of tickets on one board; exactly one open status of a board is where tickets begin."""

    __tablename__ = "tickets_statuses"
    __table_args__ = (
        tenant_key(),
        references("board_id", "tickets_boards", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "board_id", "name"),
        UniqueConstraint("tenant_id", "board_id", "id"),
        CheckConstraint("not (is_default and is_closed)", name="default_is_open"),
        Index("uq_tickets_statuses_default", "tenant_id", "board_id", unique=True, postgresql_where=text("is_default")),
    )

    board_id: Mapped[UUID]
    name: Mapped[str]
    position: Mapped[int] = mapped_column(Integer)
    is_closed: Mapped[bool] = mapped_column(default=False, server_default="false")
    is_default: Mapped[bool] = mapped_column(default=False, server_default="false")


class Priority(TenantTable):
    """How urgent a ticket is; 1 is the most urgent."""

    __tablename__ = "tickets_priorities"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("tenant_id", "name"),
        CheckConstraint("level between 1 and 5", name="level"),
    )

    name: Mapped[str]
    level: Mapped[int] = mapped_column(Integer)


class Counter(TenantTable):
    """The last ticket number of the tenant."""

    __tablename__ = "tickets_counters"
    __table_args__ = (tenant_key(), UniqueConstraint("tenant_id"))

    last_number: Mapped[int] = mapped_column(Integer, default=1000, server_default="1000")


class Ticket(TenantTable, Versioned):
    """A request or incident of a client."""

    __tablename__ = "tickets_tickets"
    __table_args__ = (
        tenant_key(),
        references("client_id", "clients"),
        references("location_id", "client_locations", on_delete="SET NULL"),
        references("contact_id", "contacts", on_delete="SET NULL"),
        references("assignee_id", "users"),
        references("team_id", "teams", on_delete="SET NULL"),
        references("priority_id", "tickets_priorities"),
        references("board_id", "tickets_boards"),
        ForeignKeyConstraint(
            ["tenant_id", "board_id", "status_id"],
            ["tickets_statuses.tenant_id", "tickets_statuses.board_id", "tickets_statuses.id"],
        ),
        UniqueConstraint("tenant_id", "number"),
        CheckConstraint("length(title) between 1 and 255", name="title"),
        CheckConstraint("origin in ('internal', 'portal', 'email', 'api', 'import', 'extension')", name="origin"),
        CheckConstraint("is_closed = (closed_at is not null)", name="closed"),
        Index(None, "tenant_id", "is_closed", "created_at", "id"),
        Index(None, "tenant_id", "created_at", "id"),
        Index(None, "tenant_id", "updated_at", "id"),
        Index(None, "tenant_id", "client_id", "created_at", "id"),
        Index(None, "tenant_id", "assignee_id", "is_closed", "created_at"),
        Index(None, "tenant_id", "board_id", "status_id"),
    )

    number: Mapped[int] = mapped_column(Integer)
    title: Mapped[str]
    title_key: Mapped[str] = mapped_column(Computed("lower(title)", persisted=True))
    description: Mapped[str] = mapped_column(default="", server_default="")
    client_id: Mapped[UUID]
    location_id: Mapped[UUID | None]
    contact_id: Mapped[UUID | None]
    board_id: Mapped[UUID]
    status_id: Mapped[UUID]
    priority_id: Mapped[UUID]
    assignee_id: Mapped[UUID | None]
    team_id: Mapped[UUID | None]
    due_on: Mapped[date | None]
    origin: Mapped[str] = mapped_column(default="internal", server_default="internal")
    is_closed: Mapped[bool] = mapped_column(default=False, server_default="false")
    closed_at: Mapped[datetime | None]
    opened_by: Mapped[UUID | None]


class Comment(TenantTable, Versioned):
    """A word on a ticket; internal ones are never shown to the client."""

    __tablename__ = "tickets_comments"
    __table_args__ = (
        tenant_key(),
        references("ticket_id", "tickets_tickets", on_delete="CASCADE"),
        CheckConstraint("length(body) between 1 and 20000", name="body"),
        CheckConstraint("author_kind in ('user', 'contact', 'api_key', 'extension', 'system')", name="author_kind"),
        Index(None, "tenant_id", "ticket_id", "created_at", "id"),
    )

    ticket_id: Mapped[UUID]
    body: Mapped[str]
    internal: Mapped[bool] = mapped_column(default=False, server_default="false")
    is_resolution: Mapped[bool] = mapped_column(default=False, server_default="false")
    author_kind: Mapped[str]
    author_id: Mapped[UUID | None]
    author_name: Mapped[str]


class Material(TenantTable, Versioned):
    """A product used on a ticket and to be billed: quantity × rate (minor units of `currency`)."""

    __tablename__ = "tickets_materials"
    __table_args__ = (
        tenant_key(),
        references("ticket_id", "tickets_tickets"),
        references("client_id", "clients"),
        references("item_id", "catalog_items"),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("rate >= 0", name="rate"),
        CheckConstraint("length(currency) = 3", name="currency"),
        CheckConstraint("(invoice_id is null) = (invoice_line_id is null)", name="billed"),
        Index(None, "tenant_id", "ticket_id", "id"),
        Index("ix_tickets_materials_unbilled", "tenant_id", "client_id", "used_on", postgresql_where=text("invoice_id is null")),
        {"postgresql_with": {"fillfactor": 70}},
    )

    ticket_id: Mapped[UUID]
    client_id: Mapped[UUID]
    item_id: Mapped[UUID]
    description: Mapped[str]
    quantity: Mapped[Decimal] = mapped_column(Numeric(14, 4))
    rate: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    used_on: Mapped[date]
    invoice_id: Mapped[UUID | None]
    invoice_line_id: Mapped[UUID | None]
