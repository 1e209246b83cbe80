"""Batches: documents found by filters, taken as they stand, checked, and delivered one by one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from kernel import audit
from kernel.directory.clients import get_clients
from kernel.errors import InvalidInput
from kernel.hookspecs.papers import InvoicePaper, PaperQuery
from kernel.ids import uuid7
from plugins.accounting.assembling import assemble, open_desk
from plugins.accounting.errors import BatchDuplicate, BatchEmpty, BatchNotFound, BatchState, DocumentNotFound
from plugins.accounting.links import find_links
from plugins.accounting.models import OPEN_BATCH, Batch, BatchFile, ExportDocument, Link, Outgoing, Target
from plugins.accounting.outgoing import Work, add_works, retry_questions, wake
from plugins.accounting.reopened import reopened_among, withdraw
from plugins.accounting.snapshots import pack, unpack
from plugins.accounting.targets import get_target, system_of
from plugins.accounting.validating import validate, write_documents

if TYPE_CHECKING:
    from kernel.context import CallContext

MOST_DOCUMENTS = 5_000
_PAGE = 200
_TAKEN = ("left_out", "cancelled")


def create_batch(ctx: CallContext, target_id: UUID, *, first_day: date | None = None, last_day: date | None = None,
                 statuses: Sequence[str] = (), client_ids: Sequence[UUID] = (),
                 invoice_ids: Sequence[UUID] = ()) -> Batch:  # fmt: skip
    """Take the final documents that fit and were not taken for this target before, as they stand now, and check them.

    Days are invoice dates, both included; `statuses` are `open` and `paid`, none means both.

    Raises TargetNotFound, BatchDuplicate while a batch of the same filters is open, BatchEmpty, and InvalidInput by field.
    """
    target = get_target(ctx, target_id)
    if first_day and last_day and last_day < first_day:
        raise InvalidInput(errors={"last_day": "The last day is before the first."})
    _check_ids(ctx, client_ids, invoice_ids)
    filters = {"first_day": first_day and first_day.isoformat(), "last_day": last_day and last_day.isoformat(),
               "statuses": sorted(set(statuses)), "client_ids": sorted({str(one) for one in client_ids}),
               "invoice_ids": sorted({str(one) for one in invoice_ids})}  # fmt: skip
    batch = _open(ctx, target, filters, json.dumps(filters, sort_keys=True), "manual")
    if batch is None:
        raise _duplicate(ctx, target, json.dumps(filters, sort_keys=True))
    query = PaperQuery(first_day, last_day, client_ids=tuple(client_ids) or None, ids=tuple(invoice_ids) or None)
    taken = _take_found(ctx, target, batch, query, set(statuses))
    if not taken:
        raise BatchEmpty(f"No final document fits that was not taken for {target.name} before and is dated from "
                         f"{target.starts_on.isoformat()} on.")  # fmt: skip
    validate(ctx, target, list_documents(ctx, batch.id))
    refresh(ctx, batch)
    audit.record(ctx, "accounting_batch.created", kind="accounting.batch", row_id=batch.id, label=target.name,
                 changes={"documents": taken})  # fmt: skip
    return batch


def _check_ids(ctx: CallContext, client_ids: Sequence[UUID], invoice_ids: Sequence[UUID]) -> None:
    if set(client_ids) - set(get_clients(ctx, list(client_ids))):
        raise InvalidInput(errors={"client_ids": "There is no client of one of these ids."})
    known = ctx.hooks.get_invoice_papers(ctx=ctx, invoice_ids=list(invoice_ids)) if invoice_ids else {}
    if set(invoice_ids) - set(known):
        raise InvalidInput(errors={"invoice_ids": "There is no invoice of one of these ids."})


def _open(ctx: CallContext, target: Target, filters: Mapping[str, Any], key: str, origin: str) -> Batch | None:
    row = {"tenant_id": ctx.tenant_id, "id": uuid7(), "target_id": target.id, "origin": origin, "filters": dict(filters),
           "filter_key": key, "started_by": ctx.actor.name, "state": "ready", "created_at": ctx.now()}  # fmt: skip
    made = ctx.session.scalar(insert(Batch).values(row).on_conflict_do_nothing().returning(Batch.id))
    return get_batch(ctx, made) if made else None


def _duplicate(ctx: CallContext, target: Target, key: str) -> BatchDuplicate:
    known = ctx.session.scalar(
        select(Batch.id).where(Batch.target_id == target.id, Batch.filter_key == key, Batch.state.in_(OPEN_BATCH))
    )
    return BatchDuplicate("A batch of the same filters is still open. Go on with that one, or cancel it.", batch_id=str(known))


def open_automatic(ctx: CallContext, target: Target) -> Batch:
    """The batch of today for documents that go out as they become final."""
    key = f"auto {ctx.today().isoformat()}"
    while True:
        batch = _open(ctx, target, {"day": ctx.today().isoformat()}, key, "auto")
        known = select(Batch).where(Batch.target_id == target.id, Batch.filter_key == key, Batch.state.in_(OPEN_BATCH))
        found = batch or ctx.session.scalar(known)
        if found is not None:
            return found


def _take_found(ctx: CallContext, target: Target, batch: Batch, query: PaperQuery, statuses: set[str]) -> int:
    first_day = max(query.first_day or target.starts_on, target.starts_on)
    taken, after = 0, None
    while True:
        found = list(ctx.hooks.find_invoice_papers(ctx=ctx, query=query._replace(first_day=first_day, after=after, limit=_PAGE)))
        papers = ctx.hooks.get_invoice_papers(ctx=ctx, invoice_ids=found) if found else {}
        wanted = [papers[one] for one in found if not statuses or _status(papers[one]) in statuses]
        taken += take_papers(ctx, target, batch, wanted)
        if taken > MOST_DOCUMENTS:
            words = f"More than {MOST_DOCUMENTS} documents fit. Take fewer days at a time."
            raise InvalidInput(words, errors={"last_day": words})
        if len(found) < _PAGE:
            return taken
        after = found[-1]


def _status(paper: InvoicePaper) -> str:
    return "open" if paper.due else "paid"


def take_papers(ctx: CallContext, target: Target, batch: Batch, papers: Sequence[InvoicePaper], *,
                known_there: bool = False) -> int:  # fmt: skip
    """Take papers into a batch as they stand, but those that were taken for the target before; returns how many are new. What is
    linked is there already, and is taken only where it shall be brought up to date (`known_there`).
    """
    if not papers:
        return 0
    there = set(ctx.session.scalars(select(Link.our_id).where(
        Link.target_id == target.id, Link.kind.in_(("invoice", "credit_note")), Link.our_id.in_([one.id for one in papers])
    )))  # fmt: skip
    rows = [
        {"tenant_id": ctx.tenant_id, "id": uuid7(), "target_id": target.id, "batch_id": batch.id, "invoice_id": one.id,
         "kind": one.kind, "number": one.number, "client_id": one.client_id, "issued_on": one.invoice_date,
         "currency": one.currency, "total": one.total, "snapshot": pack(one), "state": "open", "created_at": ctx.now()}
        for one in papers if known_there or one.id not in there
    ]  # fmt: skip
    if not rows:
        return 0
    fresh = insert(ExportDocument).values(rows).on_conflict_do_nothing().returning(ExportDocument.id)
    return len(ctx.session.scalars(fresh).all())


def get_batch(ctx: CallContext, batch_id: UUID, *, lock: bool = False) -> Batch:
    """Raises BatchNotFound."""
    wanted = select(Batch).where(Batch.id == batch_id)
    batch = ctx.session.scalar(wanted.with_for_update() if lock else wanted, execution_options={"populate_existing": True})
    if batch is None:
        raise BatchNotFound("There is no batch with this id.")
    return batch


def list_documents(ctx: CallContext, batch_id: UUID, *states: str) -> list[ExportDocument]:
    """The documents of a batch, all or those in some states, in the order in which they were taken."""
    mine = select(ExportDocument).where(ExportDocument.batch_id == batch_id).order_by(ExportDocument.id)
    return list(ctx.session.scalars(mine.where(ExportDocument.state.in_(states)) if states else mine))


def count_documents(ctx: CallContext, batch_ids: Sequence[UUID]) -> dict[UUID, dict[str, int]]:
    """How many documents of each batch are in each state."""
    counts: dict[UUID, dict[str, int]] = {one: {} for one in batch_ids}
    rows = select(ExportDocument.batch_id, ExportDocument.state, func.count()).where(ExportDocument.batch_id.in_(batch_ids))
    for batch_id, state, count in ctx.session.execute(rows.group_by(ExportDocument.batch_id, ExportDocument.state)):
        counts[batch_id][state] = count
    return counts


def refresh(ctx: CallContext, batch: Batch) -> None:
    """Let a batch's state say what its documents' do."""
    ctx.session.flush()
    has = count_documents(ctx, [batch.id])[batch.id]
    if has.get("queued"):
        state = "delivering"
    elif has.get("open") or has.get("refused"):
        state = "needs_attention"
    elif has.get("ready"):
        state = "ready"
    else:
        state = "delivered" if has.get("delivered") else "cancelled"
    if state == "delivered" and batch.state != "delivered":
        batch.delivered_at = ctx.now()
    batch.state = state
    ctx.session.flush()


def recheck(ctx: CallContext, batch_id: UUID) -> Batch:
    """Check what is not delivered again, after something was mended; what became a draft is withdrawn. Raises BatchNotFound."""
    batch = get_batch(ctx, batch_id, lock=True)
    rows = list_documents(ctx, batch_id, "open", "ready", "refused")
    gone = reopened_among(ctx, rows)
    for one in gone:
        withdraw(ctx, one)
    validate(ctx, get_target(ctx, batch.target_id), [one for one in rows if one not in gone])
    refresh(ctx, batch)
    return batch


def recheck_open(ctx: CallContext, target_id: UUID) -> None:
    """Check all open batches of a target again: a connection or a mapping changed. What goes out by itself, and had something
    in its way, goes now, and refused questions of taxes are asked anew.
    """
    mine = select(Batch.id).where(Batch.target_id == target_id, Batch.state.in_(OPEN_BATCH)).order_by(Batch.id)
    for batch_id in ctx.session.scalars(mine).all():
        batch = recheck(ctx, batch_id)
        target, ready = get_target(ctx, target_id), list_documents(ctx, batch_id, "ready")
        if batch.origin == "auto" and ready and target.auto_export and target.active:
            queue(ctx, target, ready)
            batch.job_id = wake(ctx, target.id)
            refresh(ctx, batch)
    retry_questions(ctx, target_id)


def deliver_batch(ctx: CallContext, batch_id: UUID) -> Batch:
    """Check a batch again and let what is ready go out, or write its files; what has problems stays behind, whole.

    Raises BatchNotFound, and BatchState where nothing is ready.
    """
    batch = recheck(ctx, batch_id)
    target, ready = get_target(ctx, batch.target_id), list_documents(ctx, batch_id, "ready")
    if not ready:
        raise BatchState("Nothing of this batch is ready. Mend what is in the way, or leave it out.")
    if target.realm is None:
        write_files(ctx, target, batch, ready)
    else:
        queue(ctx, target, ready)
        batch.job_id = wake(ctx, target.id)
    refresh(ctx, batch)
    audit.record(ctx, "accounting_batch.delivered", kind="accounting.batch", row_id=batch.id, label=target.name,
                 changes={"documents": len(ready)})  # fmt: skip
    return batch


def queue(ctx: CallContext, target: Target, documents: Sequence[ExportDocument]) -> None:
    """Let documents of a connected target go out, and before them the customers that it does not know."""
    if target.provision:
        wanted = {one.client_id for one in documents}
        known = find_links(ctx, target.id, "client", wanted)
        clients = get_clients(ctx, sorted(wanted - set(known)))
        add_works(ctx, target.id, [Work("client", one.id, one.name) for one in clients.values()])
    add_works(ctx, target.id, [Work(one.kind, one.invoice_id, one.number, one.id) for one in documents])
    write_documents(ctx, [one.id for one in documents], state="queued")


def write_files(ctx: CallContext, target: Target, batch: Batch, documents: Sequence[ExportDocument]) -> None:
    """Deliver documents as files, which are kept as they are."""
    system, papers = system_of(ctx, target), [unpack(one.snapshot) for one in documents]
    desk = open_desk(ctx, target, papers)
    assembled = [assemble(desk, paper, str(row.id))[0] for row, paper in zip(documents, papers, strict=True)]
    files = system.write(ctx, assembled) if system.write else ()
    first = ctx.session.scalar(select(func.count()).where(BatchFile.batch_id == batch.id)) or 0
    for at, file in enumerate(files, first):
        ctx.session.add(BatchFile(batch_id=batch.id, position=at, name=file.name, content_type=file.content_type,
                                  content=file.content, documents=len(documents), written_at=ctx.now()))  # fmt: skip
    write_documents(ctx, [one.id for one in documents], state="delivered", delivered_at=ctx.now())


def list_files(ctx: CallContext, batch_id: UUID) -> list[BatchFile]:
    """The files of a batch, in the order in which they were written."""
    return list(ctx.session.scalars(select(BatchFile).where(BatchFile.batch_id == batch_id).order_by(BatchFile.position)))


def get_file(ctx: CallContext, file_id: UUID) -> BatchFile:
    """Raises BatchNotFound."""
    file = ctx.session.scalar(select(BatchFile).where(BatchFile.id == file_id))
    if file is None:
        raise BatchNotFound("There is no file with this id.")
    return file


def get_document(ctx: CallContext, document_id: UUID) -> ExportDocument:
    """Raises DocumentNotFound."""
    row = ctx.session.scalar(select(ExportDocument).where(ExportDocument.id == document_id))
    if row is None:
        raise DocumentNotFound("There is no document with this id.")
    return row


def leave_out(ctx: CallContext, document_id: UUID) -> ExportDocument:
    """Put a document aside that is not on its way; a later batch may take it again. Raises DocumentNotFound, BatchState."""
    row = get_document(ctx, document_id)
    batch = get_batch(ctx, row.batch_id, lock=True)
    ctx.session.refresh(row)
    if row.state not in ("open", "ready", "refused"):
        raise BatchState(f"{row.number} is {row.state}; only what is not on its way can be left out.")
    _forget_failed(ctx, row)
    row.state = "left_out"
    refresh(ctx, batch)
    audit.record(ctx, "accounting_document.left_out", kind="accounting.batch", row_id=batch.id, label=row.number)
    return row


def _forget_failed(ctx: CallContext, row: ExportDocument) -> None:
    failed = select(Outgoing).where(Outgoing.document_id == row.id, Outgoing.state == "failed")
    for one in ctx.session.scalars(failed):
        one.state, one.finished_at = "dropped", ctx.now()
    ctx.session.flush()


def cancel_batch(ctx: CallContext, batch_id: UUID) -> Batch:
    """Give up what is not delivered of a batch; a new one takes these documents as they stand then.

    Raises BatchNotFound, and BatchState while something is on its way.
    """
    batch = get_batch(ctx, batch_id, lock=True)
    if batch.state == "delivering":
        raise BatchState("Documents are on their way. Wait until they arrived.")
    if batch.state not in OPEN_BATCH:
        raise BatchState(f"The batch is {batch.state}.")
    for one in list_documents(ctx, batch_id, "open", "ready", "refused"):
        _forget_failed(ctx, one)
        one.state = "cancelled"
    refresh(ctx, batch)
    audit.record(ctx, "accounting_batch.cancelled", kind="accounting.batch", row_id=batch.id)
    return batch
