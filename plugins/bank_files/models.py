"""Tables of bank statements. Amounts are minor units of the entry's currency, below zero where money went out."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import TenantTable, references, tenant_key

FILE_STATES = ("columns", "waiting", "done", "refused")
ENTRY_STATES = ("open", "partly", "matched", "ignored", "outgoing")


def _among(column: str, words: tuple[str, ...]) -> str:
    return f"{column} in ({', '.join(repr(word) for word in words)})"


class BankAccount(TenantTable):
    """An account of the company; `columns` say what the columns of its tables hold, once somebody named them."""

    __tablename__ = "bank_files_accounts"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("tenant_id", "number"),
        CheckConstraint("length(currency) = 3", name="currency"),
    )

    number: Mapped[str]
    currency: Mapped[str]
    columns: Mapped[dict[str, Any] | None]


class BankFile(TenantTable):
    """A file that was uploaded; `account_id` is known for tables, `file_key` is where it is kept as it came."""

    __tablename__ = "bank_files_files"
    __table_args__ = (
        tenant_key(),
        references("account_id", "bank_files_accounts"),
        CheckConstraint(_among("state", FILE_STATES), name="state"),
        Index(None, "tenant_id", "uploaded_at", "id"),
        Index(None, "tenant_id", "account_id"),
    )

    account_id: Mapped[UUID | None]
    name: Mapped[str]
    file_key: Mapped[str]
    state: Mapped[str]
    problem: Mapped[str] = mapped_column(default="", server_default="")
    found: Mapped[int] = mapped_column(default=0, server_default="0")
    fresh: Mapped[int] = mapped_column(default=0, server_default="0")
    skipped: Mapped[int] = mapped_column(default=0, server_default="0")
    job_id: Mapped[UUID | None]
    uploaded_by: Mapped[str]
    uploaded_at: Mapped[datetime]


class Entry(TenantTable):
    """An entry of a statement, once: by its fingerprint. `matched` minor units of it are in the books."""

    __tablename__ = "bank_files_entries"
    __table_args__ = (
        tenant_key(),
        references("account_id", "bank_files_accounts"),
        references("file_id", "bank_files_files"),
        UniqueConstraint("tenant_id", "account_id", "fingerprint"),
        CheckConstraint(_among("state", ENTRY_STATES), name="state"),
        CheckConstraint("matched between 0 and greatest(amount, 0)", name="matched"),
        CheckConstraint(
            "case state when 'matched' then matched = amount and amount > 0 when 'partly' then matched > 0 and matched < amount "
            "when 'outgoing' then amount <= 0 else matched = 0 and amount > 0 end",
            name="settled",
        ),
        Index(None, "tenant_id", "state", "booked_on", "id"),
        Index(None, "tenant_id", "booked_on", "id"),
        Index(None, "tenant_id", "file_id"),
    )

    account_id: Mapped[UUID]
    file_id: Mapped[UUID]
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    booked_on: Mapped[date]
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    name: Mapped[str]
    iban: Mapped[str]
    text: Mapped[str]
    structured: Mapped[str]
    reference: Mapped[str]
    state: Mapped[str]
    matched: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")

    @property
    def left(self) -> int:
        """What of it is not in the books, in minor units."""
        return max(self.amount - self.matched, 0)


class Match(TenantTable):
    """What of an entry is which payment in the books. Never changed but for being undone."""

    __tablename__ = "bank_files_matches"
    __table_args__ = (
        tenant_key(),
        references("entry_id", "bank_files_entries"),
        references("client_id", "clients"),
        references("receipt_id", "billing_payments"),
        CheckConstraint("amount > 0", name="amount"),
        UniqueConstraint("tenant_id", "receipt_id"),
        Index(None, "tenant_id", "entry_id", "id"),
        Index(None, "tenant_id", "client_id"),
    )

    entry_id: Mapped[UUID]
    client_id: Mapped[UUID]
    receipt_id: Mapped[UUID]
    amount: Mapped[int] = mapped_column(BigInteger)
    matched_by: Mapped[str]
    matched_at: Mapped[datetime]
    undone_by: Mapped[str | None]
    undone_at: Mapped[datetime | None]


class Payer(TenantTable):
    """The client who paid from an account: as the first confirmed match said, or a later one of another client."""

    __tablename__ = "bank_files_payers"
    __table_args__ = (
        tenant_key(),
        references("client_id", "clients", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "iban"),
        CheckConstraint("iban <> ''", name="iban"),
        Index(None, "tenant_id", "client_id"),
    )

    iban: Mapped[str]
    client_id: Mapped[UUID]
