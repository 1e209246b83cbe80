"""Invoices by hand, as drafts or final at once, written by as few statements as it takes: what is asked of the client in one,
the parts in one, number and end of the chain in one, all the rest in one.

What stands in the database afterwards is what `write_invoices`, or `write_final` for one invoice, would leave there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from kernel import events
from kernel.db import cursor
from kernel.errors import InvalidInput
from kernel.events import OutboxEvent
from kernel.hookspecs.tax import TaxSource
from kernel.ids import uuid7
from plugins.billing.at_hand import AtHand, ask_about
from plugins.billing.bulk import Batch, Row, audit_batch, insert_batches
from plugins.billing.chain import Rows, hash_written, next_link
from plugins.billing.credits.applying import apply_held, hold_automatic
from plugins.billing.days import check_days
from plugins.billing.drafts import Assembled, Draft
from plugins.billing.errors import TaxAmountsPending
from plugins.billing.final_at_once import FINAL, LATER, final_row, fresh_of, places_of
from plugins.billing.finalizing import booking, finalize_batch, summary
from plugins.billing.funnel import DISCOUNT, INVOICE, LINE, TAX, Parts, invoice_row, parts_of
from plugins.billing.invoices import SHOWN_PARTS, check_header, claimed, get_invoice, reckoned
from plugins.billing.layouts.choosing import chosen_versions, closest_of
from plugins.billing.ledger import entry_batches
from plugins.billing.manual import DiscountAsked, LineAsked, resolve_discounts, resolve_lines
from plugins.billing.models import Invoice
from plugins.billing.numbering import SERIES, Place, take_place
from plugins.billing.parties import find_parties
from plugins.billing.patterns import write_number
from plugins.billing.receivables.terms import agree
from plugins.billing.said import check_currency
from plugins.billing.settings import billing_settings

if TYPE_CHECKING:
    from kernel.context import CallContext

_NUMBER = INVOICE.index("number")
_DRAFT = (*INVOICE, "serial")
_NEW: Mapping[str, Any] = {
    "version": 1, "status": "draft", "settled": 0, "credited": 0, "finalized_at": None, "voided_at": None, "void_reason": "",
}  # fmt: skip
"""What the database fills into a new invoice."""


class ByHand(NamedTuple):
    """An invoice that was written: `header` and `parts` as it is shown, without reading it again; None: it stood there already,
    or credits have paid of it meanwhile.
    """

    id: UUID
    header: dict[str, Any] | None = None
    parts: dict[str, list[dict[str, Any]]] | None = None


def create_invoice(ctx: CallContext, **asked: Any) -> Invoice:
    """`write_by_hand`, and the invoice as it was written."""
    return get_invoice(ctx, write_by_hand(ctx, **asked).id)


def write_by_hand(ctx: CallContext, *, client_id: UUID, lines: Sequence[LineAsked], discounts: Sequence[DiscountAsked] = (),
                  currency: str | None = None, invoice_date: date | None = None, due_date: date | None = None,
                  terms_id: UUID | None = None, po_number: str | None = None, notes: str = "",
                  idempotency_key: str | None = None, final: bool = False) -> ByHand:  # fmt: skip
    """Write an invoice by hand, due by the client's terms if nothing else is said: a draft or, if it is `final` at once, one
    that gets its number now, whatever the settings say. The same idempotency key of the same author gives the invoice it gave
    first.

    Raises InvalidInput by field, PriceMissingInCurrency, what the tax provider refuses, and TaxAmountsPending.
    """
    if idempotency_key is not None and (found := claimed(ctx, idempotency_key)) is not None:
        return ByHand(found.id)
    known = ask_about(ctx, client_id)
    if known is None:
        raise InvalidInput(errors={"client_id": "There is no client with this id."})
    code = check_currency(currency or known.currency)
    check_days(invoice_date=invoice_date, due_date=due_date)
    day = invoice_date or ctx.today()
    agreed = agree(ctx, client_id, day, terms_id, due_date, known.terms)
    resolved = resolve_lines(ctx, client_id, code, lines, billing_settings(ctx)["rounding_mode"], day)
    draft = Draft(
        client_id=client_id, currency=code, invoice_date=day, lines=resolved,
        discounts=resolve_discounts(discounts, resolved), po_number=po_number or None, notes=notes,
        idempotency_key=idempotency_key, **agreed._asdict(),
    )  # fmt: skip
    check_header(draft)
    return _write(ctx, reckoned(ctx, draft), known, final)


def _write(ctx: CallContext, one: Assembled, known: AtHand, final: bool) -> ByHand:
    """Parts first, for the series is held from the number to the end."""
    invoice_id = uuid7()
    parts = parts_of([(invoice_id, one)])
    with cursor(ctx.session) as cur:
        cur.execute(LATER)
    insert_batches(ctx.session, parts.batches())
    if final and not known.asked:
        return _finish(ctx, invoice_id, one, parts, known)
    written = _draft(ctx, invoice_id, one, parts)
    if not final:
        return written
    finalize_batch(ctx, [invoice_id])  # an extension is shown what stands on it
    return ByHand(invoice_id)


def _draft(ctx: CallContext, invoice_id: UUID, one: Assembled, parts: Parts) -> ByHand:
    fresh = fresh_of(invoice_id, one)
    if billing_settings(ctx)["number_at"] == "draft":
        fresh, _ = numbered_by(ctx, fresh)
    row = invoice_row(ctx, invoice_id, one)
    row = (*row[:_NUMBER], fresh.number or row[_NUMBER], *row[_NUMBER + 1 :], fresh.serial)
    insert_batches(ctx.session, [(Invoice, _DRAFT, [row]), *said(ctx, "created", fresh._replace(number=row[_NUMBER]))])
    return ByHand(invoice_id, _header(_DRAFT, row), _shown(parts))


def _finish(ctx: CallContext, invoice_id: UUID, one: Assembled, parts: Parts, known: AtHand) -> ByHand:
    fresh = fresh_of(invoice_id, one)
    if one.taxes.source is TaxSource.PENDING_EXTERNAL:
        raise TaxAmountsPending("Its tax amounts come from another system: write a draft, and finalize it with these.")
    held = hold_automatic(ctx, [fresh]) if known.has_credits else {}
    parties = find_parties(ctx, [fresh], {invoice_id: places_of(one)}, {fresh.client_id: known.buyer})
    layouts = layouts_of(ctx, fresh, known)
    fresh, place = numbered_by(ctx, fresh)
    row = final_row(ctx, (invoice_id, one), fresh, parties, layouts)
    link, end = next_link(ctx, fresh.series, place, invoice_id, _content(row, parts))
    _, entries = entry_batches(ctx, [booking(fresh, early=False)])
    deeds = [*said(ctx, "created", fresh), *said(ctx, "finalized", fresh)]
    insert_batches(ctx.session, [(Invoice, FINAL, [row]), *deeds, link, *entries], end)
    if not held:
        return ByHand(invoice_id, _header(FINAL, row), _shown(parts))
    apply_held(ctx, [get_invoice(ctx, invoice_id)], held)
    return ByHand(invoice_id)


def layouts_of(ctx: CallContext, fresh: Any, known: AtHand) -> dict[UUID, UUID]:
    """By invoice, the version of the layout that prints it now."""
    if not known.layouts:
        return dict(chosen_versions(ctx, [fresh]).versions)  # lays out what the house has not met yet
    return {fresh.id: closest_of(known.layouts, fresh.client_id, fresh.kind)}


def numbered_by(ctx: CallContext, fresh: Any) -> tuple[Any, Place]:
    """An invoice with the next number of its series, which is held from now on; not written yet."""
    place = take_place(ctx, fresh.series)
    pattern = billing_settings(ctx)[SERIES[fresh.series]]
    number = write_number(pattern, place.serial, fresh.invoice_date.year)
    return fresh._replace(serial=place.serial, number=number), place


def _content(row: Row, parts: Parts) -> bytes:
    return hash_written((FINAL, row), Rows(LINE, parts.lines[0]), Rows(TAX, parts.taxes[0]), Rows(DISCOUNT, parts.discounts[0]))


def said(ctx: CallContext, deed: str, fresh: Any) -> list[Batch]:
    """The event and the audit entry of a deed."""
    row = events.as_row(ctx, f"invoice.{deed}", summary(fresh))
    row.pop("tenant_id")
    return [(OutboxEvent, tuple(row), [tuple(row.values())]),
            audit_batch(ctx, f"invoice.{deed}", "invoice", [(fresh.id, fresh.number)])]  # fmt: skip


def _header(columns: Sequence[str], row: Row) -> dict[str, Any]:
    return {**_NEW, **dict(zip(columns, row, strict=True))}


def _shown(parts: Parts) -> dict[str, list[dict[str, Any]]]:
    each = {"lines": (LINE, parts.lines[0]), "taxes": (TAX, parts.taxes[0]), "discounts": (DISCOUNT, parts.discounts[0])}
    return {
        name: [{shown: row[columns.index(shown)] for shown in SHOWN_PARTS[name][1]} for row in rows]
        for name, (columns, rows) in each.items()
    }
