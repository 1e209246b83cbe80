"""Signing in and out, and the welcome page of an installation that has no tenant yet."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import UUID

from flask import Blueprint, Response, current_app, g, make_response, redirect, request
from flask.typing import ResponseReturnValue
from itsdangerous import BadSignature, URLSafeTimedSerializer
from marshmallow import Schema, fields, validate
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict

from kernel import auth
from kernel.api import ratelimit
from kernel.clock import zone_info
from kernel.context import CallContext
from kernel.errors import DeskhandError, NotFound, PermissionDenied, RateLimited, Unauthenticated
from kernel.gate import COOKIE, PUBLIC, SIGNED_IN, check_origin
from kernel.passwords import check_totp
from kernel.tenancy import SLUG, TenantRow, find_tenant
from kernel.web.errors import reader_locale
from kernel.web.forms import Form
from kernel.web.i18n import gettext as _
from kernel.web.i18n import speaking
from kernel.web.pages import Pages
from kernel.web.render import local_url, render

if TYPE_CHECKING:
    from kernel.app import Kernel
    from kernel.directory.models import User

pages = Pages("kernel")
public = Blueprint("kernel-doors", __name__)
LAST_TENANT = "deskhand_tenant"
CODE_LIFE = 300


class LoginIn(Schema):
    tenant = fields.String(required=True)
    email = fields.Email(required=True)
    password = fields.String(required=True)


class WelcomeIn(Schema):
    name = fields.String(required=True, validate=validate.Length(max=120))
    slug = fields.String(required=True, validate=validate.Regexp(SLUG, error="Use a-z, 0-9 and hyphens, at most 40."))
    zone = fields.String(required=True)
    currency = fields.String(required=True, validate=validate.Length(equal=3))
    admin_name = fields.String(required=True, validate=validate.Length(max=120))
    admin_email = fields.Email(required=True)
    admin_password = fields.String(required=True, validate=validate.Length(min=10))


def _kernel() -> Kernel:
    kernel: Kernel = current_app.extensions["deskhand"]
    return kernel


@public.get("/login")
def login() -> ResponseReturnValue:
    """The sign-in page; without any tenant, the welcome page instead."""
    with _kernel().db.transaction() as session:
        slugs = list(session.scalars(select(TenantRow.slug).where(TenantRow.active).limit(2)))
        by_host = session.scalar(select(TenantRow.slug).where(TenantRow.host == request.host, TenantRow.active))
    if not slugs:
        return redirect("/welcome")
    known = by_host or (slugs[0] if len(slugs) == 1 else request.args.get("tenant") or request.cookies.get(LAST_TENANT, ""))
    return _show_login(Form(LoginIn, {"tenant": known}), fixed=bool(by_host) or len(slugs) == 1)


@public.post("/login")
def try_login() -> ResponseReturnValue:
    """Check e-mail and password, or the one-time code that follows them, and open a session."""
    check_origin()
    with speaking(reader_locale()):
        if "pending" in request.form:
            return _second_step(request.form)
        form = Form.read(LoginIn, request.form)
        try:
            data = form.load("UTC")
            tenant = _find_tenant(data["tenant"])
            return _first_step(tenant.id, data["email"], data["password"])
        except DeskhandError as error:
            if isinstance(error, NotFound):
                error = Unauthenticated(errors={"tenant": _("No company is known here by that short name.")})
            form.refuse(error)
            return make_response(_show_login(form), 429 if isinstance(error, RateLimited) else 422)


def _find_tenant(word: str) -> TenantRow:
    with _kernel().db.transaction() as session:
        return find_tenant(session, slug=word.strip().lower())


def _first_step(tenant_id: UUID, email: str, password: str) -> ResponseReturnValue:
    kernel = _kernel()
    ratelimit.take_login(kernel, tenant_id, email, request.remote_addr)
    try:
        with kernel.call(tenant_id) as ctx:
            return _open_session(ctx, auth.authenticate(ctx, email=email, password=password))
    except Unauthenticated as error:
        if not error.extra.get("totp_required"):
            raise
        return _ask_code(_pending().dumps([str(tenant_id), email]))


def _second_step(form: MultiDict[str, str]) -> ResponseReturnValue:
    """The password was right a moment ago, as `pending` proves; now the code."""
    from kernel.directory.models import User

    kernel = _kernel()
    try:
        tenant, email = _pending().loads(form["pending"], max_age=CODE_LIFE)
    except BadSignature:
        return redirect("/login")
    try:
        ratelimit.take(kernel, UUID(tenant), f"code:{email.lower()}", burst=ratelimit.LOGIN_TRIES,
                       per_second=ratelimit.LOGIN_PER_SECOND)  # fmt: skip
        with kernel.call(UUID(tenant)) as ctx:
            user = ctx.session.scalars(select(User).where(User.email_key == email.strip().lower(), User.active)).one()
            if check_totp(ctx, user, form.get("code", "")):
                return _open_session(ctx, user)
    except RateLimited as error:
        return make_response(_ask_code(form["pending"], error.detail), 429)
    return make_response(_ask_code(form["pending"], _("The code is not right, or was used before.")), 422)


def _pending() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(_kernel().vault.derive("login"), salt="pending")


def _ask_code(pending: str, error: str = "") -> Response:
    return make_response(render("login_code.html", pending=pending, error=error, next=_next()))


def _show_login(form: Form, fixed: bool = False) -> Response:
    with speaking(reader_locale()):
        return make_response(render("login.html", form=form, fixed=fixed, next=_next()))


def _next() -> str:
    return local_url(request.values.get("next"))


def _open_session(ctx: CallContext, user: User) -> Response:
    token = auth.sign_in(ctx, user, address=request.remote_addr or "", agent=request.user_agent.string)
    response = make_response(redirect(_next(), 303))
    _set_session(response, token)
    response.set_cookie(LAST_TENANT, ctx.tenant.slug, max_age=365 * 86400, httponly=True, samesite="Lax",
                        secure=request.is_secure)  # fmt: skip
    return response


def _set_session(response: Response, token: str) -> None:
    secure = request.is_secure or urlsplit(_kernel().settings.url).scheme == "https"
    response.set_cookie(COOKIE, token, max_age=int(auth.SESSION_LIFE.total_seconds()), httponly=True, samesite="Lax",
                        secure=secure)  # fmt: skip


@pages.post("/logout", permission=SIGNED_IN)
def logout(ctx: CallContext) -> ResponseReturnValue:
    """Close this session."""
    auth.sign_out(ctx, g.identity.session_id)
    response = make_response(redirect("/login", 303))
    response.delete_cookie(COOKIE)
    return response


@public.get("/welcome")
def welcome() -> ResponseReturnValue:
    """The first page of a new installation; gone once there is a tenant."""
    if _has_tenant():
        return redirect("/login")
    with speaking(reader_locale()):
        return render("welcome.html", form=Form(WelcomeIn, {"zone": "UTC", "currency": "EUR"}), **_lists())


@public.post("/welcome")
def found() -> ResponseReturnValue:
    """Found the first tenant with its administrator and sign them in; of two at the same moment one wins."""
    from kernel.founding import found_tenant

    check_origin()
    with speaking(reader_locale()):
        if _has_tenant():
            raise PermissionDenied(_("This installation has its first tenant already. Sign in."))
        form = Form.read(WelcomeIn, request.form)
        try:
            data = form.load("UTC")
            zone_info(data["zone"])
            tenant_id = found_tenant(_kernel(), **data, only_first=True)
        except DeskhandError as error:
            form.refuse(_at_field(error))
            return make_response(render("welcome.html", form=form, **_lists()), 422)
    with _kernel().call(tenant_id) as ctx:
        user = auth.authenticate(ctx, email=data["admin_email"], password=data["admin_password"])
        return _open_session(ctx, user)


def _at_field(error: DeskhandError) -> DeskhandError:
    """Point a refusal of the user's fields at the form's names for them."""
    error.errors = {f"admin_{name}" if name in ("email", "password") else name: words for name, words in error.errors.items()}
    return error


def _has_tenant() -> bool:
    with _kernel().db.transaction() as session:
        return bool(session.scalar(select(func.count()).select_from(select(TenantRow.id).limit(1).subquery())))


def _lists() -> dict[str, list[str]]:
    from zoneinfo import available_timezones

    from kernel.currencies import currencies

    return {"zones": sorted(available_timezones()), "currencies": list(currencies())}


for _view in (login, try_login, welcome, found):
    _view.permission, _view.plugin = PUBLIC, "kernel"  # type: ignore[attr-defined]
