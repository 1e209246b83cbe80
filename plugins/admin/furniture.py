"""A delivery that was given up, laid out for the house rules."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID, uuid4

from kernel.context import CallContext
from kernel.events import EventDelivery, OutboxEvent


def furnish(ctx: CallContext, there: Mapping[str, UUID]) -> dict[str, UUID]:
    """An event that a room did not take in, whatever was tried."""
    said = OutboxEvent(
        name="mail.sent", payload={"mail_id": str(uuid4()), "recipient": "dana@client.example"}, occurred_at=ctx.now(),
        actor_kind="system", actor_name="Deskhand", request_id="furniture", depth=0, relayed_at=ctx.now(),
    )  # fmt: skip
    ctx.session.add(said)
    ctx.session.flush()
    delivery = EventDelivery(
        event_id=said.id, subscriber="admin", state="dead", attempts=8, due_at=ctx.now(), finished_at=ctx.now()
    )
    ctx.session.add(delivery)
    ctx.session.flush()
    return {"delivery_id": delivery.id}
