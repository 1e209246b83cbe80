"""The job that does an import begun by web page or REST."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import UUID

from plugins.imports import services

if TYPE_CHECKING:
    from kernel.jobs import JobRun


def run_import(job: JobRun) -> Iterator[None]:
    """File after file, each in a transaction; taken up again at the first file that is still waiting."""
    run_id = UUID(job.args["import_id"])
    more = True
    while more:
        with job.step() as ctx:
            more = services.next_step(ctx, run_id, lambda file, done, total: job.progress(done, total, file))
        yield
