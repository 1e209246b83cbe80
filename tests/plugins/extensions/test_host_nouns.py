"""What guests read and write of clients, the catalog, tickets and time; whom they act for, and their secrets."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest

from house.stage import World
from kernel.audit import AuditEntry
from kernel.directory import clients
from kernel.tenancy import change_tenant
from plugins.catalog import services as catalog
from plugins.extensions.installs import secrets as install_secrets
from plugins.extensions.models import InstallSecret
from plugins.tickets.models import Comment, Ticket
from plugins.timesheets.models import TimeEntry
from tests.plugins.extensions.host_stage import Install, installed

EVERYTHING = (
    "cap:client.read", "cap:service.read", "cap:ticket.read", "cap:ticket.write", "cap:ticket.close", "cap:time.write",
    "cap:secrets.get",
)  # fmt: skip


@pytest.fixture
def orders(acme: World) -> Install:
    return installed(acme, *EVERYTHING)


@pytest.fixture
def contoso(acme: World) -> UUID:
    with acme.call() as ctx:
        return clients.add_client(ctx, name="Contoso ÄG", billing_email="pay@contoso.example").id


@pytest.fixture
def support(acme: World) -> UUID:
    with acme.call() as ctx:
        prices = [{"currency": "EUR", "amount": 9500, "start_on": None}]
        return catalog.add_item(
            ctx, name="Support", kind="service", sku="SUP-1", prices=prices, cost=4000, cost_currency="EUR"
        ).id


def test_clients_are_listed_by_name_and_read_one_by_one(orders: Install, contoso: UUID) -> None:
    with orders.world.call() as ctx:
        for name in ("Alpha", "Beta", "Gamma"):
            clients.add_client(ctx, name=name)
    page = orders.get("clients.list", input={"limit": 3})
    rest = orders.get("clients.list", input={"limit": 3, "cursor": page["next_cursor"]})
    assert [one["name"] for one in page["items"] + rest["items"]] == ["Alpha", "Beta", "Contoso ÄG", "Gamma"]
    assert rest["next_cursor"] is None
    found = orders.get("clients.list", input={"text": "ntoso ä", "status": "active"})
    assert [one["id"] for one in found["items"]] == [str(contoso)]
    assert orders.get("clients.get", client_id=str(contoso))["billing_email"] == "pay@contoso.example"
    assert orders.refused("clients.get", client_id=str(uuid4()))[0] == "client_not_found"
    assert orders.refused("clients.get", client_id="7") == ("invalid_input", {"clientId": "Not a valid UUID."})


def test_a_guest_knows_for_whom_it_runs_and_which_day_that_is_there(orders: Install) -> None:
    with orders.world.call() as ctx:
        change_tenant(ctx, {"name": "Acme ÄG", "zone": "Pacific/Kiritimati"})
        wanted = {"name": "Acme ÄG", "zone": "Pacific/Kiritimati", "currency": "EUR", "locale": "en"}
        today = ctx.clock.today("Pacific/Kiritimati").isoformat()
    assert orders.get("context.tenant") == wanted | {"today": today}


def test_services_show_todays_prices_and_never_what_they_cost(orders: Install, support: UUID) -> None:
    one = orders.get("services.list", input={"text": "supp", "kind": "service", "active": True})["items"][0]
    assert (one["id"], one["prices"]) == (str(support), [{"currency": "EUR", "amount": 9500}])
    whole = orders.get("services.get", service_id=str(support))
    assert (whole["sku"], whole["prices"], whole["default_quantity"]) == (
        "SUP-1",
        [{"currency": "EUR", "amount": 9500}],
        "1.0000",
    )
    assert not {name for name in {**one, **whole} if "cost" in name or "margin" in name}
    assert orders.get("services.list", input={"sku": "sup-1"})["items"] == [one]


def test_a_ticket_is_closed_and_opened_again_by_who_may_close(orders: Install, contoso: UUID, beta: World) -> None:
    [board] = orders.get("tickets.boards")
    assert (board["name"], board["is_default"]) == ("Service desk", True)
    made = orders.get("tickets.create", input={"client_id": str(contoso), "title": "Backup failed"})
    assert made["board_id"] == board["id"]
    closed = [one["id"] for one in board["statuses"] if one["is_closed"]]
    for _ in range(2):
        ended = orders.get("tickets.close", ticket_id=made["id"])
        assert (ended["is_closed"], ended["status_id"]) == (True, closed[0])
    with orders.world.call() as ctx:
        entries = ctx.session.query(AuditEntry).filter(AuditEntry.row_id == made["id"], AuditEntry.author.is_not(None)).all()
        assert len(entries) > 1, "who closed it is on record"
    for _ in range(2):
        assert orders.get("tickets.reopen", ticket_id=made["id"])["is_closed"] is False
    assert [one["level"] for one in orders.get("tickets.priorities")] == [1, 2, 3, 4]
    assert orders.refused("tickets.close", ticket_id=str(uuid4()))[0] == "ticket_not_found"
    theirs = installed(beta, *EVERYTHING)
    assert theirs.refused("tickets.close", ticket_id=made["id"])[0] == "ticket_not_found"


def test_who_may_write_tickets_may_not_close_them(acme: World, contoso: UUID) -> None:
    writer = installed(acme, "cap:ticket.read", "cap:ticket.write")
    made = writer.get("tickets.create", input={"client_id": str(contoso), "title": "Backup failed"})
    assert writer.refused("tickets.close", ticket_id=made["id"])[0] == "capability_denied"
    assert writer.get("tickets.get", ticket_id=made["id"])["is_closed"] is False


def test_a_ticket_is_opened_by_the_extension_and_commented_on(orders: Install, contoso: UUID) -> None:
    made = orders.get("tickets.create", input={"client_id": str(contoso), "title": "Backup failed 🙈"})
    assert made["url"] == f"/tickets/{made['id']}"
    with orders.world.call() as ctx:
        ticket = ctx.session.query(Ticket).filter(Ticket.id == made["id"]).one()
        entry = ctx.session.query(AuditEntry).filter(AuditEntry.action == "ticket.opened").one()
        assert (ticket.origin, entry.author) == ("extension", "example.contoso.orders@1.0.0")
    orders.get("tickets.comment", input={"ticket_id": made["id"], "body": "Second try failed too.", "internal": True})
    said = orders.get("tickets.comments", ticket_id=made["id"])
    assert [(one["body"], one["internal"], one["author_kind"]) for one in said] == [("Second try failed too.", True, "extension")]
    found = orders.get("tickets.list", input={"text": "backup", "client_id": str(contoso), "is_closed": False})
    assert [one["number"] for one in found["items"]] == [made["number"]]
    assert orders.get("tickets.get", ticket_id=made["id"])["title"] == "Backup failed 🙈"


def test_a_ticket_that_names_strangers_is_not_opened(orders: Install, contoso: UUID, beta: World) -> None:
    with beta.call() as ctx:
        theirs = clients.add_client(ctx, name="Fabrikam").id
    new = {"title": "Hello"}
    assert orders.refused("tickets.create", input={**new, "client_id": str(theirs)})[0] == "client_not_found"
    for field in ("board_id", "assignee_id", "contact_id", "location_id", "priority_id"):
        answer = orders.ask("tickets.create", input={**new, "client_id": str(contoso), field: str(uuid4())})
        assert answer["success"] is False, field
        assert not answer["error"].startswith("host_error"), field
    assert orders.refused("tickets.create", input={**new, "client_id": str(contoso), "origin": "portal"})[0] == "invalid_input"
    assert orders.refused("tickets.create", input={"client_id": str(contoso), "title": ""})[1].keys() == {"title"}
    with orders.world.call() as ctx:
        assert ctx.session.query(Ticket).count() == 0


def test_a_repeated_call_opens_one_ticket_and_gets_the_first_answer(orders: Install, contoso: UUID) -> None:
    new = {"client_id": str(contoso), "title": "Disk full", "idempotency_key": "alert-7"}
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: orders.get("tickets.create", input=new), range(6)))
    assert len({one["id"] for one in answers}) == 1
    other = {**new, "title": "Disk empty"}
    assert orders.refused("tickets.create", input=other)[0] == "idempotency_key_reused"
    ticket = answers[0]["id"]
    for _ in range(2):
        orders.get("tickets.comment", input={"ticket_id": ticket, "body": "Again.", "idempotency_key": "alert-7"})
    with orders.world.call() as ctx:
        assert (ctx.session.query(Ticket).count(), ctx.session.query(Comment).count()) == (1, 1)


def test_a_call_that_was_refused_keeps_no_key(orders: Install, contoso: UUID) -> None:
    new: dict[str, Any] = {"title": "Disk full", "idempotency_key": "alert-7"}
    assert orders.refused("tickets.create", input={**new, "client_id": str(uuid4())})[0] == "client_not_found"
    orders.get("tickets.create", input={**new, "client_id": str(contoso)})


def test_the_same_key_of_two_tenants_means_two_tickets(orders: Install, contoso: UUID, beta: World) -> None:
    theirs = installed(beta, *EVERYTHING)
    with beta.call() as ctx:
        fabrikam = clients.add_client(ctx, name="Fabrikam").id
    mine = orders.get("tickets.create", input={"client_id": str(contoso), "title": "A", "idempotency_key": "k"})
    other = theirs.get("tickets.create", input={"client_id": str(fabrikam), "title": "A", "idempotency_key": "k"})
    assert mine["id"] != other["id"]


def test_time_is_logged_for_whom_the_guest_acts_or_names(orders: Install, contoso: UUID, support: UUID) -> None:
    ticket = orders.get("tickets.create", input={"client_id": str(contoso), "title": "Migration"})["id"]
    spent = {"ticket_id": ticket, "item_id": str(support), "started_at": "2026-10-01T08:00:00+02:00",
             "ended_at": "2026-10-01T09:30:00+02:00"}  # fmt: skip
    entry = orders.get("time.log", input=spent)
    assert (entry["minutes"], entry["worked_on"], entry["user_id"]) == (90, "2026-10-01", str(orders.world.users["alice"]))
    assert orders.refused("time.log", input=spent)[0] == "time_entry_overlap"
    bob = orders.get("time.log", input={**spent, "user_id": str(orders.world.users["bob"]), "minutes": 60})
    assert (bob["minutes"], bob["user_id"], bob["state"]) == (60, str(orders.world.users["bob"]), entry["state"])
    nobody = Install(orders.world, orders.id, for_nobody=True)
    assert nobody.refused("time.log", input=spent) == ("invalid_input", {"userId": "Say whose time it is."})
    assert orders.refused("time.log", input={**spent, "user_id": str(uuid4())})[0] == "user_not_found"
    with orders.world.call() as ctx:
        assert ctx.session.query(TimeEntry).count() == 2


def test_the_person_it_acts_for_is_told_if_there_is_one(orders: Install) -> None:
    person = orders.get("user.current")
    assert (person["kind"], person["id"], person["client_id"]) == ("user", str(orders.world.users["alice"]), None)
    assert Install(orders.world, orders.id, for_nobody=True).get("user.current") is None


def test_secrets_are_for_the_extension_alone(orders: Install, beta: World) -> None:
    api = orders.world.api()
    path = f"/api/v1/extension-installs/{orders.id}/secrets"
    assert api.put(f"{path}/stripe.key", json={"value": "sk_live_ü"}).json["name"] == "stripe.key"
    assert api.put(f"{path}/stripe.key", json={"value": "sk_live_2"}).status_code == 200
    assert "sk_live" not in api.get(path).text
    assert [one["name"] for one in api.get(path).json["items"]] == ["stripe.key"]
    assert (orders.get("secrets.get", name="stripe.key"), orders.get("secrets.get", name="other")) == ("sk_live_2", None)
    assert orders.get("secrets.keys") == ["stripe.key"]
    with orders.world.call() as ctx:
        assert b"sk_live" not in ctx.session.query(InstallSecret).one().value
        told = [one.changes for one in ctx.session.query(AuditEntry).filter(AuditEntry.action == "extension.secret_set")]
        assert told == [{"name": "stripe.key"}] * 2
    assert beta.api().get(path).status_code == 404
    assert installed(beta, *EVERYTHING).get("secrets.keys") == []
    assert api.put(f"{path}/{'k' * 65}", json={"value": "x"}).status_code == 422
    assert api.delete(f"{path}/stripe.key").status_code == 204
    assert api.delete(f"{path}/stripe.key").json["code"] == "extension_secret_not_found"


def test_an_administrator_sets_secrets_on_a_page_that_never_shows_them(orders: Install) -> None:
    browser = orders.world.client()
    browser.post(f"/extensions/{orders.id}/secrets", data={"name": "token", "value": "hush-hush", "csrf_token": browser.csrf})
    page = browser.get(f"/extensions/{orders.id}/secrets").text
    assert "token" in page
    assert "hush-hush" not in page
    with orders.world.call() as ctx:
        assert install_secrets.open_secret(ctx, orders.id, "token") == "hush-hush"
    browser.post(f"/extensions/{orders.id}/secrets/remove", data={"name": "token", "csrf_token": browser.csrf})
    assert orders.get("secrets.keys") == []
    assert orders.world.client("bob").get(f"/extensions/{orders.id}/secrets").status_code == 403
