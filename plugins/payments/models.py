"""Tables of online payments. Amounts are minor units of the row's currency; `provider` is the key of a payment service."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import TenantTable, references, tenant_key

MOST_INVOICES = 100
"""How many invoices one link pays."""
LIVE = ("starting", "open", "processing")
ENDED = ("paid", "failed", "expired")
STATES = (*LIVE, *ENDED)
KINDS = ("checkout", "auto", "setup")
REFUND_STATES = ("asked", "pending", "done", "failed")
DISPUTE_STATES = ("asked", "open", "lost", "won")
BOOKED = ("no", "taken_back", "refunded", "returned")


def _among(column: str, words: tuple[str, ...]) -> str:
    return f"{column} in ({', '.join(repr(word) for word in words)})"


class PaymentLink(TenantTable):
    """An address by which a client pays some invoices, or leaves a way to pay (`invoice_ids` is empty). Of its secret part only
    the SHA-256 is kept.
    """

    __tablename__ = "payments_links"
    __table_args__ = (
        tenant_key(),
        references("client_id", "clients", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "token_hash"),
        Index(None, "tenant_id", "client_id", "id"),
    )

    client_id: Mapped[UUID]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    invoice_ids: Mapped[list[str]]
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Mandate(TenantTable):
    """A client's consent to be charged: by whom, when, for which way to pay. At most one of a client holds."""

    __tablename__ = "payments_mandates"
    __table_args__ = (
        tenant_key(),
        references("client_id", "clients"),
        Index("uq_payments_mandates_holding", "tenant_id", "client_id", unique=True, postgresql_where=text("ended_at is null")),
        Index(None, "tenant_id", "client_id", "id"),
    )

    client_id: Mapped[UUID]
    provider: Mapped[str]
    customer: Mapped[str]
    method: Mapped[str]
    label: Mapped[str]
    given_by: Mapped[str]
    given_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]


class Attempt(TenantTable):
    """One try to pay: on a page of the service (`checkout`), by consent (`auto`), or only to leave a way to pay (`setup`).

    `checkout`, `payment` and `customer` are the service's ids. `called_at` is when the service was first asked: from then on
    only its answer says what became of it. `problem` says why what the service did could not be booked.
    """

    __tablename__ = "payments_attempts"
    __table_args__ = (
        tenant_key(),
        references("client_id", "clients"),
        references("link_id", "payments_links", on_delete="SET NULL"),
        references("mandate_id", "payments_mandates"),
        references("receipt_id", "billing_payments"),
        CheckConstraint(_among("kind", KINDS), name="kind"),
        CheckConstraint(_among("state", STATES), name="state"),
        CheckConstraint("amount >= 0 and (amount = 0) = (kind = 'setup')", name="amount"),
        Index("uq_payments_attempts_payment", "tenant_id", "provider", "payment", unique=True,
              postgresql_where=text("payment <> ''")),
        Index("uq_payments_attempts_checkout", "tenant_id", "provider", "checkout", unique=True,
              postgresql_where=text("checkout <> ''")),
        Index(None, "tenant_id", "started_at", "id"),
        Index(None, "tenant_id", "client_id", "id"),
        Index(None, "tenant_id", "receipt_id"),
        Index(None, "tenant_id", "mandate_id"),
        Index(None, "tenant_id", "link_id"),
        Index("ix_payments_attempts_live", "tenant_id", "looked_at", postgresql_where=text(_among("state", LIVE))),
    )  # fmt: skip

    client_id: Mapped[UUID]
    link_id: Mapped[UUID | None]
    mandate_id: Mapped[UUID | None]
    kind: Mapped[str]
    provider: Mapped[str]
    currency: Mapped[str]
    amount: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(default="starting", server_default="starting")
    keep_method: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    agreed_by: Mapped[str] = mapped_column(default="", server_default="")
    checkout: Mapped[str] = mapped_column(default="", server_default="")
    url: Mapped[str] = mapped_column(default="", server_default="")
    payment: Mapped[str] = mapped_column(default="", server_default="")
    customer: Mapped[str] = mapped_column(default="", server_default="")
    refused_code: Mapped[str] = mapped_column(default="", server_default="")
    refused_words: Mapped[str] = mapped_column(default="", server_default="")
    problem: Mapped[str] = mapped_column(default="", server_default="")
    paid: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    paid_at: Mapped[datetime | None]
    paid_by: Mapped[str] = mapped_column(default="", server_default="")
    receipt_id: Mapped[UUID | None]
    until: Mapped[datetime | None]
    called_at: Mapped[datetime | None]
    looked_at: Mapped[datetime]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    @property
    def live(self) -> bool:
        """True until the service said what became of it."""
        return self.state in LIVE


class AttemptInvoice(TenantTable):
    """What an attempt is to pay of an invoice. At most one live attempt pays an invoice: a constraint."""

    __tablename__ = "payments_attempt_invoices"
    __table_args__ = (
        tenant_key(),
        references("attempt_id", "payments_attempts", on_delete="CASCADE"),
        references("invoice_id", "billing_invoices"),
        CheckConstraint("amount > 0", name="amount"),
        UniqueConstraint("tenant_id", "attempt_id", "invoice_id"),
        Index("uq_payments_attempt_invoices_live", "tenant_id", "invoice_id", unique=True, postgresql_where=text("live")),
        Index(None, "tenant_id", "invoice_id", "id"),
    )

    attempt_id: Mapped[UUID]
    invoice_id: Mapped[UUID]
    number: Mapped[str]
    amount: Mapped[int] = mapped_column(BigInteger)
    live: Mapped[bool] = mapped_column(default=True, server_default=text("true"))


class OnlineRefund(TenantTable):
    """Money that went back by the service: asked for here (`asked_by`), or seen there. `noted` once the books have it."""

    __tablename__ = "payments_refunds"
    __table_args__ = (
        tenant_key(),
        references("attempt_id", "payments_attempts"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint(_among("state", REFUND_STATES), name="state"),
        Index("uq_payments_refunds_seen", "tenant_id", "attempt_id", "provider_ref", unique=True,
              postgresql_where=text("provider_ref <> ''")),
        Index(None, "tenant_id", "attempt_id", "id"),
    )  # fmt: skip

    attempt_id: Mapped[UUID]
    amount: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(default="asked", server_default="asked")
    provider_ref: Mapped[str] = mapped_column(default="", server_default="")
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]
    noted: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    problem: Mapped[str] = mapped_column(default="", server_default="")


class Dispute(TenantTable):
    """A payment that its payer's bank asks about or took back; `booked` says what the books did."""

    __tablename__ = "payments_disputes"
    __table_args__ = (
        tenant_key(),
        references("attempt_id", "payments_attempts"),
        CheckConstraint(_among("state", DISPUTE_STATES), name="state"),
        CheckConstraint(_among("booked", BOOKED), name="booked"),
        UniqueConstraint("tenant_id", "attempt_id", "provider_ref"),
    )

    attempt_id: Mapped[UUID]
    provider_ref: Mapped[str]
    amount: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str]
    reason: Mapped[str]
    opened_at: Mapped[datetime]
    booked: Mapped[str] = mapped_column(default="no", server_default="no")
    problem: Mapped[str] = mapped_column(default="", server_default="")
