"""Idempotency-Key: one effect, one answer, whoever asks how often and how fast."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from kernel.api.idempotency import IdempotencyKey
from kernel.directory.models import Client
from tests.kernel.api_room import routes

URL = "/api/v1/gadgets"
ROUTER = {"name": "Router"}


def keyed(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


def count(world: Any) -> int:
    with world.call() as ctx:
        return ctx.session.scalar(select(func.count()).select_from(Client))


@pytest.fixture
def slow() -> Iterator[None]:
    """The slow route, waiting again."""
    routes.entered.clear()
    routes.leave.clear()
    yield
    routes.leave.set()


def test_the_second_answer_is_the_first_one_byte_for_byte(gadgets: Any) -> None:
    alice = gadgets.api()
    first = alice.post(URL, json=ROUTER, headers=keyed("k1"))
    second = alice.post(URL, json=ROUTER, headers=keyed("k1"))
    assert (second.status_code, second.data) == (201, first.data)
    for name in ("ETag", "Location", "Content-Type"):
        assert second.headers[name] == first.headers[name]
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert count(gadgets) == 1


def test_a_key_belongs_to_one_content_and_one_address(gadgets: Any) -> None:
    alice = gadgets.api()
    alice.post(URL, json=ROUTER, headers=keyed("k1"))
    for answer in (
        alice.post(URL, json={"name": "Switch"}, headers=keyed("k1")),
        alice.post(f"{URL}/crash", json=ROUTER, headers=keyed("k1")),
    ):
        assert (answer.status_code, answer.get_json()["code"]) == (422, "idempotency_key_reused")
    assert count(gadgets) == 1


def test_a_key_belongs_to_who_sent_it(gadgets: Any, beta_gadgets: Any) -> None:
    with gadgets.call() as ctx:
        from kernel.directory.models import Role, UserRole

        admin = ctx.session.scalar(select(Role.id).where(Role.key == "admin"))
        ctx.session.add(UserRole(user_id=gadgets.users["bob"], role_id=admin))
    for client in (gadgets.api("alice"), gadgets.api("bob"), beta_gadgets.api("alice")):
        answer = client.post(URL, json=ROUTER, headers=keyed("the same"))
        assert "Idempotency-Replayed" not in answer.headers
    assert (count(gadgets), count(beta_gadgets)) == (2, 1)


def test_a_request_that_failed_may_be_repeated(gadgets: Any) -> None:
    alice = gadgets.api()
    assert alice.post(URL, json={"name": ""}, headers=keyed("k1")).status_code == 422
    assert alice.post(f"{URL}/crash", headers=keyed("k2")).status_code == 500
    with gadgets.call() as ctx:
        assert ctx.session.scalar(select(func.count()).select_from(IdempotencyKey)) == 0
    assert alice.post(URL, json=ROUTER, headers=keyed("k1")).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "caf\u00e9"])
def test_keys_that_are_none(gadgets: Any, key: str) -> None:
    answer = gadgets.api().post(URL, json=ROUTER, headers=keyed(key))
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, ["Idempotency-Key"])
    assert count(gadgets) == 0


def test_while_the_first_runs_the_second_is_told_to_wait(gadgets: Any, slow: None) -> None:
    program = gadgets.api()
    api_key = program.environ_base["HTTP_X_API_KEY"]
    answers: list[Any] = []

    def send() -> None:
        client = gadgets.app.test_client()
        answers.append(client.post(f"{URL}/slow", json=ROUTER, headers=keyed("k1") | {"X-Api-Key": api_key}))

    first = threading.Thread(target=send)
    first.start()
    assert routes.entered.wait(10)
    waiting = program.post(f"{URL}/slow", json=ROUTER, headers=keyed("k1"))
    assert (waiting.status_code, waiting.get_json()["code"]) == (409, "idempotency_in_progress")
    assert waiting.headers["Retry-After"] == "1"
    routes.leave.set()
    first.join()
    again = program.post(f"{URL}/slow", json=ROUTER, headers=keyed("k1"))
    assert (again.status_code, again.data) == (201, answers[0].data)
    assert count(gadgets) == 1


def test_a_crowd_with_one_key_has_one_effect(gadgets: Any) -> None:
    api_key = gadgets.api().environ_base["HTTP_X_API_KEY"]
    start, statuses = threading.Barrier(6), []

    def send() -> None:
        client = gadgets.app.test_client()
        start.wait(10)
        for _ in range(5):
            answer = client.post(URL, json=ROUTER, headers=keyed("crowd") | {"X-Api-Key": api_key})
            statuses.append(answer.status_code)

    crowd = [threading.Thread(target=send) for _ in range(6)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert len(statuses) == 30
    assert set(statuses) <= {201, 409}
    assert statuses.count(201) >= 6
    assert count(gadgets) == 1


def test_a_form_sent_again_has_another_boundary_and_the_same_content(gadgets: Any) -> None:
    alice = gadgets.api()

    def send(boundary: str) -> Any:
        body = f'--{boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--{boundary}--\r\n'
        content_type = f"multipart/form-data; boundary={boundary}"
        return alice.post(f"{URL}/upload", data=body, content_type=content_type, headers=keyed("form"))

    assert send("first").get_json() == {"a": "b"}
    assert send("second").headers["Idempotency-Replayed"] == "true"


def test_the_effect_and_its_answer_are_one_transaction(gadgets: Any) -> None:
    key = str(uuid4())
    alice = gadgets.api()
    alice.post(f"{URL}/unstorable", headers=keyed(key))
    assert count(gadgets) == 0
    with gadgets.call() as ctx:
        assert ctx.session.scalar(select(IdempotencyKey).where(IdempotencyKey.key == key)) is None
