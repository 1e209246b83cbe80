"""`deskhand billing`, `deskhand invoice`, `deskhand ledger`."""

from __future__ import annotations

import time
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click
import orjson

from cli import open_kernel, tenant_by_slug, tenant_call, tenant_options, user_actor
from kernel.errors import NotFound
from kernel.jobs import get_job, work
from kernel.money import format_minor

if TYPE_CHECKING:
    from kernel.app import Kernel
    from kernel.context import CallContext
    from plugins.billing.models import Invoice

_PAUSE = 0.5
_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def _print(value: Any) -> None:
    click.echo(orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2).decode())


def _day(_context: click.Context, _parameter: click.Parameter, value: datetime | None) -> date | None:
    return None if value is None else value.date()


def _window_options(command: Any) -> Any:
    command = click.option("--from", "window_start", type=click.DateTime(["%Y-%m-%d"]), callback=_day,
                           help="First day that is billed; by default that of last month.")(command)  # fmt: skip
    command = click.option("--until", "window_end", type=click.DateTime(["%Y-%m-%d"]), callback=_day,
                           help="First day that is not billed any more; by default that of this month.")(command)  # fmt: skip
    return click.option("--invoice-date", type=click.DateTime(["%Y-%m-%d"]), callback=_day,
                        help="Date of the invoices; by default today.")(command)  # fmt: skip


@click.group()
def billing() -> None:
    """Preview and start billing runs."""


@billing.command()
@_window_options
@tenant_options
@_as_json
def preview(tenant: str | None, user: str | None, as_json: bool, **window: Any) -> None:
    """Show what a run would bill now; nothing is written."""
    from plugins.billing import runs
    from plugins.billing.previewing import shown_preview

    with tenant_call(tenant, user) as ctx:
        ctx.require("billing_run.run")
        shown = shown_preview(ctx, runs.preview_run(ctx, **window))
    if as_json:
        _print(shown)
        return
    for one in shown["invoices"]:
        click.echo(f"{one['client_name']:<40} {format_minor(one['total'], one['currency']):>16}  {len(one['lines'])} lines")
    for one in shown["parked"]:
        click.echo(f"{one['client_name']:<40} parked: {one['reason']}")
    for one in shown["waiting"]:
        click.echo(f"Waiting in {one['plugin']}, which is switched off: {one['words']}")
    for one in shown["totals"]:
        click.echo(f"{one['invoices']} invoices in {one['currency']}: {format_minor(one['total'], one['currency'])}")


@billing.command()
@_window_options
@tenant_options
@_as_json
def run(tenant: str | None, user: str | None, as_json: bool, **window: Any) -> None:
    """Bill every client, with a progress bar; running workers help."""
    from plugins.billing import runs

    with open_kernel() as kernel:
        tenant_id = tenant_by_slug(kernel, tenant)
        with kernel.call(tenant_id) as ctx:
            acting = ctx if user is None else ctx.acting_as(user_actor(ctx, user))
            acting.require("billing_run.run")
            started = runs.start_run(acting, **window)
            run_id, job_id, total = started.id, started.job_id, started.client_total
        assert job_id is not None  # noqa: S101 - start_run has put the job into the ledger
        _work_until_done(kernel, tenant_id, job_id, total, quiet=as_json)
        with kernel.call(tenant_id) as ctx:
            done = runs.describe_run(ctx, run_id)
    if as_json:
        _print(done)
    else:
        click.echo(f"{done['invoices']} invoices for {done['billed']} clients;"
                   f" {done['parked']} parked, {done['nothing']} owe nothing.")  # fmt: skip


def _work_until_done(kernel: Kernel, tenant_id: UUID, job_id: UUID, total: int, *, quiet: bool) -> None:
    """Do the tenant's jobs here until this one has ended, here or in a worker."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), disable=quiet) as bar:
        shown = bar.add_task("Billing", total=total)
        while True:
            busy = work(kernel, tenant_id, "jobs")
            with kernel.call(tenant_id) as ctx:
                job = get_job(ctx, job_id)
            bar.update(shown, completed=job.progress_done)
            if not job.live:
                break
            if not busy:
                time.sleep(_PAUSE)
    if job.state != "succeeded":
        raise click.ClickException(f"The run {job.state}: {(job.error or {}).get('detail', '')}")


@click.group()
def invoice() -> None:
    """Look at invoices, finalize them, print them."""


@invoice.command("list")
@click.option("--state", help="Only draft, open, partly_paid, overdue, paid, issued or void.")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True)
@tenant_options
@_as_json
def list_(tenant: str | None, user: str | None, state: str | None, limit: int, as_json: bool) -> None:
    """List invoices, the newest first."""
    from plugins.billing.listing import list_invoices

    with tenant_call(tenant, user) as ctx:
        ctx.require("invoice.read")
        rows = list_invoices(ctx, {"limit": limit, **({"state": state} if state else {})}).items
    if as_json:
        _print(rows)
        return
    for row in rows:
        amount = format_minor(row["total"], row["currency"])
        click.echo(f"{row['number']:<20} {row['state']:<12} {row['invoice_date']}  {row['client_name']:<36} {amount:>16}")


@invoice.command()
@click.argument("number")
@tenant_options
@_as_json
def show(tenant: str | None, user: str | None, number: str, as_json: bool) -> None:
    """Show an invoice with its lines."""
    with tenant_call(tenant, user) as ctx:
        ctx.require("invoice.read")
        shown = _shown(ctx, _by_number(ctx, number))
    if as_json:
        _print(shown)
        return
    click.echo(f"{shown['number']}  {shown['state']}  {shown['invoice_date']}")
    for line in shown["lines"]:
        click.echo(f"{line['position']:>4}  {line['description']:<56} {format_minor(line['net'], shown['currency']):>16}")
    for name in ("subtotal", "tax", "total"):
        click.echo(f"{name:>62} {format_minor(shown[name], shown['currency']):>16}")


@invoice.command()
@click.argument("number")
@click.argument("position", type=int)
@tenant_options
@_as_json
def why(tenant: str | None, user: str | None, number: str, position: int, as_json: bool) -> None:
    """Say why a line of an invoice has its amount."""
    from plugins.billing.invoices import list_lines
    from plugins.billing.why import explain_line

    with tenant_call(tenant, user) as ctx:
        ctx.require("invoice.read")
        found = _by_number(ctx, number)
        line = next((one for one in list_lines(ctx, found.id) if one.position == position), None)
        if line is None:
            raise NotFound(f"{number} has no line {position}.")
        told = explain_line(ctx, found.id, line.id)
    if as_json:
        _print(told)
        return
    click.echo(told["rule"])
    for words, value in told["words"]:
        click.echo(f"  {words}: {value}")


@invoice.command()
@click.argument("numbers", nargs=-1)
@click.option("--all-drafts", is_flag=True, help="Finalize every draft.")
@tenant_options
@_as_json
def finalize(tenant: str | None, user: str | None, numbers: tuple[str, ...], all_drafts: bool, as_json: bool) -> None:
    """Finalize drafts by number; they never change afterwards."""
    from plugins.billing import finalizing
    from plugins.billing.listing import draft_ids

    if bool(numbers) == all_drafts:
        raise click.UsageError("Name invoices, or say --all-drafts.")
    with tenant_call(tenant, user) as ctx:
        ctx.require("invoice.finalize")
        ids = draft_ids(ctx) if all_drafts else [_by_number(ctx, number).id for number in numbers]
        done = [one for start in range(0, len(ids), finalizing.MOST)
                for one in finalizing.finalize_invoices(ctx, ids[start : start + finalizing.MOST])]  # fmt: skip
        said = [{"id": one.id, "number": one.number, "total": one.total, "currency": one.currency} for one in done]
    if as_json:
        _print(said)
    else:
        click.echo(f"{len(said)} {'invoice is' if len(said) == 1 else 'invoices are'} final.")


@invoice.command()
@click.argument("number")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="By default NUMBER.pdf.")
@tenant_options
def pdf(tenant: str | None, user: str | None, number: str, output: Path | None) -> None:
    """Write an invoice as PDF."""
    from plugins.billing.paper import print_invoice

    with tenant_call(tenant, user) as ctx:
        ctx.require("invoice.read")
        content = print_invoice(ctx, _by_number(ctx, number))
    path = output or Path(f"{number.replace('/', '-')}.pdf")
    path.write_bytes(content)
    click.echo(f"{path}: {len(content)} bytes.")


@invoice.command()
@click.argument("number")
@click.option("--to", multiple=True, help="An address; may be given several times. By default the client's billing address.")
@tenant_options
@_as_json
def send(tenant: str | None, user: str | None, number: str, to: tuple[str, ...], as_json: bool) -> None:
    """Send a finalized invoice by mail, as PDF."""
    from plugins.billing.sending import send_invoice

    with tenant_call(tenant, user) as ctx:
        ctx.require("invoice.send")
        sent = send_invoice(ctx, _by_number(ctx, number).id, to=to)
    if as_json:
        _print(sent)
    else:
        click.echo(f"{number} is on its way to {', '.join(one['recipient'] for one in sent if one['state'] == 'waiting')}.")


def _by_number(ctx: CallContext, number: str) -> Invoice:
    from sqlalchemy import select

    from plugins.billing.models import Invoice

    found = ctx.session.scalar(select(Invoice).where(Invoice.number == number))
    if found is None:
        raise NotFound(f"There is no invoice {number}.")
    return found


def _shown(ctx: CallContext, found: Invoice) -> dict[str, Any]:
    from plugins.billing.routes import shown
    from plugins.billing.schemas.invoices import InvoiceOut

    dumped: dict[str, Any] = InvoiceOut().dump(shown(ctx, found).value)
    return dumped


@click.command()
@click.option("--verify", is_flag=True, help="Check the hash chain of every series.")
@tenant_options
@_as_json
def ledger(tenant: str | None, user: str | None, verify: bool, as_json: bool) -> None:
    """Show the balance of each account, or verify that no invoice was changed."""
    from plugins.billing.chain import verify_chain
    from plugins.billing.ledger import trial_balance
    from plugins.billing.numbering import SERIES

    with tenant_call(tenant, user) as ctx:
        ctx.require("ledger.read")
        rows = trial_balance(ctx)
        wrong = [words for series in SERIES for words in verify_chain(ctx, series)] if verify else []
    if as_json:
        _print({"balances": rows, "wrong": wrong} if verify else rows)
    else:
        for row in rows:
            click.echo(f"{row['currency']}  {row['account']:<12} {format_minor(row['balance'], row['currency']):>18}")
        for words in wrong:
            click.echo(words)
        if verify and not wrong:
            click.echo("Every finalized invoice is as it was sealed.")
    if wrong:
        raise SystemExit(1)


COMMANDS = [billing, invoice, ledger]
