"""Web pages of one's own profile."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from kernel.context import CallContext
from kernel.gate import SIGNED_IN
from kernel.web.i18n import gettext as _
from kernel.web.i18n import offered
from kernel.web.pages import Pages, redirect_to, render
from plugins.admin import profile, schemas
from plugins.admin.wording import spoken_browser

pages = Pages("admin")


@pages.get("/me", permission=SIGNED_IN)
def me(ctx: CallContext) -> ResponseReturnValue:
    sessions = profile.list_sessions(ctx, g.identity.session_id)
    return render("admin/me.html", user=profile.get_self(ctx), sessions=sessions, browser=spoken_browser)


def _self(ctx: CallContext) -> dict[str, Any]:
    return {"user": profile.get_self(ctx), "locales": offered()}


@pages.form("/me/edit", permission=SIGNED_IN, schema=schemas.MePatch, template="admin/me_form.html",
            initial=profile.get_self, context=_self)  # fmt: skip
def edit_me(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    profile.change_self(ctx, data)
    return redirect_to("/me", toast=_("Saved."))


@pages.form("/me/password", permission=SIGNED_IN, schema=schemas.OwnPasswordIn, template="admin/me_password.html")
def change_password(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    profile.change_password(ctx, **data, keep_session=g.identity.session_id)
    return redirect_to("/me", toast=_("Your password is changed; other sessions are closed."))


@pages.form("/me/totp/new", permission=SIGNED_IN, schema=schemas.PresentPasswordIn, template="admin/totp_begin.html",
            context=_self)  # fmt: skip
def begin_totp(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    profile.begin_totp(ctx, **data)
    return redirect_to("/me/totp/confirm")


def _drawing(ctx: CallContext) -> dict[str, Any]:
    """The QR code as SVG, black on white in every theme so that a camera reads it, and the secret for typing."""
    import segno  # here, since its tables would slow every start

    address = profile.waiting_totp(ctx)
    drawn = segno.make(address, micro=False).svg_inline(scale=5, dark="#000", light="#fff", border=4)
    return {"drawing": Markup(drawn), "secret": address.partition("secret=")[2].partition("&")[0]}  # noqa: S704 - segno's own SVG


@pages.form("/me/totp/confirm", permission=SIGNED_IN, schema=schemas.CodeIn, template="admin/totp_confirm.html",
            context=_drawing)  # fmt: skip
def confirm_totp(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    profile.finish_totp(ctx, **data)
    return redirect_to("/me", toast=_("From now on, signing in asks for a code."))


@pages.form("/me/totp/disable", permission=SIGNED_IN, schema=schemas.PresentPasswordIn, template="admin/totp_end.html")
def disable_totp(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    profile.end_totp(ctx, **data)
    return redirect_to("/me", toast=_("Codes are not asked for any more."))


@pages.post("/me/sessions/<uuid:session_id>/close", permission=SIGNED_IN)
def close_session(ctx: CallContext, session_id: UUID, form: MultiDict[str, str]) -> ResponseReturnValue:
    profile.close_session(ctx, session_id)
    return redirect_to("/me", toast=_("The session is closed."))


@pages.post("/me/sessions/close", permission=SIGNED_IN)
def sign_out_everywhere(ctx: CallContext, form: MultiDict[str, str]) -> ResponseReturnValue:
    profile.sign_out_everywhere(ctx)
    return redirect_to("/login")
