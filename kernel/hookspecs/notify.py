"""Notify: events reach a room after the commit that caused them, one delivery per subscriber, retried alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from kernel.hookspecs import hookspec

if TYPE_CHECKING:
    from kernel.context import CallContext


class Event(NamedTuple):
    """Something that happened in a tenant: a name such as `invoice.finalized`, and its payload by the event's schema."""

    id: UUID
    name: str
    payload: Mapping[str, Any]
    occurred_at: datetime


class Listening(NamedTuple):
    """Events that a plugin (`subscriber`) wants for one tenant, besides those of its manifest."""

    subscriber: str
    events: frozenset[str]


@hookspec
def collect_listened(ctx: CallContext) -> Listening | None:
    """Collect: name the events that you want for this tenant besides those that your manifest lists in `listens`. Any plugin
    that listens for others; once for each batch of a tenant's new events.

    Example: `Listening("extensions", frozenset({"ticket.opened"}))`.
    """


@hookspec
def on_event(ctx: CallContext, event: Event) -> None:
    """React to an event that the manifest lists in `listens` or `collect_listened` names. Any plugin; at least once per event, in
    a transaction of its own: an effect that must happen once needs a key (the event's id).
    """
