"""Signing in and out, the code that follows a password, and the first start."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pyotp

from kernel.directory import staff
from kernel.passwords import confirm_totp, start_totp
from tests.conftest import PASSWORD


def _login(world: Any, client: Any, **changes: str) -> Any:
    slug = world.tenant.slug
    return client.post("/login", data={"tenant": slug, "email": f"alice@{slug}.example", "password": PASSWORD} | changes)


def test_alice_signs_in_and_out(parcels: Any) -> None:
    client = parcels.app.test_client()
    answer = _login(parcels, client, next="/parcels?status=late")
    assert answer.location == "/parcels?status=late"
    cookie = client.get_cookie("deskhand_session")
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    page = client.get("/parcels").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    assert client.post("/logout", data={"csrf_token": token[1]}).location == "/login"
    assert client.get("/parcels").status_code == 302


def test_a_wrong_password_and_an_unknown_address_sound_the_same(parcels: Any) -> None:
    client = parcels.app.test_client()
    wrong, unknown = _login(parcels, client, password="x" * 12), _login(parcels, client, email="zed@example.com")
    said = "The e-mail address or the password is not right."
    assert wrong.status_code == unknown.status_code == 422
    assert said in wrong.text
    assert said in unknown.text
    assert "x" * 12 not in wrong.text
    assert parcels.tenant.slug in wrong.text


def test_an_unknown_company_is_told_at_its_field(parcels: Any) -> None:
    answer = _login(parcels, parcels.app.test_client(), tenant="nobody")
    assert "No company is known here" in answer.text


def test_next_never_leaves_the_site(parcels: Any) -> None:
    for url in ("//evil.example", "https://evil.example", "/\\evil.example"):
        assert _login(parcels, parcels.app.test_client(), next=url).location == "/"


def test_a_login_from_another_site_is_refused(parcels: Any) -> None:
    client = parcels.app.test_client()
    client.environ_base["HTTP_SEC_FETCH_SITE"] = "cross-site"
    assert _login(parcels, client).status_code == 403


def test_guessing_is_slowed_down(parcels: Any) -> None:
    client = parcels.app.test_client()
    answers = [_login(parcels, client, password=f"guess number {n}").status_code for n in range(12)]
    assert answers[-1] == 429
    assert 422 in answers


def test_the_code_follows_the_password(parcels: Any) -> None:
    with parcels.call() as ctx:
        user = staff.get_user(ctx, parcels.users["alice"])
        secret = re.search(r"secret=(\w+)", start_totp(ctx, user))
        assert secret
        app = pyotp.TOTP(secret[1])
        confirm_totp(ctx, user, app.at(ctx.now()))
    parcels.kernel.clock.advance(minutes=2)
    client = parcels.app.test_client()
    asked = _login(parcels, client, next="/parcels")
    assert "authenticator app" in asked.text
    assert PASSWORD not in asked.text
    assert client.get_cookie("deskhand_session") is None
    pending = re.search(r'name="pending" value="([^"]+)"', asked.text)
    assert pending
    wrong = client.post("/login", data={"pending": pending[1], "code": "000000"})
    assert wrong.status_code == 422
    right = client.post("/login", data={"pending": pending[1], "code": app.at(parcels.kernel.clock.now()), "next": "/parcels"})
    assert right.location == "/parcels"
    assert client.get("/parcels").status_code == 200
    forged = client.post("/login", data={"pending": pending[1] + "x", "code": "1"})
    assert forged.location == "/login"


def test_the_welcome_page_is_gone_once_there_is_a_tenant(parcels: Any) -> None:
    client = parcels.app.test_client()
    assert client.get("/welcome").location == "/login"
    assert client.post("/welcome", data={"name": "Evil"}).status_code == 403


def test_the_first_start_founds_one_company(kernel: Any, postgres: Any, settings: Any) -> None:
    from kernel.app import build_kernel, create_app

    postgres.create_database("test_welcome", template="deskhand_template")
    fresh = build_kernel(replace(settings, database_url=postgres.app_url_for("test_welcome")), clock=kernel.clock)
    try:
        client = create_app(fresh).test_client()
        assert client.get("/login").location == "/welcome"
        sent = {"name": "First MSP", "slug": "First!", "zone": "Europe/Vienna", "currency": "EUR", "admin_name": "Alice",
                "admin_email": "alice@first.example", "admin_password": "short"}  # fmt: skip
        refused = client.post("/welcome", data=sent)
        assert refused.status_code == 422
        assert "Use a-z, 0-9 and hyphens" in refused.text
        assert 'value="First MSP"' in refused.text
        founded = client.post("/welcome", data=sent | {"slug": "first", "admin_password": "a long enough one"})
        assert founded.status_code == 303
        assert "First MSP" in client.get("/").text
        assert client.post("/welcome", data=sent | {"slug": "second"}).status_code == 403
    finally:
        fresh.db.dispose()
        postgres.drop_database("test_welcome")
