"""Buckets, working hours and billing cycles in the browser and by REST."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from house.stage import csrf_of
from kernel.context import Actor
from tests.plugins.billing.test_buckets import bucket
from tests.plugins.billing.test_due_charges import Work


@pytest.fixture
def world(acme: Any) -> Any:
    with acme.call(Actor.system()) as ctx:
        desk = Work(ctx, acme.users["bob"])
        contract = desk.contract(bucket("2", 6000, alert_percent=30, rollover=True), start="2026-09-01")
        desk.work("2026-10-01T08:00", 90)
        ids = {"client": desk.client_id, "contract": contract.id, "remote": desk.remote}
    return SimpleNamespace(client=acme.client, api=acme.api, ids=ids)


def test_alice_sees_how_full_the_bucket_is_and_draws_up_another(world: Any) -> None:
    client, ids = world.client("alice"), world.ids
    page = client.get(f"/contracts/{ids['contract']}").text
    assert "1.5</span> / " in page
    assert "Nearly used up" in page
    assert "1.5</span> / " in client.get(f"/contracts/of-client/{ids['client']}").text
    form = client.get(f"/contracts/{ids['contract']}/lines/new?kind=bucket").text
    typed = {
        "csrf_token": csrf_of(form), "kind": "bucket", "name": "Prints", "cycle": "monthly", "timing": "advance",
        "included": "1000", "unit": "each", "overage_rate": "0.04", "overage_rate--money": "EUR", "covers_all": "false",
        "rollover": "false", "prorate": "false", "members-0-multiplier": "1",
    }  # fmt: skip
    refused = client.post(f"/contracts/{ids['contract']}/lines/new", data=typed)
    assert refused.status_code == 422
    added = client.post(f"/contracts/{ids['contract']}/lines/new", data={**typed, "members-0-item_id": str(ids["remote"])})
    assert added.status_code in (302, 303), added.text
    lines = world.api().get(f"/api/v1/contracts/{ids['contract']}/lines").json["items"]
    assert (lines[1]["bucket"]["included"], lines[1]["bucket"]["overage_rate"]) == ("1000.0000", 4)


def test_meters_and_working_hours_by_rest(world: Any) -> None:
    [meter] = world.api().get(f"/api/v1/clients/{world.ids['client']}/buckets").json["items"]
    assert (meter["used"], meter["carried"], meter["alert"]) == ("1.5", "2", True)


def test_alice_keeps_working_hours_on_their_page(world: Any) -> None:
    client = world.client("alice")
    form = client.get("/working-hours/new").text
    typed = {
        "csrf_token": csrf_of(form), "name": "Office", "time_zone": "Europe/Berlin", "spans-0-weekday": "week",
        "spans-0-begins": "08:00", "spans-0-ends": "00:00", "days_off-0-day": "2026-12-25", "days_off-0-name": "Christmas",
    }  # fmt: skip
    assert client.post("/working-hours/new", data=typed).status_code in (302, 303)
    [office] = world.api().get("/api/v1/working-hours").json["items"]
    assert office["spans"][4] == {"weekday": 5, "begins": 480, "ends": 1440}
    assert "Christmas" in client.get("/working-hours").text
    wrong = client.post("/working-hours/new", data={**typed, "time_zone": "Mars/Olympus"})
    assert wrong.status_code == 422
    assert "Europe/Berlin" in wrong.text
    edit = client.get(f"/working-hours/{office['id']}/edit")
    assert 'value="08:00"' in edit.text
    gone = client.post(f"/working-hours/{office['id']}/delete", data={"csrf_token": csrf_of(edit.text)})
    assert gone.status_code in (302, 303)
    assert world.api().get("/api/v1/working-hours").json["items"] == []


def test_alice_sets_in_which_cycle_a_client_is_billed(world: Any) -> None:
    client, path = world.client("alice"), f"/clients/{world.ids['client']}/billing-cycle"
    form = client.get(path).text
    assert "Over time" not in form
    typed = {"csrf_token": csrf_of(form), "cycle": "quarterly", "month": "2", "day": "15", "weekday": "1"}
    assert client.post(path, data=typed).status_code in (302, 303)
    read = world.api().get(f"/api/v1{path}").json
    assert (read["cycle"], read["running"]) == ("quarterly", {"start": "2026-08-15", "end": "2026-11-15"})
    assert "February" in client.get(f"/contracts/of-client/{world.ids['client']}").text
    assert client.post(path, data={**typed, "day": "31"}).status_code == 422
