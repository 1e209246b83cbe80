"""Web pages of publishers: whose keys are trusted, and what may not run any more."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue

from kernel.context import CallContext
from kernel.web.i18n import gettext as _
from kernel.web.pages import Pages, redirect_to, render
from plugins.extensions import schemas
from plugins.extensions.publishers import trust
from plugins.extensions.publishers.signing import read_public_key

pages = Pages("extensions")
_HERE = "/extensions/publishers"


@pages.get(_HERE, permission="extension.read")
def publishers(ctx: CallContext) -> ResponseReturnValue:
    keys = trust.list_keys(ctx, {"limit": 200}).items
    return render(
        "extensions/publishers.html", keys=keys, revoked=trust.list_revocations(ctx, {"limit": 200}).items,
        everywhere=trust.listed_everywhere(ctx),
    )  # fmt: skip


@pages.form(f"{_HERE}/trust", permission="extension.manage", schema=schemas.KeyIn, template="extensions/key_form.html")
def trust_key(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    trust.trust_key(ctx, data["publisher"], read_public_key(data["key"]))
    return redirect_to(_HERE, toast=_("The key is trusted."))


@pages.post(f"{_HERE}/keys/<uuid:key_id>/distrust", permission="extension.manage")
def distrust_key(ctx: CallContext, key_id: UUID) -> ResponseReturnValue:
    trust.distrust_key(ctx, key_id)
    return redirect_to(_HERE, toast=_("The key is trusted no more."))


@pages.form(f"{_HERE}/revoke", permission="extension.manage", schema=schemas.RevocationIn,
            template="extensions/revocation_form.html")  # fmt: skip
def revoke(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    trust.revoke(ctx, **data)
    return redirect_to(_HERE, toast=_("Revoked. Its installs are switched off."))


@pages.post(f"{_HERE}/revocations/<uuid:revocation_id>/lift", permission="extension.manage")
def lift(ctx: CallContext, revocation_id: UUID) -> ResponseReturnValue:
    trust.lift_revocation(ctx, revocation_id)
    return redirect_to(_HERE, toast=_("Lifted. What was switched off stays off until somebody switches it on."))
