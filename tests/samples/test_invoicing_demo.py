"""Invoices that the demo drafts without anybody typing them in: of signed orders, and of standing orders once a month."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from kernel import jobs
from kernel.clock import FixedClock
from plugins.billing.models import Invoice
from tests.conftest import World
from tests.extensions.room_stage import API, MANUAL_INVOICE, PICKING, calls_of, install, publish_folder
from tests.plugins.billing.invoice_desk import item, lay_out_taxes, taxed_client
from tests.plugins.extensions.test_signed_calls import Caller
from tests.samples.conftest import built

AUTHOR = "org.deskhand.samples.invoicing-demo@1.1.0"


class Desk(NamedTuple):
    """A client, a service, and an install of the demo with all grants."""

    world: World
    client_id: UUID
    service_id: UUID
    installed: dict[str, Any]

    def order(self, **changes: Any) -> dict[str, Any]:
        line = {"serviceId": str(self.service_id), "quantity": 2, "description": "Care", "rate": 9500}
        return {"clientId": str(self.client_id), "items": [line]} | changes

    def send(self, method: str, path: str, body: Any = None) -> Any:
        return self.world.api("bob").open(f"{self.installed['url']}{path}", method=method, json=body)

    def drafts(self) -> list[tuple[str, int, str | None]]:
        with self.world.call() as ctx:
            return [(one.status, one.subtotal, one.author) for one in ctx.session.scalars(select(Invoice))]


@pytest.fixture
def desk(acme: World) -> Desk:
    with acme.call() as ctx:
        client_id, service_id = taxed_client(ctx, lay_out_taxes(ctx), "Hill"), item(ctx, "Care", EUR=9500)
    return Desk(
        acme, client_id, service_id, install(acme, publish_folder(acme, built("invoicing-demo")), MANUAL_INVOICE, *PICKING)
    )


def test_a_signed_order_is_billed_once_however_often_it_comes(desk: Desk, clock: FixedClock) -> None:
    shop = Caller(desk.world, desk.installed)
    first = shop.send("/orders", json.dumps(desk.order(idempotencyKey="A-7")))
    assert first.status_code == 201, first.text
    clock.advance(timedelta(minutes=1))
    again = shop.send("/orders", json.dumps(desk.order(idempotencyKey="A-7")))
    assert again.json["invoice"]["invoiceId"] == first.json["invoice"]["invoiceId"]
    assert "Idempotency-Replayed" not in again.headers, "signed anew, and known by the order's number"
    assert desk.drafts() == [("draft", 19000, AUTHOR)]
    assert list(shop.send("/orders", json.dumps(desk.order())).json["fieldErrors"]) == ["idempotencyKey"]
    assert desk.send("POST", "orders", desk.order(idempotencyKey="A-8")).status_code == 401, "nobody's account will do"
    assert len(desk.drafts()) == 1


def test_a_standing_order_is_drafted_once_a_month_until_it_is_ended(desk: Desk, clock: FixedClock) -> None:
    kept = desk.send("POST", "standing-orders", desk.order(idempotencyKey="of the page"))
    assert kept.status_code == 201, kept.text
    assert [one["clientName"] for one in desk.send("GET", "standing-orders").json["items"]] == ["Hill"]
    clock.advance(timedelta(hours=6))
    jobs.drain(desk.world.kernel, desk.world.tenant_id)
    assert [one["status"] for one in calls_of(desk.world, desk.installed) if one["trigger"] == "schedule"] == [200]
    assert desk.drafts() == [("draft", 19000, AUTHOR)]
    assert desk.send("POST", "draft-standing-orders").json == {"drafted": 1, "failed": []}
    assert len(desk.drafts()) == 1, "a month has one of each order"
    ending = f"standing-orders/{kept.json['order']['id']}"
    assert [desk.send("DELETE", ending).status_code for _ in range(2)] == [204, 404]
    assert desk.send("POST", "draft-standing-orders").json == {"drafted": 0, "failed": []}


def test_an_order_that_cannot_be_drafted_is_a_run_that_failed(desk: Desk, clock: FixedClock) -> None:
    desk.send("POST", "standing-orders", desk.order())
    desk.send("POST", "standing-orders", desk.order(items=[]))
    assert desk.send("POST", "standing-orders", desk.order(clientId=str(uuid4()))).status_code == 422
    clock.advance(timedelta(hours=6))
    jobs.drain(desk.world.kernel, desk.world.tenant_id)
    with desk.world.call() as ctx:
        (run,) = jobs.list_jobs(ctx, kind="extensions.run_schedule")
    assert run.error is not None
    assert "with the status 422" in run.error["detail"]
    assert len(desk.drafts()) == 1, "the other one is drafted"


def test_pickers_offer_what_is_there_and_nothing_of_others(desk: Desk, beta: World) -> None:
    with beta.call() as ctx:
        foreign = taxed_client(ctx, lay_out_taxes(ctx), "Hillside")
    (client,) = desk.send("GET", "clients?text=hil").json["items"]
    assert client == {"id": str(desk.client_id), "name": "Hill", "aside": "", "currency": "EUR"}
    assert desk.send("GET", f"clients?id={desk.client_id}").json["items"] == [client]
    assert desk.send("GET", f"clients?id={foreign}").status_code == 422
    (service,) = desk.send("GET", "services?text=car").json["items"]
    assert (service["id"], service["prices"]) == (str(desk.service_id), [{"currency": "EUR", "amount": 9500}])
    desk.world.api().delete(f"{API}/extension-installs/{desk.installed['id']}/grants/cap:client.read")
    assert desk.send("GET", "clients").json["error"] == "capability_denied: grant cap:client.read to this install"
    assert desk.send("POST", "create-invoice", desk.order()).status_code == 201, "an id may still be typed"
