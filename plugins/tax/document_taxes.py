"""Taxes of documents that are reckoned elsewhere: whose turn it is, and importing what came out."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from sqlalchemy import delete, select

from kernel import audit, events
from kernel.context import CallContext
from kernel.errors import InvalidInput
from kernel.hookspecs.delegated_tax import LineTax
from kernel.hookspecs.tax import TaxDocument, TaxLine, TaxSource
from kernel.tenancy import get_settings
from plugins.tax.calculator import ClientTax
from plugins.tax.elsewhere import ImportedTax, share_out, waiting_lines
from plugins.tax.errors import DocumentNotFound, TaxAmountsUnwanted
from plugins.tax.models import DocumentRow, ImportedLine
from plugins.tax.provider import read_tenant

if TYPE_CHECKING:
    from kernel.hookspecs.papers import InvoicePaper


class AmountAsked(NamedTuple):
    """The tax of one line of a draft, as it is imported; amounts in minor units."""

    line_id: UUID
    tax: int
    name: str = "Tax"
    code: str | None = None
    percent: Decimal | None = None


def read_document(ctx: CallContext, document_id: UUID) -> dict[str, Any]:
    """Where a document's taxes are reckoned, and what was imported for it. Raises DocumentNotFound."""
    paper, row = get_paper(ctx, document_id), _row(ctx, document_id)
    lines = select(ImportedLine).where(ImportedLine.row_id == row.id).order_by(ImportedLine.id) if row else None
    return {
        "source": row.source if row else None, "state": paper.tax_source, "reference": row.reference if row else "",
        "imported_at": row.imported_at if row else None, "imported_by": row.imported_by if row else "",
        "lines": list(ctx.session.scalars(lines)) if lines is not None else [],
    }  # fmt: skip


def set_source(ctx: CallContext, document_id: UUID, source: str) -> dict[str, Any]:
    """Have a draft's taxes reckoned here or elsewhere; its totals follow. Raises DocumentNotFound, and InvoiceNotDraft of the
    room that wrote it.
    """
    paper, row = get_paper(ctx, document_id), _row(ctx, document_id)
    before = row.source if row else None
    _kept(ctx, document_id).source = source
    ctx.session.flush()
    ctx.hooks.reckon_drafts(ctx=ctx, invoice_ids=[document_id])
    audit.record(ctx, "invoice.tax_source_set", kind="invoice", row_id=document_id, label=paper.number,
                 changes={"source": [before, source]})  # fmt: skip
    return read_document(ctx, document_id)


def import_amounts(ctx: CallContext, document_id: UUID, *, reference: str = "", lines: Sequence[AmountAsked] | None = None,
                   tax: int | None = None, name: str = "Tax", percent: Decimal | None = None) -> dict[str, Any]:  # fmt: skip
    """Import what a draft is taxed: of each line, or `tax` of all of them, spread by largest remainder. What was imported
    before is replaced, and the draft's totals follow.

    Raises DocumentNotFound, TaxAmountsUnwanted, InvalidInput by field, and InvoiceNotDraft of the room that wrote it.
    """
    if (lines is None) == (tax is None):
        raise InvalidInput(errors={"tax": "Give either the tax of all lines, or the lines with the tax of each."})
    paper = get_paper(ctx, document_id)
    document, waiting = _waiting(ctx, paper)
    told = (
        _by_line(paper, document, waiting, lines) if lines is not None else _by_share(document, waiting, tax or 0, name, percent)
    )
    row = _kept(ctx, document_id)
    row.reference, row.imported_at, row.imported_by = reference, ctx.now(), ctx.actor.name
    ctx.session.execute(delete(ImportedLine).where(ImportedLine.row_id == row.id))
    ctx.session.add_all(ImportedLine(row_id=row.id, key=key, **one._asdict()) for key, one in told.items())
    ctx.session.flush()
    [draft] = ctx.hooks.reckon_drafts(ctx=ctx, invoice_ids=[document_id])
    audit.record(ctx, "invoice.tax_imported", kind="invoice", row_id=document_id, label=paper.number,
                 changes={"tax": [paper.tax, draft.tax], "reference": reference})  # fmt: skip
    events.publish(ctx, "tax.amounts_imported", {"document_id": document_id, "number": draft.number, "tax": draft.tax,
                                                 "currency": draft.currency, "reference": reference})  # fmt: skip
    return read_document(ctx, document_id)


def take_over(ctx: CallContext, document_id: UUID, told: Sequence[LineTax], reference: str) -> int:
    """Import what another room was told, by the positions of lines; gives the tax of the whole. Raises as `import_amounts`."""
    by_position = {line.position: line.id for line in get_paper(ctx, document_id).lines}
    strangers = [one.position for one in told if one.position not in by_position]
    if strangers:
        raise InvalidInput(errors={"lines": f"The draft has no line {', '.join(map(str, strangers))}."})
    lines = [AmountAsked(by_position[one.position], one.tax, one.name, None if one.tax or one.percent else "Z", one.percent)
             for one in told]  # fmt: skip
    import_amounts(ctx, document_id, reference=reference, lines=lines)
    return get_paper(ctx, document_id).tax


def shows_source(ctx: CallContext, document_id: UUID) -> bool:
    """Whether it is worth a word where a document's taxes are reckoned: nobody asks where all are reckoned here."""
    settings = get_settings(ctx, "tax")
    return settings["tax_source"] == "external" or settings["client_may_differ"] or _row(ctx, document_id) is not None


def get_paper(ctx: CallContext, document_id: UUID) -> InvoicePaper:
    """What stands on a document. Raises DocumentNotFound."""
    paper: InvoicePaper | None = ctx.hooks.get_invoice_papers(ctx=ctx, invoice_ids=[document_id]).get(document_id)
    if paper is None:
        raise DocumentNotFound("There is no invoice with this id.")
    return paper


def _row(ctx: CallContext, document_id: UUID) -> DocumentRow | None:
    return ctx.session.scalar(select(DocumentRow).where(DocumentRow.document_id == document_id))


def _kept(ctx: CallContext, document_id: UUID) -> DocumentRow:
    """The row of a document; amounts are imported only for what is external, so a new row is."""
    row = _row(ctx, document_id)
    if row is None:
        row = DocumentRow(document_id=document_id, source=TaxSource.EXTERNAL.value)
        ctx.session.add(row)
        ctx.session.flush()
    return row


def _waiting(ctx: CallContext, paper: InvoicePaper) -> tuple[TaxDocument, list[int]]:
    """The draft as it is taxed, and the places of its lines that need amounts."""
    lines = [TaxLine(str(one.position), one.net, one.tax_category, None, one.discount, one.location_id, one.exemption)
             for one in paper.lines]  # fmt: skip
    asked = TaxDocument(paper.client_id, paper.invoice_date, paper.currency, lines, document_id=paper.id)
    known = read_tenant(ctx, [asked])
    if 0 not in known.elsewhere:
        raise TaxAmountsUnwanted(f"The taxes of {paper.number} are reckoned here. Set its tax source to external first.")
    [document] = known.filled
    waiting = waiting_lines(document, known.clients.get(paper.client_id, ClientTax()))
    if not waiting:
        raise TaxAmountsUnwanted(f"No line of {paper.number} is taxed.")
    return document, waiting


def _by_line(paper: InvoicePaper, document: TaxDocument, waiting: Sequence[int],
             asked: Sequence[AmountAsked]) -> dict[str, ImportedTax]:  # fmt: skip
    """Amounts of single lines: every line that waits has one, and no other. Raises InvalidInput by field."""
    wanted = {paper.lines[at].id: document.lines[at] for at in waiting}
    errors = {f"lines[{at}].line_id": "This line is none of those that are taxed elsewhere, or is named twice."
              for at, one in enumerate(asked)
              if one.line_id not in wanted or one.line_id in {other.line_id for other in asked[:at]}}  # fmt: skip
    missing = [line for line_id, line in wanted.items() if line_id not in {one.line_id for one in asked}]
    if missing:
        errors["lines"] = f"The tax of line {', '.join(line.key for line in missing)} is missing."
    if errors:
        raise InvalidInput(errors=errors)
    return {wanted[one.line_id].key: _told(wanted[one.line_id], one.tax, one.name, one.code, one.percent) for one in asked}


def _by_share(document: TaxDocument, waiting: Sequence[int], tax: int, name: str,
              percent: Decimal | None) -> dict[str, ImportedTax]:  # fmt: skip
    lines = [document.lines[at] for at in waiting]
    shares = share_out(tax, [line.net - line.discount for line in lines])
    return {line.key: _told(line, share, name, None if tax else "Z", percent) for line, share in zip(lines, shares, strict=True)}


def _told(line: TaxLine, tax: int, name: str, code: str | None, percent: Decimal | None) -> ImportedTax:
    return ImportedTax(line.net - line.discount, tax, name, code or "S", percent)
