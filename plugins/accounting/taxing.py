"""Taxes that the other side reckons: drafts that wait for them are asked about, and what comes back is imported.

A draft is asked about in one place: of the targets whose taxes count that which knows its client, else the oldest. An answer is
for the draft as it was when it was asked about; one that changed meanwhile is asked about anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import select

from kernel import audit
from kernel.errors import DeskhandError
from kernel.hookspecs.accounting import Document, Failed
from kernel.hookspecs.delegated_tax import TAX, Reckoned, TaxQuestion
from kernel.hookspecs.papers import InvoicePaper, PaperQuery
from kernel.hookspecs.tax import TaxSource
from plugins.accounting.assembling import assemble, open_desk
from plugins.accounting.errors import TaxNotAsked
from plugins.accounting.links import find_links
from plugins.accounting.models import OPEN_WORK, Outgoing, Target
from plugins.accounting.outgoing import Work, add_works, wake
from plugins.accounting.settling import has_newer, hold, leave_open, refuse, words_of
from plugins.accounting.targets import get_target, keeps, list_targets, systems_of
from plugins.accounting.watched import UNFORESEEN

if TYPE_CHECKING:
    from kernel.context import CallContext

_PAGE = 200
_OPEN = ("waiting", "failed")


class _Stale(Exception):
    """The draft is not the one any more that was asked about."""


def waits(paper: InvoicePaper) -> bool:
    """Whether a draft waits for taxes that somebody else reckons."""
    return paper.status == "draft" and paper.kind == "invoice" and paper.tax_source == TaxSource.PENDING_EXTERNAL


def follow(ctx: CallContext, invoice_ids: Sequence[UUID]) -> list[UUID]:
    """Ask about those of these drafts that wait for their taxes, and forget the questions about the others. Gives those that are
    asked about.
    """
    if not invoice_ids:
        return []
    papers: dict[UUID, InvoicePaper] = dict(ctx.hooks.get_invoice_papers(ctx=ctx, invoice_ids=list(invoice_ids)))
    waiting = {one.id: one for one in papers.values() if waits(one)}
    chosen = _choose(ctx, list(waiting.values()))
    _forget(ctx, set(invoice_ids) - set(chosen))
    for target_id in sorted(set(chosen.values())):
        mine = [one for one, target in chosen.items() if target == target_id]
        _forget(ctx, mine, elsewhere_than=target_id)
        add_works(ctx, target_id, [Work(TAX, one, waiting[one].number) for one in mine])
        wake(ctx, target_id)
    return list(chosen)


def whose_taxes_count(ctx: CallContext, target: Target) -> Target:
    """Somebody said, perhaps anew, whose taxes count for a target: all drafts that wait are asked about where they should be."""
    mine = Outgoing.target_id == target.id, Outgoing.kind == TAX, Outgoing.state.in_((*OPEN_WORK, "failed"))
    follow(ctx, list(ctx.session.scalars(select(Outgoing.our_id).where(*mine))))
    if target in reckoners(ctx):
        for found in _waiting_drafts(ctx):
            follow(ctx, found)
    return target


def _waiting_drafts(ctx: CallContext) -> Iterator[list[UUID]]:
    query = PaperQuery(tax_pending=True, limit=_PAGE)
    while found := list(ctx.hooks.find_invoice_papers(ctx=ctx, query=query)):
        yield found
        query = query._replace(after=found[-1])


def ask_again(ctx: CallContext, invoice_id: UUID) -> Outgoing:
    """Ask now what a draft is taxed, whatever came of it before. Raises TaxNotAsked."""
    found = question_of(ctx, invoice_id)
    if found is not None and found.state == "sending":  # the draft is looked at anew whenever it is sent
        found.due_at = ctx.now()
        wake(ctx, found.target_id)
    else:
        found = question_of(ctx, invoice_id) if follow(ctx, [invoice_id]) else None
    if found is None:
        raise TaxNotAsked("It waits for no taxes, or no accounting target reckons taxes for a draft of this day and currency.")
    audit.record(ctx, "accounting_tax.asked", kind="invoice", row_id=invoice_id, label=found.label)
    return found


def question_of(ctx: CallContext, invoice_id: UUID) -> Outgoing | None:
    """The question about a draft that is not answered, the latest."""
    mine = select(Outgoing).where(Outgoing.kind == TAX, Outgoing.our_id == invoice_id)
    unanswered = mine.where(Outgoing.state.in_((*OPEN_WORK, "failed"))).order_by(Outgoing.id.desc())
    return ctx.session.scalar(unanswered.limit(1))


def find_reckoner(ctx: CallContext, invoice_id: UUID) -> Target | None:
    """The target that may be asked about a draft that waits for its taxes, if there is one."""
    if not reckoners(ctx):
        return None
    paper = ctx.hooks.get_invoice_papers(ctx=ctx, invoice_ids=[invoice_id]).get(invoice_id)
    found = _choose(ctx, [paper]) if paper is not None and waits(paper) else {}
    return get_target(ctx, found[invoice_id]) if found else None


def reckoners(ctx: CallContext) -> list[Target]:
    """The targets whose taxes count, the oldest first; those that can be asked now, else those where questions wait."""
    known, found = systems_of(ctx), [one for one in list_targets(ctx) if one.tax_by == "theirs" and one.connection_id]
    return [one for one in found if one.active and one.system in known] or found


def _choose(ctx: CallContext, papers: Sequence[InvoicePaper]) -> dict[UUID, UUID]:
    """By draft, the target that is asked about it; those that none takes are left out."""
    targets = reckoners(ctx) if papers else []
    known = {one.id: find_links(ctx, one.id, "client", {paper.client_id for paper in papers}) for one in targets}
    found = dict[UUID, UUID]()
    for paper in papers:
        takes = [one.id for one in targets if one.starts_on <= paper.invoice_date and keeps(one, paper.currency)]
        if takes:
            found[paper.id] = next((one for one in takes if paper.client_id in known[one]), takes[0])
    return found


def _forget(ctx: CallContext, invoice_ids: Collection[UUID], *, elsewhere_than: UUID | None = None) -> None:
    """Drop questions that were not sent, or refused. One that may have left something there clears it away first."""
    open_ones = select(Outgoing).where(Outgoing.kind == TAX, Outgoing.our_id.in_(list(invoice_ids)), Outgoing.state.in_(_OPEN))
    mine = open_ones if elsewhere_than is None else open_ones.where(Outgoing.target_id != elsewhere_than)
    for row in ctx.session.scalars(mine.with_for_update()) if invoice_ids else ():
        left = row.state == "failed" and row.code == UNFORESEEN
        row.state, row.due_at, row.finished_at = ("sending", ctx.now(), None) if left else ("dropped", row.due_at, ctx.now())
    ctx.session.flush()


def settle_taxes(ctx: CallContext, target_id: UUID, rows: Sequence[UUID], questions: Sequence[TaxQuestion],
                 answers: Sequence[Reckoned | Failed]) -> None:  # fmt: skip
    """Import what came back, each draft by itself, and write down what did not."""
    target, held = get_target(ctx, target_id), hold(ctx, rows)
    for row_id, question, answer in zip(rows, questions, answers, strict=True):
        if row_id in held:
            _settle(ctx, target, held[row_id], question, answer)
    ctx.session.flush()


def _settle(ctx: CallContext, target: Target, row: Outgoing, question: TaxQuestion, answer: Reckoned | Failed) -> None:
    if isinstance(answer, Reckoned) and question.document is not None:
        _take(ctx, target, row, question.document, answer)
    elif isinstance(answer, Reckoned):
        _ask_anew(ctx, row)
    elif answer.again or answer.code == UNFORESEEN:
        leave_open(ctx, row, answer)
    else:
        mends = f"/accounting/targets/{target.id}/mappings?kind=tax" if answer.code == "taxes_not_reckoned" else ""
        _refuse(ctx, row, answer.code, words_of(answer), mends)


def _take(ctx: CallContext, target: Target, row: Outgoing, asked: Document, answer: Reckoned) -> None:
    try:
        _import(ctx, target, asked, answer)
    except _Stale:
        _ask_anew(ctx, row)
    except DeskhandError as error:
        if error.status >= 500:
            raise
        _refuse(ctx, row, error.code, " ".join(error.errors.values()) or error.detail)
    else:
        row.state, row.finished_at, row.code, row.detail, row.mend_url = "done", ctx.now(), "", "", ""


def _ask_anew(ctx: CallContext, row: Outgoing) -> None:
    """Nothing is left there. If the draft still waits, it is asked about as it is now, as if for the first time."""
    row.state, row.finished_at, row.code, row.detail = "dropped", ctx.now(), "", ""
    ctx.session.flush()
    follow(ctx, [row.our_id])


def _refuse(ctx: CallContext, row: Outgoing, code: str, words: str, mend_url: str = "") -> None:
    """Somebody has to see to it, unless the draft is to be asked about again anyway."""
    if has_newer(ctx, row):
        row.state, row.finished_at = "dropped", ctx.now()
    else:
        refuse(ctx, row, code, words, mend_url or f"/invoices/{row.our_id}")


def _import(ctx: CallContext, target: Target, asked: Document, answer: Reckoned) -> None:
    """Import the taxes of a draft if it still is what was asked about. Importing holds the draft, so that it is seen whether
    somebody changed it just before; then nothing is imported.
    """
    with ctx.session.begin_nested():
        _check_unchanged(ctx, target, asked, waiting=True)
        reference = f"{target.name} · {target.account_name}"
        ctx.hooks.import_taxes(ctx=ctx, invoice_id=asked.id, lines=answer.lines, reference=reference)
        _check_unchanged(ctx, target, asked, waiting=False)


def _check_unchanged(ctx: CallContext, target: Target, asked: Document, *, waiting: bool) -> None:
    paper = ctx.hooks.get_invoice_papers(ctx=ctx, invoice_ids=[asked.id]).get(asked.id)
    if paper is None or target.tax_by != "theirs" or (waiting and not waits(paper)):
        raise _Stale
    now, _ = assemble(open_desk(ctx, target, [paper]), paper, asked.request_id)
    if _essence(now) != _essence(asked):
        raise _Stale


def _essence(document: Document) -> tuple[Any, ...]:
    """What the tax of a document depends on."""
    lines = tuple((one.position, one.item, one.net, one.tax_code, one.taxed) for one in document.lines)
    return document.customer, document.currency, document.issued_on, lines
