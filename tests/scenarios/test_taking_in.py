"""Acme has years of books: Carol takes customers and products in from QuickBooks Online or Xero, once, and bills at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
import quickbooks_fake
import xero_fake
from sqlalchemy import select

from house.stage import START, csrf_of
from kernel.context import Actor
from kernel.directory.clients import add_client
from kernel.directory.models import Client, Location
from kernel.jobs import drain
from kernel.tenancy import switch_plugin
from plugins.billing.models import Invoice
from plugins.catalog.models import Item, Price
from plugins.catalog.services import add_item
from plugins.connections import applications, consents
from plugins.tax import services as taxes
from tests.audit.closing import auditor, books_are_right_at_the_end, pytest_configure
from tests.conftest import World
from tests.plugins.billing.invoice_desk import final, lay_out_taxes, line

__all__ = ["auditor", "books_are_right_at_the_end", "pytest_configure"]

API = "/api/v1/accounting"
REALM = "9130350000000001"


@dataclass
class Desk:
    """Carol's desk before books that others kept; `sold` tells the invoices that arrive there, by customer and item."""

    world: World
    system: str
    target: str
    advance: Callable[[timedelta], None]
    sold: Callable[[], list[tuple[str, str]]]
    add_customer: Callable[[str], Any]

    def send(self, method: str, path: str, body: Any = None, who: str = "carol") -> Any:
        answer = getattr(self.world.api(who), method)(f"{API}{path}", json=body)
        assert answer.status_code < 300, answer.text
        return answer.json

    def work(self) -> None:
        self.advance(timedelta(minutes=1))
        drain(self.world.kernel, self.world.tenant_id)

    def read(self) -> None:
        self.send("post", f"/targets/{self.target}/intake/read")
        self.work()

    def offers(self, kind: str) -> dict[str, dict[str, Any]]:
        rows = self.send("get", f"/targets/{self.target}/intake?kind={kind}")["items"]
        return {one["name"]: one for one in rows}

    def decide(self, kind: str, choice: str, *names: str) -> int:
        offers = self.offers(kind)
        body = {"kind": kind, "choice": choice, "newcomer_ids": [offers[name]["id"] for name in names]}
        rows: int = self.send("post", f"/targets/{self.target}/intake/decide", body)["rows"]
        self.work()
        return rows

    def everything(self) -> dict[str, int]:
        with self.world.call("carol") as ctx:
            return {kind.__tablename__: len(ctx.session.scalars(select(kind)).all()) for kind in (Client, Location, Item, Price)}


@pytest.fixture(params=["quickbooks", "xero"])
def desk(request: pytest.FixtureRequest, acme: World, clock: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with acme.call("alice") as ctx:
        for room in ("connections", "accounting", request.param):
            switch_plugin(ctx, room, enabled=True)
    with acme.call("alice") as ctx:
        applications.add_application(ctx, provider=request.param, environment="production", client_id="client",
                                     client_secret="secret")  # fmt: skip
    with ExitStack() as stack:
        yield (_quickbooks if request.param == "quickbooks" else _xero)(acme, clock, monkeypatch, stack)


def _quickbooks(world: World, clock: Any, monkeypatch: pytest.MonkeyPatch, stack: ExitStack) -> Desk:
    fake = stack.enter_context(quickbooks_fake.running(quickbooks_fake.QuickBooksFake(START)))
    fake.register("client", "secret", verifier="verifier")
    monkeypatch.setenv("DESKHAND_QUICKBOOKS_URL", fake.url)
    books = fake.company(REALM, "Acme MSP Ltd", country="GB", currency="EUR")
    address = {"Line1": "Main St 1", "City": "Linz", "PostalCode": "4020", "Country": "AT"}
    books.create("Customer", {"DisplayName": "Contoso & Söhne", "PrimaryEmailAddr": {"Address": "pay@contoso.example"},
                              "BillAddr": address})  # fmt: skip
    books.create("Customer", {"DisplayName": "Fabrikam Ltd"})
    books.create("Customer", {"DisplayName": "Old friends", "Active": False})
    income = str(next(one["Id"] for one in books.rows("Account") if one["Name"] == "Services"))
    for facts in ({"Name": "Help desk", "Sku": "HELP", "UnitPrice": Decimal("95.50")}, {"Name": "Backup", "Sku": "BKP"}):
        books.create("Item", {"Type": "Service", "IncomeAccountRef": {"value": income}} | facts)
    asked = _asked(world)
    code = fake.consents.consent("client", REALM, asked["redirect_uri"][0])
    target = _target(world, "quickbooks", REALM, {"state": asked["state"][0], "code": code, "realmId": REALM})
    tax = str(books.rows("TaxCode")[0]["Id"])

    def sold() -> list[tuple[str, str]]:
        return [(one["CustomerRef"]["value"], row["SalesItemLineDetail"]["ItemRef"]["value"])
                for one in books.rows("Invoice") for row in one["Line"] if "SalesItemLineDetail" in row]  # fmt: skip

    def advance(by: timedelta) -> None:
        clock.advance(by)
        fake.clock.advance(by)

    made = Desk(world, "quickbooks", target, advance, sold, lambda name: books.create("Customer", {"DisplayName": name}))
    _map(made, tax, income, "1")
    return made


def _xero(world: World, clock: Any, monkeypatch: pytest.MonkeyPatch, stack: ExitStack) -> Desk:
    fake = stack.enter_context(xero_fake.running(xero_fake.XeroFake(START)))
    fake.register("client", "secret")
    monkeypatch.setenv("DESKHAND_XERO_URL", fake.url)
    org = fake.organisation("Acme MSP Ltd", currency="EUR", country="AT")
    address = {"AddressType": "POBOX", "AddressLine1": "Main St 1", "City": "Linz", "PostalCode": "4020", "Country": "AT"}
    for row in ({"Name": "Contoso & Söhne", "EmailAddress": "pay@contoso.example", "Addresses": [address]},
                {"Name": "Fabrikam Ltd"}, {"Name": "Old friends", "ContactStatus": "ARCHIVED"}):  # fmt: skip
        org.put("Contacts", row, may_update=False)
    sales = {"AccountCode": "200"}
    for row in ({"Code": "HELP", "Name": "Help desk", "SalesDetails": sales | {"UnitPrice": Decimal("95.50")}},
                {"Code": "BKP", "Name": "Backup", "SalesDetails": sales}):  # fmt: skip
        org.put("Items", row, may_update=False)
    asked = _asked(world)
    challenge = asked["code_challenge"][0]
    code = fake.consents.consent("client", [org.tenant], asked["redirect_uri"][0], challenge=challenge)
    target = _target(world, "xero", org.tenant, {"state": asked["state"][0], "code": code})

    def sold() -> list[tuple[str, str]]:
        return [
            (one["Contact"]["ContactID"], row["ItemCode"]) for one in org.rows["Invoices"].values() for row in one["LineItems"]
        ]

    def advance(by: timedelta) -> None:
        clock.advance(by)
        fake.clock.advance(by)

    made = Desk(world, "xero", target, advance, sold, lambda name: org.put("Contacts", {"Name": name}, may_update=False))
    _map(made, "NONE", "200", "090")
    return made


def _asked(world: World) -> dict[str, list[str]]:
    with world.call("alice") as ctx:
        [application] = applications.list_applications(ctx)
        return parse_qs(urlsplit(consents.ask_consent(ctx, application.id)).query)


def _target(world: World, system: str, account: str, answer: dict[str, str]) -> str:
    with world.call("alice") as ctx:
        consents.answer_consent(ctx, answer)
    drain(world.kernel, world.tenant_id)
    body = {"system": system, "account_id": account, "starts_on": "2026-01-01", "auto_export": True, "provision": True}
    made = world.api("carol").post(f"{API}/targets", json=body)
    assert made.status_code == 201, made.text
    return str(made.json["id"])


def _map(desk: Desk, tax: str, income: str, deposit: str) -> None:
    for kind, key, theirs in (("tax", "*", tax), ("account", "income", income), ("account", "deposit", deposit)):
        desk.send("put", f"/targets/{desk.target}/mappings", {"kind": kind, "our_key": key, "external_id": theirs})


def test_what_is_there_becomes_ours_once_and_is_billed_at_once(desk: Desk) -> None:
    with desk.world.call(Actor.system()) as ctx:
        known = add_client(ctx, name="Contoso and Sons", billing_email="PAY@contoso.example").id
        helping = add_item(ctx, name="Hotline", kind="service", sku="help", tax_category=None).id
    before = desk.everything()
    desk.read()
    customers, items = desk.offers("client"), desk.offers("item")
    assert set(customers) == {"Contoso & Söhne", "Fabrikam Ltd"}
    assert (customers["Contoso & Söhne"]["match_by"], customers["Contoso & Söhne"]["our_id"]) == ("email", str(known))
    assert (customers["Fabrikam Ltd"]["our_id"], desk.everything()) == (None, before)
    assert (items["Help desk"]["match_by"], items["Help desk"]["our_id"]) == ("number", str(helping))
    assert (items["Help desk"]["price"], items["Backup"]["price"]) == (9550, None)

    assert desk.decide("client", "link", *customers) == 1
    assert desk.decide("client", "make", "Fabrikam Ltd") == 1
    assert desk.decide("item", "link", "Help desk") == 1
    assert desk.decide("item", "make", "Backup") == 1
    after = desk.everything()
    assert (after["clients"], after["catalog_items"]) == (before["clients"] + 1, before["catalog_items"] + 1)
    assert {one["state"] for one in desk.offers("client").values()} == {"linked", "made"}

    again = desk.world.api("carol").post(f"{API}/targets/{desk.target}/intake/decide", json={
        "kind": "client", "choice": "make", "newcomer_ids": [one["id"] for one in customers.values()]})  # fmt: skip
    assert (again.status_code, again.json["code"]) == (422, "accounting_nothing_to_take_in")
    desk.read()
    assert (desk.everything(), {one["state"] for one in desk.offers("item").values()} >= {"linked", "made"}) == (after, True)

    backup = UUID(desk.offers("item")["Backup"]["our_id"])
    fabrikam = UUID(desk.offers("client")["Fabrikam Ltd"]["our_id"])
    with desk.world.call(Actor.system()) as ctx:
        taxes.set_client_facts(ctx, fabrikam, region_id=lay_out_taxes(ctx))
        sold = final(ctx, fabrikam, line(rate=1000, item_id=backup))
        number = ctx.session.get_one(Invoice, (desk.world.tenant_id, sold.id)).number
    desk.work()
    desk.work()
    assert number
    assert desk.sold() == [(desk.offers("client")["Fabrikam Ltd"]["external_id"], desk.offers("item")["Backup"]["external_id"])]


def test_what_is_linked_meanwhile_or_left_there_is_not_made(desk: Desk) -> None:
    desk.read()
    customers = desk.offers("client")
    desk.decide("client", "skip", "Fabrikam Ltd")
    assert desk.offers("client")["Fabrikam Ltd"]["state"] == "skipped"
    body = {"kind": "client", "choice": "make", "newcomer_ids": [one["id"] for one in customers.values()]}
    desk.send("post", f"/targets/{desk.target}/intake/decide", body)  # the job has not begun
    with desk.world.call(Actor.system()) as ctx:
        mine = add_client(ctx, name="Contoso, by hand").id
    there = customers["Contoso & Söhne"]["external_id"]
    desk.send("put", f"/targets/{desk.target}/mappings", {"kind": "client", "our_key": str(mine), "external_id": there})
    before = desk.everything()["clients"]
    desk.work()
    rows = desk.offers("client")
    assert (rows["Contoso & Söhne"]["state"], rows["Contoso & Söhne"]["our_id"]) == ("linked", str(mine))
    assert (rows["Fabrikam Ltd"]["state"], desk.everything()["clients"]) == ("made", before + 1)


def test_the_page_shows_what_would_become_of_each_row(desk: Desk) -> None:
    carol, where = desk.world.client("carol"), f"/accounting/targets/{desk.target}/intake"
    empty = carol.get(where).text
    assert "Read what is there first" in empty
    carol.post(f"{where}/read", data={"csrf_token": csrf_of(empty)})
    desk.work()
    page = carol.get(where).text
    assert ("Would be new" in page, "Fabrikam Ltd" in page, "Old friends" in page) == (True, True, False)
    row = desk.offers("client")["Fabrikam Ltd"]
    carol.post(f"{where}/client/make", data={"csrf_token": csrf_of(page), "ids": [row["id"]]})
    desk.work()
    assert "Made" in carol.get(where).text
    bob = desk.world.client("bob").post(f"{where}/client/make", data={"csrf_token": csrf_of(page), "ids": [row["id"]]})
    assert bob.status_code == 403


def test_many_customers_are_taken_in_piece_by_piece(desk: Desk) -> None:
    for number in range(120):
        desk.add_customer(f"Customer Ünïcode {number} 株式会社")
    desk.read()
    before = desk.everything()["clients"]
    ids = [one["id"] for one in desk.offers("client").values()]
    desk.send("post", f"/targets/{desk.target}/intake/decide", {"kind": "client", "choice": "make", "newcomer_ids": ids})
    desk.work()
    assert desk.everything()["clients"] == before + 122
    assert {one["state"] for one in desk.offers("client").values()} == {"made"}
