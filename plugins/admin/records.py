"""What happened and what runs: jobs, schedules, the audit trail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy import select

from kernel.api.listing import Page, paginate
from kernel.audit import AuditEntry
from kernel.context import CallContext
from kernel.jobs.models import Job

LONGEST = 1000
_JOBS = select(Job.id, Job.kind, Job.state, Job.attempts, Job.progress_done, Job.progress_total, Job.actor_name,
               Job.created_at, Job.due_at, Job.started_at, Job.finished_at)  # fmt: skip
_AUDIT = select(
    AuditEntry.id, AuditEntry.occurred_at, AuditEntry.action, AuditEntry.kind, AuditEntry.row_id, AuditEntry.label,
    AuditEntry.changes, AuditEntry.actor_kind, AuditEntry.actor_id, AuditEntry.actor_name, AuditEntry.on_behalf_of,
    AuditEntry.author, AuditEntry.request_id,
)  # fmt: skip
_BY_AGE = {"created_at": Job.id}
"""A job's id is a UUIDv7, so it sorts by age and has the index."""
_BY_TIME = {"occurred_at": AuditEntry.occurred_at}


def list_jobs(ctx: CallContext, query: Mapping[str, Any]) -> Page:
    """One page of the job ledger, the newest first."""
    return paginate(ctx, _JOBS, query, sortable=_BY_AGE, default="-created_at")


def shown_job(job: Job) -> dict[str, Any]:
    """A job as it is shown: long texts among its arguments (a mail's attachments) are cut."""
    return {column.key: getattr(job, column.key) for column in Job.__table__.columns} | {"args": _cut(job.args)}


def _cut(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _cut(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_cut(one) for one in value]
    return f"{value[:LONGEST]}… ({len(value)} characters)" if isinstance(value, str) and len(value) > LONGEST else value


def pretty(value: Any) -> str:
    """JSON as people read it."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str).decode()


def job_titles(ctx: CallContext) -> dict[str, str]:
    """The kinds of job that installed plugins register, with their words."""
    return {one.name: one.title for one in sorted(ctx.kernel.jobs.values(), key=lambda one: one.title)}


def list_entries(ctx: CallContext, query: Mapping[str, Any]) -> Page:
    """One page of the audit trail, the latest first."""
    return paginate(ctx, _AUDIT, query, sortable=_BY_TIME, default="-occurred_at")
