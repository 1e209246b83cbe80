"""The one funnel: every invoice, by run, hand or extension, is made of the rows that are made here, in the caller's transaction.

Reckoned drafts → rows → sources → settled by their owners → number (the last lock) → outbox; set-based throughout.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from kernel import events
from kernel.errors import Conflict
from kernel.hookspecs.charging import Settled
from kernel.ids import uuid7, uuid7_texts, uuid7s
from plugins.billing.bulk import Batch, Row, insert_batches, insert_rows
from plugins.billing.contracts.billed import CONTRACT_LINE
from plugins.billing.drafts import Assembled, Written
from plugins.billing.due.values import CONTRACT_ITEM
from plugins.billing.errors import SourceBilled
from plugins.billing.models import Invoice, InvoiceDiscount, InvoiceLine, InvoiceTax, Source
from plugins.billing.numbering import assign_numbers, provisional_number
from plugins.billing.settings import billing_settings

if TYPE_CHECKING:
    from kernel.context import CallContext

Pair = tuple[UUID, Assembled]
OURS = (CONTRACT_LINE, CONTRACT_ITEM)
"""Sources that nobody has to mark: billing's memory of them is all there is."""
_QUANTITY, _PERCENT = Decimal("0.0001"), Decimal("0.000001")
"""The scales in which the database keeps them; it rounds as these are rounded here."""
INVOICE = (
    "id", "kind", "origin", "series", "number", "client_id", "currency", "invoice_date", "due_date", "po_number", "notes", "net",
    "discount", "subtotal", "tax", "total", "tax_notes", "tax_trace", "contract_ids", "run_id", "created_by_kind",
    "created_by_id", "created_by_name", "author", "author_key", "idempotency_key", "credit_of_id", "created_at",
    "updated_at", "terms_id", "early_percent", "early_until", "tax_source",
)  # fmt: skip
LINE = (
    "id", "invoice_id", "position", "kind", "description", "item_id", "quantity", "unit", "unit_price", "net", "discount",
    "tax", "total", "tax_category", "tax_parts", "tax_point", "location_id", "contract_line_id", "period_start",
    "period_end", "credited_line_id", "exemption", "trace",
)  # fmt: skip
TAX = ("id", "invoice_id", "position", "name", "code", "percent", "base", "tax", "region", "note", "rate_key", "tax_date")
DISCOUNT = (
    "id", "invoice_id", "position", "description", "percent", "fixed", "line_position", "item_id", "amount", "trace",
)  # fmt: skip
_SOURCE = ("id", "source_kind", "source_id", "period_key", "invoice_id", "line_id", "amount")


def write_invoices(ctx: CallContext, assembled: Sequence[Assembled]) -> list[Written]:
    """Write reckoned drafts with their sources and numbers, and say so.

    Raises SourceBilled when something stands on another invoice by now; owners of sources may refuse as well.
    """
    if not assembled:
        return []
    pairs = list(zip(uuid7s(len(assembled)), assembled, strict=True))
    line_ids = write_parts(ctx, pairs, (Invoice, INVOICE, [invoice_row(ctx, *pair) for pair in pairs]))
    claim_sources(ctx, pairs, line_ids)
    return _say(ctx, pairs, _numbers(ctx, pairs))


def author_key(ctx: CallContext) -> str:
    """Who an idempotency key belongs to: the user, key or install, whatever its version."""
    return f"{ctx.actor.kind}:{ctx.actor.id or ''}"


def invoice_row(ctx: CallContext, invoice_id: UUID, one: Assembled) -> tuple[Any, ...]:
    draft, totals, actor, now = one.draft, one.totals, ctx.actor, ctx.now()
    return (
        invoice_id, draft.kind, draft.origin, draft.kind, provisional_number(invoice_id), draft.client_id, draft.currency,
        draft.invoice_date, draft.due_date, draft.po_number, draft.notes, totals.net, totals.discount, totals.subtotal,
        totals.tax, totals.total, list(one.taxes.notes), one.taxes.trace, [str(each) for each in draft.contract_ids],
        draft.run_id, actor.kind, actor.id, actor.name, actor.author, author_key(ctx), draft.idempotency_key,
        draft.credit_of_id, now, now, draft.terms_id, draft.early_percent and _percent(draft.early_percent), draft.early_until,
        one.taxes.source.value,
    )  # fmt: skip


class Parts(NamedTuple):
    """The rows of each invoice, in the order of the invoices, and the ids of its lines."""

    line_ids: list[tuple[UUID, ...]]
    lines: list[list[Row]]
    taxes: list[list[Row]]
    discounts: list[list[Row]]

    def batches(self) -> list[Batch]:
        """All of them, to be written by `insert_batches`."""
        each = ((InvoiceLine, LINE, self.lines), (InvoiceTax, TAX, self.taxes), (InvoiceDiscount, DISCOUNT, self.discounts))
        return [(table, columns, list(chain.from_iterable(rows))) for table, columns, rows in each]


def _percent(value: Decimal) -> Decimal:
    return value.quantize(_PERCENT, ROUND_HALF_UP)


def parts_of(pairs: Sequence[Pair]) -> Parts:
    """Lines, taxes and discounts of invoices, with values as the database keeps them."""
    fresh = iter(uuid7s(sum([len(one.draft.lines) for _, one in pairs if not one.draft.line_ids])))
    line_ids = [one.draft.line_ids or tuple(islice(fresh, len(one.draft.lines))) for _, one in pairs]
    tax_ids = iter(uuid7_texts(sum([len(one.taxes.groups) for _, one in pairs])))
    return Parts(
        line_ids,
        [_line_rows(*pair, ids) for pair, ids in zip(pairs, line_ids, strict=True)],
        [_tax_rows(*pair, tax_ids) for pair in pairs],
        [_discount_rows(*pair) for pair in pairs],
    )


def write_parts(ctx: CallContext, pairs: Sequence[Pair], *before: Batch) -> list[tuple[UUID, ...]]:
    """Write lines, taxes and discounts of invoices, `before` them what they refer to; returns the ids of each invoice's lines."""
    parts = parts_of(pairs)
    insert_batches(ctx.session, [*before, *parts.batches()])
    return parts.line_ids


def _line_rows(invoice_id: UUID, one: Assembled, ids: Sequence[UUID]) -> list[tuple[Any, ...]]:
    takes_back = one.draft.credited_line_ids or (None,) * len(ids)
    return [
        (line_id, invoice_id, position, line.kind, line.description, line.item_id,
         line.quantity.quantize(_QUANTITY, ROUND_HALF_UP), line.unit, line.unit_price,
         sums.net, sums.discount, sums.tax, sums.total, line.tax_category, taxed.parts, line.tax_point, line.location_id,
         line.contract_line_id, line.service_period and line.service_period.start,
         line.service_period and line.service_period.end, credited, line.exemption, line.trace)
        for position, (line_id, line, sums, taxed, credited) in enumerate(
            zip(ids, one.draft.lines, one.totals.lines, one.taxes.lines, takes_back, strict=True), 1
        )
    ]  # fmt: skip


def _tax_rows(invoice_id: UUID, one: Assembled, ids: Iterator[str]) -> list[tuple[Any, ...]]:
    return [
        (next(ids), invoice_id, position, tax.name, tax.code, _percent(tax.percent), tax.base, tax.tax, tax.region, tax.note,
         tax.rate_key, tax_date)
        for position, (tax, tax_date) in enumerate(zip(one.taxes.groups, one.tax_dates, strict=True))
    ]  # fmt: skip


def _discount_rows(invoice_id: UUID, one: Assembled) -> list[tuple[Any, ...]]:
    return [
        (uuid7(), invoice_id, position, asked.description, asked.percent if asked.percent is None else _percent(asked.percent),
         asked.fixed, asked.line_position, asked.item_id, given.amount, given.trace)
        for position, (asked, given) in enumerate(zip(one.draft.discounts, one.discounted.discounts, strict=True), 1)
    ]  # fmt: skip


def claim_sources(ctx: CallContext, pairs: Sequence[Pair], line_ids: Sequence[Sequence[UUID]]) -> None:
    claims = [
        (source, invoice_id, line_id)
        for (invoice_id, one), ids in zip(pairs, line_ids, strict=True)
        for line, line_id in zip(one.draft.lines, ids, strict=True)
        for source in line.sources
    ]
    if not claims:
        return
    rows = [
        (row_id, one.kind, one.id, one.period_key, invoice, line, one.amount)
        for row_id, (one, invoice, line) in zip(uuid7_texts(len(claims)), claims, strict=True)
    ]
    try:
        insert_rows(ctx.session, Source, _SOURCE, rows)
    except Conflict as error:
        raise SourceBilled("Something here stands on another invoice by now. Run the billing again.") from error
    settled = [Settled(one.kind, one.id, invoice, line, one.version) for one, invoice, line in claims if one.kind not in OURS]
    ctx.hooks.settle_charges(ctx=ctx, settled=settled)


def _say(ctx: CallContext, pairs: Sequence[Pair], numbers: Mapping[UUID, str]) -> list[Written]:
    written = [
        Written(invoice_id, numbers.get(invoice_id) or provisional_number(invoice_id), one.draft.client_id,
                one.draft.currency, one.totals.subtotal, one.totals.tax, one.totals.total)
        for invoice_id, one in pairs
    ]  # fmt: skip
    events.publish_many(ctx, "invoice.created", [
        {"invoice_id": one.id, "number": one.number, "client_id": one.client_id, "currency": one.currency,
         "total": one.total, "kind": pair[1].draft.kind}
        for one, pair in zip(written, pairs, strict=True)
    ])  # fmt: skip
    return written


def _numbers(ctx: CallContext, pairs: Sequence[Pair]) -> dict[UUID, str]:
    settings = billing_settings(ctx)
    if settings["number_at"] != "draft":
        return {}
    numbers: dict[UUID, str] = {}
    for series in sorted({one.draft.kind for _, one in pairs}):
        dated = [(invoice_id, one.draft.invoice_date) for invoice_id, one in pairs if one.draft.kind == series]
        given = assign_numbers(ctx, series, dated, settings)
        numbers |= {invoice_id: number.text for (invoice_id, _), number in zip(dated, given, strict=True)}
    return numbers
