"""Tax: the room that knows the rates answers for every document, before it is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from kernel.errors import DeskhandError, Refused
from kernel.hookspecs import hookspec
from kernel.money import Rounding

if TYPE_CHECKING:
    from decimal import Decimal

    from kernel.context import CallContext

EXEMPT = "exempt"
"""The tax category of what the law exempts; needs no rate."""

UNTAXED = ("O", "E", "AE")
"""Codes of EN 16931 of what is not taxed at all: outside the scope, exempt, reverse charge."""


class TaxRateMissing(Refused):
    """No rate holds for a taxable line's region and category on the tax date; never a silent zero."""

    code = "tax_rate_missing"
    title = "No tax rate for this line"


class TaxRegionMissing(Refused):
    """A taxable line has no tax region, and nobody's region is guessed."""

    code = "tax_region_missing"
    title = "No tax region for this line"


class ReverseChargeNeedsTaxIds(Refused):
    """Reverse charge is agreed with the client, but a tax id is missing (EN 16931 BR-AE-2: both are printed)."""

    code = "reverse_charge_needs_tax_ids"
    title = "Reverse charge needs both tax ids"


class TaxLevel(StrEnum):
    """Where tax is rounded: on each line, on each group of one rate (EN 16931), or once on the whole document."""

    LINE = "line"
    TAX_GROUP = "tax_group"
    INVOICE = "invoice"


class DiscountRule(StrEnum):
    """Whether a discount lowers the amount that is taxed (the law nearly everywhere) or is ignored by the tax."""

    REDUCE_TAXABLE_BASE = "reduce_taxable_base"
    IGNORE = "ignore"


class TaxSource(StrEnum):
    """Who says what a document is taxed: the tax room's own rates, or somebody else, whose amounts are imported; until they
    are, the document is pending and cannot become final.
    """

    INTERNAL = "internal"
    EXTERNAL = "external"
    PENDING_EXTERNAL = "pending_external"


class TaxPolicy(NamedTuple):
    """The tenant's rules for one document. The default is that of EN 16931: half up, for each group of one rate."""

    mode: Rounding = Rounding.HALF_UP
    level: TaxLevel = TaxLevel.TAX_GROUP
    discounts: DiscountRule = DiscountRule.REDUCE_TAXABLE_BASE


class TaxLine(NamedTuple):
    """One thing sold. `net` in minor units before tax and discounts, below zero for a credit; `discount` is what
    discounts take off it (same sign as net).

    `category` as the rates know it (`standard`, `reduced`, …; `exempt`; None: not taxable at all). `region` None leaves
    it to the tax room to find the region of the location, then the client. `exemption` is the printed reason, if any.
    """

    key: str
    net: int
    category: str | None = "standard"
    region: str | None = None
    discount: int = 0
    location_id: UUID | None = None
    exemption: str | None = None


class TaxDocument(NamedTuple):
    """What is to be taxed. `tax_date` is the tax point: invoice date in advance, end of the service period in arrears.

    Tax ids that are None are left to the tax room, which keeps those of the tenant and its clients. `document_id` is that of
    a draft that exists, for which amounts may have been imported.
    """

    client_id: UUID
    tax_date: date
    currency: str
    lines: Sequence[TaxLine]
    policy: TaxPolicy = TaxPolicy()
    seller_tax_id: str | None = None
    buyer_tax_id: str | None = None
    document_id: UUID | None = None


class TaxGroup(NamedTuple):
    """One tax printed on the document. `code` is the category code of EN 16931 (UNTDID 5305): S standard, Z zero rated,
    E exempt, AE reverse charge, O outside the scope.

    `base` is what `percent` is applied to, `tax` the result, in minor units; a composite rate gives one group for each
    of its components, so bases may count twice. `note` is the exemption reason or legal note; `rate_key` the rate or
    component in the provider's own tables, None where no rate applies.
    """

    name: str
    code: str
    percent: Decimal
    base: int
    tax: int
    region: str | None = None
    note: str | None = None
    rate_key: str | None = None


class TaxedLine(NamedTuple):
    """The tax of one line in minor units, and of which groups it is made: (position of the group, amount)."""

    tax: int
    parts: tuple[tuple[int, int], ...]


class TaxResult(NamedTuple):
    """The answer for one document: lines in its order; the tax of lines and that of groups both add up to `tax`.

    `trace` is plain JSON that says why. `error` set means: this document cannot be taxed; raise it or park the client.
    """

    lines: Sequence[TaxedLine]
    groups: Sequence[TaxGroup]
    tax: int
    notes: Sequence[str]
    trace: Mapping[str, Any]
    error: DeskhandError | None = None
    source: TaxSource = TaxSource.INTERNAL

    @classmethod
    def refused(cls, error: DeskhandError) -> TaxResult:
        """The answer for a document that cannot be taxed."""
        return cls((), (), 0, (), {"rule": "tax", "error": error.code}, error)


@hookspec(firstresult=True)
def compute_taxes(ctx: CallContext, documents: Sequence[TaxDocument]) -> Sequence[TaxResult] | None:
    """Ask: compute the tax of these documents, one result each in the same order. One tax provider of the tenant; once
    per batch of documents, before they are written, in preview and run alike.

    A document that cannot be taxed is answered by `TaxResult.refused(error)`, so that the others go on. Example for
    one line of 100.00 at 19 %:
    `[TaxResult([TaxedLine(1900, ((0, 1900),))], [TaxGroup("VAT", "S", Decimal("19"), 10000, 1900)], 1900, [], {})]`.
    """


class TaxDate(StrEnum):
    """Which day puts a document into a period: its tax point (credit notes: the day they are written), or its own date."""

    TAX_POINT = "tax_point"
    DOCUMENT = "document"


class Taxed(NamedTuple):
    """What final documents of one month were taxed by one tax, added up; `month` is its first day.

    `base` and `tax` in minor units of `currency` are those of invoices, `credited_base` and `credited_tax` what credit notes
    took back. A document that was voided counts in its own month, and below zero in the month when it was voided.
    """

    month: date
    currency: str
    region: str | None
    code: str
    name: str
    percent: Decimal
    base: int
    tax: int
    credited_base: int = 0
    credited_tax: int = 0


@hookspec
def collect_taxed(ctx: CallContext, first_day: date, last_day: date, dated_by: TaxDate) -> Sequence[Taxed]:
    """Collect: add up the taxes of your final documents from the first day to the last, both included. Any room that issues
    documents with taxes; once per tax report, in a fixed number of queries.

    Example: `[Taxed(date(2026, 3, 1), "EUR", "DE", "S", "VAT", Decimal(19), 120000, 22800, 20000, 3800)]`.
    """
