"""Calling installed extensions: who may, what comes back, and what is refused by name."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from kernel.clock import FixedClock
from kernel.tenancy import switch_plugin
from plugins.extensions import services
from plugins.extensions.calls import invoking
from plugins.extensions.guests.invocation import GuestRequest
from plugins.extensions.installs import limits
from tests.conftest import World
from tests.extensions.conftest import build
from tests.extensions.room_stage import API, ROOT, calls_of, denials, install, manifest_of, publish

HOSTILE_FOLDER = ROOT / "tests" / "extensions" / "hostile"
ANY_WAY = [{"method": method, "path": "/:way", "auth": "user"} for method in ("GET", "POST")]
TRAPS = {
    "flood": "host_call_flood",
    "memory": "guest_memory_exceeded",
    "status": "bad_response",
    "throw": "guest_trapped",
}


@pytest.fixture(scope="session")
def hostile_wasm() -> bytes:
    return build(HOSTILE_FOLDER)


def hostile(world: World, wasm: bytes, **config: str) -> dict[str, Any]:
    """The extension that misbehaves, installed with the defaults only."""
    return install(world, publish(world, manifest_of(HOSTILE_FOLDER, endpoints=ANY_WAY), wasm), **config)


def test_the_handler_gets_the_request_and_a_safe_answer_comes_back(acme: World, hostile_wasm: bytes) -> None:
    installed = hostile(acme, hostile_wasm)
    answer = acme.client("bob").post(f"{installed['url']}echo?a=1&a=2", data="Grüße".encode())
    assert (answer.status_code, answer.text) == (200, "Grüße")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    polite = acme.api("bob").get(f"{installed['url']}polite?q=7")
    assert polite.json == {"method": "GET", "params": {"way": "polite"}, "query": {"q": "7"}}
    assert polite.headers["Content-Type"] == "application/json; charset=utf-8"


def test_who_may_not_call_is_refused_with_a_problem(acme: World, beta: World, hostile_wasm: bytes) -> None:
    installed = hostile(acme, hostile_wasm)
    url = f"{installed['url']}polite"
    stranger = acme.app.test_client().get(url)
    assert (stranger.status_code, stranger.mimetype, stranger.json["code"]) == (
        401, "application/problem+json", "unauthenticated")  # fmt: skip
    assert acme.client("mallory").get(url).json["code"] == "permission_denied"
    bob = acme.client("bob")
    del bob.environ_base["HTTP_X_CSRF_TOKEN"]
    assert bob.post(f"{installed['url']}echo", data="x").json["code"] == "csrf_failed"
    assert bob.get(url, headers={"Sec-Fetch-Site": "cross-site"}).json["code"] == "cross_site"
    foreign, random = beta.client().get(url), beta.client().get(f"/x/{uuid4()}/polite")
    assert (foreign.status_code, foreign.json["code"]) == (404, "install_not_found")
    assert {**foreign.json, "request_id": ""} == {**random.json, "request_id": ""}
    assert beta.client().get("/x/nonsense/").json["code"] == "install_not_found"
    assert acme.client().get(f"{installed['url']}no/such").json["code"] == "endpoint_not_found"


def test_what_is_too_large_or_no_text_never_reaches_a_worker(acme: World, hostile_wasm: bytes) -> None:
    installed = hostile(acme, hostile_wasm)
    api, url = acme.api(), f"{installed['url']}echo"
    assert api.post(url, data=b"x" * ((2 << 20) + 1)).json["code"] == "content_too_large"
    assert api.post(url, data=b"\xff\xfe").json["code"] == "body_not_text"
    assert calls_of(acme, installed) == []


@pytest.mark.parametrize(("way", "trap"), TRAPS.items())
def test_a_hostile_guest_is_stopped_by_name_and_the_next_call_works(
    acme: World, hostile_wasm: bytes, way: str, trap: str
) -> None:
    installed = hostile(acme, hostile_wasm)
    api = acme.api()
    answer = api.get(f"{installed['url']}{way}")
    assert (answer.status_code, answer.mimetype) == (502, "application/problem+json")
    assert answer.json["code"] == trap
    assert answer.json["request_id"]
    assert api.get(f"{installed['url']}polite").status_code == 200
    after, stopped = calls_of(acme, installed)
    assert (after["status"], stopped["status"], stopped["trap"]) == (200, None, trap)
    assert stopped["detail"]


def test_while_one_guest_loops_forever_everybody_else_is_served(acme: World, beta: World, hostile_wasm: bytes) -> None:
    looping, other = hostile(acme, hostile_wasm), hostile(beta, hostile_wasm)
    answers: list[Any] = []
    alice = acme.api()
    loop = threading.Thread(target=lambda: answers.append(alice.get(f"{looping['url']}loop")))
    loop.start()
    served = [beta.api().get(f"{other['url']}polite").status_code, acme.api().get(f"{API}/clients").status_code]
    held = acme.kernel.db.engine.pool.checkedout()  # type: ignore[attr-defined]
    assert (served, held, answers) == ([200, 200], 0, []), "a running guest holds no database connection"
    loop.join()
    assert answers[0].json["code"] == "guest_timeout"


def test_five_traps_in_a_minute_open_the_breaker(acme: World, hostile_wasm: bytes, clock: FixedClock) -> None:
    installed = hostile(acme, hostile_wasm)
    api = acme.api()
    assert {api.get(f"{installed['url']}throw").status_code for _ in range(5)} == {502}
    resting = api.get(f"{installed['url']}polite")
    assert (resting.status_code, resting.json["code"]) == (503, "extension_resting")
    assert resting.headers["Retry-After"] == "30"
    clock.advance(timedelta(seconds=31))
    assert api.get(f"{installed['url']}polite").status_code == 200


def test_an_install_has_a_burst_of_120_calls(acme: World, hostile_wasm: bytes) -> None:
    from kernel.api import ratelimit

    installed = hostile(acme, hostile_wasm)
    bucket = f"extension:{installed['id']}"
    ratelimit.take(acme.kernel, acme.tenant_id, bucket, burst=limits.BURST, per_second=limits.PER_SECOND, cost=119)
    assert acme.api().get(f"{installed['url']}polite").status_code == 200
    limited = acme.api().get(f"{installed['url']}polite")
    assert (limited.status_code, limited.json["code"], limited.headers["Retry-After"]) == (429, "rate_limited", "1")


def test_an_install_with_limits_of_its_own_is_held_to_them(acme: World, hostile_wasm: bytes) -> None:
    installed = hostile(acme, hostile_wasm)
    api, url = acme.api(), f"/api/v1/extension-installs/{installed['id']}/limits"
    assert api.put(url, json={"host_calls": 0}).status_code == 200
    assert api.get(f"{installed['url']}refused-config").json["code"] == "host_call_flood"
    assert api.put(url, json={}).status_code == 200
    assert api.get(f"{installed['url']}refused-config").status_code == 200


def test_too_many_calls_at_once_are_told_to_come_again(acme: World, hostile_wasm: bytes) -> None:
    installed = hostile(acme, hostile_wasm)
    with acme.call("bob") as ctx:
        target = invoking.find_target(ctx, UUID(installed["id"]), "GET", "/polite")
    most = limits.AT_ONCE // acme.kernel.settings.web_workers
    slots = [invoking.slot(acme.kernel, target) for _ in range(most)]
    for slot in slots:
        slot.__enter__()
    busy = acme.api().get(f"{installed['url']}polite")
    for slot in slots:
        slot.__exit__(None, None, None)
    assert (busy.status_code, busy.json["code"], busy.headers["Retry-After"]) == (429, "install_busy", "1")
    assert acme.api().get(f"{installed['url']}polite").status_code == 200


def test_a_grant_revoked_while_the_guest_runs_is_refused_at_its_next_host_call(acme: World, hostile_wasm: bytes) -> None:
    installed = hostile(acme, hostile_wasm, color="green")
    install_id = UUID(installed["id"])
    with acme.call("bob") as ctx:
        target = invoking.find_target(ctx, install_id, "GET", "/refused-config")
    caller = ctx.actor
    with acme.call() as ctx:
        services.revoke_capability(ctx, install_id, "cap:config.read")
    answer = invoking.invoke(acme.kernel, target, GuestRequest("GET", "/refused-config"), caller=caller, request_id="r-1")
    assert json.loads(answer.body)["message"] == "capability_denied: grant cap:config.read to this install"
    [denial] = denials(acme)
    assert denial["function"] == "config.get"
    assert denial["author"] == "org.example.hostile@1.0.0"
    assert denial["on_behalf_of"] == acme.users["bob"]
    [call] = calls_of(acme, installed)
    assert [one["outcome"] for one in call["host_calls"]] == ["denied"]


def test_an_install_switched_off_while_its_guest_runs_is_refused_too(acme: World, hostile_wasm: bytes) -> None:
    installed = hostile(acme, hostile_wasm)
    with acme.call("bob") as ctx:
        target = invoking.find_target(ctx, UUID(installed["id"]), "GET", "/refused-config")
    caller = ctx.actor
    assert acme.api().post(f"{API}/extension-installs/{installed['id']}/disable").json["state"] == "disabled"
    answer = invoking.invoke(acme.kernel, target, GuestRequest("GET", "/refused-config"), caller=caller, request_id="r-1")
    assert json.loads(answer.body)["message"].startswith("install_disabled: ")


def test_with_the_plugin_off_there_is_no_gateway(acme: World, beta: World, hostile_wasm: bytes) -> None:
    here, there = hostile(acme, hostile_wasm), hostile(beta, hostile_wasm)
    with acme.call() as ctx:
        switch_plugin(ctx, "extensions", enabled=False)
    gone = acme.client().get(f"{here['url']}polite")
    assert (gone.status_code, gone.json["code"]) == (404, "plugin_not_enabled")
    assert beta.client().get(f"{there['url']}polite").status_code == 200


def test_six_threads_of_two_tenants_see_their_own_data_only(acme: World, beta: World, hostile_wasm: bytes) -> None:
    expected: dict[str, tuple[str, str]] = {}
    seen: list[tuple[str, str, str]] = []

    def ask(world: World, url: str) -> None:
        api = world.api()
        here = api.get(f"{url}context").json
        color = api.get(f"{url}refused-config").json
        seen.append((url, here["tenantId"], color["value"]))

    threads = []
    for world, color in ((acme, "green"), (beta, "blue")):
        installed = hostile(world, hostile_wasm, color=color)
        expected[installed["url"]] = (str(world.tenant_id), color)
        threads += [threading.Thread(target=ask, args=(world, installed["url"])) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 6
    assert all((tenant, color) == expected[url] for url, tenant, color in seen)


def test_a_compiled_guest_that_is_missing_on_this_machine_is_compiled_again(acme: World, hostile_wasm: bytes) -> None:
    from plugins.extensions.runtime import artefact_store, close_guest_pool

    installed = hostile(acme, hostile_wasm)
    for file in artefact_store(acme.kernel).folder.iterdir():
        file.unlink()
    close_guest_pool(acme.kernel)
    assert acme.api().get(f"{installed['url']}polite").status_code == 200
