"""What people see when something is refused or fails: plain words, what to do next, and a number to tell the support."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from flask import Response, g, make_response, redirect, request
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError
from werkzeug.exceptions import HTTPException

from kernel.errors import DeskhandError, InvalidInput, Unauthenticated
from kernel.gate import COOKIE, SAFE_METHODS, request_id
from kernel.web.forms import error_messages
from kernel.web.i18n import gettext as _
from kernel.web.i18n import offered, speaking
from kernel.web.render import local_url, render

if TYPE_CHECKING:
    from flask import Flask

log = logging.getLogger(__name__)


def answer_in_words(app: Flask) -> None:
    """Answer every error outside the REST interface, which has its own, with a page or a toast."""
    app.register_error_handler(DeskhandError, refused)
    app.register_error_handler(ValidationError, misread)
    app.register_error_handler(HTTPException, http_refused)
    app.register_error_handler(Exception, failed)


def refused(error: DeskhandError) -> ResponseReturnValue:
    """An expected refusal."""
    if isinstance(error, Unauthenticated):
        return _to_login()
    if error.status >= 500:
        log.error("refused with %s: %s", error.code, error.detail, exc_info=error)
    return _answer(error.status, error.title, error.detail, error.errors)


def misread(error: ValidationError) -> ResponseReturnValue:
    """Input that a schema refuses outside a form."""
    return refused(InvalidInput(errors=error_messages(error)))


def http_refused(error: HTTPException) -> ResponseReturnValue:
    """An error of HTTP itself: no such page, wrong method, too large."""
    words = {
        404: (_("Page not found"), _("Nothing is at this address. It may have been moved or removed.")),
        405: (_("Not possible here"), _("This address does not take that kind of request.")),
        413: (_("Too large"), _("What was sent is larger than the server takes.")),
    }
    if error.response is not None:
        return error.response
    title, detail = words.get(error.code or 500, (error.name, error.description or ""))
    return _answer(error.code or 500, title, detail, {})


def failed(error: Exception) -> ResponseReturnValue:
    """A fault of ours; logged with its request id, told without details."""
    log.error("request %s failed", request_id(), exc_info=error)
    words = _("This is our fault, not yours. Nothing was changed. Try again in a moment.")
    return _answer(500, _("Something went wrong"), words, {})


def reader_locale() -> str:
    """The locale of who is signed in, else the best of those the browser asks for."""
    if "identity" in g:
        return str(g.identity.locale)
    return request.accept_languages.best_match(offered()) or "en"


def _to_login() -> ResponseReturnValue:
    """Sign in first, then come back to the page one was on."""
    if "HX-Request" in request.headers:
        page = urlsplit(request.headers.get("HX-Current-URL", "/"))
        response = make_response("", 401)
        response.headers["HX-Redirect"] = f"/login?next={quote(local_url(page.path))}"
    else:
        back = local_url(request.full_path.rstrip("?")) if request.method in SAFE_METHODS else "/"
        response = make_response(redirect(f"/login?next={quote(back)}" if back != "/" else "/login"))
    response.delete_cookie(COOKIE)
    return response


def _answer(status: int, title: str, detail: str, errors: dict[str, str]) -> Response:
    with speaking(reader_locale()):
        if "HX-Request" in request.headers:
            response = make_response(render("toast.html", title=title, detail=detail, errors=errors), status)
            response.headers["HX-Retarget"] = "#toasts"
            response.headers["HX-Reswap"] = "beforeend"
            response.headers["HX-Reselect"] = "[data-toast]"
            return response
        frame = "shell.html" if "ctx" in g else "door.html"
        return make_response(render("error.html", frame=frame, status=status, title=title, detail=detail, errors=errors,
                                    request_id=request_id()), status)  # fmt: skip
