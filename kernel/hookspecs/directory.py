"""Rows of other rooms are named by `Ref`; these hooks put words to them and protect them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from kernel.hookspecs import hookspec

if TYPE_CHECKING:
    from kernel.context import CallContext


class Ref(NamedTuple):
    """A row of some room: kind such as `client`, `catalog.item`, `ticket`."""

    kind: str
    id: UUID


class Label(NamedTuple):
    """How a row is shown elsewhere: its words and its page."""

    text: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Blocker:
    """Something in the way of deleting `ref`: `count` rows of `type`, in words."""

    ref: Ref
    type: str
    count: int
    label: str


class WorkItem(NamedTuple):
    """A piece of work that time can be spent on: whose it is, where, and in words."""

    client_id: UUID
    location_id: UUID | None
    label: str


@hookspec
def get_work_items(ctx: CallContext, refs: Sequence[Ref]) -> Mapping[Ref, WorkItem]:
    """Collect: give the facts of work of your own kinds; unknown ids are left out. Rooms with work; once per batch.

    Example: `{Ref("ticket", id): WorkItem(client_id, None, "#1042 Printer on fire")}`.
    """


@hookspec
def describe(ctx: CallContext, refs: Sequence[Ref]) -> Mapping[Ref, Label]:
    """Collect: give labels for the refs of your own kinds. Owners of kinds; once per page or export, for all its refs.

    Example: `{Ref("ticket", id): Label("#1042 Printer on fire", "/tickets/…")}`.
    """


@hookspec
def collect_blockers(ctx: CallContext, refs: Sequence[Ref]) -> Sequence[Blocker]:
    """Take part: say what of yours depends on rows about to be deleted. Any plugin; once per delete, in its transaction.

    Example: `[Blocker(Ref("client", id), "ticket", 12, "12 tickets")]`.
    """


@hookspec
def furnish_tenant(ctx: CallContext) -> None:
    """Take part: lay out what a new tenant starts with (a board, statuses, numbering). Any plugin; once per tenant, when it is
    founded or first meets the plugin.
    """


@hookspec
def tidy_up(ctx: CallContext, limit: int) -> int:
    """Take part: remove what the room has kept long enough, at most about `limit` rows; answer how many they were. Any plugin;
    each night, again and again until all answer 0, each time in a transaction of its own. Example: `removed`.
    """
