"""Events for guests: each install that listens is told by a job of its own, tried again while that may help, and given up in
the open: a job that failed is the dead letter, and can be tried again by hand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
from marshmallow import Schema, fields
from sqlalchemy import select

from kernel import events, jobs
from kernel.context import CallContext
from kernel.errors import InvalidInput
from kernel.events import OutboxEvent
from kernel.hookspecs.notify import Event, Listening
from plugins.extensions.calls.invoking import Occasion, ask_guest, find_export
from plugins.extensions.errors import EndpointNotFound, InstallNotFound
from plugins.extensions.guests.invocation import ExportCall
from plugins.extensions.models import SERVING, Install, Release

if TYPE_CHECKING:
    from kernel.jobs import JobRun

ROOM = "extensions"
SAID = "extension.said"
TELL_JOB = "extensions.tell_event"
ON_EVENT = "on-event"
MOST_PAYLOAD_BYTES = 64 * 1024
_OWN_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}\Z")


class ExtensionSaid(Schema):
    """An extension's own event: `name` begins with the extension's name, `payload` is JSON text."""

    install_id = fields.UUID(required=True)
    extension = fields.String(required=True)
    name = fields.String(required=True)
    payload = fields.String(required=True)


def listened(ctx: CallContext) -> Listening | None:
    """The events that installs of this tenant are told of; their own events travel as one of ours."""
    known = ctx.kernel.events
    names = {name if name in known else SAID for wanted in _listeners(ctx).values() for name in wanted}
    return Listening(ROOM, frozenset(names)) if names else None


def tell_installs(ctx: CallContext, event: Event) -> None:
    """Queue a job for each install that listens to an event, in the transaction that counts it as delivered."""
    said = ctx.session.scalars(select(OutboxEvent).where(OutboxEvent.id == event.id)).one()
    own = said.name == SAID
    name, payload = (said.payload["name"], said.payload["payload"]) if own else (said.name, _text(said.payload))
    told = {"id": str(said.id), "name": name, "occurred_at": said.occurred_at.astimezone(UTC).isoformat(), "payload": payload}
    for install_id, wanted in _listeners(ctx).items():
        if name in wanted:
            jobs.enqueue(ctx, TELL_JOB, {"install_id": str(install_id), "event": told}, key=f"{install_id} {said.id}")


def tell(job: JobRun) -> dict[str, str]:
    """Tell one install of one event; no transaction is open meanwhile. Raises as `ask_guest` does."""
    kernel, claim = job.kernel, job.claim
    try:
        with kernel.call(claim.tenant_id, claim.actor, claim.cause) as ctx:
            target = find_export(ctx, UUID(job.args["install_id"]), ON_EVENT)
    except (InstallNotFound, EndpointNotFound) as error:
        return {"skipped": error.code}
    if job.args["event"]["name"] not in target.manifest.events:
        return {"skipped": "the version that serves now does not list this event"}
    ask_guest(kernel, target, ExportCall(ON_EVENT, {"event": job.args["event"]}), Occasion("event", claim.actor, claim.cause))
    return {"told": f"{target.name}@{target.semver}"}


def publish_own(ctx: CallContext, install_id: UUID, extension: str, name: str, payload: str) -> UUID:
    """Say an event of an extension's own: `order_created` of `org.example.orders` is `org.example.orders.order_created`.

    Raises InvalidInput, and EventChainTooDeep when events have caused events 8 times in a row.
    """
    errors: dict[str, str] = {}
    if not _OWN_NAME.match(name):
        errors["name"] = "An event's name has lower-case letters, digits and _: order_created."
    if len(payload.encode()) > MOST_PAYLOAD_BYTES or not _is_json(payload):
        errors["payload"] = f"The payload is JSON text of at most {MOST_PAYLOAD_BYTES} bytes."
    if errors:
        raise InvalidInput(errors=errors)
    full = f"{extension.replace('-', '_')}.{name}"
    return events.publish(ctx, SAID, {"install_id": install_id, "extension": extension, "name": full, "payload": payload})


def _listeners(ctx: CallContext) -> dict[UUID, list[str]]:
    serving = (Release.tenant_id == Install.tenant_id) & (Release.id == Install.release_id)
    wanted = select(Install.id, Release.manifest["events"]).join(Release, serving).where(Install.state.in_(SERVING))
    return {install_id: names for install_id, names in ctx.session.execute(wanted.order_by(Install.id)).all() if names}


def _text(payload: Mapping[str, Any]) -> str:
    return orjson.dumps(payload).decode()


def _is_json(text: str) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True
