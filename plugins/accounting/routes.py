"""REST of the accounting room."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from kernel.api.listing import Page
from kernel.api.rest import Rest
from kernel.context import CallContext
from kernel.web.pages import attachment
from plugins.accounting import batches, listing, mapping, ours, outgoing, schemas, targets, taxing, validating

rest = Rest("accounting")
_TARGET = "/accounting/targets/<uuid:target_id>"
_BATCH = "/accounting/batches/<uuid:batch_id>"
_DOCUMENT = "/accounting/documents/<uuid:document_id>"
_WORK = "/accounting/work/<uuid:work_id>"
_READ, _MANAGE = "accounting.read", "accounting.manage"


@rest.get("/accounting/targets", permission=_READ, out=schemas.TargetList)
def list_targets(ctx: CallContext) -> Any:
    """List the books that documents are delivered to"""
    return {"items": targets.list_targets(ctx)}


@rest.post("/accounting/targets", permission=_MANAGE, body=schemas.TargetIn, out=schemas.TargetOut)
def add_target(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Name books to deliver to"""
    return taxing.whose_taxes_count(ctx, targets.add_target(ctx, **body))


@rest.get(_TARGET, permission=_READ, out=schemas.TargetOut)
def get_target(ctx: CallContext, target_id: UUID) -> Any:
    """Read a target"""
    return targets.get_target(ctx, target_id)


@rest.patch(_TARGET, permission=_MANAGE, body=schemas.TargetPatch, out=schemas.TargetOut, if_match=True)
def change_target(ctx: CallContext, target_id: UUID, body: dict[str, Any], version: int | None) -> Any:
    """Change what goes to a target"""
    return taxing.whose_taxes_count(ctx, targets.change_target(ctx, target_id, body, version))


@rest.delete(_TARGET, permission=_MANAGE)
def remove_target(ctx: CallContext, target_id: UUID) -> None:
    """Remove a target that was never used"""
    targets.remove_target(ctx, target_id)


@rest.get(f"{_TARGET}/mappings", permission=_READ, query=schemas.MappingQuery, out=schemas.MappingList)
def list_mappings(ctx: CallContext, target_id: UUID, query: dict[str, Any]) -> Any:
    """List what may be mapped, to what it is mapped, and what is suggested"""
    rows = ours.list_mapped(ctx, target_id, query["kind"], text=query["q"], key=query["key"], unmapped=query["unmapped"])
    return {"items": [one._asdict() for one in rows]}


@rest.put(f"{_TARGET}/mappings", permission=_MANAGE, body=schemas.MappingIn)
def set_mapping(ctx: CallContext, target_id: UUID, body: dict[str, Any]) -> None:
    """Say what something of ours is called there"""
    mapping.set_mapping(ctx, targets.get_target(ctx, target_id), **body)
    batches.recheck_open(ctx, target_id)


@rest.get(f"{_TARGET}/work", permission=_READ, query=schemas.WorkQuery, out=schemas.WorkPage)
def list_work(ctx: CallContext, target_id: UUID, query: dict[str, Any]) -> Page:
    """List what goes out or failed, in its order"""
    return listing.list_work(ctx, targets.get_target(ctx, target_id).id, query)


@rest.post(f"{_WORK}/retry", permission=_MANAGE, out=schemas.WorkOut)
def retry_work(ctx: CallContext, work_id: UUID) -> Any:
    """Try failed work again"""
    return outgoing.retry_work(ctx, work_id)


@rest.post(f"{_WORK}/drop", permission=_MANAGE, out=schemas.WorkOut)
def drop_work(ctx: CallContext, work_id: UUID) -> Any:
    """Put failed work aside"""
    return outgoing.drop_work(ctx, work_id)


@rest.post("/invoices/<uuid:invoice_id>/tax-question", permission=_MANAGE, out=schemas.WorkOut)
def ask_for_tax(ctx: CallContext, invoice_id: UUID) -> Any:
    """Ask the accounting system again what a draft is taxed"""
    return taxing.ask_again(ctx, invoice_id)


@rest.get("/accounting/batches", permission=_READ, query=schemas.BatchQuery, out=schemas.BatchPage)
def list_batches(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List batches"""
    return listing.list_batches(ctx, query)


@rest.post("/accounting/batches", permission=_MANAGE, body=schemas.BatchIn, out=schemas.BatchOut)
def create_batch(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Take documents into a batch and check them"""
    return batches.create_batch(ctx, **body)


@rest.get(_BATCH, permission=_READ, out=schemas.BatchOut)
def get_batch(ctx: CallContext, batch_id: UUID) -> Any:
    """Read a batch"""
    return batches.get_batch(ctx, batch_id)


@rest.get(f"{_BATCH}/documents", permission=_READ, query=schemas.DocumentQuery, out=schemas.DocumentPage)
def list_documents(ctx: CallContext, batch_id: UUID, query: dict[str, Any]) -> Page:
    """List the documents of a batch"""
    return listing.list_batch_documents(ctx, batches.get_batch(ctx, batch_id).id, query)


@rest.post(f"{_BATCH}/check", permission=_MANAGE, out=schemas.BatchOut)
def check_batch(ctx: CallContext, batch_id: UUID) -> Any:
    """Check a batch again"""
    return batches.recheck(ctx, batch_id)


@rest.post(f"{_BATCH}/deliver", permission=_MANAGE, out=schemas.BatchOut)
def deliver_batch(ctx: CallContext, batch_id: UUID) -> Any:
    """Deliver what is ready of a batch"""
    return batches.deliver_batch(ctx, batch_id)


@rest.post(f"{_BATCH}/cancel", permission=_MANAGE, out=schemas.BatchOut)
def cancel_batch(ctx: CallContext, batch_id: UUID) -> Any:
    """Give up what is not delivered of a batch"""
    return batches.cancel_batch(ctx, batch_id)


@rest.get(f"{_BATCH}/files", permission=_READ, out=schemas.FileList)
def list_files(ctx: CallContext, batch_id: UUID) -> Any:
    """List the files that a batch was delivered as"""
    return {"items": batches.list_files(ctx, batches.get_batch(ctx, batch_id).id)}


@rest.get("/accounting/files/<uuid:file_id>", permission=_READ)
def get_file(ctx: CallContext, file_id: UUID) -> Response:
    """A file that a batch was delivered as"""
    file = batches.get_file(ctx, file_id)
    return attachment(file.name, file.content_type, file.content)


@rest.get(_DOCUMENT, permission=_READ, out=schemas.DocumentOut)
def get_document(ctx: CallContext, document_id: UUID) -> Any:
    """Read a document as it was taken, and what is in its way"""
    row = batches.get_document(ctx, document_id)
    row.problems = validating.open_problems(ctx, [row.id])[row.id]  # type: ignore[attr-defined]
    return row


@rest.post(f"{_DOCUMENT}/leave-out", permission=_MANAGE, out=schemas.DocumentRow)
def leave_out(ctx: CallContext, document_id: UUID) -> Any:
    """Leave a document out of its batch"""
    return batches.leave_out(ctx, document_id)
