"""What receivables answer to other rooms' pages."""

from __future__ import annotations

from kernel.hookspecs.directory import Ref
from kernel.hookspecs.screen import Panel


def panels(ref: Ref) -> list[Panel]:
    """How a client pays, on the client's page."""
    return [Panel("Payment", f"/payers/{ref.id}", "invoice.read", 55)] if ref.kind == "client" else []
