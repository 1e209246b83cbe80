"""Seeing what happened: recorded calls made again, calls followed as they come, and sums over time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from kernel.audit import AuditEntry
from kernel.clock import FixedClock
from kernel.jobs import drain
from plugins.extensions.calls import journals
from plugins.extensions.calls.tailing import Tail
from plugins.extensions.models import InvocationRecord, Journal
from tests.conftest import World
from tests.extensions.conftest import answering_guest, wat_guest
from tests.extensions.room_stage import API, DEMO_FOLDER, MANUAL_INVOICE, calls_of, install, manifest_of, publish
from tests.extensions.test_plugin_lane import RELAY, module
from tests.plugins.extensions.test_background_calls import LISTENER, ring
from tests.plugins.extensions.test_installing import INSTALLS, polite

CALLS, REPLAYS = f"{API}/extension-invocations", f"{API}/extension-replays"


@pytest.fixture
def recorded(acme: World, demo_wasm: bytes) -> dict[str, Any]:
    """The demo, installed and recording."""
    release = publish(acme, manifest_of(DEMO_FOLDER), demo_wasm)
    installed = install(acme, release, MANUAL_INVOICE, defaultDescription="Hi")
    on = acme.api().post(f"{INSTALLS}/{installed['id']}/recording", json={"on": True})
    assert (on.status_code, on.json["recording"]) == (200, True)
    return installed


def rows_of(world: World) -> tuple[int, ...]:
    """Calls, and what was done to anything; that somebody asks for a replay, with a key, is audited of course."""
    asking = AuditEntry.action.in_(("api_key.created", "extension.replayed"))
    counted = select(func.count()).select_from(InvocationRecord), select(func.count()).select_from(AuditEntry).where(~asking)
    with world.call() as ctx:
        return tuple(ctx.session.scalar(one) or 0 for one in counted)


def test_a_recorded_call_does_the_same_again_and_touches_nothing(acme: World, beta: World, recorded: dict[str, Any]) -> None:
    assert acme.client("bob").get(recorded["url"]).status_code == 200
    [call] = calls_of(acme, recorded)
    assert acme.api().patch(f"{INSTALLS}/{recorded['id']}", json={"config": {"defaultDescription": "Changed"}}).status_code == 200
    before = rows_of(acme)
    for _ in range(5):
        again = replayed(acme, call)
        assert (again["state"], again["done"], again["then"]) == ("same", 1, again["now"]), again
        assert '"Hi"' in again["now"]["response"][2]
    assert rows_of(acme) == before
    assert beta.api().post(f"{CALLS}/{call['id']}/replay").json["code"] == "invocation_not_found"
    assert acme.api("bob").post(f"{CALLS}/{call['id']}/replay").status_code == 403


def test_a_thousand_replays_are_identical(acme: World, recorded: dict[str, Any]) -> None:
    sent = acme.client("bob").post(f"{recorded['url']}create-invoice", json={"clientId": "nobody", "items": []})
    assert sent.status_code < 500
    [call] = calls_of(acme, recorded)
    with acme.call() as ctx:
        kept = journals.read_recorded(ctx, UUID(call["id"]))
    before = rows_of(acme)
    assert all(journals.replay(acme.kernel, acme.tenant_id, kept).same for _ in range(1000))
    assert rows_of(acme) == before


def test_a_guest_that_asks_something_else_than_then_is_noticed(acme: World, recorded: dict[str, Any]) -> None:
    acme.client("bob").get(recorded["url"])
    [call] = calls_of(acme, recorded)
    with acme.call() as ctx:
        kept = journals.read_recorded(ctx, UUID(call["id"]))
    order = kept.order
    assert order.replay
    changed = [["config.keys", {}, {"success": True, "value": []}], *order.replay[1:]]
    for past in (changed, order.replay[:1]):
        other = journals.Recorded(journals.Invocation(
            order.artefact, order.request, order.capabilities, order.limits, replay=past, owner=order.owner), kept.answer,
            kept.component_key, kept.manifest)  # fmt: skip
        again = journals.replay(acme.kernel, acme.tenant_id, other)
        assert (again.same, again.now["trap"]) == (False, "replay_diverged")


def test_a_module_for_extism_is_replayed_as_a_component_is(acme: World) -> None:
    """Its handler answers with what the host said, a random UUID in an envelope, which is no response; so it does again."""
    manifest = polite(runtime="extism@1", name="org.example.relay")
    release = publish(acme, manifest, module(RELAY, {"interface": "random", "function": "uuid", "args": {}}))
    call = recorded_call(acme, install(acme, release), lambda url: acme.client("bob").get(url))
    assert call["trap"] == "bad_response", "an envelope is no response"
    again = replayed(acme, call)
    assert (again["state"], again["now"]["trap"]) == ("same", "bad_response")


@pytest.mark.parametrize("kind", ["module", "component"])
def test_an_event_is_replayed_with_the_hosts_answers_of_then(acme: World, kind: str) -> None:
    """The module's answer to an event is the random UUID that the host gave it."""
    asks = {"interface": "random", "function": "uuid", "args": {}}
    manifest = LISTENER | {"runtime": "extism@1" if kind == "module" else "component@1"}
    wasm = module(text=asks) if kind == "module" else answering_guest()
    call = recorded_call(acme, install(acme, publish(acme, manifest, wasm)), lambda _: told(acme))
    assert (call["trigger"], call["endpoint"], call["trap"]) == ("event", "on-event", None)
    before = rows_of(acme)
    again = replayed(acme, call)
    assert (again["state"], rows_of(acme)) == ("same", before), again
    if kind == "module":
        assert UUID(again["now"]["answer"])


def replayed(world: World, call: dict[str, Any], times: int = 1) -> dict[str, Any]:
    """A call made again by a job; the replay as it stands then."""
    asked = world.api().post(f"{CALLS}/{call['id']}/replay", json={"times": times})
    assert asked.status_code == 201, asked.json
    drain(world.kernel, world.tenant_id)
    return world.api().get(f"{REPLAYS}/{asked.json['id']}").json


def recorded_call(world: World, installed: dict[str, Any], make: Callable[[str], Any]) -> dict[str, Any]:
    on = world.api().post(f"{INSTALLS}/{installed['id']}/recording", json={"on": True})
    assert on.status_code == 200
    make(installed["url"])
    [call] = calls_of(world, installed)
    return call


def told(world: World) -> None:
    ring(world)
    drain(world.kernel, world.tenant_id)


def test_what_was_not_recorded_cannot_be_replayed_and_journals_are_sealed(acme: World, recorded: dict[str, Any]) -> None:
    acme.client("bob").get(recorded["url"])
    acme.api().post(f"{INSTALLS}/{recorded['id']}/recording", json={"on": False})
    acme.client("bob").get(recorded["url"])
    newest, oldest = calls_of(acme, recorded)
    assert acme.api().post(f"{CALLS}/{newest['id']}/replay").json["code"] == "invocation_not_recorded"
    with acme.call() as ctx:
        journal = ctx.session.scalars(select(Journal)).one()
        assert str(journal.invocation_id) == oldest["id"]
        ctx.session.execute(update(Journal).values(content=journal.content[:-1] + bytes([journal.content[-1] ^ 1])))
    assert acme.api().post(f"{CALLS}/{oldest['id']}/replay").status_code >= 400


def test_calls_are_followed_each_once(acme: World) -> None:
    installed = install(acme, publish(acme, polite(), wat_guest("polite")))
    bob, tail = acme.client("bob"), Tail(UUID(installed["id"]))

    def told(method: str, *more: Any) -> int:
        with acme.call() as ctx:
            return len(getattr(tail, method)(ctx, *more))

    assert [bob.get(installed["url"]).status_code for _ in range(3)] == [200] * 3
    assert told("latest", 2) == 2
    assert told("fresh") == 0
    bob.get(installed["url"])
    assert [told("fresh"), told("fresh"), told("fresh")] == [1, 0, 0]


def test_sums_and_steps_of_the_last_hours(acme: World, beta: World, clock: FixedClock) -> None:
    installed = install(acme, publish(acme, polite(), wat_guest("polite")))
    here = f"{INSTALLS}/{installed['id']}/metrics"
    for _ in range(2):
        assert acme.client("bob").get(installed["url"]).status_code == 200
        clock.advance(hours=2)
    sums = acme.api().get(here).json
    assert (sums["calls"], sums["stopped"], sums["failed"], len(sums["steps"])) == (2, 0, 0, 24)
    assert [step["calls"] for step in sums["steps"]].count(1) == 2
    assert sums["p50"] <= sums["p95"]
    assert acme.api().get(f"{here}?hours=1").json["calls"] == 0
    assert acme.api().get(f"{here}?hours=0").status_code == 422
    assert beta.api().get(here).json["code"] == "install_not_found"


def test_the_pages_of_charts_live_calls_and_replays(acme: World, recorded: dict[str, Any]) -> None:
    alice, here = acme.client(), f"/extensions/{recorded['id']}"
    assert "No calls yet" in alice.get(f"{here}/live").text
    alice.get(recorded["url"])
    assert "GET /" in alice.get(f"{here}/live/calls").text
    assert "Half took at most" in alice.get(f"{here}/metrics?hours=168").text
    [call] = calls_of(acme, recorded)
    page = f"/extensions/invocations/{call['id']}"
    assert "Replay" in alice.get(page).text
    assert "No replays yet" in alice.get("/extensions/replays").text
    asked = alice.post(f"{page}/replay", data={"times": "2"})
    assert asked.status_code == 303
    assert "Cancel" in alice.get(asked.location).text
    drain(acme.kernel, acme.tenant_id)
    assert "It did the same each time." in alice.get(asked.location).text
    assert "2 / 2" in alice.get(page).text
    assert asked.location in alice.get("/extensions/replays").text
    assert acme.client("bob").get(asked.location).status_code == 403
    assert alice.post(f"{here}/record/stop", data={}).status_code == 303
    assert "Record calls" in alice.get(here).text
