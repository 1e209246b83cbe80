from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from typing import Any

from marshmallow import Schema, fields
from sqlalchemy import func, select

from kernel import audit, errors
from kernel.audit import AuditEntry
from kernel.context import CallContext
from kernel.jobs import JobRun


class BellRung(Schema):
    tone = fields.String(required=True)
    rung_on = fields.Date()
    bell_id = fields.UUID()


def ring(ctx: CallContext, tone: str) -> dict[str, Any]:
    audit.record(ctx, "bell.rung", kind="bell", label=tone)
    return {"tone": tone}


def ring_and_break(ctx: CallContext, tone: str, error: str) -> None:
    ring(ctx, tone)
    ctx.session.flush()
    raise getattr(errors, error, None)() if hasattr(errors, error) else ValueError(error)


def ring_and_die(ctx: CallContext, tone: str) -> None:
    ring(ctx, tone)
    ctx.session.flush()
    os.kill(os.getpid(), signal.SIGKILL)


def chime(job: JobRun) -> Iterator[None]:
    """Finds its place by counting what it has rung."""
    times, tone, pause = job.args["times"], job.args["tone"], job.args.get("pause", 0)
    done = -1
    while done < times:
        with job.step() as ctx:
            done = ctx.session.scalar(select(func.count()).where(AuditEntry.action == "bell.rung",
                                                                 AuditEntry.label == tone)) or 0  # fmt: skip
            if done < times:
                ring(ctx, tone)
                done += 1
                time.sleep(pause)
                job.progress(done, times, f"{tone} {done}")
            else:
                break
        yield
    return {"rung": done}
