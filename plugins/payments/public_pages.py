"""`/pay/<secret>`: the pages that clients see without signing in. Whoever has the address sees numbers, amounts and the seller's
logo, no more.

The button is answered by a page that leads on, not by a redirection: a policy of where forms may go (`form-action`) holds for
redirections as well, and the payment service's address is not known before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, abort, current_app, make_response, request
from flask.typing import ResponseReturnValue

from kernel.api import ratelimit
from kernel.context import Actor
from kernel.errors import Conflict, DeskhandError, InvalidInput, Refused, Unavailable
from kernel.gate import PUBLIC, check_origin
from kernel.jobs import enqueue
from kernel.web.i18n import speaking
from kernel.web.pages import Pages, render
from plugins.payments.checkouts import open_checkout
from plugins.payments.errors import LinkUnknown
from plugins.payments.links import PATH, Shown, find_link, look_up, tenant_of
from plugins.payments.services import LOOK

if TYPE_CHECKING:
    from kernel.app import Kernel

pages = Pages("payments")
BURST, PER_SECOND = 60, 0.5
_PAYER = Actor("system", None, "Payment page")
_TOLD = (Conflict, InvalidInput, Refused, Unavailable)


def _kernel() -> Kernel:
    kernel: Kernel = current_app.extensions["deskhand"]
    return kernel


def _look(token: str) -> Shown:
    """What the page shows. Guesses are limited by where they come from. Raises LinkUnknown and RateLimited."""
    kernel, tenant_id = _kernel(), tenant_of(token)
    with kernel.db.transaction() as session:
        from kernel.tenancy import TenantRow

        if session.get(TenantRow, tenant_id) is None:
            raise LinkUnknown("There is no such payment link.")
    ratelimit.take(kernel, tenant_id, f"pay:{request.remote_addr}", burst=BURST, per_second=PER_SECOND)
    with kernel.call(tenant_id, _PAYER) as ctx:
        if "payments" in ctx.hooks.disabled:
            raise LinkUnknown("There is no such payment link.")
        shown = look_up(ctx, find_link(ctx, token))
        if shown.attempt is not None and request.path.endswith("/done"):
            enqueue(ctx, LOOK, {"attempt_id": str(shown.attempt.id)}, key=str(shown.attempt.id))
        return shown


def payment_page(token: str) -> ResponseReturnValue:
    """What is to be paid, and the way to the payment service."""
    return _answer(token, _look(token))


def pay(token: str) -> ResponseReturnValue:
    """Go to the payment service's page."""
    check_origin()
    shown = _look(token)
    agreed_by = request.form.get("agreed_by", "") if shown.state == "setup" or request.form.get("keep") else ""
    try:
        if request.form.get("keep") and not agreed_by.strip():
            raise InvalidInput(errors={"agreed_by": "Write who agrees to automatic payments."})
        url = open_checkout(_kernel(), token, agreed_by=agreed_by)
    except _TOLD as refusal:
        return _answer(token, _look(token), refusal)
    response = _drawn("payments/leave.html", shown, token=token, url=url)
    response.headers["Refresh"] = f"0; url={url}"
    return response


def after_payment(token: str) -> ResponseReturnValue:
    """Where the payment service sends the payer back to; it asks again until the money is noted."""
    return _answer(token, _look(token), back=True)


def _answer(token: str, shown: Shown, refusal: DeskhandError | None = None, *, back: bool = False) -> Response:
    words = " ".join(refusal.errors.values()) or refusal.detail if refusal else ""
    status, keep = refusal.status if refusal else 200, bool(request.form.get("keep"))
    return _drawn("payments/pay.html", shown, status, token=token, words=words, back=back, keep=keep)


def logo(token: str) -> ResponseReturnValue:
    """The logo of the page's head."""
    letterhead = _look(token).letterhead
    if not letterhead.logo:
        abort(404)
    response = make_response(_kernel().files.get_bytes(tenant_of(token), letterhead.logo))
    response.content_type, response.headers["Cache-Control"] = letterhead.content_type, "private, max-age=3600"
    return response


def _drawn(template: str, shown: Shown, status: int = 200, **values: Any) -> Response:
    with speaking(shown.locale):
        response = make_response(render(template, shown=shown, **values), status)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _mount(blueprint: Blueprint) -> None:
    doors = ((payment_page, "", "GET"), (pay, "", "POST"), (after_payment, "/done", "GET"), (logo, "/logo", "GET"))
    for view, rest, method in doors:
        view.permission, view.plugin = PUBLIC, "payments"  # type: ignore[attr-defined]
        blueprint.add_url_rule(f"{PATH}/<token>{rest}", view.__name__, view, methods=[method])


_mount(pages.blueprint)
