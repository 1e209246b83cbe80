"""Looking at a layout before it prints anything: with a sample, or with an invoice of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from kernel.hookspecs.papers import InvoicePaper
from plugins.billing import paper
from plugins.billing.invoices import get_invoice
from plugins.billing.layouts.document import Document
from plugins.billing.layouts.sample import sample_paper
from plugins.billing.pdf.render import picture_invoice
from plugins.billing.printed_facts import present_seller

if TYPE_CHECKING:
    from kernel.context import CallContext

MOST_PAGES = 3


def preview_paper(ctx: CallContext, invoice_id: UUID | None = None) -> InvoicePaper:
    """What is printed: an invoice, or the sample as this tenant would send it. Raises InvoiceNotFound."""
    if invoice_id is not None:
        return paper.paper_of(ctx, get_invoice(ctx, invoice_id))
    seller = present_seller(ctx)
    return sample_paper(ctx.tenant.locale, ctx.tenant.currency, seller if seller[0].address and seller[1].lines else None)


def preview_pages(ctx: CallContext, document: Document, invoice_id: UUID | None = None) -> list[bytes]:
    """The first pages as PNG files; none for layouts made of code, which are looked at as PDF. Raises PdfFailed."""
    if "code" in document:
        return []
    return picture_invoice(paper.sheet_of(ctx, preview_paper(ctx, invoice_id), document), pages=MOST_PAGES)
