"""Hangs the web app into Flask: static files, pages of the shell and of every plugin, errors, headers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, g, request, send_from_directory

from kernel.web import doors, errors, home  # noqa: F401 - home hangs its pages on those of doors
from kernel.web.render import DIST, TOAST, Shell, nonce

if TYPE_CHECKING:
    from flask import Flask

    from kernel.app import Kernel

_HASHED = re.compile(r"-[A-Z0-9]{8}\.\w+$")
_YEAR = 365 * 24 * 3600
_POLICY = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; frame-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def mount_web(app: Flask, kernel: Kernel) -> None:
    """Serve the web app. Raises StartupError when the assets are not built."""
    app.extensions["deskhand-web"] = Shell(kernel)
    app.register_blueprint(_static())
    app.register_blueprint(doors.public)
    app.register_blueprint(doors.pages.blueprint)
    for position, (_, pages) in enumerate(kernel.plugins.collect("register_pages")):
        app.register_blueprint(pages.blueprint, name=f"{pages.blueprint.name}-{position}")
    errors.answer_in_words(app)
    app.after_request(_finish)


def _static() -> Blueprint:
    blueprint = Blueprint("web-static", __name__)

    @blueprint.get("/static/dist/<path:name>")
    def asset(name: str) -> Response:
        """A file of the front-end build, packed where a packed twin lies beside it and the browser takes it."""
        packed = "gzip" in request.headers.get("Accept-Encoding", "") and (DIST / f"{name}.gz").is_file()
        if name.endswith(".gz"):
            abort(404)
        kind = None if not packed else _KINDS.get(name.rsplit(".", 1)[-1])
        age = _YEAR if _HASHED.search(name) else 3600
        response = send_from_directory(DIST, f"{name}.gz" if packed else name, mimetype=kind, max_age=age)
        response.headers["Vary"] = "Accept-Encoding"
        if packed:
            response.headers["Content-Encoding"] = "gzip"
        if age == _YEAR:
            response.cache_control.immutable = True
        return response

    asset.permission, asset.plugin = "(public)", "kernel"  # type: ignore[attr-defined]
    return blueprint


_KINDS = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml", "json": "application/json"}


def _finish(response: Response) -> Response:
    """Headers that every answer carries; a page's own stricter ones are kept."""
    keep = response.headers.setdefault
    keep("X-Content-Type-Options", "nosniff")
    keep("Referrer-Policy", "same-origin")
    keep("Cross-Origin-Opener-Policy", "same-origin")
    if request.is_secure:
        keep("Strict-Transport-Security", "max-age=31536000")
    if response.mimetype == "text/html":
        keep("Content-Security-Policy", _POLICY.format(nonce=nonce()))
        keep("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        keep("Cache-Control", "no-store")
        response.vary.add("HX-Request")
    if g.get("toast_said"):
        response.delete_cookie(TOAST)
    return response
