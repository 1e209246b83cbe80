"""The web page on which a credit note is written: tick lines, see what it comes to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue

from kernel.context import CallContext
from kernel.errors import DeskhandError
from kernel.web.i18n import gettext as _
from kernel.web.pages import Pages, redirect_to, render
from plugins.billing import credit_notes, invoices
from plugins.billing.credit_notes import CreditAsked, CreditPicked
from plugins.billing.schemas import invoices as schemas

pages = Pages("billing")
_PAGE = "/invoices/<uuid:invoice_id>/credit"


def _creditable(ctx: CallContext, invoice_id: UUID) -> dict[str, Any]:
    lines = [{"line_id": line.id, "take": False} for line, _left in credit_notes.list_creditable(ctx, invoice_id)]
    return {"apply": True, "everything": len(lines) == 1, "lines": lines}


def _facts(ctx: CallContext, invoice_id: UUID) -> dict[str, Any]:
    invoice = invoices.get_invoice(ctx, invoice_id)
    found = {str(line.id): (line, left) for line, left in credit_notes.list_creditable(ctx, invoice_id)}
    return {"invoice": invoice, "found": found, "left": invoice.total - invoice.credited}


def _asked(ctx: CallContext, invoice_id: UUID, data: Mapping[str, Any]) -> list[CreditAsked] | None:
    """What the form asks for; None: all that is left."""
    if data["everything"]:
        return None
    ticked = [one for one in data["lines"] if one["take"] or one["quantity"] or one["amount"]]
    picked = [CreditPicked(one["line_id"], one["quantity"] or None, one["amount"] or None) for one in ticked]
    return credit_notes.read_picked(ctx, invoice_id, picked)


@pages.form(_PAGE, permission="invoice.credit", schema=schemas.CreditNoteForm, template="billing/credit_form.html",
            initial=_creditable, context=_facts)  # fmt: skip
def credit_invoice(ctx: CallContext, invoice_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    lines = _asked(ctx, invoice_id, data)
    note = credit_notes.create_credit_note(ctx, invoice_id, reason=data["reason"], lines=lines, apply=data["apply"])
    return redirect_to(f"/invoices/{note.id}", toast=_("Credit note %(number)s is final.", number=note.number))


@pages.post(f"{_PAGE}/sum", permission="invoice.credit", schema=schemas.CreditSumForm)
def sum_credit(ctx: CallContext, invoice_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    """The running total below the lines; what is wrong with them is said in its place."""
    invoice = invoices.get_invoice(ctx, invoice_id)
    try:
        asked = _asked(ctx, invoice_id, data)
        totals, wrong = (None if asked == [] else credit_notes.sum_credit(ctx, invoice_id, asked)), ""
    except DeskhandError as error:
        totals, wrong = None, " ".join(error.errors.values()) or error.detail
    return render("billing/credit_sum.html", invoice=invoice, totals=totals, wrong=wrong)
