"""Tables of the tax room."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, Numeric, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import TenantTable, Versioned, references, tenant_key

PERCENT = Numeric(9, 6)


class Region(TenantTable, Versioned):
    """Where one set of rates holds: a country, state or district, such as `DE` or `CA-QC`."""

    __tablename__ = "tax_regions"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("tenant_id", "code"),
        CheckConstraint("length(country) = 2", name="country"),
    )

    code: Mapped[str]
    name: Mapped[str]
    country: Mapped[str]


class RateRow(TenantTable, Versioned):
    """The rate of a region and category on [starts, ends): one percentage; components or brackets when `percent` is empty.

    `currency` is that of its brackets.
    """

    __tablename__ = "tax_rates"
    __table_args__ = (
        tenant_key(),
        references("region_id", "tax_regions", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "region_id", "category", "starts"),
        CheckConstraint("category in ('standard', 'reduced')", name="category"),
        CheckConstraint("percent between 0 and 100", name="percent"),
        CheckConstraint("ends > starts", name="ends"),
        CheckConstraint("currency is null or (length(currency) = 3 and percent is null)", name="currency"),
        ExcludeConstraint(
            ("tenant_id", "="),
            ("region_id", "="),
            ("category", "="),
            (func.daterange(text("starts"), text("ends")), "&&"),
            name="ex_tax_rates_no_overlap",
            using="gist",
            deferrable=True,
            initially="IMMEDIATE",
        ),
    )

    region_id: Mapped[UUID]
    category: Mapped[str]
    name: Mapped[str]
    percent: Mapped[Decimal | None] = mapped_column(PERCENT)
    starts: Mapped[date]
    ends: Mapped[date | None]
    currency: Mapped[str | None]


class ComponentRow(TenantTable):
    """A part of a composite rate; `compound` is reckoned on the base plus the tax of the parts before it."""

    __tablename__ = "tax_components"
    __table_args__ = (
        tenant_key(),
        references("rate_id", "tax_rates", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "rate_id", "sequence", "starts"),
        CheckConstraint("percent between 0 and 100", name="percent"),
        CheckConstraint("ends > starts", name="ends"),
        Index(None, "tenant_id", "rate_id", "sequence"),
    )

    rate_id: Mapped[UUID]
    sequence: Mapped[int] = mapped_column(Integer)
    name: Mapped[str]
    percent: Mapped[Decimal] = mapped_column(PERCENT)
    compound: Mapped[bool] = mapped_column(default=False, server_default="false")
    starts: Mapped[date | None]
    ends: Mapped[date | None]


class BracketRow(TenantTable):
    """What a rate takes from `lower` (minor units of the rate's currency) up to where its next bracket begins."""

    __tablename__ = "tax_brackets"
    __table_args__ = (
        tenant_key(),
        references("rate_id", "tax_rates", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "rate_id", "lower"),
        CheckConstraint("percent between 0 and 100", name="percent"),
        CheckConstraint("lower >= 0", name="lower"),
    )

    rate_id: Mapped[UUID]
    lower: Mapped[int] = mapped_column(BigInteger)
    percent: Mapped[Decimal] = mapped_column(PERCENT)


class HolidayRow(TenantTable):
    """Days [starts, ends) on which a rate, or its components of the name `component`, are not levied."""

    __tablename__ = "tax_holidays"
    __table_args__ = (
        tenant_key(),
        references("rate_id", "tax_rates", on_delete="CASCADE"),
        CheckConstraint("ends > starts", name="ends"),
        Index(None, "tenant_id", "rate_id", "starts"),
    )

    rate_id: Mapped[UUID]
    component: Mapped[str | None]
    name: Mapped[str]
    starts: Mapped[date]
    ends: Mapped[date]


class ExemptionRow(TenantTable, Versioned):
    """Why a client, or one location of it, is exempt on [starts, ends); reason and certificate are printed."""

    __tablename__ = "tax_exemptions"
    __table_args__ = (
        tenant_key(),
        references("client_id", "clients", on_delete="CASCADE"),
        references("location_id", "client_locations", on_delete="CASCADE"),
        CheckConstraint("reason <> ''", name="reason"),
        CheckConstraint("ends > starts", name="ends"),
        Index(None, "tenant_id", "client_id"),
    )

    client_id: Mapped[UUID]
    location_id: Mapped[UUID | None]
    reason: Mapped[str]
    certificate: Mapped[str] = mapped_column(default="", server_default="")
    starts: Mapped[date | None]
    ends: Mapped[date | None]


class ClientFacts(TenantTable, Versioned):
    """The tax facts of a client; `tax_source` says where its taxes are reckoned, if not where all are."""

    __tablename__ = "tax_clients"
    __table_args__ = (
        tenant_key(),
        references("client_id", "clients", on_delete="CASCADE"),
        references("region_id", "tax_regions"),
        UniqueConstraint("tenant_id", "client_id"),
        CheckConstraint("tax_source in ('internal', 'external')", name="tax_source"),
    )

    client_id: Mapped[UUID]
    region_id: Mapped[UUID | None]
    tax_id: Mapped[str | None]
    reverse_charge: Mapped[bool] = mapped_column(default=False, server_default="false")
    tax_source: Mapped[str | None]


class LocationRegion(TenantTable):
    """The tax region of a location, where it differs from the client's."""

    __tablename__ = "tax_locations"
    __table_args__ = (
        tenant_key(),
        references("location_id", "client_locations", on_delete="CASCADE"),
        references("region_id", "tax_regions"),
        UniqueConstraint("tenant_id", "location_id"),
    )

    location_id: Mapped[UUID]
    region_id: Mapped[UUID]


class DocumentRow(TenantTable):
    """Where the taxes of one document are reckoned, and when amounts for it were imported, from where and by whom."""

    __tablename__ = "tax_documents"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("tenant_id", "document_id"),
        CheckConstraint("source in ('internal', 'external')", name="source"),
    )

    document_id: Mapped[UUID]
    source: Mapped[str]
    reference: Mapped[str] = mapped_column(default="", server_default="")
    imported_at: Mapped[datetime | None]
    imported_by: Mapped[str] = mapped_column(default="", server_default="")


class ImportedLine(TenantTable):
    """The tax of one line of a document, imported for its taxable amount `base`; both in minor units."""

    __tablename__ = "tax_imported_lines"
    __table_args__ = (
        tenant_key(),
        references("row_id", "tax_documents", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "row_id", "key"),
        CheckConstraint("code in ('S', 'Z', 'E', 'AE', 'O')", name="code"),
        CheckConstraint("percent between 0 and 100", name="percent"),
    )

    row_id: Mapped[UUID]
    key: Mapped[str]
    base: Mapped[int] = mapped_column(BigInteger)
    tax: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str]
    code: Mapped[str]
    percent: Mapped[Decimal | None] = mapped_column(PERCENT)
