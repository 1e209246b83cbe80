"""Why a line of an invoice has its amount."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kernel.context import CallContext
from plugins.billing import invoices
from plugins.billing.models import Invoice, InvoiceLine
from plugins.billing.reasons import rule_in_words, trace_in_words
from plugins.billing.sources import list_sources


def explain_line(ctx: CallContext, invoice_id: UUID, line_id: UUID) -> dict[str, Any]:
    """The reckoning of a line with its words, its discount and taxes, and what it bills. Raises InvoiceLineNotFound."""
    invoice = invoices.get_invoice(ctx, invoice_id)
    line = invoices.get_line(ctx, invoice_id, line_id)
    return {
        "line_id": line.id,
        "amount": line.net,
        "currency": invoice.currency,
        "rule": rule_in_words(line.trace),
        "words": trace_in_words(line.trace, invoice.currency),
        "trace": line.trace,
        "discounts": {"taken": line.discount},
        "taxes": _taxes(ctx, invoice, line),
        "sources": [
            {"kind": one.source_kind, "id": str(one.source_id), "period": one.period_key, "amount": one.amount}
            for one in list_sources(ctx, line.id, invoice.id)
        ],
    }


def _taxes(ctx: CallContext, invoice: Invoice, line: InvoiceLine) -> list[dict[str, Any]]:
    by_position = {tax.position: tax for tax in invoices.list_taxes(ctx, invoice.id)}
    return [
        {"name": by_position[at].name, "percent": f"{by_position[at].percent.normalize():f}", "amount": amount}
        for at, amount in line.tax_parts
    ]
