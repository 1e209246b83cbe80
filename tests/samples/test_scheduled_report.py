"""The morning report: made on schedule from clients and tickets, kept, shown on its page, sent to consented hosts only."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, NamedTuple

import pytest

from kernel import jobs
from kernel.clock import FixedClock
from kernel.directory.clients import add_client
from plugins.tickets import services as desk_services
from tests.conftest import World
from tests.extensions.room_stage import API, calls_of, install, publish_folder
from tests.samples.conftest import built

GRANTS = ("cap:client.read", "cap:ticket.read", "cap:storage.kv")
RUN_JOB = "extensions.run_schedule"


class Desk(NamedTuple):
    """A desk with open, closed and overdue tickets, and the install that reports on it."""

    world: World
    installed: dict[str, Any]

    def reports(self) -> list[dict[str, Any]]:
        return self.world.api("bob").get(f"{self.installed['url']}reports").json["reports"]

    def make(self) -> Any:
        return self.world.api("bob").post(f"{self.installed['url']}report")


@pytest.fixture
def desk(acme: World) -> Desk:
    with acme.call() as ctx:
        hill, lake = add_client(ctx, name="Hill").id, add_client(ctx, name="Lake").id
        for client, due in ((hill, date(2026, 9, 2)), (hill, date(2026, 9, 1)), (lake, None)):
            desk_services.open_ticket(ctx, client_id=client, title=f"Due {due}", due_on=due)
        closed = desk_services.open_ticket(ctx, client_id=lake, title="Done", due_on=date(2026, 9, 1))
        desk_services.close_ticket(ctx, closed.id)
    return Desk(acme, install(acme, publish_folder(acme, built("scheduled-report")), *GRANTS))


def test_a_report_is_made_at_its_time_and_says_how_the_desk_stands(desk: Desk, clock: FixedClock) -> None:
    assert desk.reports() == []
    clock.advance(timedelta(days=1))
    jobs.drain(desk.world.kernel, desk.world.tenant_id)
    (call,) = [one for one in calls_of(desk.world, desk.installed) if one["trigger"] == "schedule"]
    assert (call["endpoint"], call["status"]) == ("POST /report", 200)
    (report,) = desk.reports()
    assert (report["open"], report["overdue"], report["clients"]) == (3, 2, 2)
    assert [(one["name"], one["open"]) for one in report["waiting"]] == [("Hill", 2), ("Lake", 1)]
    assert [one["title"] for one in report["mostOverdue"]] == ["Due 2026-09-01", "Due 2026-09-02"]


def test_a_second_report_of_the_day_takes_the_place_of_the_first(desk: Desk) -> None:
    assert desk.make().json["report"]["open"] == desk.make().json["report"]["open"] == 3
    assert len(desk.reports()) in (1, 2), "two where midnight lay between"


def test_nothing_leaves_the_house_unless_a_host_was_consented_to(desk: Desk) -> None:
    url = f"{API}/extension-installs/{desk.installed['id']}"
    desk.world.api().patch(url, json={"config": {"sendTo": "https://reports.example.com/desk"}})
    refused = desk.make()
    assert (refused.status_code, refused.json["problem"]) == (502, "capability_denied: grant cap:http.fetch to this install")
    desk.world.api().post(f"{url}/grants", json={"capability": "cap:http.fetch"})
    desk.world.api().patch(url, json={"config": {"sendTo": "https://elsewhere.example.com/"}})
    assert "elsewhere.example.com" in desk.make().json["problem"]
    assert len(desk.reports()) >= 1, "kept all the same"


def test_a_report_that_could_not_be_sent_is_a_job_that_failed(desk: Desk, clock: FixedClock) -> None:
    url = f"{API}/extension-installs/{desk.installed['id']}"
    desk.world.api().patch(url, json={"config": {"sendTo": "https://reports.example.com/desk"}})
    clock.advance(timedelta(days=1))
    jobs.drain(desk.world.kernel, desk.world.tenant_id)
    with desk.world.call() as ctx:
        (run,) = jobs.list_jobs(ctx, kind=RUN_JOB)
    assert run.error is not None
    assert "answered POST /report with the status 502" in run.error["detail"]


def test_its_page_stands_under_apps_and_on_the_overview(desk: Desk) -> None:
    bob = desk.world.client("bob")
    assert "Morning report" in bob.get("/apps").text
    assert f"/apps/{desk.installed['id']}/1/card" in bob.get("/").text
    assert bob.get(f"/apps/{desk.installed['id']}/0").status_code == 200
