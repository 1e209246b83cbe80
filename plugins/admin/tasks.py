"""Background work of the house itself: handing out mail, and tidying at night."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from kernel import events, mail
from kernel.context import CallContext
from kernel.jobs import get_job

if TYPE_CHECKING:
    from kernel.jobs import JobRun

TIDY_JOB = "admin.tidy"
BATCH = 500
MAIL_TRIES = 101
"""Five within half an hour, then one an hour for four days: RFC 5321 section 4.5.4.1 wants four to five before giving up."""


def send_mail(ctx: CallContext, **message: Any) -> dict[str, Any]:
    """Hand a mail to the server and say `mail.sent`. Raises what `kernel.mail.send` raises; MailDelayed is tried again."""
    told = mail.Mail.from_dict(message)
    mail.send(ctx.kernel.mail, told)
    for address in told.recipients:
        events.publish(ctx, "mail.sent", {"mail_id": told.id, "recipient": address})
    return {"recipients": list(told.recipients), "server": ctx.kernel.mail.host}


def tidy(job: JobRun) -> Generator[None, None, dict[str, int]]:
    """Let every room remove what it has kept long enough, batch after batch, each in a transaction of its own."""
    with job.step() as ctx:
        removed = get_job(ctx, job.id).progress_done
    yield
    more = True
    while more:
        with job.step() as ctx:
            batch = sum(ctx.hooks.tidy_up(ctx=ctx, limit=BATCH))
        removed, more = removed + batch, batch > 0
        job.progress(removed)
        yield
    return {"removed": removed}
