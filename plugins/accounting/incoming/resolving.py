"""A person lets what was delivered count again, over what somebody changed on the other side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select

from kernel import audit
from kernel.hookspecs.papers import InvoicePaper
from plugins.accounting.batches import get_batch, open_automatic, queue, refresh, take_papers
from plugins.accounting.errors import ExceptionSettled, NoWayToResolve
from plugins.accounting.incoming.discrepancies import get_exception
from plugins.accounting.incoming.drift import CURRENCY, CUSTOMER, DELETED, LINES, NUMBER, REOPENED, TAX, TOTAL
from plugins.accounting.incoming.models import Discrepancy, Seen
from plugins.accounting.links import drop_link, find_theirs
from plugins.accounting.models import ExportDocument
from plugins.accounting.outgoing import wake
from plugins.accounting.reopened import withdraw
from plugins.accounting.targets import get_target

if TYPE_CHECKING:
    from kernel.context import CallContext
    from plugins.accounting.models import Link, Target

PUSHED = frozenset({TOTAL, TAX, NUMBER, CUSTOMER, CURRENCY, DELETED, LINES, REOPENED})
"""Kinds that go when the document is delivered once more; one that was deleted there is made anew."""


def push_again(ctx: CallContext, exception_id: UUID) -> Discrepancy:
    """Deliver a document once more, as it was delivered before. Other differences of it go with it.

    Raises ExceptionNotFound, ExceptionSettled, and NoWayToResolve for what is no document, or not to be mended so.
    """
    found = get_exception(ctx, exception_id)
    if found.state == "resolved":
        raise ExceptionSettled("This exception is resolved already.")
    document = _document_of(ctx, found) if found.kind in PUSHED else None
    link = find_theirs(ctx, found.target_id, found.subject, [found.external_id]).get(found.external_id)
    if document is None or link is None:
        raise NoWayToResolve("Only documents that were delivered, and count on both sides, are delivered once more.")
    _take_version(ctx, found, link)
    target = get_target(ctx, found.target_id)
    if found.kind == REOPENED:
        document = _taken_anew(ctx, target, document)
    queue(ctx, target, [document])
    refresh(ctx, get_batch(ctx, document.batch_id, lock=True))
    wake(ctx, target.id)
    found.state, found.settled_at, found.settled_by = "resolved", ctx.now(), ctx.actor.name
    audit.record(ctx, "accounting_exception.pushed_again", kind="accounting.exception", row_id=found.id, label=found.label,
                 changes={"kind": found.kind, "ours": found.ours, "theirs": found.theirs})  # fmt: skip
    ctx.session.flush()
    return found


def _document_of(ctx: CallContext, found: Discrepancy) -> ExportDocument | None:
    mine = ExportDocument.target_id == found.target_id, ExportDocument.invoice_id == found.our_id
    return ctx.session.scalar(select(ExportDocument).where(*mine, ExportDocument.state == "delivered").with_for_update())


def _taken_anew(ctx: CallContext, target: Target, old: ExportDocument) -> ExportDocument:
    """The document as it is final now, in place of the one that was delivered."""
    papers: Mapping[UUID, InvoicePaper] = ctx.hooks.get_invoice_papers(ctx=ctx, invoice_ids=[old.invoice_id])
    if old.invoice_id not in papers or papers[old.invoice_id].status != "finalized":
        raise NoWayToResolve(f"{old.number} is a draft. Finalize it first.")
    withdraw(ctx, old)
    refresh(ctx, get_batch(ctx, old.batch_id, lock=True))
    batch = open_automatic(ctx, target)
    take_papers(ctx, target, batch, [papers[old.invoice_id]], known_there=True)
    mine = ExportDocument.batch_id == batch.id, ExportDocument.invoice_id == old.invoice_id, ExportDocument.state == "open"
    return ctx.session.scalars(select(ExportDocument).where(*mine)).one()


def _take_version(ctx: CallContext, found: Discrepancy, link: Link) -> None:
    """What was deleted there is no more ours; of the rest, the version that was seen is the one to be overwritten."""
    if found.kind == DELETED:
        drop_link(ctx, found.target_id, link.kind, link.our_id)
        return
    theirs = Seen.target_id == found.target_id, Seen.kind == found.subject, Seen.external_id == found.external_id
    version = ctx.session.scalar(select(Seen.external_version).where(*theirs))
    link.external_version = version or link.external_version
