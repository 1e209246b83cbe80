"""Programs without an account call signed endpoints; who has no secret, an old signature or another's gets nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from werkzeug.test import Client

from kernel.audit import AuditEntry
from kernel.clock import FixedClock
from kernel.tenancy import switch_plugin
from plugins.extensions.author.dev_server import end_key, make_dev_server
from plugins.extensions.gateway.signed_calls import HEADER, SignedText
from plugins.extensions.installs import limits
from plugins.extensions.models import SigningSecret
from tests.conftest import World
from tests.extensions.conftest import build
from tests.extensions.room_stage import API, calls_of, install, manifest_of, publish
from tests.plugins.extensions.test_gateway import HOSTILE_FOLDER

ENDPOINTS = [
    {"method": "POST", "path": "/globals", "auth": "public-signed"},
    {"method": "POST", "path": "/echo", "auth": "public-signed"},
    {"method": "GET", "path": "/seen", "auth": "public-signed"},
    {"method": "POST", "path": "/polite", "auth": "user"},
]
REFUSED = (401, "signature_refused")


@pytest.fixture(scope="session")
def hostile_wasm() -> bytes:
    return build(HOSTILE_FOLDER)


class Caller:
    """A program outside that knows an install's address and secret."""

    def __init__(self, world: World, installed: dict[str, Any]) -> None:
        made = world.api().post(f"{API}/extension-installs/{installed['id']}/signing-secret").json
        self.world, self.secret = world, made["secret"]
        self.address = made["url"].removeprefix(world.kernel.settings.url)

    def send(self, path: str, body: str = "", *, method: str = "POST", key: str = "", ago: int = 0, **lies: str) -> Any:
        """Sign and send; `sent_…` is what is sent instead of what was signed."""
        time = int(self.world.kernel.clock.now().timestamp()) - ago
        code = SignedText(method, path, key, body.encode()).code(lies.get("secret", self.secret), time)
        headers = {HEADER: f"t={lies.get('sent_time', time)},v1={code}"}
        if sent := lies.get("sent_key", key):
            headers["Idempotency-Key"] = sent
        url = lies.get("address", self.address) + lies.get("sent_path", path)[1:]
        return self.world.app.test_client().open(
            url, method=lies.get("sent_method", method), data=lies.get("sent_body", body), headers=headers
        )


def outside(world: World, wasm: bytes) -> tuple[Caller, dict[str, Any]]:
    installed = install(world, publish(world, manifest_of(HOSTILE_FOLDER, endpoints=ENDPOINTS), wasm))
    return Caller(world, installed), installed


def told(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


def test_a_signed_call_is_answered_and_recorded_as_nobodys(acme: World, hostile_wasm: bytes) -> None:
    caller, installed = outside(acme, hostile_wasm)
    answer = caller.send("/echo", "Grüße")
    assert (answer.status_code, answer.text, answer.headers["Cache-Control"]) == (200, "Grüße", "no-store")
    assert caller.send("/seen?a=1&b=%20", method="GET").json["query"] == {"a": "1", "b": " "}
    reading, writing = calls_of(acme, installed)
    assert {(one["actor_kind"], one["actor_id"], one["actor_name"]) for one in (reading, writing)} == {
        ("system", None, "Signed call")
    }


def test_what_was_not_signed_is_refused(acme: World, hostile_wasm: bytes) -> None:
    caller, installed = outside(acme, hostile_wasm)
    for lies in (
        {"secret": "dhs_guessed"}, {"sent_body": "{}"}, {"sent_path": "/globals"}, {"sent_path": "/echo?a=1"},
        {"sent_key": "another"}, {"sent_time": "1790841601"}, {"sent_time": "0"}, {"sent_time": "99999999999"},
        {"sent_time": "x"}, {"sent_method": "GET", "sent_path": "/seen"},
    ):  # fmt: skip
        assert told(caller.send("/echo", "x", **lies)) == REFUSED, lies
    assert calls_of(acme, installed) == []


def test_no_line_of_the_body_passes_for_the_key(acme: World, hostile_wasm: bytes) -> None:
    endpoints = [{"method": "POST", "path": "/:way", "auth": "public-signed"}]
    installed = install(acme, publish(acme, manifest_of(HOSTILE_FOLDER, endpoints=endpoints), hostile_wasm))
    caller = Caller(acme, installed)
    moved = {"sent_path": "/echo%0A", "sent_key": "X", "sent_body": "Y"}
    assert caller.send("/echo", "X\nY", **moved).status_code in (401, 404)
    assert calls_of(acme, installed) == []
    assert caller.send("/echo", "X\nY").text == "X\nY"


def test_a_question_mark_in_the_path_does_not_pass_for_the_querys(acme: World, hostile_wasm: bytes) -> None:
    endpoints = [*ENDPOINTS, {"method": "GET", "path": "/:way", "auth": "public-signed"}]
    installed = install(acme, publish(acme, manifest_of(HOSTILE_FOLDER, endpoints=endpoints), hostile_wasm))
    caller = Caller(acme, installed)
    assert told(caller.send("/seen?a=1", method="GET", sent_path="/seen%3Fa=1")) == REFUSED
    assert calls_of(acme, installed) == []


def test_who_makes_installs_up_is_slowed_down_as_well(acme: World, hostile_wasm: bytes) -> None:
    caller, installed = outside(acme, hostile_wasm)
    made_up = [caller.send("/echo", address=f"/x/{uuid4()}@{acme.tenant.slug}/") for _ in range(limits.BURST + 1)]
    assert {one.status_code for one in made_up[:-1]} == {401}
    assert made_up[-1].status_code == 429
    assert caller.send("/echo", "x").status_code == 200, installed


def test_a_signature_holds_for_five_minutes_either_way(acme: World, hostile_wasm: bytes) -> None:
    caller, _ = outside(acme, hostile_wasm)
    assert [caller.send("/echo", str(ago), ago=ago).status_code for ago in (299, -299)] == [200, 200]
    assert [told(caller.send("/echo", str(ago), ago=ago)) for ago in (301, -301)] == [REFUSED] * 2


def test_a_call_that_somebody_heard_and_sends_again_has_no_second_effect(
    acme: World, hostile_wasm: bytes, clock: FixedClock
) -> None:
    caller, installed = outside(acme, hostile_wasm)
    first, again = (caller.send("/globals") for _ in range(2))
    assert (again.json, again.headers["Idempotency-Replayed"]) == (first.json, "true")
    keyed = caller.send("/globals", key="order-7")
    clock.advance(timedelta(seconds=60))
    assert caller.send("/globals", key="order-7").json == keyed.json, "signed anew, the same key is the same call"
    assert told(caller.send("/globals", "{}", key="order-7")) == (422, "idempotency_key_reused")
    assert len(calls_of(acme, installed)) == 2


def test_nothing_is_told_about_what_is_not_there(acme: World, beta: World, hostile_wasm: bytes) -> None:
    caller, installed = outside(acme, hostile_wasm)
    elsewhere, _ = outside(beta, hostile_wasm)
    slug, other = acme.tenant.slug, beta.tenant.slug
    for address in (
        f"/x/{uuid4()}@{slug}/",
        f"/x/{installed['id']}@{other}/",
        f"/x/{installed['id']}@nobody/",
        elsewhere.address,
    ):
        answer = caller.send("/echo", "x", address=address)
        assert told(answer) == REFUSED
        assert answer.json["detail"] == "The signature is not right, or nothing is signed for at this address."
    with acme.call() as ctx:
        switch_plugin(ctx, "extensions", enabled=False)
    assert told(caller.send("/echo", "x")) == REFUSED


def test_each_door_is_for_its_own_endpoints(acme: World, hostile_wasm: bytes) -> None:
    caller, installed = outside(acme, hostile_wasm)
    assert told(caller.send("/polite")) == (404, "endpoint_not_found")
    assert told(caller.send("/no/such")) == (404, "endpoint_not_found")
    assert told(acme.client().post(f"{installed['url']}echo", data="x")) == REFUSED
    assert told(acme.client().post(f"{caller.address}echo", data="x")) == REFUSED, "who is signed in must sign as well"
    assert told(acme.api().post(f"{caller.address}polite")) == REFUSED


def test_another_secret_ends_the_one_before_and_is_nowhere_to_be_read(acme: World, hostile_wasm: bytes) -> None:
    caller, installed = outside(acme, hostile_wasm)
    page = acme.client().post(f"/extensions/{installed['id']}/signing").text
    assert "dhs_" in page
    assert "dhs_" not in acme.client().get(f"/extensions/{installed['id']}/signing").text
    assert told(caller.send("/echo", "x")) == REFUSED
    fresh = Caller(acme, installed)
    assert fresh.send("/echo", "x").status_code == 200
    with acme.call() as ctx:
        assert fresh.secret.encode() not in ctx.session.scalars(select(SigningSecret.secret)).one()
        made = ctx.session.scalars(select(AuditEntry).where(AuditEntry.action == "extension.signing_secret_made")).all()
    assert len(made) == 3
    assert "dhs_" not in str([one.changes for one in made])
    assert acme.api("bob").post(f"{API}/extension-installs/{installed['id']}/signing-secret").status_code == 403


def test_the_door_of_an_author_signs_what_has_to_be_signed(acme: World, hostile_wasm: bytes) -> None:
    _, installed = outside(acme, hostile_wasm)
    server, door, key_id = make_dev_server(acme.kernel, acme.tenant_id, None, 0, lambda _: None)
    server.server_close()
    door.install_id = UUID(installed["id"])
    desk = Client(door)
    assert desk.post("http://localhost/echo?a=%20", data="Grüße".encode()).text == "Grüße"
    assert desk.get("http://localhost/seen?a=1").json["query"] == {"a": "1"}
    assert desk.post("http://localhost/polite").status_code == 200, "as somebody, without a signature"
    assert desk.get("http://localhost/nowhere").json["code"] == "endpoint_not_found"
    end_key(acme.kernel, acme.tenant_id, key_id)
    assert [one["actor_name"] for one in calls_of(acme, installed)][1:] == ["Signed call"] * 2
