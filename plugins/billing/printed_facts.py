"""What stands on invoices, as the value that layouts, other rooms' templates and e-invoices are made from."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import select

from kernel.hookspecs.papers import (
    InvoicePaper,
    PaperAccount,
    PaperDiscount,
    PaperLine,
    PaperParty,
    PaperPlace,
    PaperQuery,
    PaperSettled,
    PaperTax,
)
from kernel.hookspecs.tax import TaxSource
from kernel.money import exponent
from plugins.billing.models import CreditApplication, Invoice, InvoiceDiscount, InvoiceLine, InvoiceTax
from plugins.billing.parties import find_parties, seller_now
from plugins.billing.payments import paid_of
from plugins.billing.receivables.early import early_discounts, early_of

if TYPE_CHECKING:
    from kernel.context import CallContext

_LABELLED = r"^\s*{}\b\s*[:.]?\s*(\S.*)$"


def invoice_papers(ctx: CallContext, invoice_ids: Sequence[UUID]) -> dict[UUID, InvoicePaper]:
    """What stands on these invoices and credit notes, in a fixed number of queries; unknown ids are left out."""
    found = list(ctx.session.scalars(select(Invoice).where(Invoice.id.in_(invoice_ids))))
    return papers_of(ctx, found)


def find_papers(ctx: CallContext, query: PaperQuery) -> list[UUID]:
    """The ids of final or void documents that fit, or of drafts that wait for taxes, in the order of ids, to the limit."""
    waiting = (Invoice.status == "draft") & (Invoice.tax_source == TaxSource.PENDING_EXTERNAL)
    final = Invoice.status.in_([one for one in query.statuses if one in ("finalized", "void")])
    found = select(Invoice.id).where(waiting if query.tax_pending else final).order_by(Invoice.id).limit(query.limit)
    if query.first_day is not None:
        found = found.where(Invoice.invoice_date >= query.first_day)
    if query.last_day is not None:
        found = found.where(Invoice.invoice_date <= query.last_day)
    if query.client_ids is not None:
        found = found.where(Invoice.client_id.in_(query.client_ids))
    if query.ids is not None:
        found = found.where(Invoice.id.in_(query.ids))
    if query.after is not None:
        found = found.where(Invoice.id > query.after)
    return list(ctx.session.scalars(found))


def papers_of(ctx: CallContext, found: Sequence[Invoice]) -> dict[UUID, InvoicePaper]:
    """The same for invoices at hand."""
    if not found:
        return {}
    ids, parties = [one.id for one in found], find_parties(ctx, found)
    lines, taxes, discounts = (_parts(ctx, table, ids) for table in (InvoiceLine, InvoiceTax, InvoiceDiscount))
    paid, corrected = _settlements(ctx, ids), _corrected(ctx, found)
    return {
        one.id: _paper(ctx, one, parties[one.id], lines[one.id], taxes[one.id], discounts[one.id], paid[one.id],
                       corrected.get(one.credit_of_id))
        for one in found
    }  # fmt: skip


def _parts(ctx: CallContext, table: type[Any], ids: Sequence[UUID]) -> defaultdict[UUID, list[Any]]:
    by_invoice: defaultdict[UUID, list[Any]] = defaultdict(list)
    for row in ctx.session.scalars(select(table).where(table.invoice_id.in_(ids)).order_by(table.invoice_id, table.position)):
        by_invoice[row.invoice_id].append(row)
    return by_invoice


def _settlements(ctx: CallContext, ids: Sequence[UUID]) -> defaultdict[UUID, list[PaperSettled]]:
    """Credits, then payments, each as they came."""
    by_invoice: defaultdict[UUID, list[PaperSettled]] = defaultdict(list)
    applied = (
        select(CreditApplication).where(CreditApplication.invoice_id.in_(ids), CreditApplication.reversed_at.is_(None))
        .order_by(CreditApplication.id)
    )  # fmt: skip
    for credit in ctx.session.scalars(applied):
        by_invoice[credit.invoice_id].append(PaperSettled("credit", credit.applied_on, credit.amount))
    for kept in early_discounts(ctx, ids):
        by_invoice[kept.invoice_id].append(PaperSettled("discount", kept.given_on, kept.amount))
    for payment in paid_of(ctx, ids):
        if payment.applied:
            by_invoice[payment.invoice_id].append(PaperSettled("payment", payment.received_on, payment.applied))
    return by_invoice


def _corrected(ctx: CallContext, found: Sequence[Invoice]) -> dict[UUID | None, Invoice]:
    ids = [one.credit_of_id for one in found if one.credit_of_id is not None]
    return {one.id: one for one in ctx.session.scalars(select(Invoice).where(Invoice.id.in_(ids)))} if ids else {}


def _paper(ctx: CallContext, invoice: Invoice, parties: Mapping[str, Any], lines: Sequence[InvoiceLine],
           taxes: Sequence[InvoiceTax], discounts: Sequence[InvoiceDiscount], paid: Sequence[PaperSettled],
           corrected: Invoice | None) -> InvoicePaper:  # fmt: skip
    seller, buyer, places = parties["seller"], parties["buyer"], parties.get("places", {})
    return InvoicePaper(
        id=invoice.id, kind=invoice.kind, status=invoice.status, number=invoice.number, currency=invoice.currency,
        exponent=exponent(invoice.currency), locale=buyer["locale"] or ctx.tenant.locale, invoice_date=invoice.invoice_date,
        due_date=invoice.due_date, po_number=invoice.po_number, notes=invoice.notes, tax_notes=tuple(invoice.tax_notes),
        client_id=invoice.client_id, seller=_party(seller), buyer=_party(buyer), account=_account(seller["bank"]),
        footer=tuple(seller["footer"]), lines=tuple(_line(one, places) for one in lines),
        discounts=tuple(PaperDiscount(one.description, one.amount, one.percent, one.line_position) for one in discounts),
        taxes=tuple(PaperTax(one.name, one.code, one.percent, one.base, one.tax, one.region, one.note, one.tax_date)
                    for one in taxes),
        settlements=tuple(paid), net=invoice.net, discount=invoice.discount, subtotal=invoice.subtotal, tax=invoice.tax,
        total=invoice.total, settled=invoice.settled,
        period_start=min((one.period_start for one in lines if one.period_start), default=None),
        period_end=max((one.period_end for one in lines if one.period_end), default=None),
        corrects_id=invoice.credit_of_id, corrects_number=corrected and corrected.number,
        corrects_date=corrected and corrected.invoice_date, finalized_at=invoice.finalized_at, updated_at=invoice.updated_at,
        layout=invoice.layout_version_id, tax_source=invoice.tax_source,
        early=early_of(ctx, invoice), terms_id=invoice.terms_id,
    )  # fmt: skip


def present_seller(ctx: CallContext) -> tuple[PaperParty, PaperAccount, tuple[str, ...]]:
    """The tenant as it stands on invoices now: party, account and footer."""
    seller = seller_now(ctx)
    return _party(seller), _account(seller["bank"]), tuple(seller["footer"])


def _party(kept: Mapping[str, Any]) -> PaperParty:
    place = kept.get("place")
    return PaperParty(kept["name"], tuple(kept["address"]), PaperPlace(*place) if place else None, kept["tax_id"] or None,
                      kept.get("email"))  # fmt: skip


def _account(lines: Sequence[str]) -> PaperAccount:
    return PaperAccount(tuple(lines), _labelled("IBAN", lines), _labelled("BIC", lines) or _labelled("SWIFT", lines))


def _labelled(label: str, lines: Sequence[str]) -> str | None:
    """The value of the first line that begins with a label, without blanks."""
    pattern = re.compile(_LABELLED.format(label), re.IGNORECASE)
    values = [found[1] for line in lines if (found := pattern.match(line))]
    return re.sub(r"\s", "", values[0]).upper() if values else None


def _line(line: InvoiceLine, places: Mapping[str, str]) -> PaperLine:
    trace = line.trace if isinstance(line.trace, Mapping) else {}
    return PaperLine(
        line.id, line.position, line.kind, line.description, line.quantity, line.unit, line.unit_price, line.net, line.discount,
        line.tax, line.total, line.item_id, line.tax_category, tuple((at, amount) for at, amount in line.tax_parts or ()),
        line.period_start, line.period_end, line.location_id, places.get(str(line.location_id), ""),
        str(trace.get("contract_line") or ""), str((trace.get("detail") or {}).get("ticket") or ""), trace,
        line.exemption,
    )  # fmt: skip
