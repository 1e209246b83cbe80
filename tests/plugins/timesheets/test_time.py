"""Bob logs time, Alice approves it."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from kernel.hookspecs.charging import ChargeWindow, Settled
from tests.conftest import World


@pytest.fixture
def desk(acme: World) -> dict[str, Any]:
    """A ticket of Contoso and a service to book time on."""
    api = acme.api()
    client = api.post("/api/v1/clients", json={"name": "Contoso"}).json
    ticket = api.post("/api/v1/tickets", json={"client_id": client["id"], "title": "Printer on fire"}).json
    item = api.post("/api/v1/catalog-items", json={"name": "Remote support", "kind": "service", "unit": "hour"}).json
    return {"client": client["id"], "work_id": ticket["id"], "item_id": item["id"]}


def _log(world: World, desk: dict[str, Any], began: str, ended: str, who: str = "bob", **facts: Any) -> Any:
    body = {"work_id": desk["work_id"], "item_id": desk["item_id"], "started_at": began, "ended_at": ended, **facts}
    return world.api(who).post("/api/v1/time-entries", json=body)


def _approved(world: World, desk: dict[str, Any]) -> Any:
    entry = _log(world, desk, "2026-09-30T08:00:00Z", "2026-09-30T09:30:00Z").json
    assert world.api("bob").post("/api/v1/time-entries/submit", json={"ids": [entry["id"]]}).json == {"count": 1}
    assert world.api().post("/api/v1/time-entries/approve", json={"ids": [entry["id"]]}).json == {"count": 1}
    return world.api("bob").get(f"/api/v1/time-entries/{entry['id']}").json


def test_seconds_are_cut_and_the_date_is_the_tenants(acme: World, desk: dict[str, Any]) -> None:
    entry = _log(acme, desk, "2026-09-30T22:30:59Z", "2026-09-30T23:15:01Z").json
    assert (entry["minutes"], entry["worked_on"], entry["state"]) == (45, "2026-10-01", "draft")


def test_overlaps_are_refused_and_touching_ends_are_fine(acme: World, desk: dict[str, Any]) -> None:
    assert _log(acme, desk, "2026-09-30T08:00:00Z", "2026-09-30T09:00:00Z").status_code == 201
    clash = _log(acme, desk, "2026-09-30T08:59:00Z", "2026-09-30T09:10:00Z")
    assert (clash.status_code, clash.json["code"]) == (409, "time_entry_overlap")
    assert _log(acme, desk, "2026-09-30T09:00:00Z", "2026-09-30T10:00:00Z").status_code == 201
    assert _log(acme, desk, "2026-09-30T08:00:00Z", "2026-09-30T09:00:00Z", who="alice").status_code == 201


def test_bad_time_is_named_at_its_field(acme: World, desk: dict[str, Any]) -> None:
    backwards = _log(acme, desk, "2026-09-30T09:00:00Z", "2026-09-30T08:00:00Z")
    assert (backwards.status_code, list(backwards.json["errors"])) == (422, ["ended_at"])
    unknown = _log(acme, {**desk, "work_id": str(uuid4())}, "2026-09-30T08:00:00Z", "2026-09-30T09:00:00Z")
    assert (unknown.status_code, unknown.json["code"]) == (422, "work_item_unknown")


def test_nobody_approves_their_own_time_unless_the_tenant_says_so(acme: World, desk: dict[str, Any]) -> None:
    entry = _log(acme, desk, "2026-09-30T08:00:00Z", "2026-09-30T09:00:00Z", who="alice").json
    acme.api().post("/api/v1/time-entries/submit", json={"ids": [entry["id"]]})
    refused = acme.api().post("/api/v1/time-entries/approve", json={"ids": [entry["id"]]})
    assert (refused.status_code, refused.json["code"]) == (422, "self_approval")
    assert acme.api().post("/api/v1/time-entries/approve-until", json={"until": "2026-12-31"}).json == {"count": 0}
    with acme.call() as ctx:
        from kernel.tenancy import change_settings

        change_settings(ctx, "timesheets", {"self_approval": True})
    assert acme.api().post("/api/v1/time-entries/approve", json={"ids": [entry["id"]]}).json == {"count": 1}


def test_approved_time_is_locked_until_the_approval_is_reversed(acme: World, desk: dict[str, Any]) -> None:
    entry = _approved(acme, desk)
    url = f"/api/v1/time-entries/{entry['id']}"
    assert acme.api("bob").patch(url, json={"notes": "x"}).json["code"] == "time_entry_locked"
    back = acme.api().post("/api/v1/time-entries/reverse", json={"ids": [entry["id"]], "reason": "Wrong ticket"})
    assert back.json == {"count": 1}
    assert acme.api("bob").get(url).json["feedback"] == "Wrong ticket"
    assert acme.api("bob").patch(url, json={"notes": "x"}).status_code == 200


def test_approved_time_is_owed_once(acme: World, desk: dict[str, Any]) -> None:
    entry = _approved(acme, desk)
    window, clients = ChargeWindow(date(2026, 9, 1), date(2026, 10, 1)), [UUID(desk["client"])]
    with acme.call() as ctx:
        [charge] = [one for answer in ctx.hooks.collect_charges(ctx=ctx, window=window, clients=clients) for one in answer]
        assert (charge.minutes, str(charge.quantity), charge.unit) == (90, "1.5000", "hour")
        assert charge.detail["work"] == "#1001 Printer on fire"
        assert ctx.hooks.count_waiting(ctx=ctx, window=window)[0].count == 1
        settled = [Settled(charge.source_kind, charge.source_id, uuid4(), uuid4(), charge.version)]
        ctx.hooks.settle_charges(ctx=ctx, settled=settled)
        assert not any(ctx.hooks.collect_charges(ctx=ctx, window=window, clients=clients))
    refused = acme.api().post("/api/v1/time-entries/reverse", json={"ids": [entry["id"]], "reason": "Too late"})
    assert (refused.status_code, refused.json["code"]) == (409, "time_entry_state")


def test_settling_the_same_time_twice_refuses_the_whole(acme: World, desk: dict[str, Any]) -> None:
    entry = _approved(acme, desk)
    settled = [Settled("timesheets.entry", UUID(entry["id"]), uuid4(), uuid4(), entry["version"])]
    with acme.call() as ctx:
        ctx.hooks.settle_charges(ctx=ctx, settled=settled)
    from plugins.timesheets.errors import TimeMoved

    with pytest.raises(TimeMoved), acme.call() as ctx:
        ctx.hooks.settle_charges(ctx=ctx, settled=settled)


def test_bob_sees_his_own_time_only_and_a_disabled_room_is_silent(acme: World, desk: dict[str, Any]) -> None:
    mine = _log(acme, desk, "2026-09-30T08:00:00Z", "2026-09-30T09:00:00Z").json
    hers = _log(acme, desk, "2026-09-30T08:00:00Z", "2026-09-30T09:00:00Z", who="alice").json
    assert [row["id"] for row in acme.api("bob").get("/api/v1/time-entries").json["items"]] == [mine["id"]]
    assert acme.api("bob").get(f"/api/v1/time-entries/{hers['id']}").json["code"] == "time_entry_not_found"
    with acme.call() as ctx:
        from kernel.tenancy import switch_plugin

        switch_plugin(ctx, "timesheets", enabled=False)
    assert acme.api("bob").get("/api/v1/time-entries").json["code"] == "plugin_not_enabled"
    with acme.call() as ctx:
        window = ChargeWindow(date(2026, 9, 1), date(2026, 10, 1))
        assert not any(ctx.hooks.collect_charges(ctx=ctx, window=window, clients=[UUID(desk["client"])]))


def test_bob_logs_time_from_a_ticket_and_comes_back_to_it(acme: World, desk: dict[str, Any]) -> None:
    browser: Any = acme.client("bob")
    address = f"/time/new?work_id={desk['work_id']}"
    page = browser.get(address).text
    assert "Printer on fire" in page and f'href="/tickets/{desk["work_id"]}"' in page
    typed = {"csrf_token": browser.csrf, "work_id": desk["work_id"], "item_id": desk["item_id"],
             "started_at": "2026-09-30T10:00", "ended_at": "2026-09-30T10:30"}  # fmt: skip
    assert browser.post(address, data=typed).location == f"/tickets/{desk['work_id']}"
    assert "0:30" in browser.get(f"/time/of-ticket/{desk['work_id']}").text


def test_tickets_are_found_by_number_and_by_words(acme: World, desk: dict[str, Any]) -> None:
    assert "Printer on fire" in acme.client().get("/tickets?q=printer").text
    assert "Printer on fire" not in acme.client().get("/tickets?q=router").text
