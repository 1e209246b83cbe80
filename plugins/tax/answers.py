"""What the tax room shows on other rooms' pages."""

from __future__ import annotations

from kernel.context import CallContext
from kernel.hookspecs.directory import Ref
from kernel.hookspecs.screen import Panel
from plugins.tax.document_taxes import shows_source


def panels(ctx: CallContext, ref: Ref) -> list[Panel]:
    """How a client is taxed; where an invoice's taxes are reckoned, if that may be elsewhere."""
    if ref.kind == "client":
        return [Panel("Tax", f"/taxes/of-client/{ref.id}", "tax.read", 60)]
    if ref.kind == "invoice" and shows_source(ctx, ref.id):
        return [Panel("Taxes", f"/taxes/of-invoice/{ref.id}", "tax.read", 60)]
    return []
