"""Reading bank files in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from plugins.bank_files import uploads
from plugins.bank_files.errors import StatementUnreadable

if TYPE_CHECKING:
    from collections.abc import Generator

    from kernel.jobs import JobRun


def read_file(job: JobRun) -> Generator[None, None, dict[str, Any]]:
    """Some entries in a transaction of their own; each is written once, so that it can begin anew at any moment."""
    file_id = UUID(job.args["file_id"])
    with job.step() as ctx:
        row = uploads.get_file(ctx, file_id)
        try:
            statements = uploads.read_statements(ctx, row)
        except StatementUnreadable as refusal:
            row.state, row.problem = "refused", refusal.detail
            return {"says": refusal.detail, "url": "/bank-files"}
    yield
    total, done = sum(len(one.entries) for one in statements), 0
    for statement, part in uploads.batches(statements):
        with job.step() as ctx:
            row = uploads.get_file(ctx, file_id)
            row.fresh += uploads.keep_entries(ctx, row, statement, part)
        done += len(part)
        job.progress(done, total)
        yield
    with job.step() as ctx:
        row = uploads.get_file(ctx, file_id)
        row.state, row.found, row.skipped = "done", total, sum(one.skipped for one in statements)
        fresh = row.fresh
    return {"says": f"{total} entries, {fresh} of them new", "url": "/bank-files"}
