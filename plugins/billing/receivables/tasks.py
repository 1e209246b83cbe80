"""Nightly work on what clients owe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from plugins.billing.receivables import dunning, overdue, statement_paper

if TYPE_CHECKING:
    from collections.abc import Generator

    from kernel.jobs import JobRun


def say_overdue(job: JobRun) -> Generator[None, None, dict[str, Any]]:
    """Batch after batch; what was said is remembered, so it can end at any moment."""
    said = more = 0
    while True:
        with job.step() as ctx:
            more = overdue.note_overdue(ctx)
        said += more
        if not more:
            return {"said": said}
        yield


def send_statements(job: JobRun) -> Generator[None, None, dict[str, Any]]:
    """The month before, one client in a transaction of its own; who was sent it is not sent it again."""
    with job.step() as ctx:
        first, last = statement_paper.last_month(ctx)
        key = f"{first.isoformat()}/{last.isoformat()}"
        waiting = statement_paper.clients_to_inform(ctx, key)
    yield
    sent = 0
    for at, client_id in enumerate(waiting, 1):
        with job.step() as ctx:
            sent += statement_paper.inform_client(ctx, client_id, first, last, key)
        job.progress(at, len(waiting))
        yield
    return {"sent": sent}


def send_reminders(job: JobRun) -> Generator[None, None, dict[str, Any]]:
    """One client in a transaction of its own; who was reminded is not reminded again."""
    with job.step() as ctx:
        waiting = dunning.clients_to_remind(ctx) if dunning.is_on(ctx) else []
    yield
    sent, problems = 0, 0
    for at, client_id in enumerate(waiting, 1):
        with job.step() as ctx:
            outcome = dunning.remind_client(ctx, client_id)
        sent, problems = sent + (outcome is None), problems + (outcome is not None)
        job.progress(at, len(waiting))
        yield
    return {"sent": sent, "problems": problems}
