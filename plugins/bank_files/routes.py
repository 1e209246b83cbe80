"""REST of bank files."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from kernel.api.listing import Page
from kernel.api.rest import Rest
from kernel.context import CallContext
from kernel.hookspecs.receipts import ReceiptShare
from kernel.web.pages import attachment
from plugins.bank_files import listing, schemas, services, uploads

rest = Rest("bank_files")
_ENTRY = "/bank-entries/<uuid:entry_id>"


@rest.post("/bank-files", permission="bank_file.manage", body=schemas.StatementIn, out=schemas.StatementOut)
def take_file(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Import a bank statement; it is read in the background"""
    return uploads.take_file(ctx, **body)


@rest.get("/bank-files/<uuid:file_id>", permission="bank_file.read", out=schemas.StatementOut)
def get_file(ctx: CallContext, file_id: UUID) -> Any:
    """Read how the import of a statement stands"""
    return uploads.get_file(ctx, file_id)


@rest.get("/bank-files", permission="bank_file.read", query=schemas.FileQuery, out=schemas.StatementPage)
def list_files(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List imported statements"""
    return listing.list_files(ctx, query)


@rest.get("/bank-files/<uuid:file_id>/original", permission="bank_file.read")
def get_original(ctx: CallContext, file_id: UUID) -> Response:
    """A statement as it came from the bank"""
    return attachment(*uploads.original_of(ctx, file_id))


@rest.get("/bank-entries", permission="bank_file.read", query=schemas.EntryQuery, out=schemas.EntryPage)
def list_entries(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List bank entries"""
    return listing.list_entries(ctx, query)


@rest.post(f"{_ENTRY}/match", permission="bank_file.manage", body=schemas.MatchIn, out=schemas.MatchOut)
def match_entry(ctx: CallContext, entry_id: UUID, body: dict[str, Any]) -> Any:
    """Put a bank entry, or part of it, into the books as a payment"""
    shares = body.pop("shares")
    given = None if shares is None else [ReceiptShare(one["invoice_id"], one["amount"]) for one in shares]
    return services.match_entry(ctx, entry_id, shares=given, **body)


@rest.post("/bank-matches/<uuid:match_id>/undo", permission="bank_file.manage", out=schemas.MatchOut, status=200)
def undo_match(ctx: CallContext, match_id: UUID) -> Any:
    """Take a match out of the books"""
    return services.undo_match(ctx, match_id)


@rest.post(f"{_ENTRY}/ignore", permission="bank_file.manage", status=204)
def ignore_entry(ctx: CallContext, entry_id: UUID) -> None:
    """Set a bank entry aside: no client paid it"""
    services.ignore_entry(ctx, entry_id)


@rest.post(f"{_ENTRY}/reopen", permission="bank_file.manage", status=204)
def reopen_entry(ctx: CallContext, entry_id: UUID) -> None:
    """Take up a bank entry that was set aside"""
    services.reopen_entry(ctx, entry_id)
