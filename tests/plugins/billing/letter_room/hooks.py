"""This room's only door to the rest of the house."""

from __future__ import annotations

from collections.abc import Sequence

from kernel.context import CallContext
from kernel.hookspecs import hookimpl
from kernel.hookspecs.papers import InvoiceLayout, InvoicePaper
from tests.plugins.billing.letter_room.letters import KEY, letter


@hookimpl
def register_invoice_layouts() -> Sequence[InvoiceLayout]:
    return [InvoiceLayout(KEY, "Letter", "A letter of few words.")]


@hookimpl
def render_invoices(ctx: CallContext, layout_key: str, papers: Sequence[InvoicePaper], form: str) -> Sequence[bytes] | None:
    return [letter(paper, form) for paper in papers] if layout_key == KEY else None
