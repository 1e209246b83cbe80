"""The verbs of the e-invoicing room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select

from kernel import audit
from kernel.context import CallContext
from kernel.directory.clients import apply_changes, get_client
from kernel.errors import NotFound
from kernel.hookspecs.papers import InvoicePaper, PaperAttachment, PaperData
from kernel.tenancy import change_settings, get_settings
from plugins.einvoicing.checks import Wanting, find_wanting
from plugins.einvoicing.document import EInvoice
from plugins.einvoicing.errors import EInvoiceFactsWanting, EInvoiceInvalid, EInvoiceNotExpressible, EInvoiceNotFinal
from plugins.einvoicing.mapping import map_invoice
from plugins.einvoicing.models import ClientFacts
from plugins.einvoicing.profiles import BuyerFacts, SellerFacts
from plugins.einvoicing.settings import identifier, seller_facts
from plugins.einvoicing.syntaxes import as_cii, as_factur_x, as_ubl

_PDF, _XML = "application/pdf", "application/xml"


class File(NamedTuple):
    """What is given out: its name, its media type and its bytes."""

    name: str
    content_type: str
    content: bytes


class Check(NamedTuple):
    """How an invoice stands: `wanting` facts, or a `refusal` in words that no fact mends."""

    wanting: list[Wanting]
    refusal: str

    @property
    def ready(self) -> bool:
        """Whether it can go out."""
        return not self.wanting and not self.refusal


def get_client_facts(ctx: CallContext, client_id: UUID) -> ClientFacts:
    """What e-invoices say of a client; one of whom nothing is known gets an empty, unsaved row. Raises ClientNotFound."""
    get_client(ctx, client_id)
    return _facts(ctx, client_id)


def set_client_facts(ctx: CallContext, client_id: UUID, *, version: int | None = None, **facts: str) -> ClientFacts:
    """Set what e-invoices say of a client, and in which form it gets them."""
    found = get_client_facts(ctx, client_id)
    if found.id is None:
        ctx.session.add(ClientFacts(client_id=client_id, **facts))
        ctx.session.flush()
        audit.record(ctx, "client.e_invoicing_set", kind="client", row_id=client_id, changes=facts)
        return get_client_facts(ctx, client_id)
    apply_changes(ctx, found, facts, version, kind="einvoicing.client", label=str(client_id))
    return found


def change_seller(ctx: CallContext, changes: dict[str, Any]) -> dict[str, Any]:
    """Change what e-invoices say of the tenant. Raises InvalidInput by field."""
    return change_settings(ctx, "einvoicing", changes)


def check_invoice(ctx: CallContext, invoice_id: UUID) -> Check:
    """Whether an invoice can go out as an e-invoice, and what is in the way. Raises NotFound."""
    try:
        prepare(ctx, get_paper(ctx, invoice_id))
    except EInvoiceFactsWanting as error:
        return Check(list(error.facts), "")
    except (EInvoiceNotExpressible, EInvoiceNotFinal) as error:
        return Check([], error.detail)
    return Check([], "")


def write_file(ctx: CallContext, invoice_id: UUID, form: str) -> File:
    """An invoice as `ubl`, `cii` or `factur-x`.

    Raises NotFound, EInvoiceNotFinal, EInvoiceFactsWanting, EInvoiceNotExpressible, EInvoiceInvalid and PdfFailed.
    """
    paper = get_paper(ctx, invoice_id)
    written = prepare(ctx, paper)
    name = _file_name(paper)
    if form == "factur-x":
        pdf = ctx.hooks.print_invoice(ctx=ctx, invoice_id=invoice_id)
        return File(f"{name}.pdf", _PDF, as_factur_x(written, pdf, paper.locale))
    return File(f"{name}.xml", _XML, as_cii(written) if form == "cii" else as_ubl(written))


def write_many(ctx: CallContext, invoice_ids: Sequence[UUID], syntax: str) -> dict[UUID, PaperData]:
    """Invoices as `ubl` or `cii`, or what keeps each from being one; a fixed number of queries for any number of them."""
    papers = ctx.hooks.get_invoice_papers(ctx=ctx, invoice_ids=invoice_ids)
    seller = seller_facts(get_settings(ctx, "einvoicing"))
    clients = {paper.client_id for paper in papers.values()}
    found = {row.client_id: row for row in ctx.session.scalars(select(ClientFacts).where(ClientFacts.client_id.in_(clients)))}
    return {paper.id: _datum(paper, seller, _buyer(found.get(paper.client_id) or _blank(paper.client_id)), syntax)
            for paper in papers.values()}  # fmt: skip


def _datum(paper: InvoicePaper, seller: SellerFacts, buyer: BuyerFacts, syntax: str) -> PaperData:
    try:
        written = _express(paper, seller, buyer)
        content = as_cii(written) if syntax == "cii" else as_ubl(written)
    except EInvoiceFactsWanting as error:
        return PaperData(problem=error.detail, mend_url=error.facts[0].url)
    except (EInvoiceNotExpressible, EInvoiceNotFinal, EInvoiceInvalid) as error:
        return PaperData(problem=error.detail, mend_url=f"/invoices/{paper.id}")
    return PaperData(f"{_file_name(paper)}.xml", _XML, content)


def attachments(ctx: CallContext, invoice_id: UUID, pdf: bytes) -> list[PaperAttachment]:
    """What goes with the mail that brings an invoice, as its client wants it. Raises what `write_file` does: a client who
    wants data is never sent less without a word."""
    paper = get_paper(ctx, invoice_id)
    wanted = _facts(ctx, paper.client_id).attach
    if wanted == "pdf":
        return []
    written, name = prepare(ctx, paper), paper.number.replace("/", "-")
    if wanted == "factur_x":
        return [PaperAttachment(f"{name}.pdf", _PDF, as_factur_x(written, pdf, paper.locale), replaces_pdf=True)]
    return [PaperAttachment(f"{name}.xml", _XML, as_ubl(written))]


def get_paper(ctx: CallContext, invoice_id: UUID) -> InvoicePaper:
    """What stands on an invoice. Raises NotFound."""
    paper: InvoicePaper | None = ctx.hooks.get_invoice_papers(ctx=ctx, invoice_ids=[invoice_id]).get(invoice_id)
    if paper is None:
        raise NotFound("There is no invoice with this id.")
    return paper


def prepare(ctx: CallContext, paper: InvoicePaper) -> EInvoice:
    """An invoice by the terms of EN 16931, with all facts that it asks for. Raises what `write_file` does."""
    return _express(paper, seller_facts(get_settings(ctx, "einvoicing")), _buyer(_facts(ctx, paper.client_id)))


def _express(paper: InvoicePaper, seller: SellerFacts, buyer: BuyerFacts) -> EInvoice:
    if paper.status != "finalized":
        raise EInvoiceNotFinal(f"{paper.number} is {paper.status}; only finalized invoices become e-invoices.")
    written = map_invoice(paper, seller, buyer)
    if wanting := find_wanting(paper, seller, buyer):
        raise EInvoiceFactsWanting(wanting)
    return written


def _facts(ctx: CallContext, client_id: UUID) -> ClientFacts:
    return ctx.session.scalar(select(ClientFacts).where(ClientFacts.client_id == client_id)) or _blank(client_id)


def _blank(client_id: UUID) -> ClientFacts:
    blank = dict.fromkeys(("reference", "registration", "registration_scheme", "endpoint", "endpoint_scheme"), "")
    return ClientFacts(client_id=client_id, attach="pdf", version=0, **blank)


def _file_name(paper: InvoicePaper) -> str:
    return "".join(one if one.isalnum() or one in "-_." else "-" for one in paper.number)


def _buyer(facts: ClientFacts) -> BuyerFacts:
    return BuyerFacts(facts.reference, identifier(facts.registration, facts.registration_scheme),
                      identifier(facts.endpoint, facts.endpoint_scheme))  # fmt: skip
