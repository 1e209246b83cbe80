"""The job that takes in what was decided, some rows in each transaction: whatever ends it, each row is taken in once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import func, select

from kernel.currencies import currencies
from kernel.directory.clients import add_client, add_location
from kernel.errors import DeskhandError
from kernel.hookspecs.accounting import CUSTOMER, External, Theirs
from kernel.hookspecs.pricing import ItemWanted
from plugins.accounting.batches import recheck_open
from plugins.accounting.errors import NotTakenIn
from plugins.accounting.intake.deciding import linked_elsewhere
from plugins.accounting.intake.models import Newcomer
from plugins.accounting.intake.reading import unpack
from plugins.accounting.links import put_link
from plugins.accounting.mapping import set_mapping
from plugins.accounting.models import Target
from plugins.accounting.targets import get_target

if TYPE_CHECKING:
    from kernel.context import CallContext
    from kernel.jobs import JobRun

_PORTION = 25
_DECIDED = ("make", "link")


def take_in(job: JobRun) -> Iterator[None]:
    """Row by row what was decided."""
    target_id, done = UUID(job.args["target_id"]), 0
    while True:
        with job.step() as ctx:
            left = _count(ctx, target_id)
            rows = _some(ctx, target_id)
            for row in rows:
                _take(ctx, get_target(ctx, target_id), row)
            if not rows:
                recheck_open(ctx, target_id)
        done += len(rows)
        job.progress(done, done - len(rows) + left)
        yield
        if not rows:
            return


def _some(ctx: CallContext, target_id: UUID) -> list[Newcomer]:
    mine = Newcomer.target_id == target_id, Newcomer.state.in_(_DECIDED)
    return list(ctx.session.scalars(select(Newcomer).where(*mine).order_by(Newcomer.id).limit(_PORTION).with_for_update()))


def _count(ctx: CallContext, target_id: UUID) -> int:
    mine = Newcomer.target_id == target_id, Newcomer.state.in_(_DECIDED)
    return ctx.session.scalar(select(func.count()).where(*mine)) or 0


def _take(ctx: CallContext, target: Target, row: Newcomer) -> None:
    """Take one in; what somebody linked meanwhile is linked, and nothing is made of it."""
    known = linked_elsewhere(ctx, target, row)
    if known is not None:
        row.state, row.our_id, row.detail = "linked", known, ""
        return
    theirs = unpack(row)
    try:
        with ctx.session.begin_nested():
            our_id = row.our_id or (_client(ctx, theirs) if row.kind == CUSTOMER else _item(ctx, theirs))
            _connect(ctx, target, row.kind, our_id, theirs)
    except DeskhandError as error:
        row.state, row.our_id, row.detail = "failed", None, " ".join(error.errors.values()) or error.detail
        return
    row.state, row.our_id, row.detail = "linked" if row.state == "link" else "made", our_id, ""


def _connect(ctx: CallContext, target: Target, kind: str, our_id: UUID, theirs: Theirs) -> None:
    if kind == CUSTOMER:
        put_link(ctx, target.id, CUSTOMER, our_id, External(theirs.id, name=theirs.name))
    else:
        set_mapping(ctx, target, "item", str(our_id), theirs.id, theirs.name)


def _client(ctx: CallContext, theirs: Theirs) -> UUID:
    known = theirs.currency in currencies()
    client = add_client(ctx, name=theirs.name[:255], currency=theirs.currency if known else None, email=theirs.email or None,
                        billing_email=theirs.email or None, phone=theirs.phone or None,
                        notes=theirs.description)  # fmt: skip
    place = theirs.place
    if len(place.country) == 2 and (place.street or place.city):
        add_location(ctx, client_id=client.id, name=place.city or place.street, country=place.country, line1=place.street,
                     line2=place.addition, postal_code=place.postal_code, city=place.city,
                     subdivision=place.subdivision)  # fmt: skip
    return client.id


def _item(ctx: CallContext, theirs: Theirs) -> UUID:
    wanted = ItemWanted(theirs.name, theirs.kind, theirs.number or None, theirs.description,
                        "standard" if theirs.taxable else "exempt", theirs.currency, theirs.price)  # fmt: skip
    [made] = ctx.hooks.add_items(ctx=ctx, items=[wanted])
    if isinstance(made, str):
        raise NotTakenIn(made)
    return UUID(str(made))
