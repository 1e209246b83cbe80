"""Web pages of the QuickBooks room."""

from __future__ import annotations

from typing import Any

from flask.typing import ResponseReturnValue

from kernel.context import CallContext
from kernel.web.i18n import gettext as _
from kernel.web.i18n import lazy_gettext as _l
from kernel.web.pages import Pages, redirect_to, render
from plugins.quickbooks import schemas, services

pages = Pages("quickbooks")
STATES = {
    "connected": (_l("Connected"), "success"),
    "failing": (_l("Failing"), "warning"),
    "withdrawn": (_l("Disconnected"), "danger"),
}


@pages.get("/quickbooks", permission="quickbooks.read")
def overview(ctx: CallContext) -> ResponseReturnValue:
    return render(
        "quickbooks/overview.html", webhooks=services.get_webhooks(ctx), companies=services.list_companies(ctx), states=STATES
    )


def _webhooks(ctx: CallContext) -> dict[str, Any]:
    return {"webhooks": services.get_webhooks(ctx)}


@pages.form("/quickbooks/webhooks", permission="quickbooks.manage", schema=schemas.VerifierIn,
            template="quickbooks/verifier_form.html", context=_webhooks)  # fmt: skip
def set_verifier(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    services.set_verifier(ctx, data["token"])
    return redirect_to("/quickbooks", toast=_("Saved. Nobody sees it again."))


@pages.post("/quickbooks/webhooks/remove", permission="quickbooks.manage")
def remove_verifier(ctx: CallContext) -> ResponseReturnValue:
    services.remove_verifier(ctx)
    return redirect_to("/quickbooks", toast=_("Removed. Changes are found by asking from now on."))
