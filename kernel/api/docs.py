"""The OpenAPI document at /api/v1/openapi.json and the pages that show it at /api/docs; the same for everybody."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Blueprint, Flask, Response, request

from kernel.api.rest import PREFIX, Route

if TYPE_CHECKING:
    from kernel.app import Kernel

HERE = Path(__file__).parent
ASSETS = "/static/dist/swagger"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def install(app: Flask, kernel: Kernel, routes: list[Route]) -> None:
    """Answer the document, which is made when it is first asked for, and its pages."""
    blueprint = Blueprint("api_docs", __name__)

    @cache
    def document() -> bytes:
        from kernel.api.openapi import describe

        titles = {name: plugin.manifest.title for name, plugin in kernel.plugins.installed.items()}
        return describe(routes, titles, version("deskhand"))

    @blueprint.get(f"{PREFIX}/openapi.json")
    def openapi_json() -> Response:
        return _public(document(), "application/json")

    @blueprint.get("/api/docs")
    def docs() -> Response:
        response = _public((HERE / "docs.html").read_bytes().replace(b"{{ assets }}", ASSETS.encode()), "text/html")
        response.headers["Content-Security-Policy"] = POLICY
        return response

    @blueprint.get("/api/docs.js")
    def docs_script() -> Response:
        return _public((HERE / "docs.js").read_bytes(), "text/javascript")

    app.register_blueprint(blueprint)


def _public(body: bytes, mimetype: str) -> Response:
    response = Response(body, mimetype=mimetype)
    response.headers["Cache-Control"] = "public, no-cache"
    response.set_etag(hashlib.sha256(body).hexdigest()[:32])
    response.make_conditional(request)
    return response
