"""Web pages in which extensions show their own: the list of apps, an app, a tab, a card of the overview."""

from __future__ import annotations

from uuid import UUID

from flask import g
from flask.typing import ResponseReturnValue

from kernel.context import CallContext
from kernel.hookspecs.directory import Ref
from kernel.web.pages import Pages, render
from plugins.extensions.slots import frames as slots

pages = Pages("extensions")
_SLOT = "/apps/<uuid:install_id>/<position>"
_ROW = "<kind>/<uuid:row_id>"


@pages.get("/apps", permission=slots.USE)
def apps(ctx: CallContext) -> ResponseReturnValue:
    return render("extensions/apps.html", tiles=slots.tiles(ctx))


@pages.get(_SLOT, permission=slots.USE)
def app(ctx: CallContext, install_id: UUID, position: str) -> ResponseReturnValue:
    return _shown(ctx, "extensions/app.html", install_id, position)


@pages.get(f"{_SLOT}/on/{_ROW}", permission=slots.USE)
def app_on(ctx: CallContext, install_id: UUID, position: str, kind: str, row_id: UUID) -> ResponseReturnValue:
    return _shown(ctx, "extensions/app.html", install_id, position, Ref(kind, row_id))


@pages.get(f"{_SLOT}/panel/{_ROW}", permission=slots.USE)
def panel(ctx: CallContext, install_id: UUID, position: str, kind: str, row_id: UUID) -> ResponseReturnValue:
    return _shown(ctx, "extensions/panel.html", install_id, position, Ref(kind, row_id))


@pages.get(f"{_SLOT}/card", permission=slots.USE)
def card(ctx: CallContext, install_id: UUID, position: str) -> ResponseReturnValue:
    return _shown(ctx, "extensions/card.html", install_id, position)


def _shown(ctx: CallContext, template: str, install_id: UUID, position: str, on: Ref | None = None) -> ResponseReturnValue:
    slot = slots.get_slot(ctx, install_id, int(position) if position.isdecimal() and len(position) < 3 else None, on)
    return render(template, slot=slot, frame=slots.frame_of(ctx, slot, g.identity.locale, on), on=on)
