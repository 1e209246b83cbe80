"""What the e-invoicing room shows on other rooms' pages."""

from __future__ import annotations

from kernel.hookspecs.directory import Ref
from kernel.hookspecs.screen import Panel


def panels(ref: Ref) -> list[Panel]:
    """A tab on the page of an invoice, and one on that of a client."""
    if ref.kind not in ("invoice", "client"):
        return []
    return [Panel("E-invoice", f"/e-invoicing/of-{ref.kind}/{ref.id}", "invoice.read", 65)]
