"""Invoices printed: by the layout that printed them when they became final, drafts by the one chosen now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from sqlalchemy import select

from kernel.hookspecs.papers import InvoicePaper
from kernel.web.i18n import gettext as _
from plugins.billing.layouts.asking import asked_document
from plugins.billing.layouts.choosing import chosen_versions, first_version
from plugins.billing.layouts.document import Document
from plugins.billing.layouts.errors import LayoutRendererMissing
from plugins.billing.layouts.html import render_html, security_policy
from plugins.billing.layouts.images import images_of
from plugins.billing.layouts.laying import lay_out
from plugins.billing.layouts.sheet import Sheet
from plugins.billing.models import Invoice, Layout, LayoutVersion
from plugins.billing.pdf.render import render_invoice
from plugins.billing.printed_facts import papers_of

if TYPE_CHECKING:
    from kernel.context import CallContext

_FOREIGN_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; sandbox"


class HtmlPage(NamedTuple):
    """A printed invoice as HTML, and the content security policy under which it may be shown."""

    content: bytes
    policy: str


def print_invoice(ctx: CallContext, invoice: Invoice) -> bytes:
    """The PDF of an invoice; the same final invoice in the same state gives the same bytes.

    Raises PdfFailed, LayoutRendererMissing, and LayoutNotGiven for drafts.
    """
    paper, document = paper_of(ctx, invoice), printed_by(ctx, invoice)
    return print_paper(ctx, paper, document)


def show_invoice(ctx: CallContext, invoice: Invoice) -> HtmlPage:
    """The same as a page of HTML. Raises LayoutRendererMissing, LayoutNotGiven."""
    return show_paper(ctx, paper_of(ctx, invoice), printed_by(ctx, invoice))


def print_paper(ctx: CallContext, paper: InvoicePaper, document: Document) -> bytes:
    """The PDF of a paper by a layout."""
    if "code" in document:
        return _by_code(ctx, document["code"], [paper], "pdf")[0]
    return render_invoice(sheet_of(ctx, paper, document), created=paper.updated_at)


def show_paper(ctx: CallContext, paper: InvoicePaper, document: Document) -> HtmlPage:
    """The page of a paper by a layout."""
    if "code" in document:
        return HtmlPage(_by_code(ctx, document["code"], [paper], "html")[0], _FOREIGN_POLICY)
    sheet = sheet_of(ctx, paper, document)
    return HtmlPage(render_html(sheet), security_policy(sheet))


def sheet_of(ctx: CallContext, paper: InvoicePaper, document: Document) -> Sheet:
    """A paper laid out by a layout made of data, its own or that which an extension gives. Raises LayoutNotGiven."""
    given = asked_document(ctx, document, paper)
    return lay_out(paper, given, images_of(ctx, given))


def paper_of(ctx: CallContext, invoice: Invoice) -> InvoicePaper:
    """What stands on one invoice."""
    return papers_of(ctx, [invoice])[invoice.id]


def printed_by(ctx: CallContext, invoice: Invoice) -> Document:
    """The layout of an invoice: kept since it is final (older ones: the first of the house), of a draft the one chosen now."""
    return ctx.session.scalars(select(LayoutVersion).where(LayoutVersion.id == _version_of(ctx, invoice))).one().document


def _version_of(ctx: CallContext, invoice: Invoice) -> UUID:
    if invoice.status == "draft":
        return chosen_versions(ctx, [invoice]).versions[invoice.id]
    return invoice.layout_version_id or first_version(ctx)


def name_of_layout(ctx: CallContext, invoice: Invoice) -> str:
    """The layout that prints an invoice and its version, such as "Standard, version 2"."""
    same = (Layout.tenant_id == LayoutVersion.tenant_id) & (Layout.id == LayoutVersion.layout_id)
    wanted = select(Layout.name, LayoutVersion.number).join(Layout, same).where(LayoutVersion.id == _version_of(ctx, invoice))
    name, number = ctx.session.execute(wanted).one()
    return _("%(name)s, version %(number)s", name=name, number=number)


def _by_code(ctx: CallContext, key: str, papers: Sequence[InvoicePaper], form: str) -> Sequence[bytes]:
    answers = [one for one in ctx.hooks.render_invoices(ctx=ctx, layout_key=key, papers=papers, form=form) if one is not None]
    if len(answers) != 1 or len(answers[0]) != len(papers):
        raise LayoutRendererMissing(
            f"No room that is switched on prints the layout {key}. Switch its room on, or choose another layout for drafts."
        )
    files: Sequence[bytes] = answers[0]
    return files
