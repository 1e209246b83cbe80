"""Web pages of the catalog's categories."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from kernel.context import CallContext
from kernel.web.i18n import gettext as _
from kernel.web.pages import Pages, redirect_to, render
from plugins.catalog import categories, schemas

pages = Pages("catalog")


@pages.get("/catalog-categories", permission="catalog.read")
def shelves(ctx: CallContext) -> ResponseReturnValue:
    return render("catalog/categories.html", categories=categories.list_categories(ctx))


def _category(ctx: CallContext, category_id: UUID | None = None) -> dict[str, Any]:
    return {"category": categories.get_category(ctx, category_id) if category_id else None}


@pages.form("/catalog-categories/new", permission="catalog.manage", schema=schemas.CategoryIn,
            template="catalog/category_form.html", context=_category)  # fmt: skip
def new_category(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    added = categories.add_category(ctx, **data)
    return redirect_to("/catalog-categories", toast=_("%(name)s added.", name=added.name))


@pages.form("/catalog-categories/<uuid:category_id>/edit", permission="catalog.manage", schema=schemas.CategoryIn,
            template="catalog/category_form.html", initial=categories.get_category, context=_category, if_match=True)  # fmt: skip
def edit_category(ctx: CallContext, category_id: UUID, data: dict[str, Any], version: int | None) -> ResponseReturnValue:
    categories.change_category(ctx, category_id, data, version)
    return redirect_to("/catalog-categories", toast=_("Saved."))


@pages.post("/catalog-categories/<uuid:category_id>/delete", permission="catalog.manage")
def delete_category(ctx: CallContext, category_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    categories.delete_category(ctx, category_id)
    return redirect_to("/catalog-categories", toast=_("Category deleted."))
