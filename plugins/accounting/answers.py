"""What the accounting room answers to other rooms: labels, and that what was delivered stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from kernel.hookspecs.directory import Blocker, Label, Ref
from kernel.hookspecs.screen import Note
from kernel.web.i18n import gettext as _
from plugins.accounting.models import ExportDocument, Link, Outgoing, Target
from plugins.accounting.targets import get_target
from plugins.accounting.taxing import find_reckoner, question_of

if TYPE_CHECKING:
    from kernel.context import CallContext

_ON_ITS_WAY = ("queued", "delivered", "refused")


def describe(ctx: CallContext, refs: Sequence[Ref]) -> dict[Ref, Label]:
    """Names of targets."""
    ids = {ref.id for ref in refs if ref.kind == "accounting.target"}
    found = ctx.session.execute(select(Target.id, Target.name).where(Target.id.in_(ids))) if ids else ()
    return {Ref("accounting.target", one): Label(name, f"/accounting/targets/{one}") for one, name in found}


def blockers(ctx: CallContext, refs: Sequence[Ref]) -> list[Blocker]:
    """Invoices that were or are being delivered stay final; clients that books know stay, and connections that open books."""
    invoices, clients, opens = ({ref.id for ref in refs if ref.kind == kind} for kind in ("invoice", "client", "connection"))
    found = []
    if invoices:
        out = ExportDocument.invoice_id.in_(invoices), ExportDocument.state.in_(_ON_ITS_WAY)
        counts = select(ExportDocument.invoice_id, func.count()).where(*out).group_by(ExportDocument.invoice_id)
        found += [Blocker(Ref("invoice", one), "accounting_document", count, "its delivery to accounting")
                  for one, count in ctx.session.execute(counts)]  # fmt: skip
    if clients:
        counts = select(Link.our_id, func.count()).where(Link.our_id.in_(clients), Link.kind == "client").group_by(Link.our_id)
        found += [Blocker(Ref("client", one), "accounting_link", count, f"{count} links to accounting")
                  for one, count in ctx.session.execute(counts)]  # fmt: skip
    if opens:
        books = select(Target.connection_id, Target.name).where(Target.connection_id.in_(opens)).order_by(Target.name)
        found += [Blocker(Ref("connection", one), "accounting_target", 1, f"the accounting target {name}")
                  for one, name in ctx.session.execute(books)]  # fmt: skip
    return found


def notes(ctx: CallContext, ref: Ref) -> list[Note]:
    """Who is asked what a draft is taxed, and what is in the way."""
    if ref.kind != "invoice":
        return []
    row = question_of(ctx, ref.id)
    target = get_target(ctx, row.target_id) if row else find_reckoner(ctx, ref.id)
    return [_note(ref, target, row)] if target is not None else []


def _note(ref: Ref, target: Target, row: Outgoing | None) -> Note:
    name, mend = target.account_name or target.name, row.mend_url if row else ""
    does = {"permission": "accounting.manage", "act": f"/accounting/tax-of/{ref.id}/ask", "does": _("Ask again")}
    if target.halted:
        return Note("danger", _("%(name)s cannot be asked what this is taxed", name=name), target.halted_detail,
                    "accounting.manage", "/connections")  # fmt: skip
    if not target.active:
        return Note("warning", _("%(name)s is not asked what this is taxed while it is paused", name=name))
    if row is None:
        return Note("warning", _("%(name)s was not asked what this is taxed", name=name), **does)
    if row.state == "failed":
        mend = "" if mend == f"/invoices/{ref.id}" else mend
        return Note("danger", _("%(name)s does not say what this is taxed", name=name), row.detail, url=mend, **does)
    if row.code:
        return Note("warning", _("%(name)s has not said yet what this is taxed", name=name), row.detail, **does)
    return Note("info", _("%(name)s is asked what this is taxed", name=name))
