"""Carol connects QuickBooks Online, and a month goes there: consent, mapping, documents, payments both ways, again, and equal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from quickbooks_fake import QuickBooksFake

from house.stage import START
from kernel.context import Actor
from plugins.accounting import batches, mapping, targets
from plugins.accounting.incoming import cursors
from plugins.billing import credit_notes, finalizing, payments
from plugins.billing.credits import applying
from plugins.billing.models import Invoice
from tests.audit.closing import auditor, books_are_right_at_the_end, pytest_configure
from tests.conftest import World
from tests.plugins.billing.invoice_desk import final, item, lay_out_taxes, line, taxed_client
from tests.scenarios.quickbooks_office import Office, cents, connect, open_rooms, quickbooks_at

__all__ = ["auditor", "books_are_right_at_the_end", "pytest_configure"]

REALM = "9130350000000001"


class Desk(Office):
    """A month of documents, and the money for them."""

    def invoice(self, *lines: Any, **facts: Any) -> UUID:
        with self.world.call(Actor.system()) as ctx:
            return final(ctx, self.client_id, *lines, **facts).id

    def look(self) -> None:
        with self.world.call("carol") as ctx:
            cursors.look_soon(ctx, targets.get_target(ctx, self.target_id))
        self.work()

    def deliver(self) -> UUID:
        with self.world.call("carol") as ctx:
            batch = batches.create_batch(ctx, self.target_id)
            batches.deliver_batch(ctx, batch.id)
            batch_id = batch.id
        self.work()
        return batch_id

    def count(self) -> dict[str, int]:
        return {kind: len(self.company.rows(kind)) for kind in ("Customer", "Invoice", "CreditMemo", "Payment")}

    def reconciled(self) -> list[dict[str, Any]]:
        answer = self.world.api("carol").get(f"/api/v1/accounting/targets/{self.target_id}/reconciliation?all=true")
        assert answer.status_code == 200, answer.text
        return list(answer.json["documents"])


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[QuickBooksFake]:
    with quickbooks_at(START, monkeypatch) as quickbooks:
        yield quickbooks


@pytest.fixture
def desk(acme: World, fake: QuickBooksFake, clock: Any) -> Desk:
    company = fake.company(REALM, "Acme MSP GmbH", country="GB", currency="EUR")
    open_rooms(partial(acme.call, "alice"))
    connection_id = connect(partial(acme.call, "alice"), fake, REALM)
    with acme.call(Actor.system()) as ctx:
        client_id = taxed_client(ctx, lay_out_taxes(ctx))
        items = {name: item(ctx, name, EUR=10000) for name in ("Support", "Backup")}
    with acme.call("carol") as ctx:
        made = targets.add_target(ctx, system="quickbooks", starts_on=date(2026, 1, 1), connection_id=connection_id,
                                  provision=True, send_payments=True)  # fmt: skip
        accounts = {row["Name"]: str(row["Id"]) for row in company.rows("Account")}
        mapping.set_mapping(ctx, made, "item", "*", str(company.rows("Item")[0]["Id"]), "Services")
        mapping.set_mapping(
            ctx, made, "tax", "AT S 20", next(str(one["Id"]) for one in company.rows("TaxCode") if one["Name"] == "20.0% S")
        )
        mapping.set_mapping(ctx, made, "account", "income", accounts["Services"])
        mapping.set_mapping(ctx, made, "account", "deposit", accounts["Checking"])
        target_id = made.id
    return Desk(acme, fake, company, clock, target_id, client_id, items)


def test_a_month_goes_there_once_and_comes_back_paid(desk: Desk) -> None:
    first = desk.invoice(
        line(rate=9999, quantity="1.5", item_id=desk.items["Support"]), line(rate=333, item_id=desk.items["Backup"])
    )
    second = desk.invoice(line(rate=12345, item_id=desk.items["Backup"]))
    third = desk.invoice(line(rate=5000, item_id=desk.items["Support"]))
    with desk.world.call(Actor.system()) as ctx:
        note = credit_notes.create_credit_note(ctx, third, reason="Too much", apply=False)
        payments.record_payment(ctx, first, amount=10000)
        note_id = note.id
    desk.deliver()
    desk.work()
    assert desk.count() == {"Customer": 1, "Invoice": 3, "CreditMemo": 1, "Payment": 1}
    with desk.world.call("carol") as ctx:
        papers = ctx.hooks.get_invoice_papers(ctx=ctx, invoice_ids=[first, second, third, note_id]).values()
    ours = {one.number: (one.total, one.tax, sorted(row.net - row.discount for row in one.lines)) for one in papers}
    assert {there(one)[0]: there(one)[1:] for kind in ("Invoice", "CreditMemo") for one in desk.company.rows(kind)} == ours
    before = desk.count()
    desk.look()
    desk.work(30)
    assert desk.count() == before
    pay_there(desk, second)
    desk.look()
    with desk.world.call("carol") as ctx:
        paid = ctx.session.get_one(Invoice, (desk.world.tenant_id, second))
        assert (paid.settled, paid.total) == (14814, 14814)
        applying.apply_credits(ctx, third)
    desk.work()
    desk.look()
    rows = desk.reconciled()
    assert sorted(one["kind"] for one in rows) == ["credit_note", "invoice", "invoice", "invoice", "payment", "payment"]
    assert [one for one in rows if one["ours"] != one["theirs"]] == []
    with desk.world.call(Actor.system()) as ctx:
        voided = final(ctx, desk.client_id, line(rate=700, item_id=desk.items["Support"])).id
    desk.deliver()
    with desk.world.call(Actor.system()) as ctx:
        finalizing.void_invoice(ctx, voided, "Mistake")
    desk.work()
    desk.look()
    assert sorted(one["TotalAmt"] for one in desk.company.rows("Invoice"))[0] == 0
    assert [one for one in desk.reconciled() if one["ours"] != one["theirs"]] == []


def test_a_consent_that_is_withdrawn_there_loses_nothing(desk: Desk) -> None:
    first = desk.invoice(line(rate=1000, item_id=desk.items["Support"]))
    desk.fake.consents.withdraw(REALM)
    desk.deliver()
    with desk.world.call("carol") as ctx:
        [connection] = ctx.hooks.list_connections(ctx=ctx, provider="quickbooks")
        assert (connection.state, targets.get_target(ctx, desk.target_id).halted) == ("withdrawn", "missing_connection")
    assert desk.count()["Invoice"] == 0
    connect(partial(desk.world.call, "alice"), desk.fake, REALM)
    desk.work()
    assert [one["DocNumber"] for one in desk.company.rows("Invoice")] == [number_of(desk, first)]


def number_of(desk: Desk, invoice_id: UUID) -> str:
    with desk.world.call("carol") as ctx:
        return str(ctx.session.get_one(Invoice, (desk.world.tenant_id, invoice_id)).number)


def there(row: dict[str, Any]) -> tuple[str, int, int, list[int]]:
    """Number, total, tax and lines of a document there, in cents."""
    lines = [cents(one["Amount"]) for one in row["Line"] if one["DetailType"] == "SalesItemLineDetail"]
    return row["DocNumber"], cents(row["TotalAmt"]), cents(row["TxnTaxDetail"]["TotalTax"]), sorted(lines)


def pay_there(desk: Desk, invoice_id: UUID) -> None:
    """Somebody notes in QuickBooks that an invoice was paid."""
    number = number_of(desk, invoice_id)
    [row] = [one for one in desk.company.rows("Invoice") if one["DocNumber"] == number]
    linked = [{"Amount": row["TotalAmt"], "LinkedTxn": [{"TxnId": row["Id"], "TxnType": "Invoice"}]}]
    desk.company.create("Payment", {"CustomerRef": row["CustomerRef"], "TotalAmt": row["TotalAmt"], "Line": linked})
