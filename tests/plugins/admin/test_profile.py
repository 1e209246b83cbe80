"""One's own profile, keys and tokens."""

from __future__ import annotations

import re
from typing import Any

import pyotp

from kernel.clock import FixedClock
from tests.conftest import PASSWORD, World


def _token(world: World, **changes: Any) -> Any:
    body = {"tenant": world.tenant.slug, "email": f"bob@{world.tenant.slug}.example", "password": PASSWORD, **changes}
    return world.app.test_client().post("/api/v1/tokens", json=body)


def _bearer(world: World, token: str) -> Any:
    client = world.app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return client


def test_ones_own_password_needs_the_present_one(acme: World) -> None:
    here, elsewhere = acme.client("bob"), acme.client("bob")
    wrong = here.put("/api/v1/me/password", json={"present_password": "guess", "password": "brand new one 1"})
    assert (wrong.status_code, list(wrong.json["errors"])) == (422, ["present_password"])
    right = here.put("/api/v1/me/password", json={"present_password": PASSWORD, "password": "brand new one 1"})
    assert right.status_code == 204
    assert here.get("/me").status_code == 200
    assert elsewhere.get("/me").status_code in (302, 303)
    assert _token(acme).status_code == 401
    assert _token(acme, password="brand new one 1").status_code == 201


def test_an_authenticator_is_set_up_asked_for_and_switched_off(acme: World, clock: FixedClock) -> None:
    browser = acme.client("bob")
    assert browser.post("/me/totp/new", data={"present_password": "wrong"}).status_code == 422
    assert browser.post("/me/totp/new", data={"present_password": PASSWORD}).status_code == 303
    page = browser.get("/me/totp/confirm").text
    assert "<svg" in page
    assert "style=" not in page
    secret = re.search(r'data-copy="([A-Z2-7]{32})"', page)
    assert secret is not None
    codes = pyotp.TOTP(secret[1])
    assert _token(acme).status_code == 201  # not in force before it is confirmed
    assert browser.post("/me/totp/confirm", data={"code": "000000"}).status_code == 422
    assert browser.post("/me/totp/confirm", data={"code": codes.at(clock.now())}).status_code == 303
    missing = _token(acme)
    assert (missing.status_code, missing.json["totp_required"]) == (401, True)
    clock.advance(seconds=60)
    assert _token(acme, code=codes.at(clock.now())).status_code == 201
    assert _token(acme, code=codes.at(clock.now())).status_code == 401, "a code works once"
    assert browser.post("/me/totp/new", data={"present_password": PASSWORD}).status_code == 422
    assert browser.post("/me/totp/disable", data={"present_password": PASSWORD}).status_code == 303
    assert _token(acme).status_code == 201


def test_a_lost_authenticator_is_reset_by_an_administrator(acme: World, clock: FixedClock) -> None:
    api = acme.api("bob")
    address = api.post("/api/v1/me/totp", json={"present_password": PASSWORD}).json["address"]
    code = pyotp.parse_uri(address).at(clock.now())
    assert api.post("/api/v1/me/totp/confirm", json={"code": code}).status_code == 204
    assert _token(acme).status_code == 401
    assert acme.api().delete(f"/api/v1/users/{acme.users['bob']}/totp").status_code == 204
    assert _token(acme).status_code == 201


def test_signing_out_everywhere_and_of_one_browser(acme: World) -> None:
    first, second = acme.client("bob"), acme.client("bob")
    listed = first.get("/api/v1/me/sessions").json["items"]
    other = next(one for one in listed if not one["current"])
    assert acme.client("carol").delete(f"/api/v1/me/sessions/{other['id']}").status_code == 404
    assert first.delete(f"/api/v1/me/sessions/{other['id']}").status_code == 204
    assert second.get("/me").status_code in (302, 303)
    assert first.post("/me/sessions/close").status_code == 303
    assert first.get("/me").status_code in (302, 303)


def test_a_token_is_bobs_and_narrower_when_asked(acme: World) -> None:
    whole = _token(acme).json
    assert (whole["token_type"], whole["expires_in"]) == ("Bearer", 3600)
    me = _bearer(acme, whole["access_token"]).get("/api/v1/me").json
    assert (me["name"], me["tenant"]) == ("Bob", acme.tenant.slug)
    narrow = _bearer(acme, _token(acme, scopes=["client.read"]).json["access_token"])
    assert narrow.get("/api/v1/clients").status_code == 200
    assert narrow.get("/api/v1/tickets").status_code == 403
    assert _token(acme, scopes=["cats.feed"]).status_code == 422


def test_wrong_tenant_address_and_password_sound_the_same(acme: World) -> None:
    answers = [_token(acme, tenant="nowhere"), _token(acme, email="nobody@acme.example"), _token(acme, password="x")]
    assert {one.status_code for one in answers} == {401}
    assert len({one.json["detail"] for one in answers}) == 1


def test_guessing_tokens_is_slowed_down(acme: World) -> None:
    answers = [_token(acme, password="guess").status_code for _ in range(12)]
    assert answers[:10] == [401] * 10
    assert answers[-1] == 429
    assert _token(acme).status_code == 429


def test_a_key_is_shown_once_narrowed_and_revoked(acme: World) -> None:
    made = acme.api("bob").post("/api/v1/api-keys", json={"name": "Monitoring", "scopes": ["ticket.read"]}).json
    program = acme.app.test_client()
    program.environ_base["HTTP_X_API_KEY"] = made["key"]
    assert program.get("/api/v1/tickets").status_code == 200
    assert program.get("/api/v1/clients").status_code == 403
    listed = acme.api("bob").get("/api/v1/api-keys")
    assert made["key"] not in listed.text
    assert acme.api("carol").get(f"/api/v1/api-keys/{made['id']}").json["code"] == "api_key_not_found"
    assert acme.api("carol").get("/api/v1/api-keys?everyone=true").status_code == 403
    assert made["id"] in [one["id"] for one in acme.api().get("/api/v1/api-keys?everyone=true").json["items"]]
    assert acme.api("bob").delete(f"/api/v1/api-keys/{made['id']}").status_code == 204
    assert program.get("/api/v1/tickets").status_code == 401


def test_a_key_never_makes_a_wider_key(acme: World, clock: FixedClock) -> None:
    made = acme.api().post("/api/v1/api-keys", json={"name": "Narrow", "scopes": ["api_key.create", "api_key.manage"]}).json
    program = acme.app.test_client()
    program.environ_base["HTTP_X_API_KEY"] = made["key"]
    assert program.post("/api/v1/api-keys", json={"name": "Wide"}).status_code == 403
    assert program.post("/api/v1/api-keys", json={"name": "Side", "scopes": ["user.manage"]}).status_code == 403
    other = {"name": "For Bob", "user_id": str(acme.users["bob"])}
    assert program.post("/api/v1/api-keys", json=other).status_code == 403
    assert program.post("/api/v1/api-keys", json={"name": "Same", "scopes": ["api_key.create"]}).status_code == 201
    late = acme.api().post("/api/v1/api-keys", json={"name": "Late", "expires_at": "2026-09-30T00:00:00Z"})
    assert list(late.json["errors"]) == ["expires_at"]
    assert acme.api("bob").post("/api/v1/api-keys", json=other | {"user_id": str(acme.users["carol"])}).status_code == 403


def test_a_key_expires(acme: World, clock: FixedClock) -> None:
    made = acme.api().post("/api/v1/api-keys", json={"name": "Short", "expires_at": "2026-10-01T09:00:00Z"}).json
    program = acme.app.test_client()
    program.environ_base["HTTP_X_API_KEY"] = made["key"]
    assert program.get("/api/v1/me").status_code == 200
    clock.advance(hours=2)
    assert program.get("/api/v1/me").status_code == 401


def test_bearer_tokens_end_with_the_password_and_with_signing_out_everywhere(acme: World, clock: FixedClock) -> None:
    clock.advance(seconds=0.4)
    browser, token = acme.client("bob"), _token(acme).json["access_token"]
    assert _bearer(acme, token).get("/api/v1/me").status_code == 200
    clock.advance(seconds=1)
    assert browser.delete("/api/v1/me/sessions").status_code == 204
    assert _bearer(acme, token).get("/api/v1/me").status_code == 401
    token = _token(acme).json["access_token"]
    assert _bearer(acme, token).get("/api/v1/me").status_code == 200
    clock.advance(seconds=1)
    assert (
        acme.client("bob")
        .put("/api/v1/me/password", json={"present_password": PASSWORD, "password": "brand new one 1"})
        .status_code
        == 204
    )
    assert _bearer(acme, token).get("/api/v1/me").status_code == 401


def test_who_shows_bearer_tokens_is_limited_too(acme: World) -> None:
    answer = _bearer(acme, _token(acme).json["access_token"]).get("/api/v1/me")
    assert int(answer.headers["RateLimit-Remaining"]) > 0


def test_a_refused_sign_in_is_in_the_audit_trail(acme: World) -> None:
    assert _token(acme, password="guess").status_code == 401
    assert _token(acme, email="nobody@acme.example").status_code == 401
    items = acme.api().get("/api/v1/audit-entries", query_string={"action": "session.refused"}).json["items"]
    assert [(one["label"], one["row_id"]) for one in items] == [
        ("nobody@acme.example", None), (f"bob@{acme.tenant.slug}.example", str(acme.users["bob"])),
    ]  # fmt: skip
