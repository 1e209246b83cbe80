"""Contracts come to their last day: some go on by themselves, on some Carol decides, and each is said once."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from house.stage import csrf_of
from kernel import jobs
from kernel.audit import AuditEntry
from kernel.context import Actor
from kernel.errors import InvalidInput
from kernel.events import OutboxEvent
from plugins.billing.agreements import renewals
from plugins.billing.agreements.errors import NothingToRenew
from plugins.billing.contracts import services
from plugins.billing.models.agreements import Renewal
from tests.plugins.billing.contract_desk import Desk, day, periods


def contract(ctx: Any, mode: str, last: date, **facts: Any) -> Any:
    """A contract that began a year before its last day, renewed by six months with notice of thirty days."""
    terms = {"renewal_mode": mode, "renewal_months": 6, "notice_days": 30, "end_on": last, **facts}
    start = terms.pop("start", "2025-01-01")
    return Desk(ctx, f"Client of {mode} {last}").contract({"kind": "fixed", "price": 10000}, start=start, name=mode, **terms)


def said(ctx: Any, name: str) -> list[Any]:
    return [one.payload for one in ctx.session.scalars(select(OutboxEvent).where(OutboxEvent.name == name))]


def test_at_night_what_renews_itself_goes_on_once_notice_is_over(acme: Any) -> None:
    with acme.call(Actor.system()) as ctx:
        over = contract(ctx, "auto", ctx.today() + timedelta(days=29))
        open_yet = contract(ctx, "auto", ctx.today() + timedelta(days=30))
        manual = contract(ctx, "manual", ctx.today() + timedelta(days=29))
        before = over.end_on
        assert renewals.renew_all(ctx) == {"renewed": 1, "due": 2}
        assert over.end_on > before + timedelta(days=180)
        assert open_yet.end_on == ctx.today() + timedelta(days=30)
        assert manual.end_on == ctx.today() + timedelta(days=29)
        assert [one["name"] for one in said(ctx, "contract.renewed")] == ["auto"]
        assert sorted(one["mode"] for one in said(ctx, "contract.renewal_due")) == ["auto", "manual"]
        assert renewals.renew_all(ctx) == {"renewed": 0, "due": 0}, "each is said once"
        row = ctx.session.scalars(select(Renewal).where(Renewal.contract_id == over.id)).one()
        assert (row.state, row.ends_on, row.renewed_until, row.decided_by) == ("renewed", before, over.end_on, ctx.actor.name)


@pytest.mark.parametrize(("last", "months", "after"), [
    ("2026-01-31", 1, "2026-02-28"), ("2026-12-31", 12, "2027-12-31"), ("2026-02-28", 12, "2027-02-28"),
    ("2024-02-29", 12, "2025-02-28"), ("2026-06-14", 6, "2026-12-14"),
])  # fmt: skip
def test_a_renewal_ends_the_day_before_the_next_term(acme: Any, last: str, months: int, after: str) -> None:
    with acme.call("carol") as ctx:
        row = contract(ctx, "manual", day(last), start="2023-01-01")
        assert renewals.renew(ctx, row.id, months=months).end_on == day(after)


def test_a_contract_forgotten_for_years_catches_up(acme: Any) -> None:
    with acme.call(Actor.system()) as ctx:
        row = contract(ctx, "auto", day("2025-06-30"), start="2024-07-01")
        assert renewals.renew_all(ctx)["renewed"] == 1
        assert row.end_on - timedelta(days=30) >= ctx.today()


def test_who_says_no_in_time_stops_it_and_who_puts_it_off_is_asked_again(acme: Any) -> None:
    with acme.call("carol") as ctx:
        ended = contract(ctx, "auto", ctx.today() + timedelta(days=10))
        later = contract(ctx, "auto", ctx.today() + timedelta(days=11))
        last = ended.end_on
        renewals.let_end(ctx, ended.id)
        renewals.snooze(ctx, later.id, until=ctx.today() + timedelta(days=3))
        assert renewals.list_due(ctx, {}).items == []
        assert renewals.renew_all(ctx) == {"renewed": 0, "due": 0}
        assert ended.end_on == last
        row = renewals.renewal_of(ctx, later)
        assert row is not None
        row.snoozed_until = ctx.today()
        assert [one["name"] for one in renewals.list_due(ctx, {}).items] == ["auto"]
        actions = set(ctx.session.scalars(select(AuditEntry.action)))
        assert {"contract.let_end", "contract.renewal_snoozed"} <= actions
        with pytest.raises(InvalidInput):
            renewals.snooze(ctx, later.id, until=ctx.today())


def test_periods_are_counted_from_the_same_day_after_a_renewal(acme: Any) -> None:
    with acme.call("carol") as ctx:
        row = contract(ctx, "manual", day("2026-03-30"), start="2025-12-31", cadence="anniversary", notice_days=0)
        desk = Desk.of(ctx, row.client_id)
        assert [line.service_period.start.isoformat() for line in desk.lines("2026-04-01") if line.service_period] == [
            "2025-12-31", "2026-01-31", "2026-02-28"]  # fmt: skip
        renewals.renew(ctx, row.id, months=3)
        assert [line.service_period.start.isoformat() for line in desk.lines("2026-06-01") if line.service_period] == [
            "2025-12-31", "2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]  # fmt: skip


@pytest.mark.forged_books
def test_what_is_billed_in_part_is_renewed_and_the_rest_billed(acme: Any) -> None:
    with acme.call(Actor.system()) as ctx:
        desk = Desk(ctx)
        row = desk.contract({"kind": "fixed", "price": 10000, "prorate": True}, start="2026-08-01", end_on=day("2026-09-15"),
                            renewal_mode="auto", renewal_months=6)  # fmt: skip
        desk.bill(desk.lines("2026-09-02"))
        assert renewals.renew_all(ctx)["renewed"] == 1
        rest, october = desk.lines("2026-10-02")
        assert (periods([rest, october]), rest.amount) == (["2026-09-16/2026-10-01", "2026-10-01/2026-11-01"], 5000)
        desk.bill([rest], "T-2")
        services.end_contract(ctx, row.id, end_on=day("2026-12-31"))
        assert periods(desk.lines("2026-10-01")) == []


@pytest.mark.parametrize(("terms", "field"), [
    ({"renewal_mode": "auto", "end_on": day("2026-12-31")}, "renewal_months"),
    ({"renewal_mode": "auto", "renewal_months": 12}, "end_on"),
])  # fmt: skip
def test_a_renewal_needs_its_term_and_a_last_day(acme: Any, terms: Any, field: str) -> None:
    with acme.call("carol") as ctx, pytest.raises(InvalidInput) as told:
        desk = Desk(ctx)
        services.create_contract(ctx, client_id=desk.client_id, name="X", start_on=day("2026-01-01"), **terms)
    assert list(told.value.errors) == [field]


def test_an_open_contract_is_not_renewed(acme: Any) -> None:
    with acme.call("carol") as ctx, pytest.raises(NothingToRenew):
        renewals.renew(ctx, Desk(ctx).contract({"kind": "fixed", "price": 1}).id, months=12)


def test_on_the_page_by_rest_and_by_the_nightly_job(acme: Any) -> None:
    with acme.call("carol") as ctx:
        ids = [str(contract(ctx, mode, ctx.today() + timedelta(days=20)).id) for mode in ("manual", "auto")]
        week = (ctx.today() + timedelta(days=7)).isoformat()
    browser, carol = acme.client("carol"), acme.api("carol")
    page = browser.get("/contract-renewals").text
    assert page.count("/snooze-renewal") == 2
    renew = f"/contracts/{ids[0]}/renew"
    assert browser.post(renew, data={"csrf_token": csrf_of(browser.get(renew).text), "months": "3"}).status_code == 303
    answer = carol.post(f"/api/v1/contracts/{ids[1]}/snooze-renewal", json={"until": week})
    assert answer.status_code == 200, answer.json
    assert carol.get("/api/v1/contract-renewals").json["items"] == []
    assert carol.post(f"/api/v1/contracts/{ids[1]}/let-end").status_code == 200
    assert "This contract is not renewed." in browser.get(f"/contracts/{ids[1]}").text
    assert carol.post(f"/api/v1/contracts/{ids[1]}/renew", json={"months": 12}).status_code == 200
    assert acme.api("bob").get("/api/v1/contract-renewals").status_code == 403
    with acme.call(Actor.system()) as ctx:
        job_id = jobs.enqueue(ctx, renewals.JOB)
    jobs.drain(acme.kernel, acme.tenant_id)
    with acme.call("carol") as ctx:
        done = jobs.get_job(ctx, job_id)
        assert (done.state, done.result["renewed"]) == ("succeeded", 0)
