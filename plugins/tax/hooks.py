"""The tax room's only door to the rest of the house."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from kernel.context import CallContext
from kernel.hookspecs import hookimpl
from kernel.hookspecs.accounting import Ours
from kernel.hookspecs.delegated_tax import LineTax
from kernel.hookspecs.directory import Ref
from kernel.hookspecs.screen import Panel
from kernel.hookspecs.start import EventType, NavEntry
from kernel.hookspecs.tax import TaxDocument, TaxResult
from kernel.hookspecs.transfer import Importer
from plugins.tax import answers, document_pages, document_taxes, importers, pages, provider, report_pages, routes
from plugins.tax.schemas import TaxAmountsImported

if TYPE_CHECKING:
    from kernel.api.rest import Rest
    from kernel.web.pages import Pages


@hookimpl
def register_rest() -> Sequence[Rest]:
    return [routes.rest]


@hookimpl
def register_pages() -> Sequence[Pages]:
    return [pages.pages, document_pages.pages, report_pages.pages]


@hookimpl
def register_navigation() -> Sequence[NavEntry]:
    return [NavEntry("settings", "Taxes", "/taxes", "tax.read", "receipt-tax", 41, "Billing set-up")]


@hookimpl
def register_importers() -> Sequence[Importer]:
    return importers.IMPORTERS


@hookimpl
def compute_taxes(ctx: CallContext, documents: Sequence[TaxDocument]) -> Sequence[TaxResult]:
    return provider.compute_taxes(ctx, documents)


@hookimpl
def import_taxes(ctx: CallContext, invoice_id: UUID, lines: Sequence[LineTax], reference: str) -> int:
    return document_taxes.take_over(ctx, invoice_id, lines, reference)


@hookimpl
def collect_panels(ctx: CallContext, ref: Ref) -> Sequence[Panel]:
    return answers.panels(ctx, ref)


@hookimpl
def register_events() -> Sequence[EventType]:
    return [EventType("tax.amounts_imported", "What a draft is taxed was imported.", TaxAmountsImported)]


@hookimpl
def collect_ours(ctx: CallContext, kind: str) -> Sequence[Ours]:
    return answers.ours(ctx, kind)
