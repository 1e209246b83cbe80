"""Invoices of a run that are final from the beginning: number, seal and status are known before they are inserted.

Their parts go first, the rows of numbers are held from the numbers to the end only, and nothing is read again or updated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from kernel import events
from kernel.db import cursor
from kernel.ids import uuid7s
from plugins.billing.bulk import Row, insert_batches
from plugins.billing.chain import Rows, hash_written
from plugins.billing.credits.applying import hold_automatic
from plugins.billing.drafts import Assembled
from plugins.billing.finalizing import finalize_batch, keep_books, numbered, summary
from plugins.billing.funnel import DISCOUNT, INVOICE, LINE, TAX, Pair, Parts, claim_sources, invoice_row, parts_of, write_invoices
from plugins.billing.layouts.choosing import chosen_versions
from plugins.billing.models import PARTS, Invoice
from plugins.billing.parties import find_parties

if TYPE_CHECKING:
    from kernel.context import CallContext

FINAL = (*INVOICE, "serial", "status", "finalized_at", "parties", "layout_version_id")
_NUMBER = INVOICE.index("number")
LATER = f"set constraints {', '.join(PARTS)} deferred"


class Fresh(NamedTuple):
    """What finalizing asks of an invoice that is not written yet."""

    id: UUID
    kind: str
    series: str
    serial: int | None
    number: str
    client_id: UUID
    currency: str
    invoice_date: date
    subtotal: int
    tax: int
    total: int
    tax_trace: Mapping[str, Any]
    parties: None = None


def write_final(ctx: CallContext, assembled: Sequence[Assembled]) -> None:
    """Write reckoned drafts as final invoices, with all that `write_invoices` and `finalize_batch` would do.

    Raises what these raise. No part refers to an invoice that is not there when the transaction ends.
    """
    if not assembled:
        return
    pairs = list(zip(uuid7s(len(assembled)), assembled, strict=True))
    fresh = [fresh_of(*pair) for pair in pairs]
    layouts = chosen_versions(ctx, fresh)
    if layouts.asked.keys() & set(layouts.versions.values()):  # an extension is shown what stands on them
        finalize_batch(ctx, [one.id for one in write_invoices(ctx, assembled)])
        return
    parts = parts_of(pairs)
    with cursor(ctx.session) as cur:
        cur.execute(LATER)
    insert_batches(ctx.session, parts.batches())
    claim_sources(ctx, pairs, parts.line_ids)
    held = hold_automatic(ctx, fresh)
    parties = find_parties(ctx, fresh, {invoice_id: places_of(one) for invoice_id, one in pairs})
    final = numbered(ctx, fresh)
    rows = [final_row(ctx, pair, one, parties, layouts.versions) for pair, one in zip(pairs, final, strict=True)]
    events.publish_many(ctx, "invoice.created", [summary(one) for one in final])
    keep_books(ctx, final, held, _hashes(rows, parts), (Invoice, FINAL, rows))


def fresh_of(invoice_id: UUID, one: Assembled) -> Fresh:
    draft, totals = one.draft, one.totals
    return Fresh(invoice_id, draft.kind, draft.kind, None, "", draft.client_id, draft.currency, draft.invoice_date,
                  totals.subtotal, totals.tax, totals.total, one.taxes.trace)  # fmt: skip


def places_of(one: Assembled) -> set[UUID]:
    return {line.location_id for line in one.draft.lines if line.location_id}


def final_row(ctx: CallContext, pair: Pair, final: Fresh, parties: Mapping[UUID, Any], layouts: Mapping[UUID, UUID]) -> Row:
    row = invoice_row(ctx, *pair)
    return (*row[:_NUMBER], final.number, *row[_NUMBER + 1 :], final.serial, "finalized", ctx.now(), parties[final.id],
            layouts[final.id])  # fmt: skip


def _hashes(rows: Sequence[Row], parts: Parts) -> dict[UUID, bytes]:
    return {
        row[0]: hash_written((FINAL, row), Rows(LINE, lines), Rows(TAX, taxes), Rows(DISCOUNT, discounts))
        for row, lines, taxes, discounts in zip(rows, parts.lines, parts.taxes, parts.discounts, strict=True)
    }
