"""Replays as background work: seen as they get on, cancelled, killed and taken over, asked for twice, refused, and found out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from kernel.clock import FixedClock
from kernel.jobs import drain, get_job
from kernel.jobs.claims import claim_next
from kernel.jobs.runner import run_job
from plugins.extensions.calls import journals, replays
from plugins.extensions.models import Journal, Replay
from tests.conftest import World
from tests.extensions.conftest import answering_guest, wat_guest
from tests.extensions.room_stage import API, install, publish
from tests.plugins.extensions.test_installing import INSTALLS, polite
from tests.plugins.extensions.test_replay import CALLS, REPLAYS, recorded_call, replayed


@pytest.fixture
def call(acme: World) -> dict[str, Any]:
    """A recorded call of Acme's."""
    return recorded_call(
        acme, install(acme, publish(acme, polite(), wat_guest("polite"))), lambda url: acme.client("bob").get(url)
    )


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each portion is one call."""
    monkeypatch.setattr(replays, "PORTION_SECONDS", 0.0)


def ask(world: World, call: dict[str, Any], times: int) -> dict[str, Any]:
    asked = world.api().post(f"{CALLS}/{call['id']}/replay", json={"times": times})
    assert asked.status_code == 201, asked.json
    return asked.json


def shown(world: World, asked: dict[str, Any]) -> dict[str, Any]:
    return world.api().get(f"{REPLAYS}/{asked['id']}").json


def run_slice(world: World) -> None:
    """What one worker does in a slice of no time: one step, and the portion before the next."""
    claim = claim_next(world.kernel, world.tenant_id)
    assert claim is not None
    run_job(world.kernel, claim, slice_seconds=0.0)


def test_a_replay_is_seen_as_it_gets_on(acme: World, call: dict[str, Any]) -> None:
    asked = ask(acme, call, 40)
    assert (asked["state"], asked["done"], asked["now"]) == ("running", 0, None)
    drain(acme.kernel, acme.tenant_id)
    ended = shown(acme, asked)
    assert (ended["state"], ended["done"], ended["different"], ended["now"]) == ("same", 40, 0, ended["then"])
    with acme.call() as ctx:
        job = get_job(ctx, UUID(asked["job_id"]))
        assert (job.progress_done, job.progress_total) == (40, 40)
        assert job.result == {"url": f"/extensions/replays/{asked['id']}", "says": "40 / 40"}


@pytest.mark.usefixtures("one_by_one")
def test_a_worker_killed_in_the_middle_costs_only_its_portion(
    acme: World, call: dict[str, Any], clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ask(acme, call, 5)
    claim = claim_next(acme.kernel, acme.tenant_id)
    assert claim is not None
    made = replays.make_replays(replays_run(acme, claim))
    for _ in range(3):
        next(made)
    made.close()  # as kill -9 would: nothing is handed back
    assert (shown(acme, asked)["done"], shown(acme, asked)["state"]) == (2, "running")
    clock.advance(seconds=acme.kernel.settings.job_lease)
    drain(acme.kernel, acme.tenant_id)
    assert (shown(acme, asked)["done"], shown(acme, asked)["state"]) == (5, "same")


def replays_run(world: World, claim: Any) -> Any:
    from kernel.jobs import JobRun

    return JobRun(world.kernel, claim)


@pytest.mark.usefixtures("one_by_one")
def test_a_cancelled_replay_keeps_what_it_found_and_frees_the_call(acme: World, beta: World, call: dict[str, Any]) -> None:
    asked, here = ask(acme, call, 1000), f"{REPLAYS}/{{}}/cancel"
    run_slice(acme)
    run_slice(acme)
    api = acme.api()
    assert beta.api().post(here.format(asked["id"])).json["code"] == "replay_not_found"
    assert acme.api("bob").post(here.format(asked["id"])).status_code == 403
    stopped = api.post(here.format(asked["id"]))
    assert (stopped.status_code, stopped.json["state"]) == (200, "stopped")
    assert 0 <= stopped.json["done"] < 1000
    assert api.post(here.format(asked["id"])).json["code"] == "replay_ended"
    drain(acme.kernel, acme.tenant_id)
    assert shown(acme, asked)["done"] == stopped.json["done"]
    assert replayed(acme, call, 2)["state"] == "same"
    assert [one["times"] for one in api.get(f"{REPLAYS}?invocation_id={call['id']}").json["items"]] == [2, 1000]


def test_asked_for_twice_at_once_it_runs_once(acme: World, call: dict[str, Any]) -> None:
    with ThreadPoolExecutor(4) as pool:
        asked = list(pool.map(lambda _: ask(acme, call, 3), range(4)))
    assert len({one["id"] for one in asked}) == 1
    with acme.call() as ctx:
        assert len(ctx.session.scalars(select(Replay)).all()) == 1


@pytest.mark.parametrize("times", [0, -1, 10_001, "many", None])
def test_how_often_must_be_a_number_within_bounds(acme: World, call: dict[str, Any], times: Any) -> None:
    answer = acme.api().post(f"{CALLS}/{call['id']}/replay", json={"times": times})
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["times"])


@pytest.mark.usefixtures("one_by_one")
def test_what_is_revoked_meanwhile_stops_and_its_result_stays_readable(acme: World, call: dict[str, Any]) -> None:
    asked = ask(acme, call, 50)
    run_slice(acme)
    revoked = acme.api().post(f"{API}/extension-revocations", json={"subject": call["extension"], "reason": "It steals."})
    assert revoked.status_code == 201
    drain(acme.kernel, acme.tenant_id)
    stopped = shown(acme, asked)
    assert (stopped["state"], stopped["then"]["trap"]) == ("stopped", None)
    with acme.call() as ctx:
        error = get_job(ctx, UUID(asked["job_id"])).error
        assert error is not None and error["code"] == "replay_refused"
    assert acme.api().post(f"{CALLS}/{call['id']}/replay", json={}).json["code"] == "extension_revoked"
    assert acme.client().get(f"/extensions/replays/{asked['id']}").status_code == 200


def test_what_did_something_else_is_kept_sealed_and_shown(acme: World) -> None:
    manifest = polite(name="org.example.answering", endpoints=[{"method": "GET", "path": "/", "auth": "user"}])
    call = recorded_call(acme, install(acme, publish(acme, manifest, answering_guest())), lambda url: acme.client("bob").get(url))
    with acme.call() as ctx:  # as if the guest had answered otherwise then
        ctx.session.delete(ctx.session.scalars(select(Journal)).one())
        ctx.session.flush()
        kept = journals.Outcome(journals_response("then"), journal=[])
        asked = journals.Invocation("", journals.ExportCall("handler", {"request": request_of()}), frozenset(), journal=True)
        journals.add_journal(ctx, UUID(call["id"]), journals.journal_of(asked, kept))
    found = replayed(acme, call, 3)
    assert (found["state"], found["done"], found["different"]) == ("different", 3, 3), found
    assert found["then"]["response"][2] == "then"
    assert found["now"] != found["then"]
    with acme.call() as ctx:
        sealed = ctx.session.scalars(select(Replay.other)).one()
        assert sealed is not None and b"response" not in sealed
    page = acme.client().get(f"/extensions/replays/{found['id']}").text
    assert "It did something else than then." in page


def journals_response(body: str) -> Any:
    from plugins.extensions.guests.invocation import GuestResponse

    return GuestResponse(200, (), body)


def request_of() -> dict[str, Any]:
    return {"method": "GET", "path": "/", "params": [], "query": [], "headers": [], "body": ""}


def test_recording_switched_off_and_an_uninstall_leave_replays_possible(acme: World, call: dict[str, Any]) -> None:
    assert acme.api().delete(f"{INSTALLS}/{call['install_id']}").status_code == 204
    assert replayed(acme, call)["state"] == "same"
