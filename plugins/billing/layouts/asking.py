"""Layouts that extensions give, invoice by invoice: asked for once, checked like those of the editor, kept with what is final."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from sqlalchemy import func, select

from kernel import audit
from kernel.errors import DeskhandError
from kernel.hookspecs.papers import InvoicePaper, LaidOut
from kernel.ids import uuid7
from plugins.billing.layouts.choosing import chosen_versions, instead_of
from plugins.billing.layouts.document import Document, check_given
from plugins.billing.layouts.errors import LayoutNotGiven, LayoutRendererMissing, LayoutWithheld
from plugins.billing.layouts.images import list_images
from plugins.billing.layouts.store import digest_of, with_pictures_here
from plugins.billing.models import Invoice, Layout, LayoutVersion
from plugins.billing.printed_facts import papers_of

if TYPE_CHECKING:
    from kernel.context import CallContext


class Given(NamedTuple):
    """A layout that passed the check, and who gave it; without a document the next closest layout prints, for the `problem`."""

    document: Document | None
    made_by: str
    problem: str = ""


def asked_document(ctx: CallContext, document: Document, paper: InvoicePaper) -> Document:
    """The layout of one paper: the document itself, or what the extension that it names answers now.

    Raises LayoutRendererMissing, LayoutNotGiven.
    """
    if "extension" not in document:
        return document
    given = _ask(ctx, document["extension"], [paper])[0].document
    return given if given is not None else _kept(ctx, instead_of(ctx, paper.client_id, paper.kind))


def _kept(ctx: CallContext, version_id: UUID) -> Document:
    return ctx.session.scalars(select(LayoutVersion.document).where(LayoutVersion.id == version_id)).one()


def final_versions(ctx: CallContext, drafts: Sequence[Invoice]) -> dict[UUID, UUID]:
    """By invoice, the version that prints it for ever. What an extension gives is kept as a version of its layout, one for all
    invoices for which it is the same.

    Raises LayoutRendererMissing, LayoutNotGiven, LayoutWithheld.
    """
    chosen = chosen_versions(ctx, drafts)
    final = dict(chosen.versions)
    for version_id, key in sorted(chosen.asked.items()):
        meant = [one for one in drafts if final[one.id] == version_id]
        if meant:
            papers = papers_of(ctx, meant)
            given = _ask(ctx, key, [papers[one.id] for one in meant])
            final |= _keep(ctx, key, dict(zip([one.id for one in meant], given, strict=True)))
            final |= _without(ctx, key, [pair for pair in zip(meant, given, strict=True) if pair[1].document is None])
    return final


def _ask(ctx: CallContext, key: str, papers: Sequence[InvoicePaper]) -> list[Given]:
    pictures = {one.id: one.name for one in list_images(ctx)}
    answers = ctx.hooks.lay_out_invoices(ctx=ctx, layout_key=key, papers=papers, pictures=pictures)
    answered = [one for one in answers if one is not None]
    if len(answered) != 1:
        raise LayoutRendererMissing(
            f"No room or extension that is switched on gives the layout {key}. Switch it on, or choose another layout for drafts."
        )
    given = [_given(ctx, paper, one) for paper, one in zip(papers, answered[0], strict=False)]
    if len(given) != len(papers):
        raise LayoutRendererMissing(f"What gives the layout {key} answered for {len(given)} of {len(papers)} invoices.")
    return given


def _given(ctx: CallContext, paper: InvoicePaper, one: LaidOut) -> Given:
    problem = one.problem
    if one.document is not None:
        try:
            return Given(with_pictures_here(ctx, check_given(one.document)), one.made_by)
        except DeskhandError as error:
            problem = _mistakes(error)
    if one.on_failure == "open":
        return Given(None, one.made_by, problem)
    refused = LayoutWithheld if one.on_failure == "closed" else LayoutNotGiven
    raise refused(f"{paper.number or 'The invoice'} has no layout from {one.made_by}: {problem}")


def _mistakes(error: DeskhandError) -> str:
    """Where the layout has mistakes, in one sentence."""
    found = "; ".join(f"{path}: {words.rstrip('.')}" for path, words in list(error.errors.items())[:3])
    return f"{error.detail.rstrip('.')}{': ' if found else ''}{found}."[:500]


def _keep(ctx: CallContext, key: str, given: Mapping[UUID, Given]) -> dict[UUID, UUID]:
    """The versions of what was given; those that are not there yet are added, each with its number."""
    meant = {one: (digest_of(found.document), found.made_by) for one, found in given.items() if found.document is not None}
    if not meant:
        return {}
    layout_id = ctx.session.scalars(select(Layout.id).where(Layout.key == key)).one()
    known = _known(ctx, layout_id, {digest for digest, _ in meant.values()})
    if fresh := {one: given[invoice_id].document for invoice_id, one in meant.items() if one not in known}:
        known |= _add_versions(ctx, layout_id, fresh)
    return {invoice_id: known[one] for invoice_id, one in meant.items()}


def _add_versions(
    ctx: CallContext, layout_id: UUID, fresh: Mapping[tuple[str, str], Document | None]
) -> dict[tuple[str, str], UUID]:
    """Add versions by digest and maker; whoever adds others meanwhile is waited for, and theirs are taken."""
    ctx.session.execute(select(Layout.id).where(Layout.id == layout_id).with_for_update())
    known = _known(ctx, layout_id, {digest for digest, _ in fresh})
    latest = ctx.session.scalar(select(func.max(LayoutVersion.number)).where(LayoutVersion.layout_id == layout_id)) or 0
    for number, (digest, made_by) in enumerate((one for one in fresh if one not in known), latest + 1):
        known[digest, made_by] = version_id = uuid7()
        ctx.session.add(LayoutVersion(id=version_id, layout_id=layout_id, number=number, document=fresh[digest, made_by],
                                      digest=digest, made_by=made_by, created_at=ctx.now()))  # fmt: skip
    ctx.session.flush()
    return known


def _known(ctx: CallContext, layout_id: UUID, digests: set[str]) -> dict[tuple[str, str], UUID]:
    wanted = select(LayoutVersion.digest, LayoutVersion.made_by, LayoutVersion.id).where(
        LayoutVersion.layout_id == layout_id, LayoutVersion.digest.in_(digests)
    )
    return {(digest, made_by): version_id for digest, made_by, version_id in ctx.session.execute(wanted)}


def _without(ctx: CallContext, key: str, failed: Sequence[tuple[Invoice, Given]]) -> dict[UUID, UUID]:
    """The versions that print instead; what went wrong is in the audit trail."""
    if not failed:
        return {}
    layout = ctx.session.scalars(select(Layout).where(Layout.key == key)).one()
    audit.record(ctx, "invoice_layout.failed", kind="billing.layout", row_id=layout.id, label=layout.name,
                 changes={"reason": failed[0][1].problem, "invoices": len(failed)})  # fmt: skip
    return {one.id: instead_of(ctx, one.client_id, one.kind) for one, _ in failed}
