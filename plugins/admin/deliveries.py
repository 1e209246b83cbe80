"""Deliveries of events that were given up after all their attempts: seen, tried again, or put aside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from kernel import audit
from kernel.api.listing import Page, paginate
from kernel.context import CallContext
from kernel.events import EventDelivery, OutboxEvent
from kernel.wakeups import wake
from plugins.admin.errors import DeliveryNotDead, DeliveryNotFound

GIVEN_UP = ("dead", "dismissed")
_SAME = (OutboxEvent.tenant_id == EventDelivery.tenant_id) & (OutboxEvent.id == EventDelivery.event_id)
_ROWS = (
    select(
        EventDelivery.id, EventDelivery.event_id, OutboxEvent.name.label("event"), EventDelivery.subscriber, EventDelivery.state,
        EventDelivery.attempts, EventDelivery.error, OutboxEvent.payload, OutboxEvent.occurred_at, EventDelivery.finished_at,
        OutboxEvent.actor_name, OutboxEvent.request_id,
    )
    .join(OutboxEvent, _SAME)
    .where(EventDelivery.state.in_(GIVEN_UP))
)  # fmt: skip
_DEAD: Select[Any] = _ROWS.where(EventDelivery.state == "dead")
_BY_AGE = {"occurred_at": EventDelivery.id}
"""A delivery's id is a UUIDv7, so it sorts by age."""


def list_given_up(ctx: CallContext, query: Mapping[str, Any]) -> Page:
    """One page of deliveries that were given up, the newest first; those put aside only when `state` asks for them."""
    asked = "state" in query or "state__in" in query
    return paginate(ctx, _ROWS if asked else _DEAD, query, sortable=_BY_AGE, default="-occurred_at")


def count_given_up(ctx: CallContext) -> int:
    """How many deliveries wait for somebody to decide."""
    return ctx.session.scalar(select(func.count()).where(EventDelivery.state == "dead")) or 0


def show_delivery(ctx: CallContext, delivery_id: UUID) -> Mapping[str, Any]:
    """A delivery with its event, however it stands. Raises DeliveryNotFound."""
    row = ctx.session.execute(_ROWS.where(EventDelivery.id == delivery_id)).mappings().one_or_none()
    if row is None:
        raise DeliveryNotFound("No delivery with this id was given up.")
    return row


def retry_delivery(ctx: CallContext, delivery_id: UUID) -> EventDelivery:
    """Give a delivery its attempts again. Raises DeliveryNotFound and DeliveryNotDead."""
    delivery = _given_up(ctx, delivery_id)
    delivery.state, delivery.attempts, delivery.due_at, delivery.finished_at = "pending", 0, ctx.now(), None
    audit.record(ctx, "delivery.retried", kind="delivery", row_id=delivery.id, label=delivery.subscriber)
    wake(ctx.session, "events", ctx.now())
    return delivery


def dismiss_delivery(ctx: CallContext, delivery_id: UUID) -> EventDelivery:
    """Put a delivery aside: the event stays unheard. It can still be tried again, until the nightly tidying.

    Raises DeliveryNotFound and DeliveryNotDead.
    """
    delivery = _given_up(ctx, delivery_id)
    if delivery.state == "dismissed":
        raise DeliveryNotDead("The delivery was put aside already.")
    delivery.state = "dismissed"
    audit.record(ctx, "delivery.dismissed", kind="delivery", row_id=delivery.id, label=delivery.subscriber)
    return delivery


def _given_up(ctx: CallContext, delivery_id: UUID) -> EventDelivery:
    wanted = select(EventDelivery).where(EventDelivery.id == delivery_id).with_for_update()
    delivery = ctx.session.scalar(wanted, execution_options={"populate_existing": True})
    if delivery is None:
        raise DeliveryNotFound("There is no delivery with this id.")
    if delivery.state not in GIVEN_UP:
        raise DeliveryNotDead(f"The delivery is {delivery.state}.")
    return delivery
