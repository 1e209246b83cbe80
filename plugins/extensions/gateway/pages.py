"""The web page of an install's signed endpoints: their address and their secret."""

from __future__ import annotations

from types import SimpleNamespace
from uuid import UUID

from flask.typing import ResponseReturnValue

from kernel.context import CallContext
from kernel.web.pages import Pages, render
from plugins.extensions import services
from plugins.extensions.gateway import signed_calls
from plugins.extensions.publishing import releases

pages = Pages("extensions")
_SIGNING = "/extensions/<uuid:install_id>/signing"


@pages.get(_SIGNING, permission="extension.read")
def signing_page(ctx: CallContext, install_id: UUID) -> ResponseReturnValue:
    return _shown(ctx, install_id, secret="")


@pages.post(_SIGNING, permission="extension.manage")
def make_secret(ctx: CallContext, install_id: UUID) -> ResponseReturnValue:
    return _shown(ctx, install_id, secret=signed_calls.make_secret(ctx, install_id))


def _shown(ctx: CallContext, install_id: UUID, *, secret: str) -> ResponseReturnValue:
    install = services.get_install(ctx, install_id)
    release = releases.get_release(ctx, install.release_id)
    signed = [one for one in releases.manifest_of(release).endpoints if one.auth == "public-signed"]
    return render(
        "extensions/signing.html", install=install, release=release, signed=SimpleNamespace(endpoints=signed), secret=secret,
        address=signed_calls.address_of(ctx, install_id), made=signed_calls.find_secret(ctx, install_id),
        header=f"{signed_calls.HEADER}: t=…,v1=…",
    )  # fmt: skip
