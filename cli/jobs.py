"""`deskhand worker`, `deskhand scheduler`, `deskhand job …`."""

from __future__ import annotations

import gc
import signal
import sys
import threading
from typing import Any
from uuid import UUID

import click
import orjson

from cli import open_kernel, tenant_call, tenant_options
from kernel.jobs.models import ENDED, LIVE, Job


def spare_garbage_collector() -> None:
    """Look for garbage rarely: what a start makes is there to stay, and the 150,000 objects that a batch of a billing run
    has at hand go away by themselves; looking through both again and again costs a third of the run. Several batches at once
    stay below the threshold.
    """
    gc.freeze()
    gc.set_threshold(500_000, 20, 20)


@click.command()
@click.option("--threads", type=click.IntRange(1, 64), help="Jobs at a time [default: DESKHAND_JOB_THREADS].")
def worker(threads: int | None) -> None:
    """Do background work until stopped. Start as many as there is work for."""
    from kernel.guards import check_database
    from kernel.jobs.broker import run_worker
    from kernel.logs import configure

    with open_kernel() as kernel:
        configure(kernel.settings)
        check_database(kernel.db)
        spare_garbage_collector()
        sys.exit(run_worker(kernel, threads or kernel.settings.job_threads))


@click.command()
def scheduler() -> None:
    """Tell workers what is due until stopped. One is enough; several do no harm."""
    from kernel.guards import check_database
    from kernel.jobs.broker import Nudge
    from kernel.jobs.scheduler import run_scheduler
    from kernel.logs import configure

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with open_kernel() as kernel:
        configure(kernel.settings)
        check_database(kernel.db)
        run_scheduler(kernel, Nudge(kernel.settings).send, stop)


@click.group()
def job() -> None:
    """Background work: what waits, runs, and has ended."""


@job.command("list")
@tenant_options
@click.option("--state", type=click.Choice([*LIVE, *ENDED]), help="Only jobs in this state.")
@click.option("--kind", help="Only jobs of this kind.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(tenant: str | None, user: str | None, as_json: bool, **wanted: Any) -> None:
    """List the newest jobs."""
    from kernel.jobs.ledger import list_jobs

    with tenant_call(tenant, user) as ctx:
        ctx.require("job.read")
        found = list_jobs(ctx, **wanted)
    if as_json:
        _print_json([_facts(one) for one in found])
        return
    for one in found:
        click.echo(f"{one.id}  {one.state:<10} {_progress(one):>12}  {one.kind:<28} {one.actor_name}")


@job.command()
@click.argument("job_id", type=click.UUID)
@tenant_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(job_id: UUID, tenant: str | None, user: str | None, as_json: bool) -> None:
    """Show one job with its history."""
    from kernel.jobs.ledger import get_job, list_history

    with tenant_call(tenant, user) as ctx:
        ctx.require("job.read")
        facts = _facts(get_job(ctx, job_id))
        history = [{"at": one.occurred_at, "state": one.state, "attempt": one.attempt, "note": one.note}
                   for one in list_history(ctx, job_id)]  # fmt: skip
    if as_json:
        _print_json({**facts, "history": history})
        return
    for name, value in facts.items():
        click.echo(f"{name + ':':<12} {value if isinstance(value, str) else orjson.dumps(value).decode()}")
    for one in history:
        click.echo(f"  {one['at']:%Y-%m-%d %H:%M:%S}  {one['state']:<10} {one['note']}")


@job.command()
@click.argument("job_id", type=click.UUID)
@tenant_options
def retry(job_id: UUID, tenant: str | None, user: str | None) -> None:
    """Queue a job again that failed, was cancelled or skipped."""
    from kernel.jobs.ledger import retry_job

    with tenant_call(tenant, user) as ctx:
        ctx.require("job.manage")
        retry_job(ctx, job_id)
    click.echo("Queued again.")


@job.command()
@click.argument("job_id", type=click.UUID)
@tenant_options
def cancel(job_id: UUID, tenant: str | None, user: str | None) -> None:
    """Cancel a job: a waiting one now, a running one after its present step."""
    from kernel.jobs.ledger import cancel_job

    with tenant_call(tenant, user) as ctx:
        ctx.require("job.manage")
        state = cancel_job(ctx, job_id).state
    click.echo("Cancelled." if state == "cancelled" else "It will stop after its present step.")


def _progress(one: Job) -> str:
    return f"{one.progress_done}/{one.progress_total}" if one.progress_total else ""


def _facts(one: Job) -> dict[str, Any]:
    names = ("id", "kind", "state", "attempts", "max_attempts", "progress_done", "progress_total", "progress_note",
             "args", "result", "error", "actor_name", "created_at", "due_at", "started_at", "finished_at")  # fmt: skip
    return {name: getattr(one, name) for name in names}


def _print_json(value: Any) -> None:
    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())
