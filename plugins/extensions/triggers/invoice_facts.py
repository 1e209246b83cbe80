"""What a guest is shown of an invoice that it lays out: plain JSON, what the invoice does not have left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from kernel.hookspecs.papers import InvoicePaper, PaperLine, PaperParty, PaperTax

MOST_LINES = 1000


def facts_of(paper: InvoicePaper, pictures: Mapping[UUID, str]) -> dict[str, Any]:
    """The facts of one invoice, amounts in minor units, dates as in ISO 8601, `period_end` not included.

    Number, status and payments are not among them: they change after the layout is kept, and a layout prints them by fields.
    """
    return _without_none(
        {
            "kind": paper.kind, "currency": paper.currency, "exponent": paper.exponent, "locale": paper.locale,
            "invoice_date": paper.invoice_date, "due_date": paper.due_date, "po_number": paper.po_number,
            "notes": paper.notes or None, "corrects_number": paper.corrects_number, "period_start": paper.period_start,
            "period_end": paper.period_end, "client": {"id": paper.client_id, **_party(paper.buyer)},
            "seller": _party(paper.seller), "lines": [_line(one) for one in paper.lines[:MOST_LINES]],
            "line_count": len(paper.lines), "taxes": [_tax(one) for one in paper.taxes],
            "discounts": [{"description": one.description, "amount": one.amount} for one in paper.discounts],
            "net": paper.net, "discount": paper.discount, "subtotal": paper.subtotal, "tax": paper.tax, "total": paper.total,
            "pictures": [{"id": picture_id, "name": name} for picture_id, name in pictures.items()],
        }
    )  # fmt: skip


def _party(party: PaperParty) -> dict[str, Any]:
    country = party.place.country if party.place else None
    return _without_none({"name": party.name, "address": party.address, "country": country or None, "tax_id": party.tax_id})


def _line(line: PaperLine) -> dict[str, Any]:
    return _without_none(
        {
            "position": line.position, "kind": line.kind, "description": line.description, "quantity": str(line.quantity),
            "unit": line.unit, "unit_price": line.unit_price, "net": line.net, "discount": line.discount, "tax": line.tax,
            "total": line.total, "period_start": line.period_start, "period_end": line.period_end,
            "location": line.location or None, "contract": line.contract or None, "ticket": line.ticket or None,
        }
    )  # fmt: skip


def _tax(tax: PaperTax) -> dict[str, Any]:
    return {"name": tax.name, "code": tax.code, "percent": str(tax.percent), "base": tax.base, "tax": tax.tax}


def _without_none(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value is not None}
