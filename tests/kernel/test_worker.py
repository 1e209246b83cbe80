"""Workers and schedulers as real processes: started late, killed at the worst moment, told twice, or not told at all."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import delete, select

from kernel import events, jobs
from kernel.clock import SystemClock
from kernel.config import Settings
from kernel.errors import StartupError
from kernel.jobs.broker import Nudge, celery_app, connect_broker
from kernel.jobs.scheduler import pass_on_due
from kernel.wakeups import Wakeup, count_stalled, take_due, wake
from tests.kernel.work_stage import Tower, build_tower, process

PATIENCE_SECONDS = 60


@pytest.fixture
def live(tower_settings: Settings) -> Iterator[Tower]:
    """Acme and Beta on the machine's clock, with a lease of two seconds; nothing is left of other tests' work."""
    tower = build_tower(replace(tower_settings, job_lease=2), SystemClock())
    celery_app(tower.kernel.settings).control.purge()
    with tower.kernel.db.transaction() as session:
        session.execute(delete(Wakeup))
    yield tower
    tower.kernel.db.dispose()


def until(true: Callable[[], object]) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < give_up, "It did not happen."
        time.sleep(0.05)


def ended(tower: Tower, job_id: UUID) -> Callable[[], bool]:
    return lambda: not tower.job(job_id).live


def notes(tower: Tower, kind: str = "jobs") -> list[Wakeup]:
    with tower.kernel.db.transaction() as session:
        return list(session.scalars(select(Wakeup).where(Wakeup.tenant_id == tower.acme, Wakeup.kind == kind)))


def test_transactions_of_one_tenant_do_not_wait_for_each_others_notes(tower: Tower) -> None:
    with tower.kernel.call(tower.acme) as one:
        jobs.enqueue(one, "bell.ring", {"tone": "A"})
        one.session.flush()
        with tower.kernel.call(tower.acme) as other:
            jobs.enqueue(other, "bell.ring", {"tone": "B"})
    assert len(notes(tower)) == 2
    jobs.drain(tower.kernel, tower.acme)
    tower.clock.advance(minutes=5)
    jobs.drain(tower.kernel, tower.acme)
    assert notes(tower) == []


def test_one_transaction_leaves_one_note_of_a_kind(tower: Tower) -> None:
    with tower.kernel.call(tower.acme) as ctx:
        for minutes in (3, 1, 2):
            wake(ctx.session, "jobs", ctx.now() + timedelta(minutes=minutes))
    (note,) = notes(tower)
    assert note.due_at == tower.clock.now() + timedelta(minutes=1)


def test_a_note_that_nobody_looks_after_comes_again_ever_later(tower: Tower) -> None:
    tower.enqueue("bell.ring", tone="A")
    waits = []
    for _ in range(3):
        with tower.kernel.db.transaction() as session:
            assert (tower.acme, "jobs") in take_due(session, tower.clock.now())
            assert (tower.acme, "jobs") not in take_due(session, tower.clock.now())
        waits.append((notes(tower)[0].due_at - tower.clock.now()).total_seconds())
        tower.clock.set(notes(tower)[0].due_at)
    assert waits == [30, 60, 120]
    with tower.kernel.db.transaction() as session:
        assert count_stalled(session, tower.clock.now()) >= 1


def test_two_schedulers_tell_of_each_note_once(tower: Tower) -> None:
    tower.enqueue("bell.ring", tone="A")
    told: list[tuple[UUID, str]] = []

    def tell(tenant_id: UUID, kind: str) -> None:
        if tenant_id == tower.acme:
            told.append((tenant_id, kind))
            pass_on_due(tower.kernel, tell)

    pass_on_due(tower.kernel, tell)
    assert sorted(kind for _, kind in told) == ["jobs"]


def test_what_cannot_be_sent_stays_due(tower: Tower) -> None:
    tower.enqueue("bell.ring", tone="A")

    def tell(tenant_id: UUID, kind: str) -> None:
        raise ConnectionError("no broker")

    with pytest.raises(ConnectionError):
        pass_on_due(tower.kernel, tell)
    assert notes(tower)[0].reminders == 0


def test_a_broker_that_is_away_fails_no_request(tower: Tower, caplog: pytest.LogCaptureFixture) -> None:
    away = replace(tower.kernel.settings, queue_url="postgresql+psycopg://queue:x@127.0.0.1:9/deskhand")
    tower.kernel.nudge.append(Nudge(away))
    job_id = tower.enqueue("bell.ring", tone="A")
    jobs.drain(tower.kernel, tower.acme)
    assert tower.job(job_id).state == "succeeded"
    until(lambda: "The broker does not answer; the scheduler will pass the work on" in caplog.messages)


def test_without_a_broker_the_process_does_not_start(settings: Settings) -> None:
    with pytest.raises(StartupError, match="DESKHAND_QUEUE_URL"):
        celery_app(replace(settings, queue_url=""))


def test_redis_is_used_where_it_is_configured(settings: Settings) -> None:
    app = celery_app(replace(settings, broker_url="redis://127.0.0.1:6379/3"))
    assert app.conf.broker_url == "redis://127.0.0.1:6379/3"
    assert app.conf.broker_transport_options == {"visibility_timeout": 120}


def test_a_worker_does_what_a_commit_tells_it_of(live: Tower) -> None:
    connect_broker(live.kernel)
    with process("worker", live.kernel.settings) as worker:
        job_id = live.enqueue("bell.ring", tone="A")
        until(ended(live, job_id))
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(PATIENCE_SECONDS) == 0
    assert live.trail("bell.rung") == ["A"]


def test_a_scheduler_finds_what_no_worker_was_told_of(live: Tower) -> None:
    ids = [live.enqueue("bell.ring", tone=tone) for tone in "ABC"]
    settings = live.kernel.settings
    with process("worker", settings), process("scheduler", settings), process("scheduler", settings):
        for job_id in ids:
            until(ended(live, job_id))
    assert sorted(live.trail("bell.rung")) == ["A", "B", "C"]


def test_a_worker_killed_in_the_middle_of_a_job_is_followed_by_another(live: Tower) -> None:
    job_id = live.enqueue("bell.chime", tone="A", times=40, pause=0.05)
    settings = live.kernel.settings
    with process("scheduler", settings):
        for rung in (5, 15):
            with process("worker", settings) as worker:
                until(lambda rung=rung: live.job(job_id).progress_done >= rung)
                worker.kill()
                worker.wait()
        assert live.job(job_id).state == "running"
        with process("worker", settings):
            until(ended(live, job_id))
    job = live.job(job_id)
    assert (job.state, job.result) == ("succeeded", {"rung": 40})
    assert live.trail("bell.rung") == ["A"] * 40


def test_a_job_that_kills_its_worker_does_nothing_and_leaves_the_next_one_work(live: Tower) -> None:
    deadly = live.enqueue("bell.kill", tone="A")
    settings = live.kernel.settings
    with process("scheduler", settings):
        with process("worker", settings) as worker:
            assert worker.wait(PATIENCE_SECONDS) == -signal.SIGKILL
        with live.kernel.call(live.acme) as ctx:
            jobs.cancel_job(ctx, deadly)
        assert live.trail("bell.rung") == []


def test_a_worker_told_to_stop_gives_long_work_back(live: Tower) -> None:
    connect_broker(live.kernel)
    with process("worker", live.kernel.settings) as worker:
        job_id = live.enqueue("bell.chime", tone="A", times=1000, pause=0.05)
        until(lambda: live.job(job_id).progress_done >= 3)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(PATIENCE_SECONDS) == 0
    job = live.job(job_id)
    assert (job.state, job.worker) == ("queued", None)
    assert len(live.trail("bell.rung")) == job.progress_done


def test_events_reach_their_room_through_a_worker(live: Tower) -> None:
    connect_broker(live.kernel)
    with process("worker", live.kernel.settings):
        with live.kernel.call(live.acme) as ctx:
            events.publish_many(ctx, "bell.rung", [{"tone": str(number)} for number in range(50)])
        until(lambda: len(live.trail("bell.heard")) == 50)
    assert sorted(live.trail("bell.heard"), key=int) == [str(number) for number in range(50)]


def test_the_notes_say_nothing_of_a_tenant() -> None:
    assert {column.name for column in Wakeup.__table__.columns} == {"tenant_id", "kind", "id", "due_at", "reminders"}
