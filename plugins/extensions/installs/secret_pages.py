"""The web page of an install's secrets: their names, and a form to set one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue

from kernel.context import CallContext
from kernel.web.i18n import gettext as _
from kernel.web.pages import Pages, redirect_to
from plugins.extensions import schemas, services
from plugins.extensions.installs import secrets as install_secrets
from plugins.extensions.publishing import releases

pages = Pages("extensions")
_SECRETS = "/extensions/<uuid:install_id>/secrets"


def _facts(ctx: CallContext, install_id: UUID) -> dict[str, Any]:
    install = services.get_install(ctx, install_id)
    release = releases.get_release(ctx, install.release_id)
    return {"install": install, "release": release, "secrets": install_secrets.list_secrets(ctx, install_id)}


@pages.form(_SECRETS, permission="extension.manage", schema=schemas.SecretForm, template="extensions/secrets.html",
            context=_facts)  # fmt: skip
def set_secret(ctx: CallContext, install_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    install_secrets.set_secret(ctx, install_id, **data)
    return redirect_to(f"/extensions/{install_id}/secrets", toast=_("Saved. Nobody sees it again."))


@pages.post(f"{_SECRETS}/remove", permission="extension.manage", schema=schemas.SecretName)
def remove_secret(ctx: CallContext, install_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    install_secrets.remove_secret(ctx, install_id, data["name"])
    return redirect_to(f"/extensions/{install_id}/secrets", toast=_("Removed."))
