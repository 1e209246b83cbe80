"""A desk where tests write invoices in few words: clients, a catalog, taxes. Amounts are minor units."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from kernel.context import CallContext
from kernel.directory.clients import add_client
from plugins.billing import by_hand, finalizing
from plugins.billing.manual import DiscountAsked, LineAsked
from plugins.billing.models import Invoice, LedgerEntry, Posting
from plugins.catalog.services import add_item
from plugins.tax import services as taxes

VAT = Decimal(20)


def lay_out_taxes(ctx: CallContext) -> UUID:
    """A region with VAT of 20 %, reduced 10 %; returns its id."""
    region = taxes.add_region(ctx, code="AT", name="Austria", country="AT")
    for category, percent in (("standard", VAT), ("reduced", Decimal(10))):
        taxes.add_rate(ctx, region_id=region.id, name="VAT", category=category, percent=percent, starts=date(2020, 1, 1))
    return region.id


def taxed_client(ctx: CallContext, region_id: UUID, name: str = "Hill & Sons", currency: str = "EUR") -> UUID:
    """A client whose region is known."""
    client_id = add_client(ctx, name=name, currency=currency).id
    taxes.set_client_facts(ctx, client_id, region_id=region_id)
    return client_id


def item(ctx: CallContext, name: str = "Remote support", tax: str | None = "standard", **prices: int) -> UUID:
    """A catalog item with prices such as EUR=9500."""
    listed = [{"currency": code, "amount": amount} for code, amount in prices.items()]
    return add_item(ctx, name=name, kind="service", billing_method="per_unit", unit="each", tax_category=tax, prices=listed).id


def line(description: str = "Work", quantity: str = "1", rate: int | None = 10000, **more: Any) -> LineAsked:
    """A line asked for."""
    return LineAsked("lines[0]", description, Decimal(quantity), rate, **more)


def off(percent: str | None = None, amount: int | None = None, **target: Any) -> DiscountAsked:
    """A discount asked for."""
    return DiscountAsked("discounts[0]", "Discount", None if percent is None else Decimal(percent), amount, **target)


def draft(ctx: CallContext, client_id: UUID, *lines: LineAsked, **facts: Any) -> Invoice:
    """A draft invoice by hand."""
    return by_hand.create_invoice(ctx, client_id=client_id, lines=lines or (line(),), **facts)


def final(ctx: CallContext, client_id: UUID, *lines: LineAsked, **facts: Any) -> Invoice:
    """A finalized invoice."""
    return finalizing.finalize_invoice(ctx, draft(ctx, client_id, *lines, **facts).id)


def balances(ctx: CallContext, currency: str = "EUR") -> dict[str, int]:
    """The accounts that are not at zero, reckoned without the engine's own functions."""
    rows = ctx.session.execute(
        select(Posting.account, func.sum(Posting.amount))
        .join(LedgerEntry, (LedgerEntry.tenant_id == Posting.tenant_id) & (LedgerEntry.id == Posting.entry_id))
        .where(LedgerEntry.currency == currency).group_by(Posting.account)
    )  # fmt: skip
    return {account: int(amount) for account, amount in rows if amount}


def serials(ctx: CallContext, series: str = "invoice") -> Sequence[int]:
    """The numbers of a series that are in use."""
    found = select(Invoice.serial).where(Invoice.series == series, Invoice.serial.is_not(None)).order_by(Invoice.serial)
    return [one for one in ctx.session.scalars(found) if one is not None]
