"""Billing runs: what is due of many clients becomes draft invoices, batch by batch; a preview is the same, unwritten."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import orjson
import psycopg
from sqlalchemy import Select, case, func, select, update
from sqlalchemy import exc as sqlalchemy_errors
from sqlalchemy.dialects.postgresql import insert

from kernel import audit, jobs
from kernel.api.listing import Page, paginate
from kernel.db import among, cursor
from kernel.directory.models import Client
from kernel.errors import DeskhandError, InvalidInput
from kernel.hookspecs.charging import ChargeWindow, Unapproved, Waiting
from kernel.ids import uuid7
from kernel.jobs.models import LIVE
from plugins.billing.agreements.orders import exceeding_orders
from plugins.billing.bounds import find_jumps
from plugins.billing.bulk import insert_rows
from plugins.billing.comparing import Change, changes, sums_of
from plugins.billing.contracts.turns import hold_contracts
from plugins.billing.days import check_days
from plugins.billing.drafts import Assembled, Draft
from plugins.billing.due import collect_due
from plugins.billing.errors import RunEnded, RunLive, RunNotFound, SourceBilled
from plugins.billing.layouts.errors import LayoutWithheld
from plugins.billing.mending import mend_url
from plugins.billing.models import Run, RunClient
from plugins.billing.periods import add_months
from plugins.billing.receivables.terms import agree_many
from plugins.billing.reckoning import assemble
from plugins.billing.settings import billing_settings
from plugins.billing.sharing import await_others, take_clients
from plugins.billing.unbilled import find_unapproved, refuse_unapproved
from plugins.billing.unusual import close_periods, turn_round, worth_writing, write_of_run

if TYPE_CHECKING:
    from kernel.context import CallContext

JOB = "billing.run"
BATCH = 500
MOST_MONTHS_AHEAD = 36
_UNWRITABLE = (
    DeskhandError, sqlalchemy_errors.IntegrityError, sqlalchemy_errors.DataError, psycopg.IntegrityError, psycopg.DataError,
)  # fmt: skip
_OUTCOMES = """
update billing_run_clients c
set state = x.state, invoices = x.invoices, reason_code = x.code, reason = x.reason, mend_url = x.mend_url
from json_to_recordset(%s::json) as x(client_id uuid, state text, invoices int, code text, reason text, mend_url text)
where c.tenant_id = %s and c.run_id = %s and c.client_id = x.client_id
"""


class Plan(NamedTuple):
    """What a batch of clients is to be billed, for whom something is in the way, whose work waits for approval, and what shows
    nothing (`empty`): it is not written, and its periods are closed.
    """

    invoices: list[Assembled]
    problems: dict[UUID, DeskhandError]
    unapproved: dict[UUID, Unapproved]
    empty: list[Assembled]


class Preview(NamedTuple):
    """What a run over the window would do now; `waiting` is the work in rooms that are switched off, `unapproved` what waits
    for approval.
    """

    window: ChargeWindow
    invoice_date: date
    invoices: list[Assembled]
    problems: dict[UUID, DeskhandError]
    waiting: list[Waiting]
    changes: list[Change]
    unapproved: list[Unapproved]
    client_ids: Sequence[UUID] = ()
    bounded: bool = True

    def totals(self) -> dict[str, tuple[int, int, int, int]]:
        """By currency: number of invoices, subtotal, tax, total; credit notes take away."""
        sums: dict[str, tuple[int, int, int, int]] = {}
        for one in self.invoices:
            count, subtotal, tax, total = sums.get(one.draft.currency, (0, 0, 0, 0))
            totals, sign = one.totals, -1 if one.draft.kind == "credit_note" else 1
            sums[one.draft.currency] = (count + 1, subtotal + sign * totals.subtotal, tax + sign * totals.tax,
                                        total + sign * totals.total)  # fmt: skip
        return dict(sorted(sums.items()))


class Outcome(NamedTuple):
    """What became of a client in a run."""

    state: str
    invoices: int = 0
    code: str = ""
    reason: str = ""
    mend_url: str = ""


def last_month(ctx: CallContext) -> ChargeWindow:
    """The month before this one, in the tenant's zone: what a run bills unless told otherwise."""
    end = ctx.today().replace(day=1)
    return ChargeWindow((end - timedelta(days=1)).replace(day=1), end)


def _window(ctx: CallContext, start: date | None, end: date | None) -> ChargeWindow:
    usual = last_month(ctx)
    window = ChargeWindow(start or usual.start, end or usual.end)
    check_days(window_start=window.start, window_end=window.end)
    if window.end <= window.start:
        raise InvalidInput(errors={"window_end": "The window ends before it starts."})
    if window.end > (latest := add_months(ctx.today(), MOST_MONTHS_AHEAD)):
        raise InvalidInput(errors={"window_end": f"Periods are billed until {latest.isoformat()} at most."})
    return window


def plan_billing(ctx: CallContext, window: ChargeWindow, client_ids: Sequence[UUID], invoice_date: date,
                 run_id: UUID | None = None, bounded: bool = True) -> Plan:  # fmt: skip
    """Reckon what clients owe, without writing: what `preview_run` shows is what a run writes. Unless it is not `bounded`,
    a client with more than the tenant's bounds allow is a problem.
    """
    settings = billing_settings(ctx)
    due = collect_due(ctx, window, client_ids, settings["most_on_a_day"] if bounded else 0)
    terms = agree_many(ctx, client_ids, invoice_date)
    drafts = [Draft.of_due(one, invoice_date=invoice_date, agreed=terms[one.client_id], run_id=run_id) for one in due.invoices]
    problems, reckoned = dict(due.problems), []
    for draft, one in zip(drafts, turn_round(ctx, drafts, assemble(ctx, drafts)), strict=True):
        if isinstance(one, DeskhandError):
            problems.setdefault(draft.client_id, one)
        else:
            reckoned.append(one)
    jumps = find_jumps(ctx, window, reckoned, settings["largest_jump"] if bounded else 0)
    waits = find_unapproved(ctx, window, client_ids)
    problems = jumps | exceeding_orders(ctx, reckoned) | problems
    problems |= refuse_unapproved(waits) if settings["unapproved_time"] == "block" else {}
    worth, empty = worth_writing(ctx, [one for one in reckoned if one.draft.client_id not in problems])
    return Plan(worth, problems, waits, empty)


def preview_run(ctx: CallContext, *, window_start: date | None = None, window_end: date | None = None,
                invoice_date: date | None = None, client_ids: Sequence[UUID] = (), bounded: bool = True) -> Preview:  # fmt: skip
    """What a run would bill now: the very invoices, who is parked and why, what waits elsewhere. Nothing is written.

    Without `client_ids` it is for every client.
    """
    check_days(invoice_date=invoice_date)
    window, day = _window(ctx, window_start, window_end), invoice_date or ctx.today()
    invoices: list[Assembled] = []
    problems: dict[UUID, DeskhandError] = {}
    unapproved: list[Unapproved] = []
    for ids in _portions(_clients(ctx, client_ids)):
        plan = plan_billing(ctx, window, ids, day, bounded=bounded)
        invoices += plan.invoices
        problems |= plan.problems
        unapproved += plan.unapproved.values()
    found = changes(ctx, window.start, sums_of(invoices), client_ids or None)
    return Preview(window, day, invoices, problems, count_elsewhere(ctx, window), found, unapproved, client_ids, bounded)


def count_elsewhere(ctx: CallContext, window: ChargeWindow) -> list[Waiting]:
    """What rooms that are switched off would bill."""
    answers = ctx.hooks.silenced.count_waiting(ctx=ctx, window=window)
    return sorted(one for one in answers if one is not None)


def _clients(ctx: CallContext, chosen: Sequence[UUID]) -> list[UUID]:
    """The chosen clients, else every client, inactive ones too: what they owe is not lost."""
    wanted = select(Client.id).order_by(Client.id)
    found = list(ctx.session.scalars(wanted.where(among(Client.id, chosen)) if chosen else wanted))
    if chosen and len(found) != len(set(chosen)):
        raise InvalidInput(errors={"client_ids": "One of these clients is not there."})
    return found


def _portions(ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH]


def start_run(ctx: CallContext, *, window_start: date | None = None, window_end: date | None = None,
              invoice_date: date | None = None, client_ids: Sequence[UUID] = (), bounded: bool = True,
              job_id: UUID | None = None) -> Run:  # fmt: skip
    """Begin a run over all clients, or the chosen ones, and put it to work. One that is not `bounded` bills what the bounds
    would park. Raises InvalidInput, and RunLive while another is under way.
    """
    check_days(invoice_date=invoice_date)
    window, clients = _window(ctx, window_start, window_end), _clients(ctx, client_ids)
    _close_orphans(ctx)
    run_id = uuid7()
    row = {
        "tenant_id": ctx.tenant_id, "id": run_id, "window_start": window.start, "window_end": window.end,
        "invoice_date": invoice_date or ctx.today(), "started_by": ctx.actor.name, "started_at": ctx.now(), "job_id": job_id,
        "bounded": bounded,
    }  # fmt: skip
    fresh = insert(Run).values(row).on_conflict_do_nothing().returning(Run.id)
    if ctx.session.scalar(fresh) is None:
        live = ctx.session.scalar(select(Run.id).where(Run.state == "live"))
        raise RunLive("A billing run is under way. Wait for its end, or cancel it.", run_id=str(live))
    run = ctx.session.scalars(select(Run).where(Run.id == run_id)).one()
    insert_rows(ctx.session, RunClient, ("id", "run_id", "client_id"), [(uuid7(), run_id, one) for one in clients])
    run.client_total, run.waiting = len(clients), [asdict(one) for one in count_elsewhere(ctx, window)]
    run.job_id = job_id or jobs.enqueue(ctx, JOB, {"run_id": str(run_id)}, key=str(run_id))
    _record(ctx, "billing_run.started", run)
    ctx.session.flush()
    return run


def _record(ctx: CallContext, action: str, run: Run) -> None:
    audit.record(ctx, action, kind="billing_run", row_id=run.id, label=f"{run.window_start} – {run.window_end}",
                 changes={} if run.bounded else {"bounded": False})  # fmt: skip


def resume_run(ctx: CallContext, run_id: UUID) -> Run:
    """Go on with a run that was stopped, with the clients it had not reached. Raises RunNotFound, RunEnded, RunLive."""
    _close_orphans(ctx)
    run = ctx.session.scalar(select(Run).where(Run.id == run_id).with_for_update())
    if run is None:
        raise RunNotFound("There is no billing run with this id.")
    if run.state != "stopped":
        raise RunEnded("Only a run that was stopped goes on; start a new one.")
    if live := ctx.session.scalar(select(Run.id).where(Run.state == "live")):
        raise RunLive("A billing run is under way. Wait for its end, or cancel it.", run_id=str(live))
    run.state, run.ended_at = "live", None
    run.job_id = jobs.enqueue(ctx, JOB, {"run_id": str(run_id)}, key=str(run_id))
    _record(ctx, "billing_run.resumed", run)
    ctx.session.flush()
    return run


def _close_orphans(ctx: CallContext) -> None:
    """A run whose job was cancelled or failed is not under way any more; what it billed stays."""
    alive = select(jobs.Job.id).where(jobs.Job.state.in_(LIVE))
    ctx.session.execute(
        update(Run).where(Run.state == "live", Run.job_id.is_not(None), Run.job_id.not_in(alive))
        .values(state="stopped", ended_at=ctx.now()).execution_options(synchronize_session=False)
    )  # fmt: skip


def run_of_job(ctx: CallContext, job_id: UUID, args: Mapping[str, Any]) -> Run:
    """The run a job works on; a scheduled job begins one of its own, over the month before."""
    if "run_id" in args:
        return get_run(ctx, UUID(args["run_id"]))
    known = ctx.session.scalar(select(Run).where(Run.job_id == job_id))
    return known or start_run(ctx, job_id=job_id)


def bill_next(ctx: CallContext, run_id: UUID, turn: int = 0) -> int:
    """Bill the next batch of a run's clients, all in this transaction; returns how many clients are left.

    Where others hold all that are left, it waits for one of them.
    """
    run = get_run(ctx, run_id)
    if ids := take_clients(ctx, run_id, BATCH):
        _forget_plans(ctx)
        hold_contracts(ctx, turn)
        _note(ctx, run_id, _bill(ctx, run, ids))
    else:
        await_others(ctx, run_id)
    left = ctx.session.scalar(select(func.count()).where(RunClient.run_id == run_id, RunClient.state == "pending")) or 0
    if not left and run.state == "live":
        run.state, run.ended_at = "done", ctx.now()
    return left


def _forget_plans(ctx: CallContext) -> None:
    """Let the server plan anew how it looks up the invoice that a line names.

    A plan it made while the table was empty reads all invoices of the tenant for each line, and is kept until the table
    is next analyzed.
    """
    with cursor(ctx.session) as cur:
        cur.execute("discard plans")


def _bill(ctx: CallContext, run: Run, client_ids: Sequence[UUID]) -> dict[UUID, Outcome]:
    window = ChargeWindow(run.window_start, run.window_end)
    plan = plan_billing(ctx, window, client_ids, run.invoice_date, run.id, run.bounded)
    close_periods(ctx, plan.empty)
    outcomes = {one: Outcome("nothing") for one in client_ids}
    outcomes |= {one: _parked(one, error) for one, error in plan.problems.items()}
    by_client: dict[UUID, list[Assembled]] = {}
    for one in plan.invoices:
        by_client.setdefault(one.draft.client_id, []).append(one)
    return outcomes | _write(ctx, list(by_client.items()))


def _parked(client_id: UUID, error: Exception) -> Outcome:
    if isinstance(error, DeskhandError):
        return Outcome("parked", 0, error.code, error.detail, mend_url(error, client_id))
    return _parked(client_id, SourceBilled(f"The database refused the invoice: {str(error).splitlines()[0]}"))


def _write(ctx: CallContext, groups: Sequence[tuple[UUID, list[Assembled]]]) -> dict[UUID, Outcome]:
    """Write the invoices of clients together; when that fails, by halves, until only the failing client is parked.

    Raises LayoutWithheld, for which nothing is billed.
    """
    if not groups:
        return {}
    try:
        with ctx.session.begin_nested():
            write_of_run(ctx, [one for _, invoices in groups for one in invoices])
    except LayoutWithheld:
        raise
    except _UNWRITABLE as error:
        if len(groups) == 1:
            return {groups[0][0]: _parked(groups[0][0], error)}
        half = len(groups) // 2
        return _write(ctx, groups[:half]) | _write(ctx, groups[half:])
    return {client_id: Outcome("billed", len(invoices)) for client_id, invoices in groups}


def _note(ctx: CallContext, run_id: UUID, outcomes: Mapping[UUID, Outcome]) -> None:
    rows = [{"client_id": client_id, **one._asdict()} for client_id, one in outcomes.items()]
    with cursor(ctx.session) as cur:
        cur.execute(_OUTCOMES, [orjson.dumps(rows).decode(), ctx.tenant_id, run_id])


def get_run(ctx: CallContext, run_id: UUID) -> Run:
    """One run. Raises RunNotFound."""
    run = ctx.session.scalar(select(Run).where(Run.id == run_id))
    if run is None:
        raise RunNotFound("There is no billing run with this id.")
    return run


def cancel_run(ctx: CallContext, run_id: UUID) -> Run:
    """Stop a run after its present batch; what it billed stays, and the next run bills the rest. Raises JobEnded."""
    run = get_run(ctx, run_id)
    if run.job_id is not None:
        jobs.cancel_job(ctx, run.job_id)
    return run


def list_runs(ctx: CallContext, query: Mapping[str, Any]) -> Page:
    """One page of runs with how they stand and what they did."""
    return paginate(ctx, _runs(), query, sortable={"started_at": Run.started_at}, default="-started_at")


def describe_run(ctx: CallContext, run_id: UUID) -> dict[str, Any]:
    """One run with how it stands and what it did so far. Raises RunNotFound."""
    get_run(ctx, run_id)
    return dict(ctx.session.execute(_runs().where(Run.id == run_id)).mappings().one())


def _runs() -> Select[Any]:
    job = (jobs.Job.tenant_id == Run.tenant_id) & (jobs.Job.id == Run.job_id)
    ended = (Run.state == "live") & jobs.Job.state.not_in(LIVE)
    state = case((ended, "stopped"), else_=Run.state).label("state")
    count: Callable[[str], Any] = lambda name: (  # noqa: E731 - three columns of one shape
        select(func.count()).where(RunClient.tenant_id == Run.tenant_id, RunClient.run_id == Run.id, RunClient.state == name)
        .scalar_subquery().label(name)
    )  # fmt: skip
    invoices = (
        select(func.coalesce(func.sum(RunClient.invoices), 0))
        .where(RunClient.tenant_id == Run.tenant_id, RunClient.run_id == Run.id).scalar_subquery().label("invoices")
    )  # fmt: skip
    return select(
        Run.id, Run.window_start, Run.window_end, Run.invoice_date, state, Run.bounded, Run.job_id, Run.client_total, Run.waiting,
        Run.started_by, Run.started_at, Run.ended_at, count("billed"), count("parked"), count("nothing"), count("pending"),
        invoices,
    ).outerjoin(jobs.Job, job)  # fmt: skip


def list_run_clients(ctx: CallContext, run_id: UUID, query: Mapping[str, Any]) -> Page:
    """One page of a run's clients with what became of them; those parked say why and where it is mended."""
    client = (Client.tenant_id == RunClient.tenant_id) & (Client.id == RunClient.client_id)
    rows = select(
        RunClient.id, RunClient.client_id, Client.name.label("client_name"), RunClient.state, RunClient.invoices,
        RunClient.reason_code, RunClient.reason, RunClient.mend_url,
    ).join(Client, client).where(RunClient.run_id == run_id)  # fmt: skip
    return paginate(ctx, rows, query, sortable={"client_id": RunClient.client_id}, default="client_id")
