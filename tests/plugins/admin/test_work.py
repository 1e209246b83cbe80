"""Recurring work as Alice sets it up, events that were given up, mail that is tried, and the nightly tidying."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from house.stage import csrf_of
from kernel import auth
from kernel.api.idempotency import IdempotencyKey
from kernel.api.ratelimit import RateBucket, take
from kernel.audit import AuditEntry
from kernel.clock import FixedClock
from kernel.context import Actor
from kernel.directory import staff
from kernel.events import EventDelivery, OutboxEvent
from kernel.jobs import Job, JobHistory, drain, enqueue, get_job
from kernel.mail import Mail, MailInvalid, MailNotConfigured, queue_mail
from kernel.tenancy import switch_plugin
from plugins.admin import furniture, tasks
from tests.conftest import World
from tests.post_office import PostOffice, opened

SCHEDULES = "/api/v1/schedules"
DELIVERIES = "/api/v1/event-deliveries"
NIGHTLY = {"name": "Watch", "job": "admin.tidy", "cron": "0 3 * * 1-5", "zone": "Europe/Vienna"}


def count(world: World, table: Any, *where: Any) -> int:
    with world.call(Actor.system()) as ctx:
        return ctx.session.scalar(select(func.count()).select_from(table).where(*where)) or 0


# schedules


def test_alice_adds_changes_and_removes_recurring_work(acme: World) -> None:
    alice = acme.api()
    made = alice.post(SCHEDULES, json=NIGHTLY)
    assert (made.status_code, made.json["next_run_at"]) == (201, "2026-10-02T01:00:00+00:00")
    assert made.json["upcoming"][1] == "2026-10-05T01:00:00+00:00"
    url = f"{SCHEDULES}/{made.json['id']}"
    moved = alice.patch(url, json={"cron": "30 4 * * *"}, headers={"If-Match": made.headers["ETag"]})
    assert (moved.status_code, moved.json["next_run_at"]) == (200, "2026-10-02T02:30:00+00:00")
    late = alice.patch(url, json={"cron": "0 1 * * *"}, headers={"If-Match": made.headers["ETag"]})
    assert (late.status_code, late.json["code"]) == (412, "version_mismatch")
    assert alice.delete(url).status_code == 204
    assert alice.get(url).json["code"] == "schedule_not_found"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"cron": "often"}, "cron"),
        ({"zone": "Mars/Base"}, "zone"),
        ({"job": "mail.send"}, "job"),
        ({"job": "nonsense"}, "job"),
        ({"name": ""}, "name"),
        ({"args": {"x": 1}}, "args"),
    ],
)
def test_a_schedule_that_cannot_be_names_the_field(acme: World, change: dict[str, Any], field: str) -> None:
    refused = acme.api().post(SCHEDULES, json=NIGHTLY | change)
    assert (refused.status_code, list(refused.json["errors"])) == (422, [field])


def test_a_name_is_free_once(acme: World) -> None:
    assert acme.api().post(SCHEDULES, json=NIGHTLY).status_code == 201
    twice = acme.api().post(SCHEDULES, json=NIGHTLY)
    assert (twice.status_code, list(twice.json["errors"])) == (409, ["name"])


def test_the_billing_run_waits_to_be_switched_on_by_who_may_bill(acme: World, clock: FixedClock) -> None:
    [monthly] = [one for one in acme.api().get(SCHEDULES).json["items"] if one["job"] == "billing.run"]
    assert (monthly["enabled"], monthly["next_run_at"], monthly["upcoming"]) == (False, None, [])
    with acme.call(Actor.system()) as ctx:
        mona = staff.add_user(ctx, name="Mona", email=f"mona@{acme.tenant.slug}.example", roles=["manager"]).id
    manager = replace(acme, users=acme.users | {"mona": mona}).api("mona")
    assert manager.patch(f"{SCHEDULES}/{monthly['id']}", json={"enabled": True}).status_code == 403
    assert manager.post(SCHEDULES, json=NIGHTLY).status_code == 201
    on = acme.api().patch(f"{SCHEDULES}/{monthly['id']}", json={"enabled": True})
    assert on.json["next_run_at"] == "2026-11-01T04:00:00+00:00"
    clock.advance(days=31)
    drain(acme.kernel, acme.tenant_id)
    assert [one["started_by"] for one in acme.api().get("/api/v1/billing-runs").json["items"]] == ["Deskhand"]


def test_the_pages_say_when_work_runs_next_and_keep_what_was_typed(acme: World) -> None:
    browser = acme.client()
    form = browser.get("/schedules/new").text
    assert 'value="billing.run"' in form
    assert 'value="mail.send"' not in form
    token = {"csrf_token": csrf_of(form), "enabled": "true"}
    wrong = browser.post("/schedules/new", data={**NIGHTLY, **token, "cron": "sometimes"})
    assert wrong.status_code == 422
    assert "sometimes" in wrong.text
    assert browser.post("/schedules/new", data={**NIGHTLY, **token}).status_code == 303
    page = browser.get("/schedules").text
    assert "Friday, October 2, 2026, 3:00" in page
    [made] = [one for one in acme.api().get(SCHEDULES).json["items"] if one["name"] == "Watch"]
    edit = browser.get(f"/schedules/{made['id']}/edit").text
    assert "Monday, October 5, 2026" in edit
    assert browser.post(f"/schedules/{made['id']}/remove").status_code == 303
    assert str(made["id"]) not in browser.get("/schedules").text


# events that were given up


def given_up(world: World) -> UUID:
    with world.call(Actor.system()) as ctx:
        return furniture.furnish(ctx, {})["delivery_id"]


def test_an_event_that_was_given_up_is_seen_and_tried_again(acme: World, beta: World) -> None:
    delivery_id = given_up(acme)
    [row] = acme.api().get(DELIVERIES).json["items"]
    assert (row["event"], row["subscriber"], row["state"], row["attempts"]) == ("mail.sent", "admin", "dead", 8)
    browser = acme.client()
    assert "1 event was given up." in browser.get("/jobs").text
    assert "mail.sent" in browser.get("/event-deliveries").text
    assert "dana@client.example" in browser.get(f"/event-deliveries/{delivery_id}").text
    assert beta.api().get(f"{DELIVERIES}/{delivery_id}").json["code"] == "delivery_not_found"
    tried = acme.api().post(f"{DELIVERIES}/{delivery_id}/retry")
    assert tried.json == {"id": str(delivery_id), "state": "pending", "attempts": 0}
    drain(acme.kernel, acme.tenant_id)
    assert acme.api().get(DELIVERIES).json["items"] == []
    again = acme.api().post(f"{DELIVERIES}/{delivery_id}/retry")
    assert (again.status_code, again.json["code"]) == (409, "delivery_not_dead")


def test_an_event_is_put_aside_by_who_manages_jobs(acme: World) -> None:
    delivery_id = given_up(acme)
    assert acme.api("bob").get(DELIVERIES).status_code == 403
    assert acme.api("bob").post(f"{DELIVERIES}/{delivery_id}/dismiss").status_code == 403
    assert acme.client().post(f"/event-deliveries/{delivery_id}/dismiss").status_code == 303
    assert acme.api().post(f"{DELIVERIES}/{delivery_id}/dismiss").status_code == 409
    assert acme.api().get(DELIVERIES).json["items"] == []
    assert [one["id"] for one in acme.api().get(f"{DELIVERIES}?state=dismissed").json["items"]] == [str(delivery_id)]
    assert "given up." not in acme.client().get("/jobs").text


# mail


def test_a_mail_without_a_server_or_an_address_is_refused_where_it_is_written(acme: World) -> None:
    hello = Mail(to=("dana@client.example",), subject="Hello", text="Hi")
    with acme.call() as ctx, pytest.raises(MailNotConfigured):
        queue_mail(ctx, hello)
    office = PostOffice()
    with opened(office) as settings:
        posting = replace(acme, kernel=replace(acme.kernel, mail=settings))
        with posting.call() as ctx, pytest.raises(MailInvalid):
            queue_mail(ctx, replace(hello, to=("dana",)))


def test_a_mail_is_sent_when_what_it_tells_of_is_true(acme: World) -> None:
    office = PostOffice()
    hello = Mail(to=("dana@client.example",), subject="Hello", text="Hi")
    with opened(office) as settings:
        posting = replace(acme, kernel=replace(acme.kernel, mail=settings))
        with pytest.raises(ZeroDivisionError), posting.call() as ctx:
            queue_mail(ctx, hello)
            raise ZeroDivisionError
        drain(posting.kernel, posting.tenant_id)
        assert office.envelopes == []
        with posting.call() as ctx:
            queue_mail(ctx, hello)
            queue_mail(ctx, hello)
        drain(posting.kernel, posting.tenant_id)
        assert len(office.envelopes) == 1


def test_a_worker_that_dies_after_handing_over_sends_again_under_the_same_id(acme: World) -> None:
    office = PostOffice()
    with opened(office) as settings:
        posting = replace(acme, kernel=replace(acme.kernel, mail=settings))
        with posting.call() as ctx:
            [job_id] = queue_mail(ctx, Mail(to=("dana@client.example",), subject="Hello", text="Hi")).values()
        with pytest.raises(ZeroDivisionError), posting.call(Actor.system()) as ctx:
            tasks.send_mail(ctx, **get_job(ctx, job_id).args)
            raise ZeroDivisionError
        drain(posting.kernel, posting.tenant_id)
        first, second = office.letters()
        assert first["Message-ID"] == second["Message-ID"]


def test_a_mail_is_tried_for_days_and_then_seen_as_failed(acme: World, clock: FixedClock) -> None:
    office = PostOffice()
    office.answers["DATA"] = "451 Later"
    with opened(office) as settings:
        posting = replace(acme, kernel=replace(acme.kernel, mail=settings))
        with posting.call() as ctx:
            [job_id] = queue_mail(ctx, Mail(to=("dana@client.example",), subject="Hello", text="Hi")).values()
        begun = clock.now()
        while get_state(posting, job_id) in ("queued", "retrying"):
            drain(posting.kernel, posting.tenant_id)
            clock.advance(hours=1)
        assert get_state(posting, job_id) == "failed"
        assert (clock.now() - begun).days == 4


def get_state(world: World, job_id: UUID) -> str:
    with world.call(Actor.system()) as ctx:
        return get_job(ctx, job_id).state


# tidying


def test_the_night_takes_what_was_kept_long_enough(acme: World, beta: World, clock: FixedClock) -> None:
    """Answers to repeated requests, buckets, sessions, heard events, ended jobs go; the unheard, the live, and Beta's stay."""
    client = {"name": "Contoso"}
    for world in (acme, beta):
        world.api().post("/api/v1/clients", json=client, headers={"Idempotency-Key": str(uuid4())})
        take(world.kernel, world.tenant_id, "short", burst=1, per_second=1)
        world.client()
        drain(world.kernel, world.tenant_id)
    unheard = given_up(acme)
    with acme.call() as ctx:
        done = enqueue(ctx, "admin.tidy")
    drain(acme.kernel, acme.tenant_id)
    entries = count(acme, AuditEntry)
    with beta.call(Actor.system()) as ctx:
        switch_plugin(ctx, "extensions", enabled=False)
    before = {table: count(beta, table) for table in (IdempotencyKey, RateBucket, auth.SessionRow, OutboxEvent)}
    clock.advance(days=100)
    with acme.call() as ctx:
        enqueue(ctx, "billing.run", run_at=clock.now().replace(year=2030))
        night = enqueue(ctx, "admin.tidy")
    drain(acme.kernel, acme.tenant_id)
    with acme.call(Actor.system()) as ctx:
        assert get_job(ctx, night).result["removed"] > 0
    assert count(acme, IdempotencyKey) == count(acme, RateBucket) == count(acme, auth.SessionRow) == 0
    assert count(acme, Job, Job.id == done) == count(acme, JobHistory, JobHistory.job_id == done) == 0
    assert count(acme, Job, Job.state == "queued") == 1
    assert count(acme, OutboxEvent) == count(acme, EventDelivery, EventDelivery.id == unheard) == 1
    assert count(acme, AuditEntry) >= entries
    assert {table: count(beta, table) for table in before} == before


def test_many_rows_go_batch_by_batch(acme: World, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "BATCH", 2)
    for number in range(5):
        take(acme.kernel, acme.tenant_id, f"bucket {number}", burst=1, per_second=1)
    clock.advance(minutes=1)
    with acme.call() as ctx:
        night = enqueue(ctx, "admin.tidy")
    drain(acme.kernel, acme.tenant_id)
    with acme.call(Actor.system()) as ctx:
        assert get_job(ctx, night).result == {"removed": 5}
    assert count(acme, RateBucket) == 0


def test_every_tenant_tidies_up_at_night(acme: World) -> None:
    rows = acme.api().get(SCHEDULES).json["items"]
    [nightly] = [one for one in rows if one["job"] == "admin.tidy"]
    assert (nightly["cron"], nightly["zone"], nightly["enabled"]) == ("40 2 * * *", "Europe/Berlin", True)
