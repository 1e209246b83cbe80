"""What the tax room shows on other rooms' pages."""

from __future__ import annotations

from sqlalchemy import text

from kernel.context import CallContext
from kernel.hookspecs.accounting import TAXED, Ours
from kernel.hookspecs.directory import Ref
from kernel.hookspecs.papers import PaperTax
from kernel.hookspecs.screen import Panel
from kernel.hookspecs.tax_keys import tax_key
from kernel.tenancy import get_settings
from plugins.tax.document_taxes import shows_source
from plugins.tax.rate_book import RATES, book_of, codes_of

_UNTAXED = (("O", "Not taxable"), ("E", "Exempt"), ("Z", "Zero rated"), ("AE", "Reverse charge"))


def panels(ctx: CallContext, ref: Ref) -> list[Panel]:
    """How a client is taxed; where an invoice's taxes are reckoned, if that may be elsewhere."""
    if ref.kind == "client":
        return [Panel("Tax", f"/taxes/of-client/{ref.id}", "tax.read", 60)]
    if ref.kind == "invoice" and shows_source(ctx, ref.id):
        return [Panel("Taxes", f"/taxes/of-invoice/{ref.id}", "tax.read", 60)]
    return []


def _named(tax: PaperTax) -> str:
    """The name of a tax with its percent, once: many names say it already.

    >>> from decimal import Decimal
    >>> _named(PaperTax("USt 19 %", "S", Decimal("19.00"), 0, 0)), _named(PaperTax("TVA", "S", Decimal("5.5"), 0, 0))
    ('USt 19 %', 'TVA 5.5 %')
    """
    percent = f"{tax.percent.normalize():f}"
    said = f"{tax.name.replace(',', '.').rstrip('% ')} ".endswith(f" {percent} ")
    return tax.name if said else f"{tax.name} {percent} %"


def ours(ctx: CallContext, kind: str) -> list[Ours]:
    """What a line may be taxed by today, for accounting systems: nothing, in four ways, what others reckon, or the rates of each
    region.
    """
    if kind != "tax":
        return []
    known = ctx.session.scalars(text(f"select {RATES}")).one()
    book, found = book_of(known), {code: Ours(code, name) for code, name in _UNTAXED}
    settings = get_settings(ctx, "tax")
    if settings["tax_source"] == "external" or settings["client_may_differ"]:
        found = {TAXED: Ours(TAXED, "Taxed, as reckoned elsewhere")} | found
    for region in sorted(codes_of(known).values()):
        for category in ("standard", "reduced"):
            taxes = [PaperTax(one.name, "S", one.percent, 0, 0, region) for one in book.levies(region, category, ctx.today())]
            if any(one.percent for one in taxes):
                words = " + ".join(_named(one) for one in taxes)
                found.setdefault(tax_key(taxes), Ours(tax_key(taxes), f"{region}: {words}", url="/taxes"))
    return list(found.values())
