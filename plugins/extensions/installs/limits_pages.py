"""The web page of an install's own limits."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue

from kernel.context import CallContext
from kernel.web.i18n import gettext as _
from kernel.web.pages import Pages, redirect_to
from plugins.extensions import services
from plugins.extensions.installs import limits
from plugins.extensions.publishing.releases import get_release

pages = Pages("extensions")


def _named(ctx: CallContext, install_id: UUID) -> dict[str, Any]:
    found = services.get_install(ctx, install_id)
    return {"install": found, "release": get_release(ctx, found.release_id)}


def _own(ctx: CallContext, install_id: UUID) -> dict[str, Any]:
    return dict(services.get_install(ctx, install_id).limits or {})


@pages.form("/extensions/<uuid:install_id>/limits", permission="extension.manage", schema=limits.LimitsIn,
            template="extensions/limits.html", initial=_own, context=_named)  # fmt: skip
def limit(ctx: CallContext, install_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    limits.set_limits(ctx, install_id, data)
    return redirect_to(f"/extensions/{install_id}", toast=_("Saved. The limits hold from the next call."))
