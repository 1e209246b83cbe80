"""Web pages of invoice layouts: the list, who gets which, pictures, and invoices as HTML."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from kernel.context import CallContext
from kernel.web.i18n import gettext as _
from kernel.web.i18n import lazy_gettext as _l
from kernel.web.pages import Pages, redirect_to, render
from plugins.billing import invoices, paper
from plugins.billing.layouts import choosing, images, previewing, schemas, store
from plugins.billing.layouts.routes import html_response, image_response
from plugins.billing.layouts.standards import DEFAULT, TITLES
from plugins.billing.routes import pdf_response

pages = Pages("billing")
MANAGE = "invoice_layout.manage"
LAYOUT = "/invoice-layouts/<uuid:layout_id>"
_IMAGE = "/invoice-layouts/images/<uuid:image_id>"
ORIGINS = {
    "standard": (_l("Standard"), "info"),
    "code": (_l("Made by a program"), "neutral"),
    "extension": (_l("Made by an extension"), "neutral"),
    "own": (_l("Own"), "success"),
}
KINDS = {"invoice": _l("Invoices"), "credit_note": _l("Credit notes"), "prepayment": _l("Prepayments")}


@pages.get("/invoice-layouts", permission=MANAGE)
def layout_list(ctx: CallContext) -> ResponseReturnValue:
    found, printed = store.find_layouts(ctx), choosing.count_printed(ctx)
    off = {one.id for one in store.switched_off(ctx, found)}
    choices = choosing.list_choices(ctx)
    default = next((one.layout_id for one in choices if one.client_id is None and one.kind is None), None)
    rows = [
        {"id": one.id, "name": one.name, "origin": one.origin, "key": one.key, "current": one.current,
         "draft": one.draft is not None, "printed": printed.get(one.id, 0), "off": one.id in off,
         "default": one.id == default or (default is None and one.key == DEFAULT)}
        for one in found
    ]  # fmt: skip
    names = {one.id: one.name for one in found}
    special = [one for one in choices if one.client_id is not None or one.kind is not None]
    return render("billing/layouts.html", layouts=rows, choices=special, names=names, origins=ORIGINS, kinds=KINDS, titles=TITLES)


def _clone_name(ctx: CallContext, layout_id: UUID) -> dict[str, str]:
    return {"name": _("%(name)s, own", name=store.get_layout(ctx, layout_id).name)}


def _named(ctx: CallContext, layout_id: UUID) -> dict[str, Any]:
    return {"layout": store.get_layout(ctx, layout_id)}


@pages.form(f"{LAYOUT}/clone", permission=MANAGE, schema=schemas.LayoutName, template="billing/layout_name.html",
            initial=_clone_name, context=lambda ctx, layout_id: _named(ctx, layout_id) | {"cloning": True})  # fmt: skip
def clone_layout(ctx: CallContext, layout_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    made = store.clone_layout(ctx, layout_id, data["name"])
    return redirect_to(f"/invoice-layouts/{made.id}", toast=_("Cloned. Change it as you like."))


@pages.form(f"{LAYOUT}/rename", permission=MANAGE, schema=schemas.LayoutName, template="billing/layout_name.html",
            initial=store.get_layout, context=lambda ctx, layout_id: _named(ctx, layout_id) | {"cloning": False},
            if_match=True)  # fmt: skip
def rename_layout(ctx: CallContext, layout_id: UUID, data: dict[str, Any], version: int | None) -> ResponseReturnValue:
    store.rename_layout(ctx, layout_id, data["name"], version)
    return redirect_to(f"/invoice-layouts/{layout_id}", toast=_("Saved."))


@pages.post(f"{LAYOUT}/default", permission=MANAGE)
def make_default(ctx: CallContext, layout_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    choosing.choose_layout(ctx, layout_id=layout_id)
    return redirect_to("/invoice-layouts", toast=_("New invoices are printed by this layout."))


@pages.post(f"{LAYOUT}/delete", permission=MANAGE)
def delete_layout(ctx: CallContext, layout_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    choosing.delete_layout(ctx, layout_id)
    return redirect_to("/invoice-layouts", toast=_("Layout deleted."))


def _choosable(ctx: CallContext) -> dict[str, Any]:
    found = store.find_layouts(ctx)
    off = store.switched_off(ctx, found)
    return {"layouts": [(one.id, one.name) for one in found if one not in off], "kinds": KINDS}


@pages.form("/invoice-layouts/choices/new", permission=MANAGE, schema=schemas.ChoiceIn, template="billing/layout_choice.html",
            context=_choosable)  # fmt: skip
def new_choice(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    choosing.choose_layout(ctx, **data)
    return redirect_to("/invoice-layouts", toast=_("Saved."))


@pages.post("/invoice-layouts/choices/<uuid:choice_id>/drop", permission=MANAGE)
def drop_choice(ctx: CallContext, choice_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    choosing.drop_choice(ctx, choice_id)
    return redirect_to("/invoice-layouts", toast=_("Dropped. The next closest choice holds again."))


@pages.get("/invoice-layouts/images", permission=MANAGE)
def image_list(ctx: CallContext) -> ResponseReturnValue:
    return render("billing/layout_images.html", images=images.list_images(ctx))


@pages.form("/invoice-layouts/images/new", permission=MANAGE, schema=schemas.ImageForm, template="billing/layout_image.html")
def new_image(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    sent = request.files.get("content")
    image = images.add_image(ctx, name=data["name"] or (sent and sent.filename) or "", content=sent.read() if sent else b"")
    return redirect_to(
        "/invoice-layouts/images", toast=_("%(name)s is here. Choose it in a letterhead or picture.", name=image.name)
    )


@pages.get(_IMAGE, permission=MANAGE)
def image_file(ctx: CallContext, image_id: UUID) -> ResponseReturnValue:
    return image_response(ctx, images.get_image(ctx, image_id))


@pages.post(f"{_IMAGE}/delete", permission=MANAGE)
def delete_image(ctx: CallContext, image_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    images.delete_image(ctx, image_id)
    return redirect_to("/invoice-layouts/images", toast=_("Picture deleted."))


@pages.get("/invoices/<uuid:invoice_id>/print", permission="invoice.read")
def printed_invoice(ctx: CallContext, invoice_id: UUID) -> ResponseReturnValue:
    return html_response(paper.show_invoice(ctx, invoices.get_invoice(ctx, invoice_id)))


@pages.get(f"{LAYOUT}/preview.pdf", permission=MANAGE)
def preview_pdf(ctx: CallContext, layout_id: UUID) -> ResponseReturnValue:
    layout, invoice_id = store.get_layout(ctx, layout_id), request.args.get("invoice_id", type=UUID)
    facts = previewing.preview_paper(ctx, invoice_id)
    return pdf_response(facts, paper.print_paper(ctx, facts, store.document_of(ctx, layout)))
