"""Background work of the connections room. The services are asked between two steps, in no transaction."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any
from uuid import UUID

from kernel.errors import DeskhandError, InvalidInput, Refused
from kernel.hookspecs.connections import ConsentWithdrawn
from plugins.connections import access, consents, parting, upkeep

if TYPE_CHECKING:
    from kernel.jobs import JobRun


def connect(job: JobRun) -> Generator[None, None, dict[str, str]]:
    """Exchange the answer of a consent for tokens. A worker that dies after the exchange leaves a code that is spent: the next
    try is refused, and the person has to consent again.
    """
    yield
    consent_id = UUID(job.args["consent_id"])
    with job.step() as ctx:
        asked = consents.read_answer(ctx, consent_id)
    try:
        granted = asked.provider.exchange(asked.client, asked.redirect, asked.arguments)
    except (Refused, InvalidInput) as error:
        with job.step() as ctx:
            consents.note_refusal(ctx, consent_id, error.detail)
        raise
    with job.step() as ctx:
        row = consents.keep_granted(ctx, consent_id, granted)
    return {"url": f"/connections/{row.id}", "says": row.account_name}


def renew(job: JobRun) -> Generator[None, None, dict[str, str]]:
    """Renew the tokens of a connection, because somebody asked for it."""
    yield
    with job.step() as ctx:
        connection = access.renew(ctx, UUID(job.args["connection_id"]))
    return {"url": f"/connections/{connection.id}", "says": connection.account_name}


def revoke(job: JobRun) -> Generator[None, None, dict[str, str]]:
    """Take the tokens of a connection that was disconnected here back on the other side."""
    yield
    connection_id = UUID(job.args["connection_id"])
    with job.step() as ctx:
        leaving = parting.read(ctx, connection_id)
    if leaving is not None:
        try:
            leaving.provider.revoke(leaving.client, leaving.granted)
        except ConsentWithdrawn:
            pass  # they are worth nothing there already
        except DeskhandError as error:
            with job.step() as ctx:
                parting.note_failure(ctx, connection_id, leaving, error.detail)
            raise
        with job.step() as ctx:
            parting.note_done(ctx, connection_id, leaving)
    return {"url": f"/connections/{connection_id}", "says": leaving.granted.account_name if leaving else ""}


def keep_alive(job: JobRun) -> Generator[None, None, dict[str, Any]]:
    """Renew tokens that nobody has needed for a while, so that none gets too old; and follow up what is to be taken back."""
    with job.step() as ctx:
        due = upkeep.due_connections(ctx)
        dropped, forgotten = parting.follow_up(ctx), consents.forget_consents(ctx)
    yield
    renewed = 0
    for connection_id in due:
        with job.step() as ctx:
            renewed += upkeep.renew_quietly(ctx, connection_id)
        yield
    return {"renewed": renewed, "of": len(due), "not_revoked": dropped, "forgotten": forgotten}
