"""Billing's only door to the rest of the house."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from kernel.context import CallContext
from kernel.hookspecs import hookimpl
from kernel.hookspecs.accounting import Ours
from kernel.hookspecs.charging import Settled, Unbilled
from kernel.hookspecs.directory import Blocker, Label, Ref
from kernel.hookspecs.invoicing import DraftInvoice, ManualInvoice
from kernel.hookspecs.notify import Event
from kernel.hookspecs.papers import InvoicePaper, Letterhead, PaperQuery, PaperSum
from kernel.hookspecs.receipts import CreditUse, NewReceipt, OpenInvoice, OpenInvoiceQuery, Receipt
from kernel.hookspecs.screen import Card, PaletteEntry, Panel
from kernel.hookspecs.start import DefaultSchedule, EventType, JobType, NavEntry
from kernel.hookspecs.tax import TaxDate, Taxed
from kernel.hookspecs.transfer import Importer
from plugins.billing import (
    answers,
    door,
    furnishing,
    mail_answers,
    money_routes,
    pages,
    printed_facts,
    receipts,
    routes,
    run_pages,
    run_routes,
    runs,
    sending,
    sending_pages,
    sending_routes,
    sharing,
    tasks,
    taxed,
    unbilled,
)
from plugins.billing.agreements import parts as agreements
from plugins.billing.buckets import alerts
from plugins.billing.buckets import importers as bucket_importers
from plugins.billing.buckets import pages as bucket_pages
from plugins.billing.buckets import routes as bucket_routes
from plugins.billing.commands import COMMANDS
from plugins.billing.contracts import answers as contract_answers
from plugins.billing.contracts import importers, usage_pages, usage_records
from plugins.billing.contracts import pages as contract_pages
from plugins.billing.contracts import routes as contract_routes
from plugins.billing.credits import doors, nightly, sayings
from plugins.billing.credits import uses as credit_uses
from plugins.billing.cycles import parts as cycles
from plugins.billing.layouts import document as layout_documents
from plugins.billing.layouts import letterheads
from plugins.billing.layouts import parts as layouts
from plugins.billing.receivables import answers as receivable_answers
from plugins.billing.receivables import parts as receivables
from plugins.billing.schemas.invoices import InvoiceEvent, InvoiceVoided

if TYPE_CHECKING:
    import click

    from kernel.api.rest import Rest
    from kernel.web.pages import Pages


@hookimpl
def register_rest() -> Sequence[Rest]:
    return [routes.rest, money_routes.rest, run_routes.rest, sending_routes.rest, contract_routes.rest, *receivables.RESTS,
            bucket_routes.rest, *cycles.RESTS, *agreements.RESTS, *layouts.RESTS, *doors.RESTS]  # fmt: skip


@hookimpl
def register_pages() -> Sequence[Pages]:
    return [pages.pages, run_pages.pages, sending_pages.pages, contract_pages.pages, usage_pages.pages, *receivables.PAGES,
            bucket_pages.pages, *cycles.PAGES, *agreements.PAGES, *layouts.PAGES, *doors.PAGES]  # fmt: skip


@hookimpl
def register_navigation() -> Sequence[NavEntry]:
    return [
        NavEntry("billing", "Invoices", "/invoices", "invoice.read", "file-invoice", 10, "Invoices"),
        NavEntry("billing", "Billing runs", "/billing-runs", "billing_run.run", "player-play", 12, "Invoices"),
        NavEntry("billing", "Contracts", "/contracts", "contract.read", "file-text", 30, "Contracts"),
        NavEntry("billing", "Usage", "/usage-records", "contract.read", "gauge", 35, "Contracts"),
        NavEntry("settings", "Working hours", "/working-hours", "contract.read", "clock", 46, "Billing set-up"),
        NavEntry("billing", "Ledger", "/ledger", "ledger.read", "scale", 66, "Accounting"),
        NavEntry("settings", "Invoice layouts", "/invoice-layouts", "invoice_layout.manage", "layout", 42, "Billing set-up"),
        *doors.NAVIGATION,
        *receivables.NAVIGATION,
        *agreements.NAVIGATION,
    ]


@hookimpl
def register_commands() -> Sequence[click.Command]:
    return COMMANDS


@hookimpl
def register_jobs() -> Sequence[JobType]:
    return [JobType(runs.JOB, "Billing run", tasks.run_billing, stepwise=True, recurs_by="billing_run.run"), *nightly.JOBS,
            *alerts.JOBS,
            JobType(sharing.JOB, "Help with a billing run", tasks.help_run, stepwise=True),
            *receivables.JOBS, *agreements.JOBS]  # fmt: skip


@hookimpl
def register_schedules() -> Sequence[DefaultSchedule]:
    return [DefaultSchedule("Bill the month before", runs.JOB, "0 5 1 * *", enabled=False), *nightly.SCHEDULES, *alerts.SCHEDULES,
            *receivables.SCHEDULES, *agreements.SCHEDULES]  # fmt: skip


@hookimpl
def on_event(ctx: CallContext, event: Event) -> None:
    mail_answers.note_sent(ctx, event)


@hookimpl
def register_events() -> Sequence[EventType]:
    return [
        EventType("invoice.created", "A draft invoice or a credit note was written.", InvoiceEvent),
        EventType("invoice.changed", "A draft was changed, or reckoned anew.", InvoiceEvent),
        EventType("invoice.deleted", "A draft was deleted.", InvoiceEvent),
        EventType("invoice.finalized", "An invoice or credit note became final.", InvoiceEvent),
        EventType("invoice.voided", "A finalized invoice or credit note was voided.", InvoiceVoided),
        EventType("invoice.paid", "An invoice is paid in full.", InvoiceEvent),
        *sayings.EVENTS,
        *alerts.EVENTS,
        *receivables.EVENTS,
        *agreements.EVENTS,
    ]


@hookimpl
def register_importers() -> Sequence[Importer]:
    return (*importers.IMPORTERS, *bucket_importers.IMPORTERS, *receivables.IMPORTERS, *cycles.IMPORTERS, *agreements.IMPORTERS)


@hookimpl
def furnish_tenant(ctx: CallContext) -> None:
    furnishing.furnish_tenant(ctx)


@hookimpl
def describe(ctx: CallContext, refs: Sequence[Ref]) -> Mapping[Ref, Label]:
    return answers.describe(ctx, refs) | contract_answers.describe_contracts(ctx, refs) | layouts.describe_layouts(ctx, refs)


@hookimpl
def collect_blockers(ctx: CallContext, refs: Sequence[Ref]) -> Sequence[Blocker]:
    return [*answers.blockers(ctx, refs), *contract_answers.contract_blockers(ctx, refs), *receivable_answers.blockers(ctx, refs)]


@hookimpl
def collect_panels(ctx: CallContext, ref: Ref) -> Sequence[Panel]:
    return [*answers.panels(ref), *contract_answers.contract_panels(ref), *receivable_answers.panels(ref)]


@hookimpl
def collect_cards(ctx: CallContext) -> Sequence[Card]:
    return answers.CARDS


@hookimpl
def collect_palette(ctx: CallContext, text: str) -> Sequence[PaletteEntry]:
    return [*answers.palette(ctx, text), *contract_answers.contract_palette(ctx, text)]


@hookimpl
def settle_charges(ctx: CallContext, settled: Sequence[Settled]) -> None:
    usage_records.mark_billed(ctx, settled)


@hookimpl
def release_charges(ctx: CallContext, settled: Sequence[Settled]) -> None:
    usage_records.release_billed(ctx, settled)


@hookimpl
def reckon_drafts(ctx: CallContext, invoice_ids: Sequence[UUID]) -> Sequence[DraftInvoice]:
    return door.reckon_drafts(ctx, invoice_ids)


@hookimpl
def print_invoice(ctx: CallContext, invoice_id: UUID) -> bytes:
    return sending.print_by_id(ctx, invoice_id)


@hookimpl
def create_manual_invoice(ctx: CallContext, invoice: ManualInvoice) -> DraftInvoice:
    return door.create_manual_invoice(ctx, invoice)


@hookimpl
def collect_taxed(ctx: CallContext, first_day: date, last_day: date, dated_by: TaxDate) -> Sequence[Taxed]:
    return taxed.taxed_documents(ctx, first_day, last_day, dated_by)


@hookimpl
def get_credit_uses(ctx: CallContext, source_ids: Sequence[UUID]) -> Sequence[CreditUse]:
    return credit_uses.read_credit_uses(ctx, source_ids)


@hookimpl
def find_invoice_papers(ctx: CallContext, query: PaperQuery) -> Sequence[UUID]:
    return printed_facts.find_papers(ctx, query)


@hookimpl
def get_invoice_papers(ctx: CallContext, invoice_ids: Sequence[UUID]) -> Mapping[UUID, InvoicePaper]:
    return printed_facts.invoice_papers(ctx, invoice_ids)


@hookimpl
def get_letterhead(ctx: CallContext, client_id: UUID) -> Letterhead:
    return letterheads.letterhead_of(ctx, client_id)


@hookimpl
def sum_up_papers(ctx: CallContext, invoice_ids: Sequence[UUID]) -> Mapping[UUID, PaperSum]:
    return credit_uses.sum_up_papers(ctx, invoice_ids)


@hookimpl
def check_invoice_layout(document: Any) -> Mapping[str, str]:
    return layout_documents.mistakes_in(document)


@hookimpl
def collect_ours(ctx: CallContext, kind: str) -> Sequence[Ours]:
    return receivable_answers.ours(ctx, kind)


@hookimpl
def count_unbilled(ctx: CallContext, until: date) -> Sequence[Unbilled]:
    return unbilled.unbilled_usage(ctx, until)


@hookimpl
def record_receipt(ctx: CallContext, receipt: NewReceipt) -> Receipt:
    return receipts.record_receipt(ctx, receipt)


@hookimpl
def get_receipts(ctx: CallContext, payment_ids: Sequence[UUID]) -> Mapping[UUID, Receipt]:
    return receipts.get_receipts(ctx, payment_ids)


@hookimpl
def take_back_receipt(ctx: CallContext, payment_id: UUID, reason: str) -> Receipt:
    return receipts.take_back_receipt(ctx, payment_id, reason)


@hookimpl
def refund_receipt(ctx: CallContext, payment_id: UUID, amount: int, refunded_on: date, method: str, reference: str,
                   key: str) -> Receipt:  # fmt: skip
    return receipts.refund_receipt(ctx, payment_id, amount, refunded_on, method, reference, key)


@hookimpl
def take_back_receipt_refund(ctx: CallContext, key: str) -> Receipt:
    return receipts.take_back_receipt_refund(ctx, key)


@hookimpl
def find_open_invoices(ctx: CallContext, query: OpenInvoiceQuery) -> Sequence[OpenInvoice]:
    return receipts.find_open_invoices(ctx, query)
