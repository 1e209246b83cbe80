"""Web pages of billing runs and the ledger."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from babel.dates import format_skeleton
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from kernel.context import CallContext
from kernel.directory.clients import get_client
from kernel.web.i18n import babel_locale, ngettext
from kernel.web.i18n import gettext as _
from kernel.web.i18n import lazy_gettext as _l
from kernel.web.pages import Pages, redirect_to, render
from plugins.billing import comparing, finalizing, ledger, listing, parked_clients, runs
from plugins.billing.pages import STATES as INVOICE_STATES
from plugins.billing.previewing import shown_preview
from plugins.billing.reasons import span
from plugins.billing.schemas import money as money_schemas
from plugins.billing.schemas import runs as schemas
from plugins.billing.schemas.invoices import Ticked
from plugins.billing.unbilled import count_backlog

pages = Pages("billing")
RUN_STATES = {"live": (_l("Running"), "info"), "done": (_l("Done"), "done"), "stopped": (_l("Stopped"), "warning")}
ACCOUNTS = {
    "receivable": (_l("Receivables"), "neutral"),
    "revenue": (_l("Revenue"), "neutral"),
    "tax": (_l("Tax owed"), "neutral"),
    "credit": (_l("Customer credits"), "neutral"),
    "cash": (_l("Cash"), "neutral"),
    "discount": (_l("Early-payment discounts"), "neutral"),
    "prepayment": (_l("Prepayments asked for"), "neutral"),
    "credit_expired": (_l("Expired credits"), "neutral"),
    "goodwill": (_l("Goodwill"), "neutral"),
    "transfer": (_l("Transfers between clients"), "neutral"),
    "adjustment": (_l("Adjustments"), "neutral"),
}
ENTRY_KINDS = {
    "invoice": (_l("Invoice"), "info"),
    "credit_note": (_l("Credit note"), "warning"),
    "payment": (_l("Payment"), "success"),
    "early_discount": (_l("Early-payment discount"), "neutral"),
    "credit_applied": (_l("Credit applied"), "neutral"),
    "prepayment": (_l("Prepayment"), "info"),
    "refund": (_l("Refund"), "warning"),
    "credit_granted": (_l("Credit granted"), "neutral"),
    "credit_expired": (_l("Credit expired"), "neutral"),
    "credit_transferred": (_l("Credit transferred"), "neutral"),
    "adjustment": (_l("Adjustment"), "warning"),
    "reversal": (_l("Reversal"), "danger"),
}
CHANGES = {
    "new": (_l("New"), "info"),
    "gone": (_l("Not billed now"), "danger"),
    "more": (_l("More"), "warning"),
    "less": (_l("Less"), "warning"),
    "same": (_l("The same"), "neutral"),
}
MOST_SHOWN, MOST_MONTHS = 500, 12
_RUN = "/billing-runs/<uuid:run_id>"


@pages.get("/billing-runs", permission="billing_run.run", query=schemas.RunQuery)
def run_list(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    page = runs.list_runs(ctx, query)
    window, parked = runs.last_month(ctx), parked_clients.list_parked(ctx, {"limit": 1}).items
    return render(
        "billing/runs.html", page=page, states=RUN_STATES, window=window, today=ctx.today(), span=span, parked=bool(parked)
    )


@pages.get("/billing-runs/parked", permission="billing_run.run", query=schemas.ParkedClientQuery)
def parked_page(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    return render("billing/parked.html", page=parked_clients.list_parked(ctx, query), span=span)


@pages.post("/billing-runs/parked/bill", permission="billing_run.run", schema=Ticked)
def bill_parked(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    run = parked_clients.bill_parked(ctx, data["ids"])
    return redirect_to(f"/billing-runs/{run.id}", toast=_("The billing run has started."))


@pages.get("/billing-runs/preview", permission="billing_run.run", query=schemas.WindowIn)
def preview(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    shown = shown_preview(ctx, runs.preview_run(ctx, **query))
    return render("billing/preview.html", preview=shown, most=MOST_SHOWN, span=span, changes=CHANGES)


@pages.post("/billing-runs/start", permission="billing_run.run", schema=schemas.WindowIn)
def start(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    run = runs.start_run(ctx, **data)
    return redirect_to(f"/billing-runs/{run.id}", toast=_("The billing run has started."))


@pages.get(_RUN, permission="billing_run.run", query=schemas.RunClientQuery)
def run_page(ctx: CallContext, run_id: UUID, query: dict[str, Any]) -> ResponseReturnValue:
    run = runs.describe_run(ctx, run_id)
    parked = runs.list_run_clients(ctx, run_id, {"state": "parked", "limit": 200})
    page = listing.list_invoices(ctx, {"run_id": run_id, "limit": 100})
    return render(
        "billing/run.html",
        run=run,
        states=RUN_STATES,
        invoice_states=INVOICE_STATES,
        parked=parked,
        page=page,
        totals=listing.total_run(ctx, run_id),
        drafts=min(len(listing.draft_ids(ctx, run_id)), finalizing.MOST),
        span=span,
    )


@pages.post(f"{_RUN}/cancel", permission="billing_run.run")
def cancel(ctx: CallContext, run_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    runs.cancel_run(ctx, run_id)
    return redirect_to(f"/billing-runs/{run_id}", toast=_("The run stops after its present batch."))


@pages.post(f"{_RUN}/resume", permission="billing_run.run")
def resume(ctx: CallContext, run_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    runs.resume_run(ctx, run_id)
    return redirect_to(f"/billing-runs/{run_id}", toast=_("The run goes on."))


@pages.get(f"{_RUN}/changes", permission="billing_run.run")
def changes_page(ctx: CallContext, run_id: UUID) -> ResponseReturnValue:
    run = runs.get_run(ctx, run_id)
    return render("billing/changes.html", run=run, rows=comparing.changes_of_run(ctx, run), changes=CHANGES, span=span)


@pages.get(f"{_RUN}/changes/<uuid:client_id>/<currency>", permission="billing_run.run")
def client_changes(ctx: CallContext, run_id: UUID, client_id: UUID, currency: str) -> ResponseReturnValue:
    run, client = runs.get_run(ctx, run_id), get_client(ctx, client_id)
    rows = comparing.line_changes(ctx, run, client_id, currency)
    return render("billing/client_changes.html", run=run, client=client, currency=currency, rows=rows, span=span)


@pages.post(f"{_RUN}/finalize", permission="invoice.finalize")
def finalize_run(ctx: CallContext, run_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    ids = listing.draft_ids(ctx, run_id)[: finalizing.MOST]
    done = finalizing.finalize_invoices(ctx, ids)
    said = ngettext("%(num)d invoice is final.", "%(num)d invoices are final.", len(done))
    return redirect_to(f"/billing-runs/{run_id}", toast=said)


@pages.get("/ledger", permission="ledger.read", query=money_schemas.EntryQuery)
def ledger_page(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    balances = ledger.trial_balance(ctx)
    currencies = sorted({one["currency"] for one in balances})
    return render(
        "billing/ledger.html",
        balances={code: [one for one in balances if one["currency"] == code] for code in currencies},
        revenue=_revenue(ctx),
        page=ledger.list_entries(ctx, query),
        accounts=ACCOUNTS,
        kinds=ENTRY_KINDS,
    )


@pages.get("/ledger/card", permission="ledger.read")
def ledger_card(ctx: CallContext) -> ResponseReturnValue:
    """Revenue on the overview, the company's own currency first."""
    revenue = _revenue(ctx)
    codes = sorted(revenue or [ctx.tenant.currency], key=lambda code: (code != ctx.tenant.currency, code))
    return render("billing/ledger_card.html", charts_of={code: revenue.get(code, []) for code in codes})


@pages.get("/billing-runs/card", permission="billing_run.run")
def unbilled_card(ctx: CallContext) -> ResponseReturnValue:
    """Work of all rooms up to today that stands on no invoice."""
    backlog = count_backlog(ctx, ctx.today() + timedelta(days=1))
    points = [(format_skeleton("yMMM", month, locale=babel_locale()), count) for month, count in backlog.months[-MOST_MONTHS:]]
    return render("billing/unbilled_card.html", backlog=backlog, points=points)


def _revenue(ctx: CallContext) -> dict[str, list[tuple[str, int]]]:
    """Revenue of the last twelve months by currency, as charts show it."""
    earned = ledger.revenue_by_month(ctx)
    return {
        code: [(format_skeleton("yMMM", day, locale=babel_locale()), amount) for day, amount in months]
        for code, months in earned.items()
    }
