"""Guests that nobody waits for: told of events, called on schedule, given up in the open."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from kernel import events, jobs
from kernel.clock import FixedClock
from kernel.context import CallContext
from kernel.errors import InvalidInput
from kernel.jobs import Job, Schedule, drain
from kernel.jobs import schedules as house
from kernel.jobs.claims import claim_next
from kernel.jobs.ledger import note_state
from kernel.jobs.runner import run_job
from plugins.extensions import services
from plugins.extensions.triggers import errands, telling, timetable
from tests.conftest import World
from tests.extensions.room_stage import calls_of, install, publish
from tests.extensions.test_plugin_lane import SAY, module

LISTENER: dict[str, Any] = {
    "name": "org.example.listener", "publisher": "example", "version": "1.0.0", "runtime": "extism@1", "title": "Listener",
    "events": ["role.changed", "org.example.my_bell.rung"],
}  # fmt: skip
BELL = {"interface": "events", "function": "publish", "args": {"name": "rung", "payload": "{}"}}
RING = "cap:event.publish"
NIGHTLY = {"name": "nightly", "cron": "0 3 * * *", "endpoint": "POST /nightly"}
CLOCKWORK: dict[str, Any] = {
    "name": "org.example.clockwork", "publisher": "example", "version": "1.0.0", "runtime": "extism@1", "title": "Clockwork",
    "capabilities": [timetable.MANAGE], "endpoints": [{"method": "POST", "path": "/nightly", "auth": "user"}],
    "schedules": [NIGHTLY],
}  # fmt: skip


COUNTER = "(global $n (mut i32) (i32.const 0))"
SLOW = """(loop $on (global.set $n (i32.add (global.get $n) (i32.const 1)))
  (br_if $on (i32.lt_u (global.get $n) (i32.const 300000000))))"""


def told(text: Any = None) -> bytes:
    """A module whose `on_event` asks the host for something, and takes its answer for its own."""
    return module(text=text or {"interface": "clock", "function": "now_ms", "args": {}})


def ring(world: World, extension: str = "org.example.my-bell") -> None:
    with world.call() as ctx:
        telling.publish_own(ctx, UUID(int=7), extension, "rung", "{}")


def jobs_of(world: World, kind: str) -> list[Job]:
    with world.call() as ctx:
        return jobs.list_jobs(ctx, kind=kind)


def guest_call(world: World, installed: dict[str, Any], function: str, **args: Any) -> dict[str, Any]:
    """What a guest of the clockwork hears of the scheduler; its module relays a text that is fixed when it is built."""
    from kernel.context import Actor
    from plugins.extensions.calls.dispatcher import Dispatcher
    from plugins.extensions.guests.invocation import HostCall
    from plugins.extensions.interfaces.egress import MeteredCall

    facts = MeteredCall(UUID(installed["id"]), installed["name"], "1.0.0", "http", "r-1", world.kernel.clock.now())
    actor = Actor("extension", UUID(installed["id"]), "Clockwork", author="org.example.clockwork@1.0.0")
    return dict(
        Dispatcher(world.kernel, world.tenant_id, actor, facts)(HostCall("scheduler", function, args, True, timetable.MANAGE))
    )


def test_installs_are_told_of_what_they_list_once_each(acme: World, beta: World) -> None:
    listening = install(acme, publish(acme, LISTENER, told()))
    deaf = install(acme, publish(acme, LISTENER | {"name": "org.example.deaf", "events": ["ticket.opened"]}, told()))
    ring(acme)
    ring(beta)
    ring(acme, "org.example.other")
    drain(acme.kernel, acme.tenant_id)
    drain(beta.kernel, beta.tenant_id)
    (call,) = calls_of(acme, listening)
    assert (call["trigger"], call["endpoint"], call["status"]) == ("event", "on-event", 200)
    assert calls_of(acme, deaf) == []
    (job,) = jobs_of(acme, telling.TELL_JOB)
    assert (job.state, job.result) == ("succeeded", {"told": "org.example.listener@1.0.0"})
    assert (job.args["event"]["name"], job.args["event"]["payload"]) == ("org.example.my_bell.rung", "{}")


def test_an_install_that_is_off_or_gone_is_not_told(acme: World) -> None:
    listening = install(acme, publish(acme, LISTENER, told()))
    with acme.call() as ctx:
        services.disable_install(ctx, UUID(listening["id"]))
    ring(acme)
    drain(acme.kernel, acme.tenant_id)
    assert jobs_of(acme, telling.TELL_JOB) == []
    with acme.call() as ctx:
        services.enable_install(ctx, UUID(listening["id"]))
    ring(acme)
    while events.deliver_due(acme.kernel, acme.tenant_id):
        pass
    with acme.call() as ctx:
        services.uninstall(ctx, UUID(listening["id"]))
    drain(acme.kernel, acme.tenant_id)
    (job,) = jobs_of(acme, telling.TELL_JOB)
    assert (job.state, job.result) == ("succeeded", {"skipped": "install_not_found"})


def test_a_version_that_lists_an_event_no_more_is_not_told_of_it(acme: World) -> None:
    listening = install(acme, publish(acme, LISTENER, told()))
    other = publish(acme, LISTENER | {"version": "1.1.0", "events": ["role.changed"]}, told())
    ring(acme)
    while events.deliver_due(acme.kernel, acme.tenant_id):
        pass
    with acme.call() as ctx:
        services.upgrade_install(ctx, UUID(listening["id"]), release_id=UUID(other["id"]))
    drain(acme.kernel, acme.tenant_id)
    assert calls_of(acme, listening) == []


def test_a_refused_event_is_told_again_and_then_given_up_in_the_open(acme: World, clock: FixedClock) -> None:
    listening = install(acme, publish(acme, LISTENER, told({"interface": "nobody", "function": "home", "args": {}})))
    ring(acme)
    for _ in range(9):
        drain(acme.kernel, acme.tenant_id)
        clock.advance(timedelta(hours=2))
    (job,) = jobs_of(acme, telling.TELL_JOB)
    assert (job.state, job.attempts) == ("failed", 8)
    assert job.error is not None
    assert job.error["code"] == "guest_refused"
    assert "function_unknown" in job.error["detail"]
    calls = calls_of(acme, listening)
    assert [one["status"] for one in calls] == [500] * 8
    with acme.call() as ctx:
        assert jobs.retry_job(ctx, job.id).state == "queued"


def test_an_extension_that_answers_its_own_event_with_another_one_comes_to_an_end(acme: World) -> None:
    manifest = LISTENER | {"name": "org.example.my-bell", "capabilities": [RING], "events": ["org.example.my_bell.rung"]}
    ringing = install(acme, publish(acme, manifest, told(BELL)), RING)
    ring(acme)
    for _ in range(3):
        drain(acme.kernel, acme.tenant_id)
    calls = calls_of(acme, ringing)
    assert len(calls) == events.DEPTH_LIMIT
    assert [one["status"] for one in calls].count(200) == events.DEPTH_LIMIT - 1


@pytest.mark.parametrize(
    ("name", "payload"), [("Rung", "{}"), ("a.b", "{}"), ("rung", "no json"), ("rung", '"' + "x" * 70_000 + '"')]
)
def test_an_event_that_makes_no_sense_is_refused(acme: World, name: str, payload: str) -> None:
    with acme.call() as ctx, pytest.raises(InvalidInput):
        telling.publish_own(ctx, UUID(int=7), "org.example.my-bell", name, payload)


def test_the_schedules_of_the_manifest_come_and_go_with_it(acme: World) -> None:
    first = publish(acme, CLOCKWORK, module())
    installed = install(acme, first, timetable.MANAGE)
    (nightly,) = guest_call(acme, installed, "list")["value"]
    assert (nightly["name"], nightly["cron"], nightly["zone"], nightly["of_manifest"]) == (
        "nightly",
        "0 3 * * *",
        "Europe/Berlin",
        True,
    )
    hourly = NIGHTLY | {"name": "hourly", "cron": "10 * * * *", "zone": "Asia/Tokyo"}
    second = publish(acme, CLOCKWORK | {"version": "1.1.0", "schedules": [hourly]}, module())
    with acme.call() as ctx:
        waiting = services.upgrade_install(ctx, UUID(installed["id"]), release_id=UUID(second["id"]))
        assert waiting.state == "awaiting_consent", "other times are for an administrator to decide"
    assert [one["name"] for one in guest_call(acme, installed, "list")["value"]] == ["nightly"]
    with acme.call() as ctx:
        services.consent(ctx, UUID(installed["id"]), grants=[timetable.MANAGE])
    assert [(one["name"], one["zone"]) for one in guest_call(acme, installed, "list")["value"]] == [("hourly", "Asia/Tokyo")]
    with acme.call() as ctx:
        services.uninstall(ctx, UUID(installed["id"]))
        assert not ctx.session.scalars(select(Schedule).where(Schedule.job == timetable.RUN_JOB)).all()


def test_a_schedule_that_alice_switched_off_stays_off_when_another_version_serves(acme: World) -> None:
    installed = install(acme, publish(acme, CLOCKWORK, module()), timetable.MANAGE)
    with acme.call() as ctx:
        kept = ctx.session.scalars(select(Schedule).where(Schedule.job == timetable.RUN_JOB)).one()
        house.change_schedule(ctx, kept.id, enabled=False)
    later = NIGHTLY | {"cron": "0 4 * * *"}
    second = publish(acme, CLOCKWORK | {"version": "1.1.0", "schedules": [later]}, module())
    with acme.call() as ctx:
        services.upgrade_install(ctx, UUID(installed["id"]), release_id=UUID(second["id"]))
        services.consent(ctx, UUID(installed["id"]), grants=[timetable.MANAGE])
    (nightly,) = guest_call(acme, installed, "list")["value"]
    assert (nightly["cron"], nightly["enabled"], nightly["next_run_at"]) == ("0 4 * * *", False, None)


def test_a_guest_keeps_schedules_of_its_own(acme: World) -> None:
    installed = install(acme, publish(acme, CLOCKWORK, module()), timetable.MANAGE)
    made = guest_call(
        acme, installed, "create", input={"name": "mine", "cron": "*/30 * * * *", "zone": None, "endpoint": "POST /nightly"}
    )
    assert made["success"], made
    assert (made["value"]["zone"], made["value"]["of_manifest"]) == ("Europe/Berlin", False)
    changed = guest_call(acme, installed, "update", input={"name": "mine", "cron": None, "zone": "UTC", "enabled": False})
    assert (changed["value"]["zone"], changed["value"]["next_run_at"]) == ("UTC", None)
    assert guest_call(acme, installed, "list_endpoints")["value"] == ["POST /nightly"]
    for function, args in (("update", {"input": {"name": "nightly", "cron": None, "zone": None, "enabled": False}}),
                           ("delete", {"name": "nightly"}), ("get", {"name": "nobody"})):  # fmt: skip
        assert guest_call(acme, installed, function, **args)["error"].startswith("guest_schedule_not_found")
    again = {"name": "mine", "cron": "0 1 * * *", "zone": None, "endpoint": "POST /nightly"}
    assert guest_call(acme, installed, "create", input=again)["error"].startswith("conflict")
    assert (
        "endpoint" in guest_call(acme, installed, "create", input=again | {"name": "b", "endpoint": "GET /else"})["field_errors"]
    )
    assert guest_call(acme, installed, "delete", name="mine") == {"success": True, "value": {}}
    for number in range(49):
        assert guest_call(acme, installed, "create", input=again | {"name": f"n{number}"})["success"]
    assert "at most 50" in guest_call(acme, installed, "create", input=again | {"name": "one-more"})["error"]


def switched(world: World, name: str, *, on: bool) -> None:
    """Alice switches a schedule of Clockwork on or off."""
    with world.call() as ctx:
        full = f"{CLOCKWORK['name']}: {name}"
        kept = ctx.session.scalars(select(Schedule).where(Schedule.name == full)).one()
        house.change_schedule(ctx, kept.id, enabled=on)


def test_what_a_person_switched_off_no_guest_switches_on(acme: World) -> None:
    installed = install(acme, publish(acme, CLOCKWORK, module()), timetable.MANAGE)
    own = {"name": "mine", "cron": "*/30 * * * *", "zone": None, "endpoint": "POST /nightly"}

    def change(**more: Any) -> Any:
        return guest_call(acme, installed, "update", input={"name": "mine", "cron": None, "zone": None, "enabled": None} | more)

    assert guest_call(acme, installed, "create", input=own)["success"]
    for enabled in (False, False, None, True, False):
        assert change(enabled=enabled, cron="*/20 * * * *")["success"], "its own doing it may undo"
    assert change(zone="UTC")["value"]["enabled"] is False
    assert change(enabled=True)["value"]["enabled"] is True
    change(enabled=False)
    for on in (True, False):
        switched(acme, "mine", on=on)
    assert change(enabled=True)["error"].startswith("guest_schedule_held")
    assert change(enabled=False)["success"]
    assert change(cron="*/10 * * * *")["value"]["enabled"] is False
    assert change(enabled=True)["error"].startswith("guest_schedule_held"), "nor by switching it off once more"
    assert guest_call(acme, installed, "delete", name="mine")["error"].startswith("guest_schedule_held")
    assert guest_call(acme, installed, "create", input=own | {"name": "other"})["error"].startswith("guest_schedule_held")
    switched(acme, "mine", on=True)
    assert guest_call(acme, installed, "delete", name="mine")["success"]
    switched(acme, "nightly", on=False)
    assert guest_call(acme, installed, "create", input=own)["error"].startswith("guest_schedule_held")


def test_a_versions_schedules_and_the_extensions_own_are_fifty_together(acme: World) -> None:
    installed = install(acme, publish(acme, CLOCKWORK, module()), timetable.MANAGE)
    own = {"name": "n", "cron": "0 1 * * *", "zone": None, "endpoint": "POST /nightly"}
    for number in range(40):
        assert guest_call(acme, installed, "create", input=own | {"name": f"n{number}"})["success"]
    eleven = [NIGHTLY | {"name": f"m{number}"} for number in range(11)]
    second = publish(acme, CLOCKWORK | {"version": "1.1.0", "schedules": eleven}, module())
    with pytest.raises(timetable.TooManyGuestSchedules, match="11 schedules and made 40"), acme.call() as ctx:
        services.upgrade_install(ctx, UUID(installed["id"]), release_id=UUID(second["id"]))
    assert guest_call(acme, installed, "delete", name="n7")["success"]
    with acme.call() as ctx:
        services.upgrade_install(ctx, UUID(installed["id"]), release_id=UUID(second["id"]))
    assert len(guest_call(acme, installed, "list")["value"]) == 50


def test_a_schedule_calls_its_endpoint_and_a_guests_own_one_only_while_it_may(acme: World, clock: FixedClock) -> None:
    installed = install(acme, publish(acme, CLOCKWORK, module()), timetable.MANAGE)
    own = {"name": "mine", "cron": "0 4 * * *", "zone": None, "endpoint": "POST /nightly"}
    guest_call(acme, installed, "create", input=own)
    clock.advance(timedelta(days=1))
    drain(acme.kernel, acme.tenant_id)
    assert [(one["trigger"], one["endpoint"], one["status"]) for one in calls_of(acme, installed)] == [
        ("schedule", "POST /nightly", 200)
    ] * 2
    with acme.call() as ctx:
        services.revoke_capability(ctx, UUID(installed["id"]), timetable.MANAGE)
    clock.advance(timedelta(days=1))
    drain(acme.kernel, acme.tenant_id)
    assert len(calls_of(acme, installed)) == 3
    assert {"skipped": "cap:scheduler.manage is not granted any more"} in [one.result for one in jobs_of(acme, timetable.RUN_JOB)]


def test_a_call_is_left_out_while_the_one_before_it_runs(acme: World, clock: FixedClock) -> None:
    installed = install(acme, publish(acme, CLOCKWORK, module()))
    with acme.call() as ctx:
        kept = ctx.session.scalars(select(Schedule).where(Schedule.job == timetable.RUN_JOB)).one()
        running = jobs.enqueue(ctx, timetable.RUN_JOB, kept.args, run_at=clock.now() + timedelta(days=9))
        began(ctx, running)
    clock.advance(timedelta(days=1))
    drain(acme.kernel, acme.tenant_id)
    assert calls_of(acme, installed) == []
    assert {"skipped": "the last call still runs"} in [one.result for one in jobs_of(acme, timetable.RUN_JOB)]


def began(ctx: CallContext, job_id: UUID) -> None:
    """A worker took the job now, and is at it."""
    ctx.session.get_one(Job, (ctx.tenant_id, job_id)).state = "running"
    note_state(ctx, job_id, "running", 1, "")
    ctx.session.flush()


def test_of_calls_that_overlap_the_one_goes_on_that_began_first(acme: World, clock: FixedClock) -> None:
    """The older one was put off and began last: it is left out although it was asked for before."""
    install(acme, publish(acme, CLOCKWORK, module()))
    with acme.call() as ctx:
        kept = ctx.session.scalars(select(Schedule).where(Schedule.job == timetable.RUN_JOB)).one()
        older, younger, another = (
            jobs.enqueue(ctx, timetable.RUN_JOB, args, run_at=clock.now() + timedelta(days=9))
            for args in (kept.args, kept.args, kept.args | {"name": "another"})
        )
        began(ctx, another)
    left_out = {}
    for job_id in (younger, older):
        clock.advance(timedelta(seconds=1))
        with acme.call() as ctx:
            began(ctx, job_id)
    for job_id in (older, younger):
        with acme.call() as ctx:
            left_out[job_id] = errands.still_runs(ctx, job_id, kept.args)
    assert left_out == {older: True, younger: False}


@pytest.mark.parametrize("cron", ["*/5 * * * *", "0,5,10 9-17 * * 1-5", "58 0 * * *", "2,57 * * * *", "0 0 1 1 *", "3 */2 * * *"])
def test_times_far_enough_apart_are_taken(cron: str) -> None:
    timetable.check_cron(cron, "UTC")


@pytest.mark.parametrize(
    "cron", ["* * * * *", "*/4 * * * *", "0,4 3 1 1 *", "0,58 * * * *", "0,59 0,23 * * *", "1-3 5 * * 0", "*/7 * * * *"]
)
def test_times_too_close_are_refused_whichever_fields_meet(cron: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        timetable.check_cron(cron, "UTC")
    assert "at least 5 have to lie between" in refused.value.errors["cron"]


def test_a_call_that_outlasts_its_slice_of_the_worker_is_made_once(acme: World, clock: FixedClock) -> None:
    """A job that goes back to the queue begins anew: a call of a minute would be made again and again."""
    installed = install(acme, publish(acme, CLOCKWORK, module(SLOW + SAY, more=COUNTER)))
    clock.advance(timedelta(days=1))
    house.fire_due(acme.kernel, acme.tenant_id)
    while (claim := claim_next(acme.kernel, acme.tenant_id)) and len(calls_of(acme, installed)) < 2:
        run_job(acme.kernel, claim, slice_seconds=0.1)
    [job] = jobs_of(acme, timetable.RUN_JOB)
    assert (job.state, job.result, len(calls_of(acme, installed))) == ("succeeded", {"status": 200}, 1)
