"""Jobs: the effect and the ledger agree, whoever fails, hangs, is switched off or is killed."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError, OperationalError

from kernel import errors, failures, jobs
from kernel.context import Actor, Cause
from kernel.jobs import drain
from kernel.jobs.claims import LOST_LIMIT, claim_next
from kernel.jobs.ledger import JobEnded, JobLive, JobNotFound, JobUnknown
from kernel.jobs.runner import STOPPING, run_job
from kernel.jobs.work import run_next_job
from tests.kernel.work_stage import Tower


def test_a_job_runs_after_the_commit_and_its_result_is_kept(tower: Tower) -> None:
    job_id = tower.enqueue("bell.ring", tone="A")
    assert tower.job(job_id).state == "queued"
    drain(tower.kernel, tower.acme)
    job = tower.job(job_id)
    assert (job.state, job.result, job.attempts, job.error) == ("succeeded", {"tone": "A"}, 1, None)
    assert tower.states(job_id) == ["queued", "running", "succeeded"]
    assert tower.trail("bell.rung") == ["A"]


def test_a_job_of_a_transaction_that_failed_was_never_queued(tower: Tower) -> None:
    def ask_and_fail() -> None:
        with tower.kernel.call(tower.acme) as ctx:
            jobs.enqueue(ctx, "bell.ring", {"tone": "A"})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ask_and_fail()
    assert drain(tower.kernel, tower.acme) == 0


def test_a_job_waits_for_its_hour(tower: Tower) -> None:
    with tower.kernel.call(tower.acme) as ctx:
        jobs.enqueue(ctx, "bell.ring", {"tone": "A"}, run_at=ctx.now() + timedelta(hours=2))
    assert drain(tower.kernel, tower.acme) == 0
    tower.clock.advance(hours=2)
    assert drain(tower.kernel, tower.acme) == 1


def test_an_unknown_kind_is_refused_at_once(tower: Tower) -> None:
    with tower.kernel.call(tower.acme) as ctx, pytest.raises(JobUnknown, match=r"bell\.melt"):
        jobs.enqueue(ctx, "bell.melt")


def test_a_key_makes_one_of_many_while_it_is_live(tower: Tower) -> None:
    with tower.kernel.call(tower.acme) as ctx:
        first = jobs.enqueue(ctx, "bell.ring", {"tone": "A"}, key="tower")
        assert jobs.enqueue(ctx, "bell.ring", {"tone": "B"}, key="tower") == first
        assert jobs.enqueue(ctx, "bell.ring", {"tone": "C"}, key="chapel") != first
    with tower.kernel.call(tower.beta) as ctx:
        assert jobs.enqueue(ctx, "bell.ring", {"tone": "D"}, key="tower") != first
    drain(tower.kernel, tower.acme)
    assert tower.trail("bell.rung") == ["A", "C"]
    with tower.kernel.call(tower.acme) as ctx:
        assert jobs.enqueue(ctx, "bell.ring", {"tone": "E"}, key="tower") != first


def test_a_job_acts_for_who_asked_and_in_the_name_of_the_author(tower: Tower) -> None:
    carol = Actor("extension", uuid4(), "invoicing-demo", author="invoicing-demo 1.0.0")
    with tower.kernel.call(tower.acme, carol, Cause("request-7")) as ctx:
        jobs.enqueue(ctx, "bell.ring", {"tone": "A"})
    claim = claim_next(tower.kernel, tower.acme)
    assert claim is not None
    assert (claim.actor.kind, claim.actor.on_behalf_of, claim.actor.author) == ("system", carol.id, carol.author)
    assert claim.cause.request_id == "request-7"


@pytest.mark.parametrize("error", ["Refused", "NotFound", "InvalidInput", "PermissionDenied"])
def test_a_refusal_fails_the_job_at_once(tower: Tower, error: str) -> None:
    job_id = tower.enqueue("bell.break", tone="A", error=error)
    drain(tower.kernel, tower.acme)
    job = tower.job(job_id)
    assert (job.state, job.attempts) == ("failed", 1)
    assert tower.trail("bell.rung") == []


@pytest.mark.parametrize("error", ["Unavailable", "Conflict", "RateLimited", "a bug"])
def test_a_passing_failure_is_tried_again_until_the_attempts_are_used_up(tower: Tower, error: str) -> None:
    job_id = tower.enqueue("bell.break", tone="A", error=error)
    drain(tower.kernel, tower.acme)
    job = tower.job(job_id)
    assert (job.state, job.attempts, job.due_at) == ("retrying", 1, tower.clock.now() + timedelta(seconds=5))
    tower.clock.advance(seconds=5)
    drain(tower.kernel, tower.acme)
    assert tower.job(job_id).due_at == tower.clock.now() + timedelta(seconds=20)
    tower.clock.advance(seconds=20)
    drain(tower.kernel, tower.acme)
    job = tower.job(job_id)
    assert (job.state, job.attempts) == ("failed", 3)
    assert job.error is not None
    assert tower.trail("bell.rung") == []
    assert drain(tower.kernel, tower.acme) == 0


def test_alice_tries_a_failed_job_again(tower: Tower) -> None:
    job_id = tower.enqueue("bell.break", tone="A", error="Refused")
    drain(tower.kernel, tower.acme)
    with tower.kernel.call(tower.acme) as ctx:
        jobs.retry_job(ctx, job_id)
    assert tower.job(job_id).state == "queued"
    drain(tower.kernel, tower.acme)
    assert tower.states(job_id) == ["queued", "running", "failed", "queued", "running", "failed"]
    assert tower.trail("job.retried") == ["bell.break"]


def test_only_a_job_that_ended_badly_can_be_tried_again(tower: Tower) -> None:
    job_id = tower.enqueue("bell.ring", tone="A")
    with tower.kernel.call(tower.acme) as ctx, pytest.raises(JobLive):
        jobs.retry_job(ctx, job_id)
    drain(tower.kernel, tower.acme)
    with tower.kernel.call(tower.acme) as ctx, pytest.raises(JobEnded):
        jobs.retry_job(ctx, job_id)


def test_a_retry_gives_way_to_a_newer_job_of_its_key(tower: Tower) -> None:
    with tower.kernel.call(tower.acme) as ctx:
        old = jobs.enqueue(ctx, "bell.break", {"tone": "A", "error": "Refused"}, key="tower")
    drain(tower.kernel, tower.acme)
    with tower.kernel.call(tower.acme) as ctx:
        jobs.enqueue(ctx, "bell.break", {"tone": "A", "error": "Refused"}, key="tower")
    with pytest.raises(errors.Conflict), tower.kernel.call(tower.acme) as ctx:
        jobs.retry_job(ctx, old)


def test_another_tenants_job_is_not_there(tower: Tower) -> None:
    job_id = tower.enqueue("bell.ring", tone="A")
    for deed in (jobs.get_job, jobs.cancel_job, jobs.retry_job):
        with tower.kernel.call(tower.beta) as ctx, pytest.raises(JobNotFound):
            deed(ctx, job_id)
    assert drain(tower.kernel, tower.beta) == 0


def test_a_job_whose_plugin_was_switched_off_is_skipped_when_it_would_run(tower: Tower) -> None:
    job_id = tower.enqueue("bell.ring", tone="A")
    tower.switch("bells", enabled=False)
    drain(tower.kernel, tower.acme)
    job = tower.job(job_id)
    assert job.state == "skipped"
    assert job.error is not None
    assert job.error["code"] == "plugin_not_enabled"
    assert tower.trail("bell.rung") == []
    tower.switch("bells", enabled=True)
    with tower.kernel.call(tower.acme) as ctx:
        jobs.retry_job(ctx, job_id)
    drain(tower.kernel, tower.acme)
    assert tower.trail("bell.rung") == ["A"]


def test_a_stepwise_job_is_skipped_as_well(tower: Tower) -> None:
    job_id = tower.enqueue("bell.chime", tone="A", times=3)
    tower.switch("bells", enabled=False)
    drain(tower.kernel, tower.acme)
    assert tower.job(job_id).state == "skipped"


def test_a_waiting_job_is_cancelled_at_once(tower: Tower) -> None:
    job_id = tower.enqueue("bell.ring", tone="A")
    with tower.kernel.call(tower.acme) as ctx:
        assert jobs.cancel_job(ctx, job_id).state == "cancelled"
    assert drain(tower.kernel, tower.acme) == 0
    with tower.kernel.call(tower.acme) as ctx, pytest.raises(JobEnded):
        jobs.cancel_job(ctx, job_id)


def test_a_stepwise_job_shows_progress_and_ends_with_its_result(tower: Tower) -> None:
    job_id = tower.enqueue("bell.chime", tone="A", times=4)
    drain(tower.kernel, tower.acme)
    job = tower.job(job_id)
    assert (job.state, job.result) == ("succeeded", {"rung": 4})
    assert (job.progress_done, job.progress_total, job.progress_note) == (4, 4, "A 4")
    assert tower.trail("bell.rung") == ["A"] * 4


def test_a_stepwise_job_gives_way_after_its_slice_of_time(tower: Tower) -> None:
    job_id = tower.enqueue("bell.chime", tone="A", times=2)
    for done in (1, 2):
        claim = claim_next(tower.kernel, tower.acme)
        assert claim is not None
        run_job(tower.kernel, claim, slice_seconds=0)
        job = tower.job(job_id)
        assert (job.state, job.progress_done, job.attempts) == ("queued", done, 0)
    drain(tower.kernel, tower.acme)
    assert tower.job(job_id).state == "succeeded"
    assert tower.trail("bell.rung") == ["A", "A"]


def test_a_worker_that_shall_stop_gives_a_stepwise_job_back(tower: Tower) -> None:
    job_id = tower.enqueue("bell.chime", tone="A", times=5)
    STOPPING.set()
    try:
        assert run_next_job(tower.kernel, tower.acme)
    finally:
        STOPPING.clear()
    assert tower.job(job_id).state == "queued"
    drain(tower.kernel, tower.acme)
    assert tower.trail("bell.rung") == ["A"] * 5


def test_a_running_stepwise_job_is_cancelled_after_its_step(tower: Tower) -> None:
    job_id = tower.enqueue("bell.chime", tone="A", times=5)
    claim = claim_next(tower.kernel, tower.acme)
    assert claim is not None
    with tower.kernel.call(tower.acme) as ctx:
        assert jobs.cancel_job(ctx, job_id).state == "running"
    run_job(tower.kernel, claim)
    assert tower.job(job_id).state == "cancelled"
    assert tower.trail("bell.rung") == ["A"]


def test_a_cancelled_job_that_fails_is_not_tried_again(tower: Tower) -> None:
    job_id = tower.enqueue("bell.break", tone="A", error="Unavailable")
    claim = claim_next(tower.kernel, tower.acme)
    assert claim is not None
    with tower.kernel.call(tower.acme) as ctx:
        jobs.cancel_job(ctx, job_id)
    run_job(tower.kernel, claim)
    assert tower.job(job_id).state == "cancelled"


def test_a_job_that_is_held_is_given_to_nobody_else(tower: Tower) -> None:
    tower.enqueue("bell.ring", tone="A")
    assert claim_next(tower.kernel, tower.acme) is not None
    assert claim_next(tower.kernel, tower.acme) is None


def test_a_vanished_workers_job_is_taken_over_when_the_lease_ends(tower: Tower) -> None:
    job_id = tower.enqueue("bell.ring", tone="A")
    claim_next(tower.kernel, tower.acme)
    tower.clock.advance(seconds=tower.kernel.settings.job_lease)
    assert drain(tower.kernel, tower.acme) == 1
    job = tower.job(job_id)
    assert (job.state, job.attempts, job.lost) == ("succeeded", 1, 1)


@pytest.mark.parametrize("kind", ["bell.ring", "bell.chime", "bell.break"])
def test_a_worker_that_lost_its_claim_has_no_effect(tower: Tower, kind: str) -> None:
    args: dict[str, object] = {"bell.chime": {"times": 3}, "bell.break": {"error": "Refused"}}.get(kind, {})
    job_id = tower.enqueue(kind, tone="A", **args)
    slow = claim_next(tower.kernel, tower.acme)
    assert slow is not None
    tower.clock.advance(seconds=tower.kernel.settings.job_lease)
    drain(tower.kernel, tower.acme)
    before, states = tower.trail("bell.rung"), tower.states(job_id)
    run_job(tower.kernel, slow)
    assert (tower.trail("bell.rung"), tower.states(job_id)) == (before, states)


def lose(tower: Tower, times: int) -> None:
    for _ in range(times):
        assert claim_next(tower.kernel, tower.acme) is not None
        tower.clock.advance(seconds=tower.kernel.settings.job_lease)


def test_a_job_that_ends_its_worker_again_and_again_is_given_up(tower: Tower) -> None:
    job_id = tower.enqueue("bell.ring", tone="A")
    lose(tower, LOST_LIMIT + 1)
    drain(tower.kernel, tower.acme)
    job = tower.job(job_id)
    assert job.state == "failed"
    assert job.error is not None
    assert job.error["code"] == "job_poisonous"


def test_progress_forgives_lost_workers(tower: Tower) -> None:
    job_id = tower.enqueue("bell.chime", tone="A", times=4)
    for _ in range(3):
        lose(tower, LOST_LIMIT)
        claim = claim_next(tower.kernel, tower.acme)
        assert claim is not None
        run_job(tower.kernel, claim, slice_seconds=0)
    drain(tower.kernel, tower.acme)
    assert tower.job(job_id).state == "succeeded"
    assert tower.trail("bell.rung") == ["A"] * 4


def test_a_kind_that_was_uninstalled_fails_by_name(tower: Tower) -> None:
    with tower.kernel.call(tower.acme) as ctx:
        job = jobs.get_job(ctx, jobs.enqueue(ctx, "bell.ring", {"tone": "A"}))
        job.kind, job.max_attempts = "bell.sold", 1
    drain(tower.kernel, tower.acme)
    error = tower.job(job.id).error
    assert error is not None
    assert error["code"] == "job_unknown"


def test_newest_jobs_come_first_and_can_be_narrowed(tower: Tower) -> None:
    first = tower.enqueue("bell.ring", tone="A")
    second = tower.enqueue("bell.chime", tone="B", times=1)

    def listed(**wanted: str) -> list[UUID]:
        with tower.kernel.call(tower.acme) as ctx:
            return [one.id for one in jobs.list_jobs(ctx, **wanted)]  # type: ignore[arg-type]

    assert listed() == [second, first]
    assert listed(kind="bell.ring") == [first]
    assert listed(state="failed") == []


@given(st.integers(min_value=1, max_value=10_000))
def test_waits_grow_and_stay_below_an_hour(attempt: int) -> None:
    assert failures.FIRST_DELAY <= failures.backoff(attempt) <= failures.backoff(attempt + 1) <= failures.LONGEST_DELAY


class Delayed(errors.Refused):
    retryable = True


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (errors.Refused(), False), (errors.NotFound(), False), (errors.Conflict(), True), (errors.Unavailable(), True),
        (errors.PreconditionFailed(), True), (ValueError("a bug"), True), (Delayed(), True),
    ],
)  # fmt: skip
def test_refusals_are_final_and_the_rest_may_pass(error: Exception, again: bool) -> None:
    assert failures.may_retry(error) is again


def test_a_kept_problem_names_the_error_but_not_the_statement() -> None:
    problem = failures.describe(OperationalError("select 'secret'", {"iban": "DE00"}, ConnectionError("gone\nDETAIL: x")))
    assert problem["detail"] == "ConnectionError: gone"
    assert failures.describe(errors.NotFound("No such bell."))["code"] == "not_found"
    assert "secret" not in str(failures.describe(IntegrityError("insert secret", {}, ValueError("twice"))))
