"""What is done about each thing of theirs that was looked at: kept as seen, compared with ours, and payments taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from kernel.hookspecs.accounting import CREDIT_NOTE, CUSTOMER, INVOICE, PAYMENT, Change
from kernel.ids import uuid7
from plugins.accounting.incoming.discrepancies import About, Ledger
from plugins.accounting.incoming.drift import DRIFTS, REOPENED, Difference, Expected, compare, compare_payment
from plugins.accounting.incoming.models import Seen
from plugins.accounting.incoming.taking import clients_of, find_received, take_payments
from plugins.accounting.lines import unpack
from plugins.accounting.links import find_links, find_theirs
from plugins.accounting.models import OPEN_WORK, ExportDocument, Link, Outgoing, Target
from plugins.accounting.reopened import find_reopened

if TYPE_CHECKING:
    from kernel.context import CallContext

CREDIT_USE = "credit_use"
Key = tuple[str, str]
"""Kind and id of something of theirs."""


class _Owner(NamedTuple):
    """Whose document it is: our client, and what the other side calls it."""

    client_id: UUID | None = None
    customer: str = ""


def notice(ctx: CallContext, target: Target, changes: Sequence[Change]) -> bool:
    """Take in how things stand there. False where a payment had to be left for the next look: it may be one of ours of which
    nobody knows yet whether it arrived.
    """
    changes = list({(one.kind, one.external.id): one for one in changes}.values())  # the last word about each
    linked = _linked(ctx, target.id, changes)
    ledger = Ledger(ctx, target.id, {one.external.id for one in changes})
    ours = [(one, linked[one.kind, one.external.id]) for one in changes if (one.kind, one.external.id) in linked]
    theirs = [one for one in changes if one.kind == PAYMENT and (PAYMENT, one.external.id) not in linked]
    certain, taken = take_payments(ctx, target, theirs, ledger)
    _remember(ctx, target.id, [one for one, _ in ours] + taken)
    _compare(ctx, target.id, ours, ledger)
    ctx.session.flush()
    return certain


def _linked(ctx: CallContext, target_id: UUID, changes: Sequence[Change]) -> dict[Key, Link]:
    """The links of what we delivered. Payments that were noted there have links as well, so that they are not sent back."""
    found: dict[Key, Link] = {}
    for kind in (INVOICE, CREDIT_NOTE):
        ids = [one.external.id for one in changes if one.kind == kind]
        found |= {(kind, key): link for key, link in find_theirs(ctx, target_id, kind, ids).items()}
    payments = [one.external.id for one in changes if one.kind == PAYMENT]
    theirs = set(find_received(ctx, target_id, payments))
    for kind in (CREDIT_USE, PAYMENT):
        links = find_theirs(ctx, target_id, kind, [one for one in payments if one not in theirs])
        found |= {(PAYMENT, key): link for key, link in links.items()}
    return found


def _compare(ctx: CallContext, target_id: UUID, pairs: Sequence[tuple[Change, Link]], ledger: Ledger) -> None:
    """Compare with what was delivered; what is on its way is left alone. Where nothing differs, theirs is the version to change
    from now on.
    """
    owners = _owners(ctx, target_id, [link for _, link in pairs])
    moving = _on_their_way(ctx, target_id, [link.our_id for _, link in pairs])
    reopened = _reopened(ctx, target_id, [link.our_id for _, link in pairs if link.kind in (INVOICE, CREDIT_NOTE)])
    for change, link in pairs:
        if link.our_id in moving:
            continue
        owner = owners.get(link.our_id, _Owner())
        found = _differences(change, link, owner)
        if link.our_id in reopened:
            found.append(Difference(REOPENED, "", change.number))
        label = link.number or link.external_name or change.external.name or change.external.id
        about = About(change.kind, change.external.id, link.our_id, owner.client_id, label, link.currency)
        ledger.weigh(about, found, DRIFTS)
        if not found and change.external.version:
            link.external_version = change.external.version


def _differences(change: Change, link: Link, owner: _Owner) -> list[Difference]:
    number = link.external_name if change.number == link.external_name else link.number
    expected = Expected(number, owner.customer, link.currency, link.total, link.tax, link.voided,
                        tuple(unpack(link.lines or ())))  # fmt: skip
    return compare_payment(expected, change) if change.kind == PAYMENT else compare(expected, change)


def _reopened(ctx: CallContext, target_id: UUID, our_ids: Sequence[UUID]) -> set[UUID]:
    """Documents that became drafts here at the moment at which they went out."""
    mine = ExportDocument.target_id == target_id, ExportDocument.state == "delivered", ExportDocument.invoice_id.in_(our_ids)
    taken = select(ExportDocument.invoice_id, ExportDocument.snapshot["finalized_at"].astext.label("final_at")).where(*mine)
    return find_reopened(ctx, {row.invoice_id: row.final_at for row in ctx.session.execute(taken)}) if our_ids else set()


def _owners(ctx: CallContext, target_id: UUID, links: Sequence[Link]) -> Mapping[UUID, _Owner]:
    clients = clients_of(ctx, target_id, [one.our_id for one in links if one.kind in (INVOICE, CREDIT_NOTE)])
    known = find_links(ctx, target_id, CUSTOMER, set(clients.values()))
    return {one: _Owner(client, known[client].external_id if client in known else "") for one, client in clients.items()}


def _on_their_way(ctx: CallContext, target_id: UUID, our_ids: Sequence[UUID]) -> set[UUID]:
    wanted = Outgoing.target_id == target_id, Outgoing.our_id.in_(our_ids), Outgoing.state.in_(OPEN_WORK)
    return set(ctx.session.scalars(select(Outgoing.our_id).where(*wanted))) if our_ids else set()


def _remember(ctx: CallContext, target_id: UUID, changes: Sequence[Change]) -> None:
    if not changes:
        return
    fresh = insert(Seen).values([
        {"tenant_id": ctx.tenant_id, "id": uuid7(), "target_id": target_id, "kind": one.kind, "external_id": one.external.id,
         "external_version": one.external.version, "number": one.number, "customer": one.customer, "currency": one.currency,
         "total": one.total, "tax": one.tax, "balance": one.balance, "voided": one.voided, "deleted": one.deleted,
         "seen_at": ctx.now()}
        for one in changes
    ])  # fmt: skip
    keys = {"tenant_id", "id", "target_id", "kind", "external_id"}
    newer = {column.name: column for column in fresh.excluded if column.name not in keys}
    ctx.session.execute(fresh.on_conflict_do_update(index_elements=["tenant_id", "target_id", "kind", "external_id"], set_=newer))
