"""An attacker's afternoon: Acme installs an extension that tries everything; it is stopped by name, and Beta notices nothing."""

from __future__ import annotations

import json
import os
import signal
import threading
from typing import Any
from uuid import UUID

import pytest

from kernel.tenancy import switch_plugin
from plugins.extensions.runtime import artefact_store, close_guest_pool, guest_pool
from tests.conftest import World
from tests.extensions.conftest import build, wat_guest
from tests.extensions.room_stage import API, ROOT, calls_of, install, manifest_of, publish, send_release

HOSTILE_FOLDER = ROOT / "tests" / "extensions" / "hostile"
ANY_WAY = [{"method": method, "path": "/:way", "auth": "user"} for method in ("GET", "POST")]
OURS = {
    "set-cookie": "deskhand_session=stolen", "location": "https://evil.example/", "hx-redirect": "https://evil.example/",
    "content-security-policy": "default-src *", "access-control-allow-origin": "*", "service-worker-allowed": "/",
    "www-authenticate": "Basic", "cache-control": "public", "content-length": "1",
}  # fmt: skip


@pytest.fixture(scope="module")
def hostile_wasm() -> bytes:
    return build(HOSTILE_FOLDER)


def hostile(world: World, wasm: bytes, **config: str) -> dict[str, Any]:
    return install(world, publish(world, manifest_of(HOSTILE_FOLDER, endpoints=ANY_WAY), wasm), **config)


def answer(world: World, installed: dict[str, Any], **response: Any) -> Any:
    """What a browser gets when the guest answers this."""
    return world.client("bob").post(f"{installed['url']}answer", data=json.dumps({"status": 200, "body": "x"} | response))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": "Nice\x1b[2J"}, "title"),
        ({"title": "invoices\u202egnp"}, "title"),
        ({"title": "  "}, "title"),
        ({"version": "1.0.0-" + "a1" * 5000}, "version"),
        ({"endpoints": [{"method": "GET", "path": "/", "auth": "none"}]}, "endpoints[0].auth"),
        ({"endpoints": [{"method": "GET", "path": "/:a/:a", "auth": "user"}]}, "endpoints[0].path"),
    ],
    ids=["escapes", "turned around", "blank", "endless version", "nobody signed in", "a name twice"],
)
def test_a_manifest_that_would_deceive_is_refused_by_its_field(acme: World, change: dict[str, Any], field: str) -> None:
    refused = send_release(acme, manifest_of(HOSTILE_FOLDER, **change), wat_guest("polite"))
    assert (refused.status_code, refused.json["code"], list(refused.json["errors"])) == (422, "manifest_refused", [field])


def test_what_the_guest_sees_of_its_caller_is_no_credential(acme: World, hostile_wasm: bytes) -> None:
    installed = hostile(acme, hostile_wasm)
    asked = {"X-Secret": "s", "Referer": "https://acme.example/clients", "Accept-Language": "de"}
    for caller in (acme.client("bob"), acme.api("bob")):
        seen = caller.get(f"{installed['url']}seen?a=1", headers=asked).json
        assert seen["headers"].keys() <= {"accept", "accept-language", "content-type", "idempotency-key"}
        assert (seen["headers"]["accept-language"], seen["query"]) == ("de", {"a": "1"})


def test_a_form_reaches_the_guest_whole_and_without_our_token(acme: World, hostile_wasm: bytes) -> None:
    installed = hostile(acme, hostile_wasm)
    bob = acme.client("bob")
    form = {"a": "1", "b": "2"}
    assert bob.post(f"{installed['url']}echo", data=form).text == "a=1&b=2"
    token = bob.environ_base.pop("HTTP_X_CSRF_TOKEN")
    refused = bob.post(f"{installed['url']}echo", data={**form, "csrf_token": token})
    assert (refused.status_code, refused.json["code"]) == (403, "csrf_failed")
    assert [one["request_bytes"] > 0 for one in calls_of(acme, installed)] == [True]


def test_a_guests_page_is_locked_in_and_says_nothing_for_our_origin(acme: World, hostile_wasm: bytes) -> None:
    installed = hostile(acme, hostile_wasm)
    page = answer(acme, installed, status=401, body="<script>1</script>", headers={**OURS, "content-type": "text/html"})
    assert (page.status_code, page.text) == (401, "<script>1</script>")
    assert page.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
    assert page.headers["Cache-Control"] == "no-store"
    assert not {name.lower() for name, _ in page.headers} & (
        OURS.keys() - {"content-security-policy", "cache-control", "content-length"}
    )
    assert answer(acme, installed, headers={"content-type": "text/javascript"}).mimetype == "text/plain"
    assert [answer(acme, installed, status=status).data for status in (204, 205, 304)] == [b"", b"", b""]
    split = answer(acme, installed, headers={"content-language": "en\r\nset-cookie: a=b"})
    assert (split.status_code, split.json["code"]) == (502, "bad_response")


def test_one_tenants_endless_guests_leave_room_for_everybody_else(acme: World, beta: World, hostile_wasm: bytes) -> None:
    looping, other = hostile(acme, hostile_wasm), hostile(beta, hostile_wasm)
    assert beta.api().get(f"{other['url']}polite").status_code == 200
    outcomes: list[str] = []
    calls = [
        threading.Thread(target=lambda: outcomes.append(acme.api().get(f"{looping['url']}loop").json["code"])) for _ in range(8)
    ]
    for call in calls:
        call.start()
    served = [beta.api().get(f"{other['url']}polite").status_code for _ in range(5)]
    still_looping = any(call.is_alive() for call in calls)
    for call in calls:
        call.join()
    assert (served, still_looping) == ([200] * 5, True)
    assert set(outcomes) <= {"guest_timeout", "guests_busy", "install_busy"}
    assert {"guest_timeout", "install_busy"} <= set(outcomes)


def test_a_worker_killed_in_the_middle_costs_its_own_call_only(acme: World, beta: World, hostile_wasm: bytes) -> None:
    struck, other = hostile(acme, hostile_wasm), hostile(beta, hostile_wasm)
    close_guest_pool(acme.kernel)
    assert acme.api().get(f"{struck['url']}polite").status_code == 200
    [worker] = guest_pool(acme.kernel).idle_workers()
    answers: list[Any] = []
    call = threading.Thread(target=lambda: answers.append(acme.api().get(f"{struck['url']}loop")))
    call.start()
    assert beta.api().get(f"{other['url']}polite").status_code == 200  # by now Acme's worker is at its loop
    os.kill(worker, signal.SIGKILL)
    call.join()
    assert (answers[0].status_code, answers[0].json["code"]) == (502, "guest_crashed")
    assert acme.api().get(f"{struck['url']}polite").status_code == 200
    assert [one["trap"] for one in calls_of(acme, struck)] == [None, "guest_crashed", None]


@pytest.mark.parametrize("end", ["uninstalled", "plugin off"])
def test_what_ends_while_a_guest_runs_leaves_its_record(acme: World, hostile_wasm: bytes, end: str) -> None:
    installed = hostile(acme, hostile_wasm)
    assert acme.api().get(f"{installed['url']}polite").status_code == 200
    answers: list[Any] = []
    call = threading.Thread(target=lambda: answers.append(acme.api().get(f"{installed['url']}loop")))
    call.start()
    while not invocation_runs(UUID(installed["id"])):
        call.join(0.01)
    if end == "uninstalled":
        assert acme.api().delete(f"{API}/extension-installs/{installed['id']}").status_code == 204
    else:
        with acme.call() as ctx:
            switch_plugin(ctx, "extensions", enabled=False)
    gone = acme.api().get(f"{installed['url']}polite")
    call.join()
    assert (gone.status_code, answers[0].json["code"]) == (404, "guest_timeout")
    if end == "uninstalled":
        assert [one["trap"] for one in calls_of(acme, installed)] == ["guest_timeout", None]


def invocation_runs(install_id: UUID) -> bool:
    from plugins.extensions.calls import invoking

    return bool(invoking._running[install_id])


def test_a_compiled_guest_that_was_changed_on_disk_is_never_run_but_compiled_again(acme: World, hostile_wasm: bytes) -> None:
    installed = hostile(acme, hostile_wasm)
    store = artefact_store(acme.kernel)
    for file in store.folder.glob("*.cwasm"):
        code = bytearray(file.read_bytes())
        code[len(code) // 2] ^= 1
        file.write_bytes(code)
    close_guest_pool(acme.kernel)
    assert acme.api().get(f"{installed['url']}polite").status_code == 200
    assert all(store.intact(file.stem) for file in store.folder.glob("*.cwasm") if file.stem == store.key(hostile_wasm))
