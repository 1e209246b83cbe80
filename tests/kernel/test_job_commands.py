"""`deskhand job`: what Alice sees and does on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields
from uuid import UUID

import pytest
from click.testing import CliRunner, Result

from cli import main
from kernel.config import Settings
from kernel.jobs import Job
from tests.kernel.work_stage import Tower

Run = Callable[..., Result]


@pytest.fixture
def run(tower: Tower, tower_settings: Settings) -> Run:
    """Runs `deskhand job …` for Acme."""
    environment = {f"DESKHAND_{one.name.upper()}": str(getattr(tower_settings, one.name)) for one in fields(tower_settings)}
    with tower.kernel.call(tower.acme) as ctx:
        slug = ctx.tenant.slug
    return lambda *words: CliRunner().invoke(main, ["job", *words, "--tenant", slug], env=environment)


def failed_job(tower: Tower) -> UUID:
    job_id = tower.enqueue("bell.break", tone="A", error="Refused")
    tower.run_due()
    return job_id


def test_alice_lists_jobs_and_looks_at_one(tower: Tower, run: Run) -> None:
    job_id = failed_job(tower)
    (listed,) = json.loads(run("list", "--json", "--state", "failed").output)
    assert (listed["id"], listed["kind"]) == (str(job_id), "bell.break")
    assert str(job_id) in run("list").output
    assert run("list", "--kind", "bell.ring").output == ""
    shown = json.loads(run("show", str(job_id), "--json").output)
    assert [one["state"] for one in shown["history"]] == ["queued", "running", "failed"]
    assert shown["error"]["code"] == "refused"
    assert "Refused" in run("show", str(job_id)).output


def test_alice_tries_a_job_again_and_cancels_it(tower: Tower, run: Run) -> None:
    job_id = failed_job(tower)
    assert run("retry", str(job_id)).output == "Queued again.\n"
    assert run("cancel", str(job_id)).output == "Cancelled.\n"
    assert tower.job(job_id).state == "cancelled"


def test_a_job_that_is_not_there_is_one_clear_sentence(run: Run) -> None:
    answer = run("cancel", "01890000-0000-7000-8000-000000000000")
    assert (answer.exit_code, answer.output) == (1, "Error: No such job\n")


def test_the_ledger_speaks_of_every_state_it_keeps() -> None:
    assert Job(state="running").live
    assert not Job(state="skipped").live
