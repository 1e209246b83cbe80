"""Alice publishes a release and installs it with what she consents to."""

from __future__ import annotations

import pytest
from tests.conftest import World
from tests.extensions.conftest import build, wat_guest
from tests.extensions.room_stage import (
    API,
    DEMO_FOLDER,
    MANUAL_INVOICE,
    calls_of,
    install,
    manifest_of,
    publish,
    send_release,
)



def test_a_release_is_inspected_compiled_and_ready(acme: World, demo_wasm: bytes) -> None:
    release = publish(acme, manifest_of(DEMO_FOLDER), demo_wasm)
    assert (release["state"], release["problem"]) == ("ready", None)
    assert release["inspection"]["capabilities"] == [
        "cap:config.read", "cap:context.read", MANUAL_INVOICE, "cap:log.emit",
    ]  # fmt: skip


def test_calling_through_the_gateway(acme: World, demo_wasm: bytes) -> None:
    installed = install(acme, publish(acme, manifest_of(DEMO_FOLDER), demo_wasm), MANUAL_INVOICE, defaultDescription="Hi")
    answer = acme.client("bob").get(installed["url"])
    assert answer.status_code == 200, answer.text
    assert (answer.json["install"], answer.json["defaultDescription"]) == (installed["id"], "Hi")
    [call] = calls_of(acme, installed)
    assert (call["status"], call["trap"], call["actor_name"], call["endpoint"]) == (200, None, "Bob", "GET /")
    assert [one["name"] for one in call["host_calls"]] == ["context.current", "config.get"]
