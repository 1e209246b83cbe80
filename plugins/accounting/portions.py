"""The next portion of outgoing work, made ready to be sent: rows of one kind in their order, each with what the port takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from kernel.directory.clients import get_clients
from kernel.directory.models import Location
from kernel.failures import backoff
from kernel.hookspecs.accounting import External, NewCustomer, NewItem, Voiding
from kernel.hookspecs.delegated_tax import TAX, TaxQuestion
from kernel.hookspecs.papers import PaperPlace
from plugins.accounting.assembling import assemble, open_desk, other_currency
from plugins.accounting.batches import get_batch, refresh
from plugins.accounting.links import find_links
from plugins.accounting.mapping import read_mappings
from plugins.accounting.models import OPEN_WORK, ExportDocument, Link, Outgoing, Target
from plugins.accounting.money import build_money, build_uses
from plugins.accounting.outgoing import add_work, mark
from plugins.accounting.reopened import reopened_among, withdraw
from plugins.accounting.settling import postpone, refuse
from plugins.accounting.snapshots import unpack
from plugins.accounting.targets import keeps, system_of
from plugins.accounting.taxing import waits
from plugins.accounting.watched import UNFORESEEN

if TYPE_CHECKING:
    from kernel.context import CallContext

SIZE = 30
"""As many as QuickBooks takes in one batch request; gateways send larger or smaller ones as their services want."""
_NAMESAKES = 20
_SOON = timedelta(minutes=1)


@dataclass(slots=True)
class Portion:
    """Rows of one kind and action that were marked as being sent, and what to send. With `unsure` they were sent before and
    never answered.
    """

    kind: str
    action: str
    unsure: bool = False
    rows: list[UUID] = field(default_factory=list)
    ours: list[UUID] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def apart(self) -> list[Portion]:
        """Each row by itself; it may have arrived with the others."""
        return [Portion(self.kind, self.action, True, [row], [ours], [value])
                for row, ours, value in zip(self.rows, self.ours, self.values, strict=True)]  # fmt: skip


def take_portion(ctx: CallContext, target: Target) -> Portion | None:
    """Mark the next rows that are due as being sent; None where nothing is due. One without rows: look again."""
    rows = _next_rows(ctx, target)
    if not rows:
        return None
    first = rows[0]
    portion = Portion(first.kind, first.action, first.state == "sending")
    build = _build_voids if first.action == "void" else _BUILD[first.kind]
    values = build(ctx, target, rows)
    for row in rows:
        if row.id in values:
            portion.rows.append(row.id)
            portion.ours.append(row.our_id)
            portion.values.append(values[row.id])
    ctx.session.flush()
    mark(ctx, portion.rows, state="sending", attempts=Outgoing.attempts + 1, due_at=ctx.now())
    return portion


def _next_rows(ctx: CallContext, target: Target) -> list[Outgoing]:
    """What was sent and never answered comes first; then what is due, by rank. All of one kind and action.

    Nothing is sent again under another request id before it is known what became of it.
    """
    mine = select(Outgoing).where(Outgoing.target_id == target.id).order_by(Outgoing.rank, Outgoing.id).with_for_update()
    due = mine.where(Outgoing.due_at <= ctx.now())
    found = list(ctx.session.scalars(due.where(Outgoing.state == "sending").limit(SIZE)))
    if not found:
        sent = aliased(Outgoing)
        unanswered = select(sent.id).where(sent.target_id == target.id, sent.state == "sending", sent.kind == Outgoing.kind,
                                           sent.our_id == Outgoing.our_id, sent.action == Outgoing.action)  # fmt: skip
        found = list(ctx.session.scalars(due.where(Outgoing.state == "waiting", ~unanswered.exists()).limit(SIZE)))
    alike = [one for one in found if (one.kind, one.action) == (found[0].kind, found[0].action)]
    return _one_for_each(alike)


def _one_for_each(rows: Sequence[Outgoing]) -> list[Outgoing]:
    first: dict[UUID, Outgoing] = {}
    for row in rows:
        first.setdefault(row.our_id, row)
    return list(first.values())


def _build_customers(ctx: CallContext, target: Target, rows: Sequence[Outgoing]) -> dict[UUID, NewCustomer]:
    clients = get_clients(ctx, [row.our_id for row in rows])
    places = _places(ctx, list(clients))
    known = find_links(ctx, target.id, "client", list(clients))
    taken = _taken_names(ctx, target, [one.name for one in clients.values()])
    values, given = dict[UUID, NewCustomer](), set[str]()
    for row in rows:
        client = clients.get(row.our_id)
        if row.our_id in known or client is None:
            row.state, row.finished_at = "dropped", ctx.now()
        elif not keeps(target, client.currency):
            trouble = other_currency(target, system_of(ctx, target), client.currency)
            refuse(ctx, row, trouble.code, trouble.detail, trouble.mend_url)
        elif client.name.lower() not in given:  # a namesake goes with the next portion, when this one's name is known
            given.add(client.name.lower())
            name = next((one for one in _namings(client.name) if one.lower() not in taken), client.name)
            values[row.id] = NewCustomer(client.id, row.request_id, name, client.currency,
                                         client.billing_email or client.email, places.get(client.id, PaperPlace()))  # fmt: skip
    return values


def _namings(name: str) -> list[str]:
    """A name, then with a number, as namesakes are told apart where each name may stand once."""
    return [name, *(f"{name} ({number})" for number in range(2, _NAMESAKES + 2))]


def _taken_names(ctx: CallContext, target: Target, names: Sequence[str]) -> set[str]:
    """Which of these names, in small letters, are those of other clients' customers there."""
    wanted = {one.lower() for name in names for one in _namings(name)}
    there = func.lower(Link.external_name)
    mine = Link.target_id == target.id, Link.kind == "client", there.in_(sorted(wanted))
    return set(ctx.session.scalars(select(there).where(*mine)))


def _places(ctx: CallContext, client_ids: Sequence[UUID]) -> dict[UUID, PaperPlace]:
    found = ctx.session.scalars(select(Location).where(Location.client_id.in_(client_ids), Location.is_default))
    return {one.client_id: PaperPlace(one.line1, one.line2, one.postal_code, one.city, one.subdivision, one.country)
            for one in found}  # fmt: skip


def _build_items(ctx: CallContext, target: Target, rows: Sequence[Outgoing]) -> dict[UUID, NewItem]:
    facts = ctx.hooks.get_items(ctx=ctx, item_ids=[row.our_id for row in rows])
    mappings = read_mappings(ctx, target)
    income, values = mappings.own("account", "income"), {}
    for row in rows:
        item = facts.get(row.our_id)
        if item is None or mappings.own("item", str(row.our_id)):
            row.state, row.finished_at = "dropped", ctx.now()
            continue
        values[row.id] = NewItem(item.id, row.request_id, item.name, item.sku, income.external_id if income else None)
    return values


def _build_documents(ctx: CallContext, target: Target, rows: Sequence[Outgoing]) -> dict[UUID, Any]:
    """Documents by what is mapped now. One with troubles is not sent; one whose customer is not there yet waits for it."""
    wanted = [row.document_id for row in rows]
    documents = {one.id: one for one in ctx.session.scalars(select(ExportDocument).where(ExportDocument.id.in_(wanted)))}
    papers = {one.id: unpack(one.snapshot) for one in documents.values()}
    desk = open_desk(ctx, target, list(papers.values()))
    links = find_links(ctx, target.id, rows[0].kind, [row.our_id for row in rows])
    reopened, values = reopened_among(ctx, list(documents.values())), {}
    for row in rows:
        if row.document_id is None or row.document_id not in papers:
            row.state, row.finished_at = "dropped", ctx.now()
            continue
        if documents[row.document_id] in reopened and not row.attempts:
            withdraw(ctx, documents[row.document_id])
            refresh(ctx, get_batch(ctx, documents[row.document_id].batch_id, lock=True))
            continue
        paper, link = papers[row.document_id], links.get(row.our_id)
        document, troubles = assemble(desk, paper, row.request_id, external_of(link))
        if troubles and row.state == "sending":  # it may have arrived: nobody knows before what is wrong is mended
            row.due_at, row.code, row.detail = ctx.now() + _SOON, troubles[0].code, troubles[0].detail
        elif troubles:
            refuse(ctx, row, troubles[0].code, troubles[0].detail, troubles[0].mend_url)
        elif not document.customer:
            _await_customer(ctx, target, row, paper.client_id, paper.buyer.name)
        else:
            values[row.id] = document
    return values


def _build_taxes(ctx: CallContext, target: Target, rows: Sequence[Outgoing]) -> dict[UUID, TaxQuestion]:
    """Questions about drafts as they stand. Where one cannot be asked any more, what it left there is cleared away first."""
    papers = ctx.hooks.get_invoice_papers(ctx=ctx, invoice_ids=[row.our_id for row in rows])
    desk, values = open_desk(ctx, target, list(papers.values())), {}
    for row in rows:
        paper = papers.get(row.our_id)
        wanted = paper if paper is not None and waits(paper) and target.tax_by == "theirs" else None
        document, troubles = assemble(desk, wanted, row.request_id) if wanted else (None, [])
        if row.attempts and (document is None or troubles or not document.customer):
            values[row.id] = TaxQuestion(row.our_id, row.request_id, None)
        elif document is None or wanted is None:
            row.state, row.finished_at = "dropped", ctx.now()
        elif troubles:
            refuse(ctx, row, troubles[0].code, troubles[0].detail, troubles[0].mend_url)
        elif not document.customer:
            _await_customer(ctx, target, row, wanted.client_id, wanted.buyer.name)
        else:
            values[row.id] = TaxQuestion(row.our_id, row.request_id, document)
    return values


def _await_customer(ctx: CallContext, target: Target, row: Outgoing, client_id: UUID, name: str) -> None:
    mine = select(Outgoing).where(Outgoing.target_id == target.id, Outgoing.kind == "client", Outgoing.our_id == client_id)
    work = ctx.session.scalar(mine.order_by(Outgoing.id.desc()).limit(1))
    if work is not None and work.state == "failed":
        url = f"/accounting/targets/{target.id}/mappings?kind=client&key={client_id}"
        refuse(ctx, row, "missing_customer_mapping", f"{name} could not be made a customer: {work.detail}", url)
        return
    if work is None or work.state not in ("waiting", "sending"):
        add_work(ctx, target.id, "client", client_id, label=name)
        due_at = ctx.now()
    else:
        due_at = max(work.due_at, ctx.now())
    postpone(row, due_at, "waits_for_customer", f"{name} is made a customer first.")


def _build_voids(ctx: CallContext, target: Target, rows: Sequence[Outgoing]) -> dict[UUID, Voiding]:
    """What never arrived there needs no voiding; while it may still arrive, the voiding waits."""
    links = find_links(ctx, target.id, rows[0].kind, [row.our_id for row in rows])
    ids = [row.our_id for row in rows]
    may_arrive = Outgoing.state.in_(OPEN_WORK) | ((Outgoing.state == "failed") & (Outgoing.code == UNFORESEEN))
    out = select(Outgoing.our_id).where(Outgoing.target_id == target.id, Outgoing.our_id.in_(ids), Outgoing.action == "put",
                                        may_arrive)  # fmt: skip
    coming, values = set(ctx.session.scalars(out)), {}
    for row in rows:
        link = links.get(row.our_id)
        if row.our_id in coming:
            postpone(row, ctx.now() + max(_SOON, backoff(row.attempts + 1)), "waits_for_document", "It is still on its way.")
        elif link is None or link.voided:
            row.state, row.finished_at = "dropped", ctx.now()
        else:
            values[row.id] = Voiding(row.kind, row.request_id, External(link.external_id, link.external_version))
    return values


def external_of(link: Link | None) -> External | None:
    """Theirs, as the port says it."""
    return External(link.external_id, link.external_version, link.external_name) if link else None


_Builder = Callable[["CallContext", Target, Sequence[Outgoing]], Mapping[UUID, Any]]
_BUILD: dict[str, _Builder] = {
    "client": _build_customers, "item": _build_items, "invoice": _build_documents, "credit_note": _build_documents,
    "payment": build_money, "credit_use": build_uses, TAX: _build_taxes,
}  # fmt: skip
