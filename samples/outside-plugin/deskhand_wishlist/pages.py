"""Web pages, the same shape as a route."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from deskhand_wishlist import schemas, services
from kernel.context import CallContext
from kernel.web.i18n import gettext as _
from kernel.web.pages import Pages, redirect_to, render

pages = Pages("wishlist")


@pages.get("/wishlist", permission="wishlist.read", query=schemas.EntryQuery)
def entries(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    return render("wishlist/list.html", page=services.list_entries(ctx, query))


@pages.form("/wishlist/new", permission="wishlist.manage", schema=schemas.EntryIn, template="wishlist/form.html")
def new_entry(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    services.add_entry(ctx, **data)
    return redirect_to("/wishlist", toast=_("Added."))


@pages.post("/wishlist/<uuid:entry_id>/delete", permission="wishlist.manage")
def delete_entry(ctx: CallContext, entry_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    services.delete_entry(ctx, entry_id)
    return redirect_to("/wishlist", toast=_("Deleted."))
