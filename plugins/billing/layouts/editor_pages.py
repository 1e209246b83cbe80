"""The editor of a layout: its blocks beside what they look like. Every step is kept as a draft until it is published."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from flask import make_response, request
from flask.typing import ResponseReturnValue
from marshmallow import Schema
from werkzeug.datastructures import MultiDict

from kernel.context import CallContext
from kernel.errors import DeskhandError, InvalidInput
from kernel.web.forms import Form
from kernel.web.i18n import gettext as _
from kernel.web.pages import Pages, redirect_to, render, render_options
from plugins.billing import listing
from plugins.billing.layouts import blocks, editing, fields, images, previewing, schemas, store
from plugins.billing.layouts.document import ON_THE_PAGE, Document, check_document
from plugins.billing.layouts.pages import LAYOUT, MANAGE
from plugins.billing.layouts.words import block_in_words, conditions_in_words
from plugins.billing.models import Layout

pages = Pages("billing")


@pages.get(LAYOUT, permission=MANAGE)
def editor(ctx: CallContext, layout_id: UUID) -> ResponseReturnValue:
    layout = store.get_layout(ctx, layout_id)
    kept = [one for one in store.list_versions(ctx, layout_id) if "extension" not in one.document]
    return render("billing/layout.html", **_shown(ctx, layout), versions=kept)


def _shown(ctx: CallContext, layout: Layout) -> dict[str, Any]:
    """The blocks as rows, with what the page needs around them."""
    document = store.document_of(ctx, layout)
    return {"layout": layout, "document": document, "kinds": blocks.BLOCKS, "in_words": block_in_words,
            "when_in_words": conditions_in_words, "fixed": ON_THE_PAGE,
            "columns": editing.columns_of(document) if "blocks" in document else [], "invoice_id": _wanted_invoice()}  # fmt: skip


def _wanted_invoice() -> UUID | None:
    return request.args.get("invoice_id", type=UUID)


@pages.get(f"{LAYOUT}/preview", permission=MANAGE)
def preview(ctx: CallContext, layout_id: UUID) -> ResponseReturnValue:
    layout = store.get_layout(ctx, layout_id)
    return _pictures(ctx, layout, store.document_of(ctx, layout))


@pages.post(f"{LAYOUT}/preview", permission=MANAGE)
def preview_typed(ctx: CallContext, layout_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    """The layout with what stands in the form now; nothing is kept."""
    layout = store.get_layout(ctx, layout_id)
    try:
        document = check_document(_typed(ctx, store.document_of(ctx, layout), form))
    except InvalidInput as error:
        return render(
            "billing/layout_preview.html", layout=layout, pictures=[], errors=list(error.errors.values()), invoice_id=None
        )
    return _pictures(ctx, layout, document)


def _typed(ctx: CallContext, document: Document, form: MultiDict[str, str]) -> Document:
    key = request.args.get("key", "")
    if not key:
        return _with_page(document, _footer_lines(Form.read(blocks.PageForm, form).load(ctx.tenant.zone)))
    kind = editing.find_block(document, key)["kind"]
    return _with_choices(document, key, kind, Form.read(_schema(kind), form).load(ctx.tenant.zone))


def _pictures(ctx: CallContext, layout: Layout, document: Document) -> ResponseReturnValue:
    try:
        pictures, errors = previewing.preview_pages(ctx, document, _wanted_invoice()), []
    except DeskhandError as error:
        if error.status == 404:
            raise
        pictures, errors = [], [error.detail]
    inside = [b64encode(one).decode() for one in pictures]
    return render("billing/layout_preview.html", layout=layout, pictures=inside, errors=errors, invoice_id=_wanted_invoice())


def _schema(kind: str) -> type[Schema]:
    return schemas.WidthsForm if kind == "columns" else blocks.SCHEMAS[kind]


def _with_choices(document: Document, key: str, kind: str, data: Mapping[str, Any]) -> Document:
    if kind != "columns":
        return editing.with_block(document, key, data)
    changed = editing.with_columns(document, key, data["columns"])
    return editing.with_block(changed, key, {"when": data["when"]})


def _with_page(document: Document, data: Mapping[str, Any]) -> Document:
    return {**document, "page": {**document["page"], **data}}


@pages.get(f"{LAYOUT}/block", permission=MANAGE)
def block_form(ctx: CallContext, layout_id: UUID) -> ResponseReturnValue:
    layout, key = store.get_layout(ctx, layout_id), request.args.get("key", "")
    document = store.document_of(ctx, layout)
    if not key or layout.origin != "own":
        return redirect_to(f"/invoice-layouts/{layout_id}")
    block = editing.find_block(document, key)
    return _block_page(ctx, layout, block, Form(_schema(block["kind"]), _values(block), version=layout.version))


def _values(block: Mapping[str, Any]) -> dict[str, Any]:
    if block["kind"] != "columns":
        return dict(block)
    widths = [{"width": one["width"], "at": at} for at, one in enumerate(block["columns"])]
    return {**block, "columns": widths}


def _block_page(ctx: CallContext, layout: Layout, block: Mapping[str, Any], form: Form) -> str:
    return render(
        "billing/layout_block.html", layout=layout, block=block, form=form, kinds=blocks.BLOCKS, choices=blocks,
        images=[(str(one.id), one.name) for one in images.list_images(ctx)], invoice_id=_wanted_invoice(),
        fields=[(name, f"{_noun(noun)}: {words}") for noun, found in fields.fields_by_noun().items() for name, words in found],
        references=fields.fields_by_noun(),
    )  # fmt: skip


def _noun(noun: str) -> str:
    return {"invoice": _("Invoice"), "contract": _("Contract"), "location": _("Location"), "client": _("Client"),
            "seller": _("Seller"), "payment": _("Payment")}[noun]  # fmt: skip


@pages.post(f"{LAYOUT}/block", permission=MANAGE)
def save_block(ctx: CallContext, layout_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    layout, key = store.own_layout(ctx, layout_id), request.args.get("key", "")
    document = store.document_of(ctx, layout)
    block = editing.find_block(document, key)
    typed = Form.read(_schema(block["kind"]), form)
    try:
        changed = _with_choices(document, key, block["kind"], typed.load(ctx.tenant.zone))
        store.save_draft(ctx, layout_id, changed, typed.version)
    except InvalidInput as error:
        typed.refuse(_at_fields(error, editing.path_of(document, key)))
        return make_response(_block_page(ctx, layout, block, typed), 422)
    return redirect_to(f"/invoice-layouts/{layout_id}", toast=_("Kept as a draft."))


def _at_fields(error: InvalidInput, path: str) -> InvalidInput:
    """The errors of one block by the names of its fields."""
    return InvalidInput(error.detail, errors={name.removeprefix(f"{path}."): words for name, words in error.errors.items()})


def _page_of(ctx: CallContext, layout_id: UUID) -> dict[str, Any]:
    layout = store.get_layout(ctx, layout_id)
    page = store.document_of(ctx, layout).get("page", {})
    return {**page, "footer": "\n".join(page.get("footer", ())), "version": layout.version}


def _page_context(ctx: CallContext, layout_id: UUID) -> dict[str, Any]:
    return {"layout": store.get_layout(ctx, layout_id), "invoice_id": None}


@pages.form(f"{LAYOUT}/page", permission=MANAGE, schema=blocks.PageForm, template="billing/layout_page.html", initial=_page_of,
            context=_page_context, if_match=True)  # fmt: skip
def save_page(ctx: CallContext, layout_id: UUID, data: dict[str, Any], version: int | None) -> ResponseReturnValue:
    document = store.document_of(ctx, store.own_layout(ctx, layout_id))
    store.save_draft(ctx, layout_id, _with_page(document, _footer_lines(data)), version)
    return redirect_to(f"/invoice-layouts/{layout_id}", toast=_("Kept as a draft."))


def _footer_lines(data: Mapping[str, Any]) -> dict[str, Any]:
    return {**data, "footer": [line.strip() for line in data["footer"].splitlines() if line.strip()]}


def _step(ctx: CallContext, layout_id: UUID, step: Callable[[Document], Document]) -> ResponseReturnValue:
    """Take a step and show the blocks anew; without htmx the whole page."""
    document = store.document_of(ctx, store.own_layout(ctx, layout_id))
    layout = store.save_draft(ctx, layout_id, step(document))
    if "HX-Request" in request.headers:
        return render("billing/layout_blocks.html", **_shown(ctx, layout))
    return redirect_to(f"/invoice-layouts/{layout_id}")


@pages.post(f"{LAYOUT}/blocks/move", permission=MANAGE)
def move_block(ctx: CallContext, layout_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    by = -1 if form.get("by") == "-1" else 1
    return _step(ctx, layout_id, lambda document: editing.with_move(document, form.get("key", ""), by))


@pages.post(f"{LAYOUT}/blocks/put", permission=MANAGE)
def put_block(ctx: CallContext, layout_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    return _step(ctx, layout_id, lambda document: editing.with_put(document, form.get("key", ""), form.get("column", "")))


@pages.post(f"{LAYOUT}/blocks/drop", permission=MANAGE)
def drop_block(ctx: CallContext, layout_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    key, near, after = form.get("key", ""), form.get("near", ""), form.get("side") == "after"
    return _step(ctx, layout_id, lambda document: editing.with_drop(document, key, near, after=after))


@pages.post(f"{LAYOUT}/blocks/remove", permission=MANAGE)
def remove_block(ctx: CallContext, layout_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    return _step(ctx, layout_id, lambda document: editing.without_block(document, form.get("key", "")))


@pages.post(f"{LAYOUT}/blocks/add", permission=MANAGE)
def add_block(ctx: CallContext, layout_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    document = store.document_of(ctx, store.own_layout(ctx, layout_id))
    if form.get("kind") == "image" and not images.list_images(ctx):
        return redirect_to("/invoice-layouts/images/new", toast=_("Upload a picture first."))
    column = "" if form.get("kind") in ON_THE_PAGE else form.get("column", "")
    changed, key = editing.with_new_block(document, form.get("kind", ""), column)
    if form.get("kind") == "image":
        changed = editing.with_block(changed, key, {"image": str(images.list_images(ctx)[0].id)})
    store.save_draft(ctx, layout_id, changed)
    return redirect_to(f"/invoice-layouts/{layout_id}/block?key={key}")


@pages.post(f"{LAYOUT}/publish", permission=MANAGE)
def publish(ctx: CallContext, layout_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    layout = store.publish_layout(ctx, layout_id)
    said = _("Version %(num)s is in force. Final invoices keep theirs.", num=layout.current)
    return redirect_to(f"/invoice-layouts/{layout_id}", toast=said)


@pages.post(f"{LAYOUT}/discard", permission=MANAGE)
def discard(ctx: CallContext, layout_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    store.discard_draft(ctx, layout_id)
    return redirect_to(f"/invoice-layouts/{layout_id}", toast=_("The draft is gone."))


@pages.post(f"{LAYOUT}/restore", permission=MANAGE, schema=schemas.RestoreIn)
def restore(ctx: CallContext, layout_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    layout = store.restore_version(ctx, layout_id, data["number"])
    said = _("Version %(old)s is in force again, as version %(num)s.", old=data["number"], num=layout.current)
    return redirect_to(f"/invoice-layouts/{layout_id}", toast=said)


@pages.get("/invoice-layouts/invoices", permission=MANAGE)
def pick_invoice(ctx: CallContext) -> ResponseReturnValue:
    """Invoices to look at, by number or client."""
    typed = request.args.get("q", "")
    found = listing.find_invoices(ctx, typed, 12) if typed else listing.list_invoices(ctx, {"limit": 12}).items
    return render_options((row["id"], row["number"], row["client_name"]) for row in found)
