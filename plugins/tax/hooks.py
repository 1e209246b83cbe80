"""The tax room's only door to the rest of the house."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kernel.context import CallContext
from kernel.hookspecs import hookimpl
from kernel.hookspecs.directory import Ref
from kernel.hookspecs.screen import Panel
from kernel.hookspecs.start import NavEntry
from kernel.hookspecs.tax import TaxDocument, TaxResult
from kernel.hookspecs.transfer import Importer
from plugins.tax import importers, pages, provider, report_pages, routes

if TYPE_CHECKING:
    from kernel.api.rest import Rest
    from kernel.web.pages import Pages


@hookimpl
def register_rest() -> Sequence[Rest]:
    return [routes.rest]


@hookimpl
def register_pages() -> Sequence[Pages]:
    return [pages.pages, report_pages.pages]


@hookimpl
def register_navigation() -> Sequence[NavEntry]:
    return [NavEntry("billing", "Taxes", "/taxes", "tax.read", "receipt-tax", 70)]


@hookimpl
def register_importers() -> Sequence[Importer]:
    return importers.IMPORTERS


@hookimpl
def compute_taxes(ctx: CallContext, documents: Sequence[TaxDocument]) -> Sequence[TaxResult]:
    return provider.compute_taxes(ctx, documents)


@hookimpl
def collect_panels(ctx: CallContext, ref: Ref) -> Sequence[Panel]:
    return [Panel("Tax", f"/taxes/of-client/{ref.id}", "tax.read", 60)] if ref.kind == "client" else []
