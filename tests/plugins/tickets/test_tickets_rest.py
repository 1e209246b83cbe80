"""A working day at the desk, through REST."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

from kernel.hookspecs.charging import ChargeWindow, Settled
from tests.conftest import World


def _client(world: World, name: str = "Contoso") -> str:
    return str(world.api().post("/api/v1/clients", json={"name": name}).json["id"])


def _ticket(world: World, **facts: Any) -> Any:
    return world.api("bob").post("/api/v1/tickets", json={"title": "Printer on fire", **facts}).json


def test_bob_opens_works_on_and_closes_a_ticket(acme: World) -> None:
    api = acme.api("bob")
    client_id = _client(acme)
    opened = api.post("/api/v1/tickets", json={"client_id": client_id, "title": "Printer on fire"})
    assert opened.status_code == 201
    ticket = opened.json
    assert (ticket["number"], ticket["is_closed"], ticket["origin"]) == (1001, False, "api")
    url = f"/api/v1/tickets/{ticket['id']}"

    taken = api.patch(url, json={"assignee_id": str(acme.users["bob"])}, headers={"If-Match": opened.headers["ETag"]})
    assert taken.status_code == 200, taken.json
    stale = api.patch(url, json={"title": "Too late"}, headers={"If-Match": opened.headers["ETag"]})
    assert (stale.status_code, stale.json["code"]) == (412, "version_mismatch")

    assert api.post(f"{url}/comments", json={"body": "On my way", "internal": True}).status_code == 201
    statuses = api.get(f"/api/v1/boards/{ticket['board_id']}/statuses").json["items"]
    closed = next(one for one in statuses if one["is_closed"])
    done = api.patch(url, json={"status_id": closed["id"]}).json
    assert done["is_closed"]
    assert done["closed_at"] is not None
    assert [row["number"] for row in api.get("/api/v1/tickets?is_closed=true").json["items"]] == [1001]


def test_a_status_of_another_board_is_refused(acme: World) -> None:
    ticket = _ticket(acme, client_id=_client(acme))
    board = acme.api().post("/api/v1/boards", json={"name": "Projects"}).json
    status = acme.api().get(f"/api/v1/boards/{board['id']}/statuses").json["items"][0]
    answer = acme.api("bob").patch(f"/api/v1/tickets/{ticket['id']}", json={"status_id": status["id"]})
    assert (answer.status_code, answer.json["code"]) == (422, "status_not_on_board")
    assert "status_id" in answer.json["errors"]


def test_a_contact_of_another_client_is_refused(acme: World) -> None:
    mine, other = _client(acme), _client(acme, "Fabrikam")
    contact = acme.api().post("/api/v1/contacts", json={"client_id": other, "name": "Dana"}).json
    answer = acme.api("bob").post("/api/v1/tickets", json={"client_id": mine, "title": "x", "contact_id": contact["id"]})
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["contact_id"])


def test_beta_sees_nothing_of_acme(acme: World, beta: World) -> None:
    ticket = _ticket(acme, client_id=_client(acme))
    foreign = beta.api().get(f"/api/v1/tickets/{ticket['id']}")
    unknown = beta.api().get(f"/api/v1/tickets/{uuid4()}")
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.json["code"] == unknown.json["code"] == "ticket_not_found"
    answer = beta.api().post("/api/v1/tickets", json={"client_id": ticket["client_id"], "title": "Mine now"})
    assert (answer.status_code, answer.json["code"]) == (404, "client_not_found")


def test_a_client_with_tickets_cannot_be_deleted(acme: World) -> None:
    client_id = _client(acme)
    _ticket(acme, client_id=client_id)
    answer = acme.api().delete(f"/api/v1/clients/{client_id}")
    assert (answer.status_code, answer.json["code"]) == (409, "still_in_use")
    assert answer.json["dependencies"] == [{"type": "ticket", "count": 1, "label": "1 tickets"}]
    assert answer.json["alternatives"] == ["deactivate"]


def test_materials_are_owed_marked_and_released(acme: World) -> None:
    ticket = _ticket(acme, client_id=_client(acme))
    item = acme.api().post("/api/v1/catalog-items", json={
        "name": "SSD 1 TB", "kind": "product", "prices": [{"currency": "EUR", "amount": 8900}]}).json  # fmt: skip
    used = acme.api("bob").post(f"/api/v1/tickets/{ticket['id']}/materials", json={"item_id": item["id"], "quantity": "2"})
    assert used.status_code == 201, used.json
    assert (used.json["rate"], used.json["currency"]) == (8900, "EUR")
    with acme.call() as ctx:
        window = ChargeWindow(date(2026, 10, 1), date(2026, 11, 1))
        [charges] = [one for one in ctx.hooks.collect_charges(ctx=ctx, window=window, clients=[_id(ticket)]) if one]
        [charge] = charges
        assert (charge.unit_price, str(charge.quantity), charge.detail["ticket"]) == (8900, "2.0000", 1001)
        settled = [Settled(charge.source_kind, charge.source_id, uuid4(), uuid4(), charge.version)]
        ctx.hooks.settle_charges(ctx=ctx, settled=settled)
        assert not any(ctx.hooks.collect_charges(ctx=ctx, window=window, clients=[_id(ticket)]))
    billed = acme.api("bob").delete(f"/api/v1/tickets/{ticket['id']}/materials/{used.json['id']}")
    assert (billed.status_code, billed.json["code"]) == (409, "material_billed")
    with acme.call() as ctx:
        ctx.hooks.release_charges(ctx=ctx, settled=settled)
    assert acme.api("bob").delete(f"/api/v1/tickets/{ticket['id']}/materials/{used.json['id']}").status_code == 204


def _id(ticket: Any) -> Any:
    from uuid import UUID

    return UUID(ticket["client_id"])


def test_mallory_may_nothing_and_carol_may_only_read(acme: World) -> None:
    assert acme.api("mallory").get("/api/v1/tickets").status_code == 403
    assert acme.api("carol").get("/api/v1/tickets").status_code == 200
    refused = acme.api("carol").post("/api/v1/tickets", json={"client_id": _client(acme), "title": "x"})
    assert (refused.status_code, refused.json["permission"]) == (403, "ticket.create")
