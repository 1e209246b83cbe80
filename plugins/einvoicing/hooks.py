"""The e-invoicing room's only door to the rest of the house."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from kernel.context import CallContext
from kernel.hookspecs import hookimpl
from kernel.hookspecs.directory import Ref
from kernel.hookspecs.papers import PaperAttachment, PaperData
from kernel.hookspecs.screen import Panel
from kernel.hookspecs.start import NavEntry
from plugins.einvoicing import answers, pages, routes, services

if TYPE_CHECKING:
    from kernel.api.rest import Rest
    from kernel.web.pages import Pages


@hookimpl
def register_rest() -> Sequence[Rest]:
    return [routes.rest]


@hookimpl
def register_pages() -> Sequence[Pages]:
    return [pages.pages]


@hookimpl
def register_navigation() -> Sequence[NavEntry]:
    return [NavEntry("settings", "E-invoices", "/e-invoicing", "invoice.read", "file-code", 44, "Billing set-up")]


@hookimpl
def collect_panels(ctx: CallContext, ref: Ref) -> Sequence[Panel]:
    return answers.panels(ref)


@hookimpl
def collect_attachments(ctx: CallContext, invoice_id: UUID, pdf: bytes) -> Sequence[PaperAttachment]:
    return services.attachments(ctx, invoice_id, pdf)


@hookimpl
def write_invoice_data(ctx: CallContext, invoice_ids: Sequence[UUID], syntax: str) -> Mapping[UUID, PaperData]:
    return services.write_many(ctx, invoice_ids, syntax)
