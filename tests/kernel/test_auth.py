"""Who shows a forged, foreign, old or withdrawn credential is nobody, in the same words whatever is wrong with it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from sqlalchemy import delete, select

from kernel import auth
from kernel.clock import FixedClock
from kernel.context import CallContext
from kernel.directory import staff
from kernel.directory.models import Role, RolePermission, UserRole
from kernel.errors import InvalidInput, PermissionDenied
from kernel.gate import COOKIE
from kernel.tenancy import change_settings, change_tenant, get_settings, switch_plugin
from tests.conftest import World

ME = "/api/v1/me"
Change = Callable[[dict[str, Any], World, World], dict[str, Any]]


def _ask(world: World, **headers: str) -> Any:
    return world.app.test_client().get(ME, headers=headers)


def _bearer(world: World, token: str) -> Any:
    return _ask(world, Authorization=f"Bearer {token}")


def _is_nobody(answer: Any) -> bool:
    return (answer.status_code, answer.json["code"]) == (401, "unauthenticated")


def _token(world: World, who: str = "bob") -> str:
    return auth.issue_jwt(world.kernel, world.tenant_id, world.users[who])[0]


def _claims(token: str) -> dict[str, Any]:
    body = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def _signed(world: World, claims: dict[str, Any], key: bytes | None = None) -> str:
    secret = world.kernel.vault.derive("jwt") if key is None else key
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(secret))


def _coded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def test_a_bearer_token_is_bob_for_an_hour(acme: World, clock: FixedClock) -> None:
    token = _token(acme)
    assert _bearer(acme, token).json["name"] == "Bob"
    clock.set(clock.now() + auth.JWT_LIFE - timedelta(seconds=1))
    assert _bearer(acme, token).status_code == 200
    clock.set(clock.now() + timedelta(seconds=2))
    assert _is_nobody(_bearer(acme, token))


WRONG: dict[str, Change] = {
    "another audience": lambda claims, acme, beta: claims | {"aud": "portal"},
    "no audience": lambda claims, acme, beta: {name: value for name, value in claims.items() if name != "aud"},
    "another issuer": lambda claims, acme, beta: claims | {"iss": "elsewhere"},
    "no end": lambda claims, acme, beta: {name: value for name, value in claims.items() if name != "exp"},
    "an end in the past": lambda claims, acme, beta: claims | {"exp": claims["iat"] - 1},
    "a tenant that is none": lambda claims, acme, beta: claims | {"tid": "acme"},
    "another tenant": lambda claims, acme, beta: claims | {"tid": str(beta.tenant_id)},
    "no user": lambda claims, acme, beta: claims | {"sub": str(uuid4())},
    "another tenant's user": lambda claims, acme, beta: claims | {"sub": str(beta.users["alice"])},
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_claims_that_are_not_ours_are_nobody_even_if_signed_by_us(change: Change, acme: World, beta: World) -> None:
    assert _bearer(acme, _signed(acme, _claims(_token(acme)))).status_code == 200
    assert _is_nobody(_bearer(acme, _signed(acme, change(_claims(_token(acme)), acme, beta))))


def test_a_forged_signature_is_nobody(acme: World) -> None:
    token = _token(acme)
    head, body, seal = token.split(".")
    alice = _coded(_claims(token) | {"sub": str(acme.users["alice"])})
    forged = [
        _signed(acme, _claims(token), key=b"a secret that is not the one of this house"),
        f"{head}.{alice}.{seal}",
        f"{head}.{body}.{seal[::-1]}",
        f"{head}.{body}.",
        f"{_coded({'alg': 'none'})}.{alice}.",
        f"{_coded({'alg': 'None'})}.{alice}.{seal}",
        f"{_coded({'alg': 'HS512'})}.{body}.{seal}",
        "not.a.token",
        "",
    ]
    assert [one for one in forged if not _is_nobody(_bearer(acme, one))] == []


def test_a_key_may_do_what_its_scopes_say_until_it_ends(acme: World, clock: FixedClock) -> None:
    ends = clock.now() + timedelta(days=1)
    with acme.call() as ctx:
        row, key = auth.create_api_key(ctx, name="Export", user_id=acme.users["bob"], scopes=["client.read"], expires_at=ends)
    client = acme.app.test_client()
    assert client.get("/api/v1/clients", headers={"X-Api-Key": key}).status_code == 200
    assert client.post("/api/v1/clients", json={"name": "X"}, headers={"X-Api-Key": key}).json["code"] == "permission_denied"
    clock.set(ends)
    assert _is_nobody(_ask(acme, **{"X-Api-Key": key}))
    clock.set(ends - timedelta(hours=1))
    assert _ask(acme, **{"X-Api-Key": key}).status_code == 200
    with acme.call() as ctx:
        auth.revoke_api_key(ctx, row.id)
    assert _is_nobody(_ask(acme, **{"X-Api-Key": key}))
    assert _is_nobody(_bearer(acme, key))


def test_a_key_is_nobody_with_another_secret_tenant_or_shape(acme: World, beta: World) -> None:
    with acme.call() as ctx:
        _, key = auth.create_api_key(ctx, name="Export", user_id=acme.users["bob"])
    with beta.call() as ctx:
        _, other = auth.create_api_key(ctx, name="Export", user_id=beta.users["bob"])
    tenant, secret = key.split("_", 2)[1:]
    elsewhere = other.split("_", 2)[1]
    wrong = [f"dhk_{tenant}_{secret}x", f"dhk_{elsewhere}_{secret}", f"dhk_{tenant}", f"dhk_{secret}", "dhk_", f"dhk_zz_{secret}"]
    assert [one for one in wrong if not _is_nobody(_ask(acme, **{"X-Api-Key": one}))] == []


def test_nobody_makes_a_key_that_may_more_than_he(acme: World, clock: FixedClock) -> None:
    with acme.call("bob") as ctx, pytest.raises(PermissionDenied):
        auth.create_api_key(ctx, name="Ladder", user_id=acme.users["alice"])
    with acme.call() as ctx:
        for wrong in ({"scopes": ["client.fly"]}, {"expires_at": clock.now()}):
            with pytest.raises(InvalidInput):
                auth.create_api_key(ctx, name="Odd", user_id=acme.users["bob"], **wrong)


def _browser(world: World) -> Any:
    with world.call() as ctx:
        token = auth.sign_in(ctx, staff.get_user(ctx, world.users["bob"]))
    client = world.app.test_client()
    client.set_cookie(COOKIE, token)
    return client


def test_a_session_ends_when_it_lies_idle_and_not_while_it_is_used(acme: World, clock: FixedClock) -> None:
    used, idle, start = _browser(acme), _browser(acme), clock.now()
    while clock.now() < start + auth.SESSION_LIFE - auth.SESSION_IDLE:
        clock.set(clock.now() + auth.SESSION_IDLE - timedelta(hours=1))
        assert used.get(ME).status_code == 200
    assert _is_nobody(idle.get(ME))
    clock.set(start + auth.SESSION_LIFE)
    assert _is_nobody(used.get(ME))


def test_a_cookie_of_one_tenant_opens_no_other(acme: World, beta: World) -> None:
    with acme.call() as ctx:
        secret = auth.sign_in(ctx, staff.get_user(ctx, acme.users["bob"])).split("_", 1)[1]
    with beta.call() as ctx:
        tenant = auth.sign_in(ctx, staff.get_user(ctx, beta.users["bob"])).split("_", 1)[0]
    for cookie in (f"{tenant}_{secret}", secret, "", "x_y"):
        client = acme.app.test_client()
        client.set_cookie(COOKIE, cookie)
        assert _is_nobody(client.get(ME))


def _withdraw(ctx: CallContext, user_id: Any, at: datetime) -> None:
    user = staff.get_user(ctx, user_id)
    user.active = False
    user.updated_at = at


def test_a_user_who_left_is_nobody_by_any_credential(acme: World, clock: FixedClock) -> None:
    browser, key, token = _browser(acme), acme.api("bob"), _token(acme)
    assert {browser.get(ME).status_code, key.get(ME).status_code, _bearer(acme, token).status_code} == {200}
    with acme.call() as ctx:
        _withdraw(ctx, acme.users["bob"], clock.now())
    assert _is_nobody(browser.get(ME))
    assert _is_nobody(key.get(ME))
    assert _is_nobody(_bearer(acme, token))
    signed_in = acme.app.test_client().post("/api/v1/tokens", json={
        "tenant": acme.tenant.slug, "email": f"bob@{acme.tenant.slug}.example", "password": "correct horse battery"})  # fmt: skip
    assert _is_nobody(signed_in)


def test_all_refusals_sound_the_same(acme: World, clock: FixedClock) -> None:
    forged = _bearer(acme, _signed(acme, _claims(_token(acme)), key=b"another secret of thirty-two bytes"))
    token = _token(acme)
    clock.set(clock.now() + 2 * auth.JWT_LIFE)
    assert _bearer(acme, token).json["detail"] == forged.json["detail"]


def test_what_a_process_knows_of_a_caller_holds_only_until_it_changes(acme: World) -> None:
    with acme.call() as ctx:
        key = auth.create_api_key(ctx, name="Robot", user_id=acme.users["bob"])[1]

    def ask(path: str = ME) -> Any:
        return acme.app.test_client().get(path, headers={"X-Api-Key": key})

    assert [ask().json["name"], ask().json["name"], ask("/api/v1/clients").status_code] == ["Bob", "Bob", 200]
    with acme.call() as ctx:
        staff.change_user(ctx, acme.users["bob"], {"name": "Robert"})
    assert ask().json["name"] == "Robert"
    with acme.call() as ctx:
        switch_plugin(ctx, "tickets", enabled=False)
    assert ask("/api/v1/tickets").json["code"] == "plugin_not_enabled"
    with acme.call() as ctx:
        switch_plugin(ctx, "tickets", enabled=True)
        role_id = ctx.session.scalars(select(UserRole.role_id).where(UserRole.user_id == acme.users["bob"])).one()
        ctx.session.execute(delete(RolePermission).where(RolePermission.role_id == role_id))
    assert ask("/api/v1/tickets").json["code"] == "permission_denied"
    with acme.call() as ctx:
        ctx.session.execute(delete(UserRole).where(UserRole.user_id == acme.users["bob"]))
        ctx.session.add(UserRole(user_id=acme.users["bob"], role_id=_role_that_grants_all(ctx)))
    assert ask("/api/v1/tickets").status_code == 200
    with acme.call() as ctx:
        staff.change_user(ctx, acme.users["bob"], {"active": False})
    assert _is_nobody(ask())


def test_what_a_process_knows_of_a_tenant_holds_only_until_it_changes(acme: World) -> None:
    with acme.kernel.call(acme.tenant_id) as ctx:
        assert get_settings(ctx, "tax")["tax_country"] == ""
    with acme.call() as ctx:
        change_settings(ctx, "tax", {"tax_country": "AT"})
        change_tenant(ctx, {"name": "Acme Care"})
        switch_plugin(ctx, "tickets", enabled=False)
    with acme.kernel.call(acme.tenant_id) as ctx:
        assert (get_settings(ctx, "tax")["tax_country"], ctx.tenant.name) == ("AT", "Acme Care")
        assert not ctx.hooks.enabled("tickets")


def test_a_change_that_is_not_committed_changes_nothing_that_is_known(acme: World) -> None:
    with pytest.raises(ZeroDivisionError), acme.call() as ctx:
        change_settings(ctx, "tax", {"tax_country": "AT"})
        raise ZeroDivisionError
    with acme.kernel.call(acme.tenant_id) as ctx:
        assert get_settings(ctx, "tax")["tax_country"] == ""


def _role_that_grants_all(ctx: CallContext) -> UUID:
    return ctx.session.scalars(select(Role.id).where(Role.grants_all)).one()
