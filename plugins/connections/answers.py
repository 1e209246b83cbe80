"""What the connections room answers to other rooms: labels and a card of what does not work."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from kernel.context import CallContext
from kernel.hookspecs.directory import Label, Ref
from kernel.hookspecs.screen import Card
from plugins.connections.models import ConnectionRow
from plugins.connections.services import count_troubles


def describe(ctx: CallContext, refs: Sequence[Ref]) -> dict[Ref, Label]:
    """Labels of connections."""
    ids = {ref.id for ref in refs if ref.kind == "connection"}
    if not ids:
        return {}
    found = select(ConnectionRow.id, ConnectionRow.account_name).where(ConnectionRow.id.in_(ids))
    return {Ref("connection", row.id): Label(row.account_name, f"/connections/{row.id}") for row in ctx.session.execute(found)}


def cards(ctx: CallContext) -> list[Card]:
    """A card, if a connection waits for somebody."""
    if not ctx.actor.may("connection.read") or not count_troubles(ctx):
        return []
    return [Card("/connections/card", "connection.read", 5, 4)]
