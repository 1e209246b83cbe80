"""Events: a transactional outbox, relayed to one delivery row per subscribing plugin, each delivered and retried alone.

Delivery is at least once. A subscriber's database effects and the delivered state share one transaction, so they happen
once; effects outside the database need a key of their own (the event's id).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import orjson
from marshmallow import EXCLUDE, Schema, ValidationError, fields
from prometheus_client import Counter
from sqlalchemy import CheckConstraint, Index, UniqueConstraint, func, select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as insert_new
from sqlalchemy.orm import Mapped, mapped_column

from kernel.context import Actor, Cause
from kernel.db import TenantTable, cursor, references, tenant_key
from kernel.errors import DeskhandError, Refused
from kernel.failures import backoff, describe, may_retry
from kernel.hookspecs.notify import Event
from kernel.ids import uuid7, uuid7s
from kernel.wakeups import read_notes, settle_notes, wake

if TYPE_CHECKING:
    from kernel.app import Kernel
    from kernel.context import CallContext

DEPTH_LIMIT = 8
MAX_ATTEMPTS = 8
RELAY_BATCH = 500
DELIVERY_BATCH = 20
LEASE = timedelta(minutes=2)
GIVEN_UP = Counter("deskhand_events_given_up", "Deliveries of events that were given up.", ["subscriber"])
log = logging.getLogger(__name__)
_PLAIN: dict[type, type] = {fields.UUID: UUID, fields.String: str, fields.Integer: int}
_SAY_MANY = (
    "insert into events ({}, id, payload) select {} x.id, x.payload from json_to_recordset(%s::json) as x(id uuid, payload jsonb)"
)


class EventUnknown(DeskhandError):
    """No installed plugin registers an event of this name."""

    code = "event_unknown"
    title = "Unknown event"


class EventInvalid(DeskhandError):
    """The payload does not fit the event's schema: a mistake in the code that says the event."""

    code = "event_invalid"
    title = "The event does not fit its schema"


class EventChainTooDeep(Refused):
    """Events cause events in what looks like a circle."""

    code = "event_chain_too_deep"
    title = "Too many events caused by one another"


class DeliveryLost(DeskhandError):
    """Another worker holds this delivery by now; what this one did is rolled back."""

    code = "delivery_lost"
    title = "The worker vanished or lost the delivery to another one"


class OutboxEvent(TenantTable):
    """Something that happened, written in the transaction in which it did."""

    __tablename__ = "events"
    __table_args__ = (
        tenant_key(),
        Index("ix_events_waiting", "tenant_id", "id", postgresql_where=text("relayed_at is null")),
        Index(None, "tenant_id", "name", "id"),
    )

    name: Mapped[str]
    payload: Mapped[dict[str, Any]]
    occurred_at: Mapped[datetime]
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str]
    author: Mapped[str | None]
    request_id: Mapped[str]
    caused_by: Mapped[UUID | None]
    depth: Mapped[int]
    relayed_at: Mapped[datetime | None]


class EventDelivery(TenantTable):
    """One event on its way to one plugin. `due_at`: the next try, or the end of the lease of the one that is under way.

    `dead` was given up after its attempts, `dismissed` is one that somebody put aside; `skipped` met a plugin that was
    switched off meanwhile.
    """

    __tablename__ = "event_deliveries"
    __table_args__ = (
        tenant_key(),
        references("event_id", "events", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "event_id", "subscriber"),
        CheckConstraint("state in ('pending', 'delivered', 'skipped', 'dead', 'dismissed')", name="state"),
        Index("ix_event_deliveries_waiting", "tenant_id", "due_at", postgresql_where=text("state = 'pending'")),
        Index("ix_event_deliveries_dead", "tenant_id", "id", postgresql_where=text("state = 'dead'")),
    )

    event_id: Mapped[UUID]
    subscriber: Mapped[str]
    state: Mapped[str] = mapped_column(default="pending", server_default="pending")
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    due_at: Mapped[datetime]
    error: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    finished_at: Mapped[datetime | None]


class _Delivery(NamedTuple):
    """A delivery that this worker holds; `attempts` is the proof."""

    id: UUID
    event_id: UUID
    subscriber: str
    attempts: int


def publish(ctx: CallContext, name: str, payload: Mapping[str, Any]) -> UUID:
    """Say that something happened, in the caller's transaction; returns the event's id.

    Raises EventUnknown, EventInvalid, or EventChainTooDeep when events have caused events 8 times in a row.
    """
    facts, [wire], event_id = _facts(ctx, name), _wires(_schema(ctx.kernel, name), name, [payload]), uuid7()
    ctx.session.add(OutboxEvent(**facts, id=event_id, payload=wire))
    wake(ctx.session, "events", ctx.now())
    return event_id


def publish_many(ctx: CallContext, name: str, payloads: Sequence[Mapping[str, Any]]) -> list[UUID]:
    """`publish` for a batch of events of one name, in one statement."""
    if not payloads:
        return []
    facts, schema, ids = _facts(ctx, name), _schema(ctx.kernel, name), uuid7s(len(payloads))
    wires = payloads if _fit(schema, payloads) else _wires(schema, name, payloads)
    written = orjson.dumps([{"id": one, "payload": wire} for one, wire in zip(ids, wires, strict=True)]).decode()
    cursor(ctx.session).execute(_SAY_MANY.format(", ".join(facts), "%s, " * len(facts)), [*facts.values(), written])
    wake(ctx.session, "events", ctx.now())
    return ids


def as_row(ctx: CallContext, name: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """`publish`, for who writes the row along with what happened; returns it by columns."""
    [wire] = _wires(_schema(ctx.kernel, name), name, [payload])
    wake(ctx.session, "events", ctx.now())
    return {**_facts(ctx, name), "id": uuid7(), "payload": wire}


def deliver_due(kernel: Kernel, tenant_id: UUID) -> bool:
    """Relay what is new and deliver one batch of a tenant's events; returns False when nothing was due."""
    with kernel.call(tenant_id) as ctx:
        notes = read_notes(ctx.session, "events")
        relayed = _relay(ctx)
        batch = [*_take(ctx, EventDelivery.attempts == 0, DELIVERY_BATCH), *_take(ctx, EventDelivery.attempts > 0, 1)]
        rows = ctx.session.scalars(select(OutboxEvent).where(OutboxEvent.id.in_([one.event_id for one in batch])))
        said = {row.id: row for row in rows}
        settle_notes(ctx.session, "events", notes, _next_due(ctx))
    for one in batch:
        _deliver(kernel, one, said[one.event_id])
    return bool(relayed or batch)


def _facts(ctx: CallContext, name: str) -> dict[str, Any]:
    """What all events of one name share that are said now."""
    actor = ctx.actor
    if ctx.cause.depth >= DEPTH_LIMIT:
        raise EventChainTooDeep(f"{name} would be event number {DEPTH_LIMIT + 1} in a chain of causes.", event=name)
    return {
        "tenant_id": ctx.tenant_id, "name": name, "occurred_at": ctx.now(), "actor_kind": actor.kind,
        "actor_id": actor.id, "actor_name": actor.name, "author": actor.author, "request_id": ctx.cause.request_id,
        "caused_by": ctx.cause.event_id, "depth": ctx.cause.depth,
    }  # fmt: skip


def _schema(kernel: Kernel, name: str) -> Schema:
    if name not in kernel.events:
        raise EventUnknown(f"No installed plugin registers an event named {name!r}.")
    return _made(kernel.events[name].payload)


@lru_cache(maxsize=512)
def _made(payload: type[Schema]) -> Schema:
    return payload()


def _fit(schema: Schema, payloads: Sequence[Mapping[str, Any]]) -> bool:
    """Whether JSON can take payloads as they are: every field there, and of the plain type that its schema asks for."""
    kinds = {name: _PLAIN.get(type(one)) if one.required and not one.validators else None for name, one in schema.fields.items()}
    return all({name: type(value) for name, value in one.items()} == kinds for one in payloads)


def _wires(schema: Schema, name: str, payloads: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The payloads in JSON's types. What `dump` lets pass (missing and unknown fields) is caught here."""
    if unknown := set[str]().union(*payloads) - schema.fields.keys():
        raise EventInvalid(f"{name} has no field {', '.join(sorted(unknown))}.")
    try:
        wires: list[dict[str, Any]] = schema.dump(payloads, many=True)
        schema.load(wires, many=True)
    except (ValidationError, ValueError, TypeError, AttributeError) as error:
        raise EventInvalid(f"{name}: {error}") from error
    return wires


def _relay(ctx: CallContext) -> int:
    """Make a delivery for each event not relayed yet and each enabled plugin that listens to its name."""
    waiting = (
        select(OutboxEvent.id, OutboxEvent.name).where(OutboxEvent.relayed_at.is_(None)).order_by(OutboxEvent.id)
        .limit(RELAY_BATCH).with_for_update(skip_locked=True)
    )  # fmt: skip
    said = ctx.session.execute(waiting).all()
    listening = _listening(ctx) if said else []
    rows = [
        {"tenant_id": ctx.tenant_id, "event_id": event_id, "subscriber": subscriber, "due_at": ctx.now()}
        for event_id, name in said
        for subscriber, wanted in listening
        if name in wanted
    ]
    if rows:
        ctx.session.execute(insert_new(EventDelivery).on_conflict_do_nothing(), rows)
    if said:
        mine = update(OutboxEvent).where(OutboxEvent.id.in_([event_id for event_id, _ in said]))
        ctx.session.execute(mine.values(relayed_at=ctx.now()), execution_options={"synchronize_session": False})
    return len(said)


def _listening(ctx: CallContext) -> list[tuple[str, frozenset[str]]]:
    plugins = ctx.kernel.plugins.installed.values()
    named = [(one.name, frozenset(one.manifest.listens)) for one in plugins if ctx.hooks.enabled(one.name)]
    return named + [(*one,) for one in ctx.hooks.collect_listened(ctx=ctx)]


def _take(ctx: CallContext, which: Any, limit: int) -> list[_Delivery]:
    """Lease due deliveries and count the attempt now: one that kills its worker must run out of attempts as well.

    That is also why those tried before are taken one at a time: they would take their neighbours with them.
    """
    due = (
        select(EventDelivery.id).where(EventDelivery.state == "pending", EventDelivery.due_at <= ctx.now(), which)
        .order_by(EventDelivery.due_at, EventDelivery.id).limit(limit).with_for_update(skip_locked=True)
    )  # fmt: skip
    held = (
        update(EventDelivery).where(EventDelivery.id.in_(due))
        .values(attempts=EventDelivery.attempts + 1, due_at=ctx.now() + LEASE)
        .returning(EventDelivery.id, EventDelivery.event_id, EventDelivery.subscriber, EventDelivery.attempts)
    )  # fmt: skip
    rows = ctx.session.execute(held, execution_options={"synchronize_session": False})
    return sorted(_Delivery(*row) for row in rows)


def _next_due(ctx: CallContext) -> datetime | None:
    waiting = select(OutboxEvent.id).where(OutboxEvent.relayed_at.is_(None)).limit(1)
    if ctx.session.scalar(waiting):
        return ctx.now()
    return ctx.session.scalar(select(func.min(EventDelivery.due_at)).where(EventDelivery.state == "pending"))


def _deliver(kernel: Kernel, delivery: _Delivery, said: OutboxEvent) -> None:
    actor = replace(Actor.system(), on_behalf_of=said.actor_id)
    cause = Cause(said.request_id, said.id, said.depth + 1)
    try:
        if delivery.attempts > MAX_ATTEMPTS:
            raise DeliveryLost(f"{delivery.subscriber} ended its worker {MAX_ATTEMPTS} times.")
        with kernel.call(said.tenant_id, actor, cause) as ctx:
            enabled = ctx.hooks.enabled(delivery.subscriber)
            if enabled:
                ctx.hooks.only(delivery.subscriber, "on_event")(ctx=ctx, event=_event(kernel, said))
            _finish(ctx, delivery, state="delivered" if enabled else "skipped", finished_at=ctx.now(), error=None)
    except Exception as error:
        log.warning("Delivery of %s to %s failed", said.name, delivery.subscriber, exc_info=error)
        _record_failure(kernel, delivery, said, error)


def _event(kernel: Kernel, said: OutboxEvent) -> Event:
    """Fields that an older version said and this one does not know are dropped."""
    return Event(said.id, said.name, _schema(kernel, said.name).load(said.payload, unknown=EXCLUDE), said.occurred_at)


def _record_failure(kernel: Kernel, delivery: _Delivery, said: OutboxEvent, error: Exception) -> None:
    again = may_retry(error) and delivery.attempts < MAX_ATTEMPTS
    try:
        with kernel.call(said.tenant_id) as ctx:
            if again:
                due_at = ctx.now() + backoff(delivery.attempts)
                _finish(ctx, delivery, error=describe(error), due_at=due_at)
                wake(ctx.session, "events", due_at)
            else:
                _finish(ctx, delivery, error=describe(error), state="dead", finished_at=ctx.now())
                GIVEN_UP.labels(delivery.subscriber).inc()
    except DeliveryLost:
        log.warning("Delivery %s is held by another worker", delivery.id)


def _finish(ctx: CallContext, delivery: _Delivery, **values: Any) -> None:
    held = update(EventDelivery).where(
        EventDelivery.id == delivery.id, EventDelivery.attempts == delivery.attempts, EventDelivery.state == "pending"
    ).values(**values).returning(EventDelivery.id)  # fmt: skip
    if ctx.session.scalar(held, execution_options={"synchronize_session": False}) is None:
        raise DeliveryLost
