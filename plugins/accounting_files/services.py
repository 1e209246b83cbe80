"""The verbs of the room: write a batch as files, with the names that stand on its invoices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from kernel.context import CallContext
from kernel.hookspecs.accounting import Document, ExportFile, Problem
from kernel.hookspecs.papers import InvoicePaper, PaperData, PaperParty
from plugins.accounting_files import journal, quickbooks, ubl, xero

_NOBODY = PaperParty("")


def check_quickbooks(_ctx: CallContext, documents: Sequence[Document]) -> list[Problem]:
    """What QuickBooks would refuse or change."""
    return quickbooks.find_problems(documents)


def write_quickbooks(_ctx: CallContext, documents: Sequence[Document]) -> list[ExportFile]:
    """Files for QuickBooks Online. Raises AccountingFileRefused."""
    return quickbooks.compose(documents)


def check_xero(_ctx: CallContext, documents: Sequence[Document]) -> list[Problem]:
    """What Xero would refuse or change."""
    return xero.find_problems(documents)


def write_xero(ctx: CallContext, documents: Sequence[Document]) -> list[ExportFile]:
    """Files for Xero. Raises AccountingFileRefused."""
    month_first = ctx.tenant.currency == "USD"  # only Xero's edition for the United States reads dates so
    return xero.compose(documents, _buyers(ctx, documents), month_first=month_first)


def check_journal(_ctx: CallContext, documents: Sequence[Document]) -> list[Problem]:
    """Which documents would leave the journal unbalanced."""
    return journal.find_problems(documents)


def write_journal(_ctx: CallContext, documents: Sequence[Document]) -> list[ExportFile]:
    """One file of all entries. Raises AccountingFileRefused."""
    return journal.compose(documents)


def check_ubl(ctx: CallContext, documents: Sequence[Document]) -> list[Problem]:
    """Which documents lack a fact that EN 16931 asks for, or cannot be said in it."""
    return ubl.find_problems(documents, _ubl(ctx, documents))


def write_ubl(ctx: CallContext, documents: Sequence[Document]) -> list[ExportFile]:
    """One archive of all documents. Raises AccountingFileRefused."""
    return ubl.compose(documents, _ubl(ctx, documents))


def _buyers(ctx: CallContext, documents: Sequence[Document]) -> dict[UUID, PaperParty]:
    papers: Mapping[UUID, InvoicePaper] = ctx.hooks.get_invoice_papers(ctx=ctx, invoice_ids=[one.id for one in documents])
    return {one.id: papers[one.id].buyer if one.id in papers else _NOBODY for one in documents}


def _ubl(ctx: CallContext, documents: Sequence[Document]) -> Mapping[UUID, PaperData]:
    found: Mapping[UUID, PaperData] = ctx.hooks.write_invoice_data(
        ctx=ctx, invoice_ids=[one.id for one in documents], syntax="ubl"
    )
    return found
