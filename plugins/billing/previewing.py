"""A preview as interfaces show it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from kernel.context import CallContext
from kernel.directory.clients import get_clients
from plugins.billing.drafts import Assembled
from plugins.billing.mending import mend_url
from plugins.billing.runs import Preview


def shown_preview(ctx: CallContext, preview: Preview) -> dict[str, Any]:
    """The preview as plain values, with client names."""
    ids = {one.draft.client_id for one in preview.invoices} | set(preview.problems)
    names = {one: client.name for one, client in get_clients(ctx, sorted(ids)).items()}
    return {
        "window_start": preview.window.start,
        "window_end": preview.window.end,
        "invoice_date": preview.invoice_date,
        "client_ids": preview.client_ids,
        "bounded": preview.bounded,
        "invoices": [_invoice(one, names[one.draft.client_id]) for one in preview.invoices],
        "parked": [
            {"client_id": client_id, "client_name": names[client_id], "code": error.code, "reason": error.detail,
             "mend_url": mend_url(error, client_id)}
            for client_id, error in preview.problems.items()
        ],
        "waiting": [asdict(one) for one in preview.waiting],
        "unapproved": {"clients": len(preview.unapproved), "count": sum(one.count for one in preview.unapproved),
                       "minutes": sum(one.minutes for one in preview.unapproved)},
        "totals": [
            {"currency": currency, "invoices": count, "subtotal": subtotal, "tax": tax, "total": total}
            for currency, (count, subtotal, tax, total) in preview.totals().items()
        ],
        "changes": preview.changes,
    }  # fmt: skip


def _invoice(one: Assembled, client_name: str) -> dict[str, Any]:
    return {
        "client_id": one.draft.client_id,
        "client_name": client_name,
        "currency": one.draft.currency,
        "po_number": one.draft.po_number,
        "subtotal": one.totals.subtotal,
        "tax": one.totals.tax,
        "total": one.totals.total,
        "lines": [
            {"description": line.description, "kind": line.kind, "item_id": line.item_id, "quantity": line.quantity,
             "unit": line.unit, "unit_price": line.unit_price, "net": sums.net, "tax": sums.tax, "total": sums.total,
             "period_start": line.service_period and line.service_period.start,
             "period_end": line.service_period and line.service_period.end, "trace": line.trace}
            for line, sums in zip(one.draft.lines, one.totals.lines, strict=True)
        ],
    }  # fmt: skip
