"""Web pages of bank entries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from kernel.context import CallContext
from kernel.directory.clients import get_client
from kernel.hookspecs.receipts import OpenInvoice, OpenInvoiceQuery, ReceiptShare
from kernel.web.i18n import gettext as _
from kernel.web.i18n import lazy_gettext as _l
from kernel.web.pages import Pages, attachment, redirect_to, render
from plugins.bank_files import listing, schemas, services, uploads
from plugins.bank_files.errors import StatementUnreadable
from plugins.bank_files.matching import Suggestion
from plugins.bank_files.sheets import FIELDS, Columns

pages = Pages("bank_files")
_ENTRY = "/bank-entries/<uuid:entry_id>"
STATES = {
    "open": (_l("To be settled"), "info"),
    "partly": (_l("Settled in part"), "warning"),
    "matched": (_l("Matched"), "success"),
    "ignored": (_l("Set aside"), "done"),
    "outgoing": (_l("Went out"), "neutral"),
}
FILE_STATES = {
    "columns": (_l("Columns to be named"), "warning"),
    "waiting": (_l("Being read"), "info"),
    "done": (_l("Read"), "success"),
    "refused": (_l("Refused"), "danger"),
}
REASONS = {
    "number": _l("names the invoice"),
    "reference": _l("carries its reference"),
    "amount": _l("is its amount"),
    "account": _l("paid from this account before"),
    "name": _l("has its name"),
}
FIELD_WORDS = {
    "date": _l("Booking date"), "amount": _l("Amount"), "credit": _l("Money in"), "debit": _l("Money out"),
    "currency": _l("Currency"), "name": _l("Name of the other side"), "iban": _l("IBAN of the other side"),
    "text": _l("Remittance text"), "reference": _l("Reference of the bank"), "structured": _l("Structured reference"),
}  # fmt: skip
ORDERS = [("dmy", _l("Day, month, year")), ("mdy", _l("Month, day, year")), ("ymd", _l("Year, month, day"))]
_SHOWN_ROWS = 5


@pages.get("/bank-entries", permission="bank_file.read", query=schemas.EntryQuery)
def entries(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    page = listing.list_entries(ctx, query)
    found = services.suggestions(ctx, listing.entries_of(ctx, [one["id"] for one in page.items]))
    best = {entry_id: several[0] for entry_id, several in found.items() if several}
    return render("bank_files/entries.html", page=page, states=STATES, best=best, sums=listing.sums(ctx), reasons=REASONS,
                  codes={entry_id: _code(one) for entry_id, one in best.items()})  # fmt: skip


def _code(one: Suggestion) -> str:
    """A suggestion as its button sends it: what was seen is what is done."""
    return " ".join([str(one.client_id), str(one.amount), *(f"{share.invoice_id}:{share.amount}" for share in one.shares)])


@pages.get(_ENTRY, permission="bank_file.read")
def entry_page(ctx: CallContext, entry_id: UUID) -> ResponseReturnValue:
    entry = services.get_entry(ctx, entry_id)
    suggested: Sequence[Suggestion] = services.suggestions(ctx, [entry]).get(entry.id, [])
    matches = services.list_matches(ctx, entry_id)
    receipts = ctx.hooks.get_receipts(ctx=ctx, payment_ids=[one.receipt_id for one in matches]) if matches else {}
    return render("bank_files/entry.html", entry=entry, suggested=suggested, codes=[_code(one) for one in suggested],
                  states=STATES, matches=matches, reasons=REASONS,
                  taken_back={one.id for one in receipts.values() if one.taken_back})  # fmt: skip


@pages.post(f"{_ENTRY}/confirm", permission="bank_file.manage")
def confirm(ctx: CallContext, entry_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    try:
        client, amount, *rest = form["suggestion"].split(" ")
        pairs = [one.split(":") for one in rest]
        shares = [ReceiptShare(UUID(invoice_id), int(share)) for invoice_id, share in pairs]
        client_id, wanted = UUID(client), int(amount)
    except (KeyError, ValueError) as error:
        raise StatementUnreadable("Load the page again and choose a suggestion.") from error
    match = services.match_entry(ctx, entry_id, client_id=client_id, amount=wanted, shares=shares)
    back = "/bank-entries?state=open" if form.get("back") == "list" else f"/bank-entries/{entry_id}"
    return redirect_to(back, toast=_("Matched."), undo=f"/bank-matches/{match.id}/undo")


@pages.post("/bank-matches/<uuid:match_id>/undo", permission="bank_file.manage")
def undo(ctx: CallContext, match_id: UUID) -> ResponseReturnValue:
    match = services.undo_match(ctx, match_id)
    return redirect_to(f"/bank-entries/{match.entry_id}", toast=_("The match is undone."))


@pages.post(f"{_ENTRY}/ignore", permission="bank_file.manage")
def ignore(ctx: CallContext, entry_id: UUID) -> ResponseReturnValue:
    services.ignore_entry(ctx, entry_id)
    return redirect_to("/bank-entries?state=open", toast=_("Set aside."), undo=f"/bank-entries/{entry_id}/reopen")


@pages.post(f"{_ENTRY}/reopen", permission="bank_file.manage")
def reopen(ctx: CallContext, entry_id: UUID) -> ResponseReturnValue:
    services.reopen_entry(ctx, entry_id)
    return redirect_to(f"/bank-entries/{entry_id}", toast=_("It is to be settled again."))


def _entry_facts(ctx: CallContext, entry_id: UUID) -> dict[str, Any]:
    return {"entry": services.get_entry(ctx, entry_id)}


@pages.form(f"{_ENTRY}/client", permission="bank_file.manage", schema=schemas.ClientChoice,
            template="bank_files/client_form.html", context=_entry_facts)  # fmt: skip
def choose_client(ctx: CallContext, entry_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    client = get_client(ctx, data["client_id"])
    return redirect_to(f"/bank-entries/{entry_id}/client/{client.id}")


def _open_of(ctx: CallContext, entry_id: UUID, client_id: UUID) -> list[OpenInvoice]:
    entry = services.get_entry(ctx, entry_id)
    get_client(ctx, client_id)
    query = OpenInvoiceQuery(client_id=client_id, currency=entry.currency, limit=100)
    return list(ctx.hooks.find_open_invoices(ctx=ctx, query=query))


def _first_shares(ctx: CallContext, entry_id: UUID, client_id: UUID) -> dict[str, Any]:
    left = services.get_entry(ctx, entry_id).left
    return {"amount": left, "shares": [{"invoice_id": one.id} for one in _open_of(ctx, entry_id, client_id)]}


def _share_facts(ctx: CallContext, entry_id: UUID, client_id: UUID) -> dict[str, Any]:
    found = {str(one.id): one for one in _open_of(ctx, entry_id, client_id)}
    return {"entry": services.get_entry(ctx, entry_id), "client": get_client(ctx, client_id), "found": found}


@pages.form(f"{_ENTRY}/client/<uuid:client_id>", permission="bank_file.manage", schema=schemas.MatchForm,
            template="bank_files/match_form.html", initial=_first_shares, context=_share_facts)  # fmt: skip
def match_client(ctx: CallContext, entry_id: UUID, client_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    typed = [ReceiptShare(one["invoice_id"], one["amount"]) for one in data["shares"] if one["amount"]]
    match = services.match_entry(ctx, entry_id, client_id=client_id, amount=data["amount"], shares=typed or None)
    return redirect_to(f"/bank-entries/{entry_id}", toast=_("Matched."), undo=f"/bank-matches/{match.id}/undo")


@pages.get("/bank-files", permission="bank_file.read", query=schemas.FileQuery)
def files(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    return render("bank_files/files.html", page=listing.list_files(ctx, query), states=FILE_STATES)


@pages.get("/bank-files/<uuid:file_id>/original", permission="bank_file.read")
def original(ctx: CallContext, file_id: UUID) -> ResponseReturnValue:
    return attachment(*uploads.original_of(ctx, file_id))


@pages.form("/bank-files/new", permission="bank_file.manage", schema=schemas.UploadIn, template="bank_files/upload_form.html",
            initial=lambda ctx: {"currency": ctx.tenant.currency})  # fmt: skip
def upload(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise StatementUnreadable(errors={"file": _("Choose a file.")})
    row = uploads.take_file(ctx, name=sent.filename, content=sent.read(uploads.MOST_BYTES + 1), account=data["account"],
                            currency=data["currency"].upper())  # fmt: skip
    if row.state == "columns":
        return redirect_to(f"/bank-files/{row.id}/columns")
    return redirect_to("/bank-files", toast=_("The statement is being read."))


def _columns(ctx: CallContext, file_id: UUID) -> dict[str, Any]:
    columns = uploads.columns_for(ctx, uploads.get_file(ctx, file_id))
    return {"date_order": columns.date_order, "comma": columns.comma} | {
        field: at + 1 for field, at in columns.places.items()}  # fmt: skip


def _column_facts(ctx: CallContext, file_id: UUID) -> dict[str, Any]:
    row = uploads.get_file(ctx, file_id)
    sheet = uploads.sheet_of(ctx, row)
    named = [(str(at), f"{at} {word}") for at, word in enumerate(sheet.header, 1)]
    return {"file": row, "sheet": sheet, "named": named, "field_words": FIELD_WORDS, "orders": ORDERS, "shown": _SHOWN_ROWS}


@pages.form("/bank-files/<uuid:file_id>/columns", permission="bank_file.manage", schema=schemas.ColumnsIn,
            template="bank_files/columns_form.html", initial=_columns, context=_column_facts)  # fmt: skip
def name_columns(ctx: CallContext, file_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    header = uploads.sheet_of(ctx, uploads.get_file(ctx, file_id)).header
    places = {one: data[one] - 1 for one in FIELDS if data[one] is not None}
    uploads.name_columns(ctx, file_id, Columns(places, data["date_order"], data["comma"], header))
    return redirect_to("/bank-files", toast=_("The statement is being read."))
