"""This room's only door to the rest of the house."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from kernel.context import CallContext
from kernel.hookspecs import hookimpl
from kernel.hookspecs.papers import InvoiceLayout, InvoicePaper, LaidOut
from tests.plugins.billing.given_room.answers import KEYS, answers


@hookimpl
def collect_invoice_layouts(ctx: CallContext) -> Sequence[InvoiceLayout]:
    return [InvoiceLayout(key, key.partition(".")[2].title()) for key in KEYS]


@hookimpl
def lay_out_invoices(
    ctx: CallContext, layout_key: str, papers: Sequence[InvoicePaper], pictures: Mapping[UUID, str]
) -> Sequence[LaidOut] | None:
    return answers(layout_key, papers) if layout_key in KEYS else None
