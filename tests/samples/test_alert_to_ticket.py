"""Alerts from outside become tickets: one for each trouble while it is open, however often and however many at once they come."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from sqlalchemy import select

from kernel.directory.clients import add_client
from plugins.tickets import services as desk_services
from plugins.tickets.models import Comment, Ticket
from tests.conftest import World
from tests.extensions.room_stage import API, install, publish_folder
from tests.plugins.extensions.test_signed_calls import Caller
from tests.samples.conftest import built

GRANTS = ("cap:client.read", "cap:ticket.read", "cap:ticket.write", "cap:storage.kv")


class Watch(NamedTuple):
    """A monitoring system that watches Hill's servers."""

    world: World
    hill: UUID
    installed: dict[str, Any]
    caller: Caller

    def alert(self, at: str = "09:30", **changes: Any) -> Any:
        body = {"id": "srv-7/disk", "state": "firing", "at": f"2026-07-31T{at}:00Z", "client": "hill & sons",
                "severity": "critical", "title": "Disk is full", "details": "97 % of /var"}  # fmt: skip
        return self.caller.send("/alert", json.dumps(body | changes))

    def tickets(self) -> list[Ticket]:
        with self.world.call() as ctx:
            return list(ctx.session.scalars(select(Ticket).order_by(Ticket.number)))

    def comments(self) -> list[str]:
        with self.world.call() as ctx:
            said = ctx.session.scalars(select(Comment).order_by(Comment.created_at, Comment.id)).all()
            assert all(one.internal and one.author_kind == "extension" for one in said)
            return [one.body for one in said]

    def close(self) -> None:
        with self.world.call() as ctx:
            for ticket in self.tickets():
                desk_services.close_ticket(ctx, ticket.id)


@pytest.fixture
def watch(acme: World) -> Watch:
    with acme.call() as ctx:
        hill = add_client(ctx, name="Hill & Sons").id
    installed = install(acme, publish_folder(acme, built("alert-to-ticket")), *GRANTS)
    return Watch(acme, hill, installed, Caller(acme, installed))


def test_an_alert_opens_a_ticket_and_keeps_to_it(watch: Watch) -> None:
    answer = watch.alert()
    assert answer.status_code == 200, answer.text
    (ticket,) = watch.tickets()
    assert (ticket.title, ticket.client_id) == ("[critical] Disk is full", watch.hill)
    assert answer.json["ticket"] == {"id": str(ticket.id), "number": ticket.number, "url": f"/tickets/{ticket.id}"}
    assert watch.alert("09:40").json["times"] == 2
    assert watch.alert("10:40", details="99 % of /var").json["times"] == 3
    assert watch.alert("10:45", state="resolved", details="").json["resolved"]
    assert watch.comments() == [
        "Raised again, for the 3. time, at 2026-07-31T10:40:00.000Z. 99 % of /var", "Resolved at 2026-07-31T10:45:00.000Z.",
    ]  # fmt: skip
    assert len(watch.tickets()) == 1


def test_what_comes_twice_or_late_changes_nothing(watch: Watch) -> None:
    """Monitoring that heard no answer signs and sends again; the network delivers in any order."""
    first = watch.alert()
    resolved = watch.alert("12:00", state="resolved")
    for _ in range(2):
        assert watch.alert("12:00", state="resolved", severity="resent").json == resolved.json
        assert watch.alert(details="sent again").json["times"] == 1
        assert watch.alert("11:00").json["resolved"]
    assert [one.id for one in watch.tickets()] == [UUID(first.json["ticket"]["id"])]
    assert len(watch.comments()) == 1


def test_many_at_once_open_one_ticket(watch: Watch) -> None:
    with ThreadPoolExecutor(3) as crowd:
        answers = list(crowd.map(lambda number: watch.alert(f"09:3{number}"), range(3)))
    assert len(watch.tickets()) == 1
    assert {one.json["ticket"]["number"] for one in answers if one.status_code == 200} == {watch.tickets()[0].number}
    assert {one.status_code for one in answers} <= {200, 422}, [one.text for one in answers]


def test_trouble_that_comes_back_after_its_ticket_was_closed_gets_a_new_one(watch: Watch) -> None:
    watch.alert()
    watch.close()
    watch.alert(details="sent again")
    assert len(watch.tickets()) == 1
    assert watch.alert("11:00").json["times"] == 1
    assert watch.alert("12:00").json["times"] == 2
    assert len(watch.tickets()) == 2
    watch.alert("11:00", id="srv-8/disk")
    assert len(watch.tickets()) == 3


def test_alerts_without_a_client_go_to_that_of_the_settings(watch: Watch, beta: World) -> None:
    assert list(watch.alert(client="").json["fieldErrors"]) == ["client"]
    assert watch.alert(client="Nobody").json["fieldErrors"] == {"client": "no client is called Nobody"}
    with beta.call() as ctx:
        foreign = add_client(ctx, name="Elsewhere").id
    assert watch.alert(client=str(foreign)).json["fieldErrors"] == {"client": f"no client is called {foreign}"}
    url = f"{API}/extension-installs/{watch.installed['id']}"
    changed = watch.world.api().patch(url, json={"config": {"defaultClient": "Hill & Sons", "quietMinutes": "0"}})
    assert changed.status_code == 200, changed.text
    assert watch.alert("09:31", client="").json["times"] == 1
    assert watch.alert("09:32", client="").json["times"] == 2
    assert len(watch.comments()) == 1


def test_without_the_grant_no_ticket_is_opened_and_the_alert_is_taken_up_later(watch: Watch) -> None:
    url = f"{API}/extension-installs/{watch.installed['id']}/grants"
    watch.world.api().delete(f"{url}/cap:ticket.write")
    assert watch.alert().json["error"] == "capability_denied: grant cap:ticket.write to this install"
    assert watch.tickets() == []
    watch.world.api().post(url, json={"capability": "cap:ticket.write"})
    assert watch.alert("09:45", details="").json["times"] == 2
    assert [one.title for one in watch.tickets()] == ["[critical] Disk is full"]
