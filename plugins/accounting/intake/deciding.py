"""What people decide of customers and items of theirs: make ours of them, link them to ours, or leave them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from sqlalchemy import func, select

from kernel import audit, jobs
from kernel.directory.models import Client
from kernel.errors import PermissionDenied
from kernel.hookspecs.accounting import CUSTOMER
from plugins.accounting.errors import NothingToTakeIn
from plugins.accounting.intake.matching import Index, Match, Mine
from plugins.accounting.intake.models import Newcomer
from plugins.accounting.intake.reading import unpack
from plugins.accounting.mapping import customers_of, read_mappings
from plugins.accounting.models import Link, Target
from plugins.accounting.targets import get_target

if TYPE_CHECKING:
    from kernel.context import CallContext

TAKE_IN = "accounting.take_in"
MOST = 200
CHOICES = ("make", "link", "skip")
_MAY_MAKE = {"client": "client.create", "item": "catalog.manage"}
_UNDECIDED = ("open", "skipped", "failed")


class Offer(NamedTuple):
    """A customer or item of theirs as the page shows it: its state, and what of ours it is, or most likely is."""

    id: UUID
    external_id: str
    name: str
    number: str
    email: str
    price: int | None
    currency: str
    state: str
    our_id: UUID | None
    match_name: str
    match_by: str
    detail: str


def list_offers(ctx: CallContext, target_id: UUID, kind: str, *, text: str = "", state: str = "") -> list[Offer]:
    """What of a kind may be taken in, by name, with what of ours it is; at most MOST. What was linked meanwhile is linked."""
    target = get_target(ctx, target_id)
    wanted = select(Newcomer).where(Newcomer.target_id == target_id, Newcomer.kind == kind)
    if text:
        wanted = wanted.where(func.strpos(func.lower(Newcomer.name), text.lower()) > 0)
    if state:
        wanted = wanted.where(Newcomer.state.in_(_UNDECIDED) if state == "undecided" else Newcomer.state == state)
    rows = list(ctx.session.scalars(wanted.order_by(func.lower(Newcomer.name), Newcomer.id).limit(MOST)))
    known, index = known_there(ctx, target, kind), ours_of(ctx, target, kind)
    return [_offer(row, known.get(row.external_id), index.find(unpack(row))) for row in rows]


def _offer(row: Newcomer, linked: UUID | None, match: Match | None) -> Offer:
    theirs, state = unpack(row), row.state
    if linked is not None and state in _UNDECIDED:
        state, match = "linked", None
    our_id = row.our_id or linked or (match.our_id if match else None)
    return Offer(row.id, row.external_id, row.name, theirs.number, theirs.email, theirs.price, theirs.currency, state, our_id,
                 match.name if match else "", match.by if match else "", row.detail)  # fmt: skip


def known_there(ctx: CallContext, target: Target, kind: str) -> dict[str, UUID]:
    """What of theirs is ours already, by their ids."""
    if kind == CUSTOMER:
        return {one.external_id: our_id for our_id, one in customers_of(ctx, target).items()}
    mapped = read_mappings(ctx, target).kind("item")
    return {one.external_id: UUID(key) for key, one in mapped.items() if key != "*"}


def ours_of(ctx: CallContext, target: Target, kind: str) -> Index:
    """Ours that are not linked to anything of theirs yet."""
    taken = set(known_there(ctx, target, kind).values())
    return Index([one for one in (_clients(ctx) if kind == CUSTOMER else _items(ctx)) if one.id not in taken])


def _clients(ctx: CallContext) -> list[Mine]:
    rows = ctx.session.execute(select(Client.id, Client.name, Client.email, Client.billing_email))
    return [Mine(one.id, one.name, (str(one.id),), tuple(filter(None, (one.email, one.billing_email)))) for one in rows]


def _items(ctx: CallContext) -> list[Mine]:
    keys = [UUID(one.key) for answer in ctx.hooks.collect_ours(ctx=ctx, kind="item") for one in answer]
    facts = ctx.hooks.get_items(ctx=ctx, item_ids=keys) if keys else {}
    return [Mine(one.id, one.name, (one.sku,) if one.sku else ()) for one in facts.values()]


def decide(ctx: CallContext, target_id: UUID, kind: str, ids: Sequence[UUID], choice: str) -> tuple[int, UUID | None]:
    """Decide of these rows: `make`, `link` to what of ours they are, or `skip`; returns how many, and the job that does it.

    Rows that are ours already, or of which nothing of ours is known to link to, are left alone. Raises NothingToTakeIn where
    none is left, and PermissionDenied.
    """
    target = get_target(ctx, target_id)
    if kind not in _MAY_MAKE or choice not in CHOICES:
        raise NothingToTakeIn("Say client or item, and make, link or skip.")
    if choice == "make" and not ctx.actor.may(_MAY_MAKE[kind]):
        raise PermissionDenied(f"To make these, you need the permission {_MAY_MAKE[kind]}.")
    mine = Newcomer.target_id == target_id, Newcomer.kind == kind, Newcomer.id.in_(list(ids)), Newcomer.state.in_(_UNDECIDED)
    rows = ctx.session.scalars(select(Newcomer).where(*mine).order_by(Newcomer.id).with_for_update()).all()
    known = known_there(ctx, target, kind)
    matches = _matches(ctx, target, kind, rows) if choice == "link" else {}
    chosen = [row for row in rows if row.external_id not in known and (choice != "link" or row.id in matches)]
    for row in chosen:
        row.state, row.our_id, row.detail = "skipped" if choice == "skip" else choice, matches.get(row.id), ""
    if not chosen:
        raise NothingToTakeIn("Choose rows that are not taken in yet; to link one, there has to be something alike of yours.")
    ctx.session.flush()
    audit.record(ctx, "accounting_intake.decided", kind="accounting.target", row_id=target.id, label=target.name,
                 changes={"kind": kind, "choice": choice, "rows": len(chosen)})  # fmt: skip
    job_id = jobs.enqueue(ctx, TAKE_IN, {"target_id": str(target.id)}) if choice != "skip" else None
    return len(chosen), job_id


def _matches(ctx: CallContext, target: Target, kind: str, rows: Sequence[Newcomer]) -> Mapping[UUID, UUID]:
    """What each is linked to; one of ours is linked once."""
    index, found, taken = ours_of(ctx, target, kind), dict[UUID, UUID](), set[UUID]()
    for row in rows:
        match = index.find(unpack(row))
        if match is not None and match.our_id not in taken:
            found[row.id] = match.our_id
            taken.add(match.our_id)
    return found


def count_offers(ctx: CallContext, target_id: UUID) -> dict[str, dict[str, int]]:
    """How many of each kind are in each state."""
    counts: dict[str, dict[str, int]] = {"client": {}, "item": {}}
    rows = select(Newcomer.kind, Newcomer.state, func.count()).where(Newcomer.target_id == target_id)
    for kind, state, count in ctx.session.execute(rows.group_by(Newcomer.kind, Newcomer.state)):
        counts[kind][state] = count
    return counts


def linked_elsewhere(ctx: CallContext, target: Target, row: Newcomer) -> UUID | None:
    """What of ours it is already, as the links say now."""
    if row.kind != CUSTOMER:
        return known_there(ctx, target, "item").get(row.external_id)
    mine = Link.target_id == target.id, Link.kind == CUSTOMER, Link.external_id == row.external_id
    return ctx.session.scalar(select(Link.our_id).where(*mine))
