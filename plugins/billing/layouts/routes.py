"""REST of invoice layouts."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response

from kernel.api.rest import Rest
from kernel.context import CallContext
from plugins.billing import invoices, paper
from plugins.billing.layouts import choosing, images, previewing, schemas, store
from plugins.billing.layouts.document import check_document
from plugins.billing.layouts.errors import LayoutImageInvalid
from plugins.billing.models import Layout, LayoutImage

rest = Rest("billing")
_LAYOUT = "/invoice-layouts/<uuid:layout_id>"
_IMAGE = "/invoice-layout-images/<uuid:image_id>"
_COLUMNS = ("id", "name", "origin", "key", "current", "draft", "version", "created_at", "updated_at")
_READ, _MANAGE = "invoice.read", "invoice_layout.manage"


def _shown(ctx: CallContext, layout: Layout) -> Mapping[str, Any]:
    row = {name: getattr(layout, name) for name in _COLUMNS}
    return row | {"document": store.version_in_force(ctx, layout).document}


@rest.get("/invoice-layouts", permission=_READ, out=schemas.LayoutList)
def list_layouts(ctx: CallContext) -> Any:
    """List layouts of invoices"""
    return {"items": [_shown(ctx, one) for one in store.find_layouts(ctx)]}


@rest.post("/invoice-layouts", permission=_MANAGE, body=schemas.LayoutIn, out=schemas.LayoutOut)
def create_layout(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Create a layout: a clone of another, or from a document"""
    if "clone_of" in body:
        return _shown(ctx, store.clone_layout(ctx, body["clone_of"], body["name"]))
    return _shown(ctx, store.create_layout(ctx, name=body["name"], document=body["document"]))


@rest.get(_LAYOUT, permission=_READ, out=schemas.LayoutOut)
def get_layout(ctx: CallContext, layout_id: UUID) -> Any:
    """Read a layout"""
    return _shown(ctx, store.get_layout(ctx, layout_id))


@rest.patch(_LAYOUT, permission=_MANAGE, body=schemas.LayoutPatch, out=schemas.LayoutOut, if_match=True)
def change_layout(ctx: CallContext, layout_id: UUID, body: dict[str, Any], version: int | None) -> Any:
    """Rename a layout, or put another document in force

    A document becomes the next version; invoices that are final keep theirs.
    """
    layout = store.own_layout(ctx, layout_id, version)
    if "name" in body:
        layout = store.rename_layout(ctx, layout_id, body["name"])
    if "document" in body:
        layout = store.change_document(ctx, layout_id, body["document"])
    return _shown(ctx, layout)


@rest.delete(_LAYOUT, permission=_MANAGE)
def delete_layout(ctx: CallContext, layout_id: UUID) -> None:
    """Delete a layout that is chosen nowhere and has printed nothing"""
    choosing.delete_layout(ctx, layout_id)


@rest.get(f"{_LAYOUT}/versions", permission=_READ, out=schemas.LayoutVersionList)
def list_versions(ctx: CallContext, layout_id: UUID) -> Any:
    """List the versions of a layout"""
    store.get_layout(ctx, layout_id)
    return {"items": store.list_versions(ctx, layout_id)}


@rest.post(f"{_LAYOUT}/restore", permission=_MANAGE, body=schemas.RestoreIn, out=schemas.LayoutOut, status=200)
def restore_version(ctx: CallContext, layout_id: UUID, body: dict[str, Any]) -> Any:
    """Put an earlier version in force again, as a new one"""
    return _shown(ctx, store.restore_version(ctx, layout_id, body["number"]))


@rest.post(f"{_LAYOUT}/preview", permission=_MANAGE, body=schemas.PreviewIn, status=200)
def preview_layout(ctx: CallContext, layout_id: UUID, body: dict[str, Any]) -> Response:
    """Print an invoice or a sample by a layout, or by a document that is not kept yet"""
    document = store.document_of(ctx, store.get_layout(ctx, layout_id))
    if "document" in body:
        document = check_document(body["document"])
    facts = previewing.preview_paper(ctx, body.get("invoice_id"))
    if body["form"] == "html":
        return html_response(paper.show_paper(ctx, facts, document))
    return Response(paper.print_paper(ctx, facts, document), mimetype="application/pdf")


def html_response(page: paper.HtmlPage) -> Response:
    """A printed invoice under its own security policy."""
    response = Response(page.content, mimetype="text/html")
    response.headers["Content-Security-Policy"] = page.policy
    return response


@rest.get("/invoices/<uuid:invoice_id>/html", permission=_READ)
def get_html(ctx: CallContext, invoice_id: UUID) -> Response:
    """An invoice as a page of HTML"""
    return html_response(paper.show_invoice(ctx, invoices.get_invoice(ctx, invoice_id)))


@rest.get("/invoice-layout-choices", permission=_READ, out=schemas.ChoiceList)
def list_choices(ctx: CallContext) -> Any:
    """List which layout prints for whom"""
    return {"items": choosing.list_choices(ctx)}


@rest.post("/invoice-layout-choices", permission=_MANAGE, body=schemas.ChoiceIn, out=schemas.ChoiceOut)
def choose_layout(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Let a layout print for all, for a client, or for a kind of document"""
    return choosing.choose_layout(ctx, **body)


@rest.delete("/invoice-layout-choices/<uuid:choice_id>", permission=_MANAGE)
def drop_choice(ctx: CallContext, choice_id: UUID) -> None:
    """Drop a choice; the next closest holds again"""
    choosing.drop_choice(ctx, choice_id)


@rest.get("/invoice-layout-images", permission=_READ, out=schemas.ImageList)
def list_images(ctx: CallContext) -> Any:
    """List pictures for layouts"""
    return {"items": images.list_images(ctx)}


@rest.post("/invoice-layout-images", permission=_MANAGE, body=schemas.ImageIn, out=schemas.ImageOut)
def add_image(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Upload a picture: PNG or JPEG, at most 512 kB"""
    try:
        content = b64decode(body["content"], validate=True)
    except binascii.Error as error:
        raise LayoutImageInvalid(errors={"content": "This is no base64."}) from error
    return images.add_image(ctx, name=body["name"], content=content)


@rest.get(_IMAGE, permission=_READ)
def get_image(ctx: CallContext, image_id: UUID) -> Response:
    """A picture's file"""
    return image_response(ctx, images.get_image(ctx, image_id))


def image_response(ctx: CallContext, image: LayoutImage) -> Response:
    """The file as a browser shows it."""
    response = Response(images.image_bytes(ctx, image), mimetype=image.content_type)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@rest.delete(_IMAGE, permission=_MANAGE)
def delete_image(ctx: CallContext, image_id: UUID) -> None:
    """Delete a picture that no version of a layout prints"""
    images.delete_image(ctx, image_id)
