"""Schedules: fired once, at the hour the tenant's clocks show, also when they change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import jobs
from kernel.clock import ZoneUnknown
from kernel.errors import Conflict
from kernel.jobs import schedules
from kernel.jobs.ledger import JobUnknown
from kernel.jobs.schedules import CronInvalid, ScheduleNotFound, next_time
from tests.kernel.work_stage import Tower

ZONES = ("UTC", "Europe/Vienna", "America/Los_Angeles", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Casablanca")
CRONS = ("30 2 * * *", "*/15 * * * *", "0 0 1 * *", "0 9 * * 1-5", "59 23 L * *", "10 1,2,3 * * 0")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "after", "expected"),
    [
        ("0 3 * * *", "2026-03-28 12:00", "2026-03-29 01:00"),  # clocks have gone forward: 03:00 is 01:00 UTC
        ("30 2 * * *", "2026-03-28 12:00", "2026-03-29 01:00"),  # 02:30 does not exist: made up for at 03:00
        ("30 2 * * *", "2026-10-24 12:00", "2026-10-25 00:30"),  # 02:30 comes twice: the first time
        ("30 2 * * *", "2026-10-25 00:30", "2026-10-26 01:30"),  # … and not the second time
        ("30 2 * * *", "2026-10-25 01:10", "2026-10-26 01:30"),  # asked within the repeated hour
        ("*/30 * * * *", "2026-10-25 00:30", "2026-10-25 01:00"),  # by the half hour: goes on through it
        ("0 12 29 2 *", "2026-01-01 00:00", "2028-02-29 11:00"),
    ],
)
def test_the_next_time_in_vienna(cron: str, after: str, expected: str) -> None:
    assert next_time(cron, "Europe/Vienna", utc(after)) == utc(expected)


@given(
    st.sampled_from(CRONS), st.sampled_from(ZONES),
    st.datetimes(datetime(2025, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds only
)  # fmt: skip
def test_the_next_time_lies_ahead_and_is_the_first(cron: str, zone: str, after: datetime) -> None:
    found = next_time(cron, zone, after)
    assert found > after
    assert found.tzinfo is UTC
    between = after + (found - after) / 2
    assert next_time(cron, zone, between) == found


@given(st.datetimes(datetime(2025, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - bounds only
def test_nine_o_clock_is_nine_on_the_wall(after: datetime) -> None:
    assert next_time("0 9 * * *", "America/Los_Angeles", after).astimezone(ZoneInfo("America/Los_Angeles")).hour == 9


@pytest.mark.parametrize("cron", ["", "hourly", "* * * *", "0 0 0 * * *", "61 * * * *", "0 0 30 2 *", "@daily"])
def test_a_bad_expression_is_refused_with_the_field(cron: str) -> None:
    with pytest.raises(CronInvalid) as caught:
        next_time(cron, "UTC", utc("2026-01-01"))
    assert "cron" in caught.value.errors


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(ZoneUnknown):
        next_time("0 0 * * *", "Europe/Atlantis", utc("2026-01-01"))


def test_a_tenant_starts_with_the_schedules_of_its_plugins_in_its_zone(tower: Tower) -> None:
    with tower.kernel.call(tower.acme) as ctx:
        (morning,) = schedules.list_schedules(ctx)
        schedules.offer_schedules(ctx)
        assert len(schedules.list_schedules(ctx)) == 1
    assert (morning.name, morning.zone) == ("Morning bell", "Europe/Berlin")
    assert morning.next_run_at == utc("2026-10-02 05:00")


def test_a_schedule_fires_once_and_moves_on(tower: Tower) -> None:
    tower.clock.set(utc("2026-10-02 05:00"))
    jobs.drain(tower.kernel, tower.acme)
    jobs.drain(tower.kernel, tower.acme)
    assert tower.trail("bell.rung") == ["A"]
    with tower.kernel.call(tower.acme) as ctx:
        (morning,) = schedules.list_schedules(ctx)
    assert (morning.last_run_at, morning.next_run_at) == (utc("2026-10-02 05:00"), utc("2026-10-03 05:00"))


def test_missed_times_are_made_up_for_once(tower: Tower) -> None:
    tower.clock.advance(days=30)
    jobs.drain(tower.kernel, tower.acme)
    assert tower.trail("bell.rung") == ["A"]


def test_two_that_look_at_once_queue_one_job(tower: Tower) -> None:
    tower.clock.set(utc("2026-10-02 05:00"))
    with tower.kernel.call(tower.acme) as ctx:
        (morning,) = schedules.list_schedules(ctx)
        ctx.session.refresh(morning, with_for_update=True)
        assert not schedules.fire_due(tower.kernel, tower.acme)
    assert schedules.fire_due(tower.kernel, tower.acme)
    assert not schedules.fire_due(tower.kernel, tower.acme)


def test_alice_adds_changes_switches_off_and_removes_a_schedule(tower: Tower) -> None:
    with tower.kernel.call(tower.acme) as ctx:
        noon = schedules.add_schedule(ctx, name="Noon", job="bell.ring", cron="0 12 * * *", zone="UTC", args={"tone": "N"})
        assert noon.next_run_at == utc("2026-10-01 12:00")
        schedules.change_schedule(ctx, noon.id, cron="0 13 * * *")
        assert noon.next_run_at == utc("2026-10-01 13:00")
        schedules.change_schedule(ctx, noon.id, enabled=False)
        assert noon.next_run_at is None
    tower.clock.advance(timedelta(hours=6))
    jobs.drain(tower.kernel, tower.acme)
    assert tower.trail("bell.rung") == []
    with tower.kernel.call(tower.acme) as ctx:
        schedules.remove_schedule(ctx, noon.id)
        with pytest.raises(ScheduleNotFound):
            schedules.get_schedule(ctx, noon.id)


def test_a_schedule_needs_a_known_job_a_good_cron_and_a_free_name(tower: Tower) -> None:
    with tower.kernel.call(tower.acme) as ctx:
        with pytest.raises(JobUnknown):
            schedules.add_schedule(ctx, name="X", job="bell.melt", cron="0 12 * * *")
        with pytest.raises(CronInvalid):
            schedules.add_schedule(ctx, name="X", job="bell.ring", cron="at noon")
    with pytest.raises(Conflict), tower.kernel.call(tower.acme) as ctx:
        schedules.add_schedule(ctx, name="Morning bell", job="bell.ring", cron="0 12 * * *")


def test_another_tenants_schedule_is_not_there(tower: Tower) -> None:
    with tower.kernel.call(tower.acme) as ctx:
        (morning,) = schedules.list_schedules(ctx)
    with tower.kernel.call(tower.beta) as ctx, pytest.raises(ScheduleNotFound):
        schedules.change_schedule(ctx, morning.id, enabled=False)


def test_a_schedule_of_a_plugin_that_is_off_leaves_a_skipped_job(tower: Tower) -> None:
    tower.switch("bells", enabled=False)
    tower.clock.advance(days=1)
    jobs.drain(tower.kernel, tower.acme)
    with tower.kernel.call(tower.acme) as ctx:
        assert [one.state for one in jobs.list_jobs(ctx)] == ["skipped"]
