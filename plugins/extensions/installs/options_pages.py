"""The web page of an install's settings where its bundle describes them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import make_response
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from kernel.context import CallContext
from kernel.errors import InvalidInput
from kernel.web.forms import Form
from kernel.web.i18n import gettext as _
from kernel.web.pages import Pages, redirect_to, render
from plugins.extensions import services
from plugins.extensions.errors import SlotNotFound
from plugins.extensions.publishing.options import Option, config_of, form_of, typed_values
from plugins.extensions.publishing.releases import get_release

pages = Pages("extensions")
_OPTIONS = "/extensions/<uuid:install_id>/options"


@pages.get(_OPTIONS, permission="extension.manage")
def options_page(ctx: CallContext, install_id: UUID) -> ResponseReturnValue:
    options, config = _options(ctx, install_id), services.get_config(ctx, install_id)
    return _shown(ctx, install_id, options, Form(form_of(options, config), typed_values(options, config)))


@pages.post(_OPTIONS, permission="extension.manage")
def save_options(ctx: CallContext, install_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    options, kept = _options(ctx, install_id), services.get_config(ctx, install_id)
    typed = Form.read(form_of(options, kept), form)
    try:
        data: dict[str, Any] = typed.load(ctx.tenant.zone)
    except InvalidInput as error:
        typed.refuse(error)
        return make_response(_shown(ctx, install_id, options, typed), 422)
    services.set_config(ctx, install_id, config_of(options, data, kept))
    return redirect_to(f"/extensions/{install_id}", toast=_("Saved."))


def _options(ctx: CallContext, install_id: UUID) -> tuple[Option, ...]:
    options = services.options_of(ctx, services.get_install(ctx, install_id))
    if options is None:
        raise SlotNotFound("This extension does not describe its settings.")
    return options


def _shown(ctx: CallContext, install_id: UUID, options: tuple[Option, ...], form: Form) -> str:
    kept, install = services.get_config(ctx, install_id), services.get_install(ctx, install_id)
    return render(
        "extensions/options.html", install=install, release=get_release(ctx, install.release_id),
        options=list(enumerate(options)), form=form, kept=kept,
    )  # fmt: skip
