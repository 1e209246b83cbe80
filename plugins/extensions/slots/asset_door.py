"""`/x-ui/<code>/<file>`: the door to the files of extensions, for browsers' sandboxed frames.

The page may run its own scripts and show its own files, and nothing else: no network, no frames, no forms sent, shown in
frames of ours only. What it wants of the world it asks the page around it for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flask import Blueprint, Response, current_app, redirect, request

from kernel.api import problem
from kernel.gate import PUBLIC
from kernel.web.pages import Pages
from plugins.extensions.errors import BundleFileNotFound
from plugins.extensions.slots import assets

if TYPE_CHECKING:
    from kernel.app import Kernel

pages = Pages("extensions")
_YEAR = 365 * 24 * 3600
_HOST = re.compile(r"[A-Za-z0-9.-]+(?::[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](?::[0-9]{1,5})?")
_POLICY = (
    "default-src 'none'; script-src {folder}; style-src {folder}; img-src {folder} data: blob:; font-src {folder}; "
    "media-src {folder}; connect-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors {origin}; "
    "sandbox allow-scripts allow-forms"
)
_HEADERS = {
    "Access-Control-Allow-Origin": "*",  # modules and fonts are asked for with CORS, from an origin that is `null`
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-DNS-Prefetch-Control": "off",
}


def extension_file(code: str, name: str) -> Response:
    """A file of a bundle; a page only into a frame."""
    kernel: Kernel = current_app.extensions["deskhand"]
    if request.headers.get("Sec-Fetch-Dest") == "document":  # by itself it would look like a page of ours
        return redirect("/", 303)  # type: ignore[return-value]
    place = assets.place_of(kernel, code)
    with kernel.call(place.tenant_id) as ctx:
        if "extensions" in ctx.hooks.disabled:
            raise BundleFileNotFound("There is no such file.")
        asset = assets.read_asset(ctx, place, name)
    response = Response(asset.content, content_type=asset.kind, headers=_HEADERS)
    response.headers["Content-Security-Policy"] = _policy(f"{assets.PREFIX}/{code}/")
    response.headers["Cache-Control"] = f"private, max-age={_YEAR}, immutable"
    return response


def _policy(folder: str) -> str:
    """With the address at which the browser sees us, exactly: the opaque origin of a frame is nobody's `'self'`."""
    if not _HOST.fullmatch(request.host):
        raise BundleFileNotFound("There is no such host.")
    origin = f"{request.scheme}://{request.host}"
    return _POLICY.format(folder=origin + folder, origin=origin)


def _mount(blueprint: Blueprint) -> None:
    extension_file.permission, extension_file.plugin = PUBLIC, "extensions"  # type: ignore[attr-defined]
    blueprint.add_url_rule(f"{assets.PREFIX}/<code>/<path:name>", "extension_file", extension_file)
    problem.handle_errors(blueprint)


_mount(pages.blueprint)
