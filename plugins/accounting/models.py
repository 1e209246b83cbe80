"""Tables of the accounting room: targets, mappings, batches with their documents, links, and work that goes out.

Amounts are minor units of the document's currency. Ids of the other side are text.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import TenantTable, Versioned, references, tenant_key

OPEN_BATCH = ("needs_attention", "ready", "delivering")
"""States of a batch of which something is still to be done."""
OPEN_WORK = ("waiting", "sending")
"""States of outgoing work that is not at its end."""


def _among(column: str, values: tuple[str, ...]) -> str:
    return f"{column} in ({', '.join(repr(one) for one in values)})"


class Target(TenantTable, Versioned):
    """Books that documents are delivered to: of an accounting system (`system`, a key of the port) the company `account_id`,
    which a connection opens; a system that reads files has neither.

    Documents dated before `starts_on` are never delivered. `tax_by` says whose taxes count: `ours` or `theirs`. `halted` is a
    code of why nothing goes out now: the connection was withdrawn, or opens another company. `currencies` are
    those that its company keeps books in, none where it takes any. `looked_at` is when its choices were read.
    """

    __tablename__ = "accounting_targets"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("tenant_id", "system", "account_id"),
        CheckConstraint("tax_by in ('ours', 'theirs')", name="tax_by"),
        CheckConstraint("(connection_id is null) = (account_id = '')", name="connection"),
        CheckConstraint("connection_id is not null or not (auto_export or send_payments or provision)", name="only_connected"),
        CheckConstraint("halted in ('', 'missing_connection', 'wrong_company')", name="halted"),
        Index(None, "tenant_id", "connection_id"),
    )

    system: Mapped[str]
    name: Mapped[str]
    connection_id: Mapped[UUID | None]
    account_id: Mapped[str] = mapped_column(default="", server_default="")
    account_name: Mapped[str] = mapped_column(default="", server_default="")
    starts_on: Mapped[date]
    auto_export: Mapped[bool] = mapped_column(default=False, server_default="false")
    send_payments: Mapped[bool] = mapped_column(default=False, server_default="false")
    provision: Mapped[bool] = mapped_column(default=False, server_default="false")
    tax_by: Mapped[str] = mapped_column(default="ours", server_default="ours")
    active: Mapped[bool] = mapped_column(default=True, server_default="true")
    halted: Mapped[str] = mapped_column(default="", server_default="")
    halted_detail: Mapped[str] = mapped_column(default="", server_default="")
    currencies: Mapped[list[str]] = mapped_column(default=list, server_default=text("'[]'::jsonb"))
    looked_at: Mapped[datetime | None]

    @property
    def realm(self) -> str | None:
        """The company whose own mappings go before those of the system."""
        return self.account_id or None


class MappingRow(TenantTable, Versioned):
    """What something of ours is called in an accounting system: in the books of one company (`realm`), or in all of them.

    `our_key` is an id as text, a key of taxes, or `*` for the default of the kind.
    """

    __tablename__ = "accounting_mappings"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("tenant_id", "system", "kind", "our_key", "realm", postgresql_nulls_not_distinct=True),
        CheckConstraint("kind in ('item', 'category', 'client', 'tax', 'term', 'account')", name="kind"),
        CheckConstraint("length(our_key) between 1 and 500 and length(external_id) between 1 and 500", name="lengths"),
    )

    system: Mapped[str]
    realm: Mapped[str | None]
    kind: Mapped[str]
    our_key: Mapped[str]
    external_id: Mapped[str]
    external_name: Mapped[str] = mapped_column(default="", server_default="")


class ChoiceRow(TenantTable):
    """Something of the other side that ours may be mapped to, as it was when the target's books were last looked at."""

    __tablename__ = "accounting_choices"
    __table_args__ = (
        tenant_key(),
        references("target_id", "accounting_targets", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "target_id", "kind", "external_id"),
    )

    target_id: Mapped[UUID]
    kind: Mapped[str]
    external_id: Mapped[str]
    name: Mapped[str]
    detail: Mapped[str] = mapped_column(default="", server_default="")
    active: Mapped[bool] = mapped_column(default=True, server_default="true")


class Link(TenantTable, Versioned):
    """That something of ours is something of theirs, in the books of a target. `external_version` is that which the other side
    had last.

    `number`, `total` and `tax` are what was delivered of a document or payment, to tell whether somebody changed it there, and
    `lines` how the other side kept the lines of a document then; None where it did not say.
    `voided` counts no more on both sides.
    """

    __tablename__ = "accounting_links"
    __table_args__ = (
        tenant_key(),
        references("target_id", "accounting_targets", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "target_id", "kind", "our_id"),
        UniqueConstraint("tenant_id", "target_id", "kind", "external_id"),
        CheckConstraint("kind in ('client', 'invoice', 'credit_note', 'payment', 'credit_use')", name="kind"),
        CheckConstraint("external_id <> ''", name="external_id"),
        Index(None, "tenant_id", "our_id"),
    )

    target_id: Mapped[UUID]
    kind: Mapped[str]
    our_id: Mapped[UUID]
    external_id: Mapped[str]
    external_version: Mapped[str] = mapped_column(default="", server_default="")
    external_name: Mapped[str] = mapped_column(default="", server_default="")
    number: Mapped[str] = mapped_column(default="", server_default="")
    currency: Mapped[str] = mapped_column(default="", server_default="")
    total: Mapped[int | None] = mapped_column(BigInteger)
    tax: Mapped[int | None] = mapped_column(BigInteger)
    lines: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    voided: Mapped[bool] = mapped_column(default=False, server_default="false")


class Batch(TenantTable, Versioned):
    """Documents that were found by `filters` and are delivered together; `filter_key` is what makes the same filters the same.

    `origin` is `manual`, or `auto` for documents that went out as they became final: one for each day.
    """

    __tablename__ = "accounting_batches"
    __table_args__ = (
        tenant_key(),
        references("target_id", "accounting_targets"),
        CheckConstraint("state in ('needs_attention', 'ready', 'delivering', 'delivered', 'cancelled')", name="state"),
        CheckConstraint("origin in ('manual', 'auto')", name="origin"),
        Index("uq_accounting_batches_open", "tenant_id", "target_id", "filter_key", unique=True,
              postgresql_where=text(_among("state", OPEN_BATCH))),
        Index(None, "tenant_id", "target_id", "created_at", "id"),
        Index(None, "tenant_id", "created_at", "id"),
    )  # fmt: skip

    target_id: Mapped[UUID]
    origin: Mapped[str] = mapped_column(default="manual", server_default="manual")
    state: Mapped[str] = mapped_column(default="ready", server_default="ready")
    filters: Mapped[dict[str, Any]]
    filter_key: Mapped[str]
    started_by: Mapped[str]
    job_id: Mapped[UUID | None]
    delivered_at: Mapped[datetime | None]


class ExportDocument(TenantTable, Versioned):
    """An invoice or credit note on its way to a target; `snapshot` is what stood on it when it was taken, and never changes.

    `open` has problems, `queued` waits for its turn or is on its way, `refused` is what the other side found a mistake in.
    `left_out` was put aside by a person, `cancelled` went with its batch.
    """

    __tablename__ = "accounting_documents"
    __table_args__ = (
        tenant_key(),
        references("target_id", "accounting_targets"),
        references("batch_id", "accounting_batches"),
        CheckConstraint("kind in ('invoice', 'credit_note', 'prepayment')", name="kind"),
        CheckConstraint("state in ('open', 'ready', 'queued', 'delivered', 'refused', 'left_out', 'cancelled')", name="state"),
        Index("uq_accounting_documents_once", "tenant_id", "target_id", "invoice_id", unique=True,
              postgresql_where=text("state not in ('left_out', 'cancelled')")),
        Index(None, "tenant_id", "batch_id", "id"),
        Index(None, "tenant_id", "invoice_id"),
        Index("ix_accounting_documents_attention", "tenant_id", "target_id", "id",
              postgresql_where=text("state in ('open', 'refused')")),
    )  # fmt: skip

    target_id: Mapped[UUID]
    batch_id: Mapped[UUID]
    invoice_id: Mapped[UUID]
    kind: Mapped[str]
    number: Mapped[str]
    client_id: Mapped[UUID]
    issued_on: Mapped[date]
    currency: Mapped[str]
    total: Mapped[int] = mapped_column(BigInteger)
    snapshot: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(default="open", server_default="open")
    code: Mapped[str] = mapped_column(default="", server_default="")
    detail: Mapped[str] = mapped_column(default="", server_default="")
    delivered_at: Mapped[datetime | None]


class ProblemRow(TenantTable):
    """Why a document is not delivered: a named `code` about a `subject` of ours, in words, and the page that mends it."""

    __tablename__ = "accounting_problems"
    __table_args__ = (
        tenant_key(),
        references("document_id", "accounting_documents", on_delete="CASCADE"),
        Index("uq_accounting_problems_open", "tenant_id", "document_id", "code", "subject", unique=True,
              postgresql_where=text("resolved_at is null")),
        Index(None, "tenant_id", "document_id", "id"),
    )  # fmt: skip

    document_id: Mapped[UUID]
    code: Mapped[str]
    subject: Mapped[str] = mapped_column(default="", server_default="")
    detail: Mapped[str]
    mend_url: Mapped[str] = mapped_column(default="", server_default="")
    found_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]


class BatchFile(TenantTable):
    """A file that a batch was delivered as; it is never written anew, whatever is mapped later."""

    __tablename__ = "accounting_files"
    __table_args__ = (
        tenant_key(),
        references("batch_id", "accounting_batches", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "batch_id", "position"),
    )

    batch_id: Mapped[UUID]
    position: Mapped[int]
    name: Mapped[str]
    content_type: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary)
    documents: Mapped[int]
    written_at: Mapped[datetime]


class Outgoing(TenantTable, Versioned):
    """Work that goes out to a target, in the order of `rank` and id: customers, then documents, money, what is voided. `tax`
    is the question what a draft is taxed, asked in one place only.

    `request_id` stays the same until the other side has answered for certain. What is `sending` when a delivery begins was sent
    and never answered. `due_at` is the next try.
    """

    __tablename__ = "accounting_outgoing"
    __table_args__ = (
        tenant_key(),
        references("target_id", "accounting_targets", on_delete="CASCADE"),
        references("document_id", "accounting_documents"),
        CheckConstraint("action in ('put', 'void')", name="action"),
        CheckConstraint("kind in ('item', 'client', 'invoice', 'credit_note', 'payment', 'credit_use', 'tax')", name="kind"),
        CheckConstraint("state in ('waiting', 'sending', 'done', 'failed', 'dropped')", name="state"),
        CheckConstraint("length(request_id) between 1 and 50", name="request_id"),
        Index("uq_accounting_outgoing_open", "tenant_id", "target_id", "kind", "our_id", "action", unique=True,
              postgresql_where=text("state in ('waiting', 'failed')")),
        Index("uq_accounting_outgoing_tax", "tenant_id", "our_id", unique=True,
              postgresql_where=text("kind = 'tax' and state in ('waiting', 'failed')")),
        Index("ix_accounting_outgoing_due", "tenant_id", "target_id", "rank", "id",
              postgresql_where=text(_among("state", OPEN_WORK))),
        Index(None, "tenant_id", "document_id"),
        Index(None, "tenant_id", "our_id"),
    )  # fmt: skip

    target_id: Mapped[UUID]
    rank: Mapped[int]
    kind: Mapped[str]
    action: Mapped[str] = mapped_column(default="put", server_default="put")
    our_id: Mapped[UUID]
    document_id: Mapped[UUID | None]
    request_id: Mapped[str]
    label: Mapped[str] = mapped_column(default="", server_default="")
    state: Mapped[str] = mapped_column(default="waiting", server_default="waiting")
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    due_at: Mapped[datetime]
    code: Mapped[str] = mapped_column(default="", server_default="")
    detail: Mapped[str] = mapped_column(default="", server_default="")
    mend_url: Mapped[str] = mapped_column(default="", server_default="")
    finished_at: Mapped[datetime | None]
