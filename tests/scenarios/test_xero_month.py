"""Carol connects one of several Xero organisations, and a month goes there: mapping, documents, money both ways, and equal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from html import unescape
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pytest
from xero_fake import Organisation, XeroFake, running

from house.stage import START
from kernel.context import Actor
from kernel.jobs import drain
from kernel.tenancy import switch_plugin
from plugins.billing import credit_notes, finalizing, payments
from plugins.billing.credits import applying
from plugins.billing.models import Invoice
from tests.audit.closing import auditor, books_are_right_at_the_end, pytest_configure
from tests.conftest import World
from tests.plugins.billing.invoice_desk import final, item, lay_out_taxes, line, taxed_client

__all__ = ["auditor", "books_are_right_at_the_end", "pytest_configure"]

API = "/api/v1"


@dataclass
class Desk:
    """Carol's desk with Xero over real HTTP; both clocks go on together."""

    world: World
    fake: XeroFake
    org: Organisation
    clock: Any
    client_id: UUID
    items: dict[str, UUID]
    target: str = ""

    def get(self, path: str) -> Any:
        answer = self.world.api("carol").get(f"{API}/accounting{path}")
        assert answer.status_code == 200, answer.text
        return answer.json

    def send(self, method: str, path: str, body: Any = None) -> Any:
        answer = getattr(self.world.api("carol"), method)(f"{API}/accounting{path}", json=body)
        assert answer.status_code < 300, answer.text
        return answer.json

    def click(self, path: str, **form: Any) -> None:
        answer = self.world.client("carol").post(f"/accounting{path}", data=form)
        assert answer.status_code in (200, 302, 303), answer.text

    def invoice(self, *lines: Any, **facts: Any) -> UUID:
        with self.world.call(Actor.system()) as ctx:
            return final(ctx, self.client_id, *lines, **facts).id

    def work(self, minutes: int = 1) -> None:
        """Let time pass on both sides, and the workers do what is due."""
        self.clock.advance(timedelta(minutes=minutes))
        self.fake.clock.advance(timedelta(minutes=minutes))
        drain(self.world.kernel, self.world.tenant_id)

    def look(self) -> None:
        self.send("post", f"/targets/{self.target}/look")
        self.work()

    def deliver(self) -> str:
        batch = self.send("post", "/batches", {"target_id": self.target})
        self.send("post", f"/batches/{batch['id']}/deliver")
        self.work()
        return str(batch["id"])

    def live(self) -> dict[str, int]:
        """How much there is of each kind that counts."""
        ended = ("VOIDED", "DELETED")
        return {kind: sum(one.get("Status") not in ended for one in self.org.rows[kind].values())
                for kind in ("Contacts", "Items", "Invoices", "CreditNotes", "Payments")}  # fmt: skip

    def differences(self) -> list[Any]:
        documents = self.get(f"/targets/{self.target}/reconciliation?all=true")["documents"]
        return [one for one in documents if one["ours"] != one["theirs"]]

    def mended(self) -> bool:
        """Whether nothing waits, failed or differs."""
        return (self.get(f"/targets/{self.target}/work")["items"], self.differences(), self.get("/exceptions")["items"]) == (
            [], [], [])  # fmt: skip

    def number(self, invoice_id: UUID) -> str:
        return str(self.ours(invoice_id).number)

    def ours(self, invoice_id: UUID) -> Invoice:
        with self.world.call("carol") as ctx:
            return ctx.session.get_one(Invoice, (self.world.tenant_id, invoice_id))


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[XeroFake]:
    xero = XeroFake(START)
    xero.register("client", "secret", redirects=("http://localhost/connections/callback",))
    with running(xero):
        monkeypatch.setenv("DESKHAND_XERO_URL", xero.url)
        yield xero


@pytest.fixture
def desk(acme: World, fake: XeroFake, clock: Any) -> Desk:
    """Rooms are on and Acme's organisation has its tax rate and one of the two items; nothing is connected."""
    fake.organisation("Acme Holding Ltd", currency="GBP", country="GB")
    org = fake.organisation("Acme MSP GmbH", currency="EUR", country="AT")
    org.tax_rate("OUTPUT2", "20% (VAT on Income)", Decimal(20))
    org.put("Items", {"Code": "SUP", "Name": "Support", "SalesDetails": {"AccountCode": "200"}}, may_update=False)
    with acme.call("alice") as ctx:
        for room in ("connections", "accounting", "xero"):
            switch_plugin(ctx, room, enabled=True)
    with acme.call(Actor.system()) as ctx:
        client_id = taxed_client(ctx, lay_out_taxes(ctx))
        items = {name: item(ctx, name, EUR=10000) for name in ("Support", "Backup")}
    body = {"provider": "xero", "environment": "production", "client_id": "client", "client_secret": "secret"}
    assert acme.api().post(f"{API}/connections/applications", json=body).status_code == 201
    return Desk(acme, fake, org, clock, client_id, items)


def connect(desk: Desk, organisation: Organisation) -> str:
    """Alice consents on Xero's page for one of the organisations that she sees; what she is shown in the end."""
    alice = desk.world.client()
    application = desk.world.api().get(f"{API}/connections/applications").json["items"][0]["id"]
    page = alice.post(f"/connections/applications/{application}/connect").text
    [where] = re.findall(rf'href="({re.escape(desk.fake.url)}/identity/connect/authorize[^"]+)"', page)
    choices = httpx.get(unescape(where)).text
    assert ("Acme Holding Ltd" in choices, "Acme MSP GmbH" in choices) == (True, True)
    back = httpx.get(unescape(where), params={**httpx.URL(unescape(where)).params, "tenant": organisation.tenant})
    answer = alice.get(f"/connections/callback?{urlsplit(back.headers['location']).query}")
    drain(desk.world.kernel, desk.world.tenant_id)
    return str(alice.get(answer.location).text)


def set_up(desk: Desk, **options: Any) -> None:
    """Connected, mapped by suggestion where there is one, and made there where there is none."""
    connect(desk, desk.org)
    made = desk.send("post", "/targets", {"system": "xero", "account_id": desk.org.tenant, "starts_on": "2026-01-01",
                                          "provision": True, "send_payments": True, **options})  # fmt: skip
    desk.target = made["id"]
    desk.click(f"/targets/{desk.target}/look")
    desk.work()
    rows = {one["name"]: one for one in desk.get(f"/targets/{desk.target}/mappings?kind=item")["items"]}
    assert (rows["Support"]["suggested_id"], rows["Backup"]["suggested_id"]) == ("SUP", "")
    desk.click(f"/targets/{desk.target}/mappings-accept/item", ids=[str(desk.items["Support"])])
    for kind, key, theirs in (("account", "income", "200"), ("account", "deposit", "090"), ("tax", "AT S 20", "OUTPUT2")):
        desk.send("put", f"/targets/{desk.target}/mappings", {"kind": kind, "our_key": key, "external_id": theirs})
    desk.click(f"/targets/{desk.target}/mappings-create/item", ids=[str(desk.items["Backup"])])
    desk.work()
    assert desk.live()["Items"] == 2


def test_a_month_goes_there_once_and_comes_back_paid(desk: Desk) -> None:
    set_up(desk)
    first = desk.invoice(
        line(rate=9999, quantity="1.5", item_id=desk.items["Support"]), line(rate=333, item_id=desk.items["Backup"])
    )
    second = desk.invoice(line(rate=12345, item_id=desk.items["Backup"]))
    third = desk.invoice(line(rate=5000, item_id=desk.items["Support"]))
    with desk.world.call(Actor.system()) as ctx:
        note_id = credit_notes.create_credit_note(ctx, third, reason="Too much", apply=False).id
        payments.record_payment(ctx, first, amount=10000)
    desk.deliver()
    desk.work()
    month = {"Contacts": 1, "Items": 2, "Invoices": 3, "CreditNotes": 1, "Payments": 1}
    assert desk.live() == month
    with desk.world.call("carol") as ctx:
        papers = ctx.hooks.get_invoice_papers(ctx=ctx, invoice_ids=[first, second, third, note_id]).values()
    ours = {one.number: (one.total, one.tax, sorted(row.net - row.discount for row in one.lines)) for one in papers}
    assert {number: facts for kind in ("Invoice", "CreditNote") for number, *facts in there(desk.org, kind)} == {
        number: list(facts) for number, facts in ours.items()
    }
    desk.look()
    desk.work(30)
    assert (desk.live(), desk.mended()) == (month, True)

    pay_there(desk, desk.number(second))
    for _ in range(2):
        desk.look()
        assert (desk.ours(second).settled, desk.ours(second).total) == (14814, 14814)
    with desk.world.call("carol") as ctx:
        applying.apply_credits(ctx, third)
    desk.work()
    desk.look()
    assert (desk.differences(), desk.mended()) == ([], True)
    voided = desk.invoice(line(rate=700, item_id=desk.items["Support"]))
    desk.deliver()
    with desk.world.call(Actor.system()) as ctx:
        finalizing.void_invoice(ctx, voided, "Mistake")
    desk.work()
    desk.look()
    assert desk.org.find("Invoices", desk.number(voided))["Status"] == "VOIDED"  # type: ignore[index]
    assert (desk.differences(), desk.mended()) == ([], True)


def test_a_consent_that_is_withdrawn_there_loses_nothing(desk: Desk) -> None:
    set_up(desk, auto_export=True)
    first = desk.invoice(line(rate=1000, item_id=desk.items["Support"]))
    desk.fake.consents.disconnect(desk.org.tenant)
    desk.work()
    desk.work(30)
    assert desk.get(f"/targets/{desk.target}")["halted"] == "missing_connection"
    assert desk.world.api().get(f"{API}/connections").json["items"][0]["state"] == "withdrawn"
    second = desk.invoice(line(rate=2000, item_id=desk.items["Support"]))
    desk.work(30)
    assert desk.live()["Invoices"] == 0
    connect(desk, desk.org)
    desk.work()
    desk.work(30)
    assert desk.get(f"/targets/{desk.target}")["halted"] == ""
    assert sorted(one["InvoiceNumber"] for one in desk.org.rows["Invoices"].values()) == [
        desk.number(first), desk.number(second)
    ]  # fmt: skip
    desk.look()
    assert desk.mended()


def there(org: Organisation, kind: str) -> Iterator[tuple[str, int, int, list[int]]]:
    """Number, total, tax and lines of the documents there, in cents."""
    for one in org.rows[f"{kind}s"].values():
        lines = sorted(cents(row["LineAmount"]) for row in one["LineItems"])
        yield one[f"{kind}Number"], cents(one["Total"]), cents(one["TotalTax"]), lines


def cents(amount: Decimal) -> int:
    return int(Decimal(amount) * 100)


def pay_there(desk: Desk, number: str) -> None:
    """Somebody notes in Xero that an invoice was paid."""
    row = desk.org.find("Invoices", number)
    assert row is not None
    paid = {"Invoice": {"InvoiceNumber": number}, "Account": {"Code": "090"}, "Amount": row["AmountDue"], "Reference": "BACS 7"}
    desk.org.put("Payments", paid, may_update=False)


def test_what_had_no_mapping_goes_out_by_itself_once_it_is_mapped(desk: Desk) -> None:
    connect(desk, desk.org)
    target = {"system": "xero", "account_id": desk.org.tenant, "starts_on": "2026-01-01", "provision": True, "auto_export": True}
    desk.target = desk.send("post", "/targets", target)["id"]
    sold = desk.invoice(line(rate=1000, item_id=desk.items["Backup"]))
    desk.work()
    [batch] = desk.get("/batches")["items"]
    assert (batch["state"], batch["origin"], desk.live()["Invoices"]) == ("needs_attention", "auto", 0)
    for kind, key, theirs in (("account", "income", "200"), ("tax", "AT S 20", "OUTPUT2")):
        desk.send("put", f"/targets/{desk.target}/mappings", {"kind": kind, "our_key": key, "external_id": theirs})
    desk.click(f"/targets/{desk.target}/mappings-create/item", ids=[str(desk.items["Backup"])])
    desk.work()
    desk.work(5)
    assert [one["InvoiceNumber"] for one in desk.org.rows["Invoices"].values()] == [desk.number(sold)]
    assert desk.get("/batches")["items"][0]["state"] == "delivered"


def test_xeros_limits_are_kept_and_waited_for(desk: Desk) -> None:
    """So many calls a minute, whatever waits; a day's limit is waited for as long as Xero asks."""
    set_up(desk)
    desk.fake.throttle.busiest, desk.fake.throttle.a_minute = 0, 3  # Xero takes sixty
    with desk.world.call(Actor.system()) as ctx:
        for number in range(8):
            made = final(ctx, desk.client_id, line(f"Ticket {number}", rate=1000 + number, item_id=desk.items["Support"]))
            payments.record_payment(ctx, made.id, amount=500 + number, reference=f"BACS {number}")
    drain(desk.world.kernel, desk.world.tenant_id)
    desk.deliver()
    assert (desk.live()["Invoices"], desk.live()["Payments"]) == (8, 0)
    for _ in range(4):
        desk.work(2)
    assert (desk.live()["Invoices"], desk.live()["Payments"], desk.fake.throttle.busiest) == (8, 8, 3)
    desk.fake.throttle.a_minute = 60
    desk.look()
    assert desk.mended()
    desk.fake.throttle.a_day = 10  # Xero counts the last 24 hours
    last = desk.invoice(line(rate=1000, item_id=desk.items["Support"]))
    desk.deliver()
    desk.work(120)
    [waiting] = desk.get(f"/targets/{desk.target}/work")["items"]
    assert (waiting["label"], waiting["state"], waiting["code"]) == (desk.number(last), "waiting", "unavailable")
    desk.fake.throttle.a_day = 5000
    desk.work(120)
    assert desk.org.find("Invoices", desk.number(last)) is None  # Xero said when to come again
    desk.work(20 * 60)
    desk.work(30)
    assert desk.org.find("Invoices", desk.number(last)) is not None
    assert desk.live()["Invoices"] == 9
