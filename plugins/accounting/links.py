"""Links: what of ours is what of theirs, in the books of a target."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from kernel.hookspecs.accounting import External
from kernel.ids import uuid7
from plugins.accounting.errors import LinkTaken
from plugins.accounting.models import Link

if TYPE_CHECKING:
    from kernel.context import CallContext


def find_links(ctx: CallContext, target_id: UUID, kind: str, our_ids: Collection[UUID]) -> dict[UUID, Link]:
    """The links of these things of ours, by our ids."""
    if not our_ids:
        return {}
    mine = select(Link).where(Link.target_id == target_id, Link.kind == kind, Link.our_id.in_(list(our_ids)))
    return {one.our_id: one for one in ctx.session.scalars(mine)}


def find_theirs(ctx: CallContext, target_id: UUID, kind: str, external_ids: Collection[str]) -> dict[str, Link]:
    """The links of these things of theirs, by their ids."""
    if not external_ids:
        return {}
    mine = select(Link).where(Link.target_id == target_id, Link.kind == kind, Link.external_id.in_(list(external_ids)))
    return {one.external_id: one for one in ctx.session.scalars(mine)}


class NewLink(NamedTuple):
    """That something of ours is something of theirs; `facts` are number, currency, total, tax, lines and voided."""

    kind: str
    our_id: UUID
    external: External
    facts: Mapping[str, Any] = {}


def add_links(ctx: CallContext, target_id: UUID, links: Sequence[NewLink]) -> set[UUID]:
    """Note those, all of one kind, of which neither side is linked, in one statement; gives which of ours these are."""
    rows = [_row(ctx, target_id, one) for one in links]
    made = insert(Link).values(rows).on_conflict_do_nothing().returning(Link.our_id)
    return set(ctx.session.scalars(made)) if rows else set()


def _row(ctx: CallContext, target_id: UUID, link: NewLink) -> dict[str, Any]:
    theirs = {"external_id": link.external.id, "external_version": link.external.version, "external_name": link.external.name}
    return {"tenant_id": ctx.tenant_id, "id": uuid7(), "target_id": target_id, "kind": link.kind, "our_id": link.our_id,
            "created_at": ctx.now(), **theirs, **link.facts}  # fmt: skip


def put_link(ctx: CallContext, target_id: UUID, kind: str, our_id: UUID, external: External, **facts: Any) -> Link:
    """Note that ours is theirs, or that theirs has another version; `facts` are number, currency, total, tax, lines and voided.

    Raises LinkTaken where theirs is linked to something else of ours.
    """
    values = {"external_id": external.id, "external_version": external.version, "external_name": external.name, **facts}
    if not add_links(ctx, target_id, [NewLink(kind, our_id, external, facts)]):
        known = find_links(ctx, target_id, kind, [our_id]).get(our_id)
        other = find_theirs(ctx, target_id, kind, [external.id]).get(external.id)
        if known is None or (other is not None and other.our_id != our_id):
            raise LinkTaken(f"{external.name or external.id} belongs to something else of yours already.")
        for name, value in values.items():
            setattr(known, name, value)
        ctx.session.flush()
        return known
    return find_links(ctx, target_id, kind, [our_id])[our_id]


def drop_link(ctx: CallContext, target_id: UUID, kind: str, our_id: UUID) -> bool:
    """Forget a link; False where there is none."""
    known = find_links(ctx, target_id, kind, [our_id]).get(our_id)
    if known is not None:
        ctx.session.delete(known)
        ctx.session.flush()
    return known is not None


def links_of(ctx: CallContext, our_id: UUID) -> list[Link]:
    """Where something of ours stands on the other side, in all targets."""
    return list(ctx.session.scalars(select(Link).where(Link.our_id == our_id).order_by(Link.id)))
