"""A call of an extension that is sent twice has its effect once, and nobody gets another's answer."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from kernel.clock import FixedClock
from plugins.extensions import tasks
from plugins.extensions.gateway import kept_answers
from plugins.extensions.guests.invocation import GuestResponse
from plugins.extensions.models import KeptAnswer
from tests.conftest import World
from tests.extensions.conftest import build
from tests.extensions.room_stage import calls_of, install, manifest_of, publish
from tests.plugins.extensions.test_gateway import ANY_WAY, HOSTILE_FOLDER

KEY = {"Idempotency-Key": "order-7"}


@pytest.fixture(scope="session")
def hostile_wasm() -> bytes:
    return build(HOSTILE_FOLDER)


def hostile(world: World, wasm: bytes) -> dict[str, Any]:
    return install(world, publish(world, manifest_of(HOSTILE_FOLDER, endpoints=ANY_WAY), wasm))


def test_the_same_key_gives_the_first_answer_again(acme: World, beta: World, hostile_wasm: bytes) -> None:
    installed, bob = hostile(acme, hostile_wasm), acme.client("bob")
    first, again = (bob.post(f"{installed['url']}globals", headers=KEY) for _ in range(2))
    assert (first.status_code, "Idempotency-Replayed" in first.headers) == (200, False)
    assert (again.json, again.headers["Idempotency-Replayed"]) == (first.json, "true")
    assert again.headers["Content-Type"] == first.headers["Content-Type"]
    assert again.headers["Cache-Control"] == "no-store"
    assert len(calls_of(acme, installed)) == 1
    assert bob.post(f"{installed['url']}globals").json["uuid"] != first.json["uuid"]
    other = hostile(beta, hostile_wasm)
    assert beta.client("bob").post(f"{other['url']}globals", headers=KEY).json["uuid"] != first.json["uuid"]


def test_a_key_is_of_one_call_by_one_caller(acme: World, hostile_wasm: bytes) -> None:
    installed, bob = hostile(acme, hostile_wasm), acme.client("bob")
    assert bob.post(f"{installed['url']}echo?a=1", data="x", headers=KEY).text == "x"
    for who, call, body in (
        (bob, "echo?a=1", "y"),
        (bob, "echo?a=2", "x"),
        (bob, "seen?a=1", "x"),
        (acme.client("alice"), "echo?a=1", "x"),
    ):
        refused = who.post(f"{installed['url']}{call}", data=body, headers=KEY)
        assert (refused.status_code, refused.json["code"]) == (422, "idempotency_key_reused"), call
    assert bob.post(f"{installed['url']}echo", headers={"Idempotency-Key": "x" * 256}).json["code"] == "invalid_input"
    assert bob.get(f"{installed['url']}polite", headers=KEY).status_code == 200, "reading is repeated as it comes"


def test_of_many_at_once_one_is_carried_out(acme: World, hostile_wasm: bytes) -> None:
    installed, answers = hostile(acme, hostile_wasm), []
    bobs = [acme.client("bob") for _ in range(6)]
    threads = [
        threading.Thread(target=lambda bob=bob: answers.append(bob.post(f"{installed['url']}globals", headers=KEY)))
        for bob in bobs
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {one.status_code for one in answers} <= {200, 409}
    assert len({one.json["uuid"] for one in answers if one.status_code == 200}) == 1
    assert {one.json["code"] for one in answers if one.status_code == 409} <= {"idempotency_in_progress"}
    assert len(calls_of(acme, installed)) == 1


def test_a_call_that_failed_may_be_sent_again(acme: World, hostile_wasm: bytes) -> None:
    installed, bob = hostile(acme, hostile_wasm), acme.client("bob")
    assert [bob.post(f"{installed['url']}throw", headers=KEY).status_code for _ in range(2)] == [502, 502]
    assert len(calls_of(acme, installed)) == 2


def test_a_claim_of_a_process_that_died_ends_after_a_while(acme: World, hostile_wasm: bytes, clock: FixedClock) -> None:
    installed, bob = hostile(acme, hostile_wasm), acme.client("bob")
    first = bob.post(f"{installed['url']}globals", headers=KEY)
    with acme.call() as ctx:  # as if it had not come to its end
        ctx.session.execute(update(KeptAnswer).values(status=None, body=None))
    waiting = bob.post(f"{installed['url']}globals", headers=KEY)
    assert (waiting.status_code, waiting.json["code"], waiting.headers["Retry-After"]) == (409, "idempotency_in_progress", "1")
    clock.advance(kept_answers.CLAIM_HOLDS_FOR + timedelta(seconds=1))
    assert bob.post(f"{installed['url']}globals", headers=KEY).json["uuid"] != first.json["uuid"]


def test_who_comes_back_late_leaves_the_answer_of_the_one_who_took_over(
    acme: World, hostile_wasm: bytes, clock: FixedClock
) -> None:
    installed, answers = hostile(acme, hostile_wasm), []
    same = kept_answers.Repeatable(acme.tenant_id, UUID(installed["id"]), "POST /:way", "key:slow", (b"x",))

    def slow() -> GuestResponse:
        clock.advance(kept_answers.CLAIM_HOLDS_FOR + timedelta(seconds=1))
        answers.append(kept_answers.answer_once(acme.kernel, same, lambda: GuestResponse(200, (), "in time")))
        return GuestResponse(200, (), "late")

    kept_answers.answer_once(acme.kernel, same, slow)
    again = kept_answers.answer_once(acme.kernel, same, lambda: GuestResponse(200, (), "again"))
    assert (again, answers) == ((GuestResponse(200, (), "in time"), True), [(GuestResponse(200, (), "in time"), False)])


def test_too_large_an_answer_is_told_to_be_there_but_not_kept(acme: World, hostile_wasm: bytes) -> None:
    installed = hostile(acme, hostile_wasm)
    same = kept_answers.Repeatable(acme.tenant_id, UUID(installed["id"]), "POST /:way", "key:large", (b"x",))
    large = GuestResponse(200, (), "x" * (kept_answers.MOST_KEPT_BYTES + 1))
    assert kept_answers.answer_once(acme.kernel, same, lambda: large) == (large, False)
    with pytest.raises(kept_answers.AnswerNotKept):
        kept_answers.answer_once(acme.kernel, same, lambda: large)


def test_old_answers_are_forgotten(acme: World, hostile_wasm: bytes, clock: FixedClock) -> None:
    installed, bob = hostile(acme, hostile_wasm), acme.client("bob")
    bob.post(f"{installed['url']}globals", headers=KEY)
    clock.advance(kept_answers.KEPT_FOR + timedelta(seconds=1))
    with acme.call() as ctx:
        assert tasks.tidy_invocations(ctx)["answers"] == 1
