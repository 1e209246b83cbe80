"""Carol's office with QuickBooks Online over real HTTP: consent, clocks that go on together, and readers of both books."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, LiteralString, NamedTuple
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import psycopg
import pytest
from quickbooks_fake import Company, QuickBooksFake, running

from kernel.context import CallContext
from kernel.jobs import drain
from kernel.tenancy import switch_plugin
from plugins.connections import applications, consents
from plugins.quickbooks import client as quickbooks_client
from plugins.quickbooks.pace import Pace
from tests.conftest import World

Call = Callable[[], AbstractContextManager[CallContext]]
"""Opens a call of Alice's, in a transaction of its own."""


@dataclass
class Office:
    """Carol's desk with QuickBooks Online; both clocks go on together."""

    world: World
    fake: QuickBooksFake
    company: Company
    clock: Any
    target_id: UUID
    client_id: UUID
    items: dict[str, UUID]

    def work(self, minutes: int = 1) -> None:
        """Let time pass on both sides, and the workers do what is due."""
        self.clock.advance(timedelta(minutes=minutes))
        self.fake.clock.advance(timedelta(minutes=minutes))
        drain(self.world.kernel, self.world.tenant_id)


@contextmanager
def quickbooks_at(start: datetime, monkeypatch: pytest.MonkeyPatch) -> Iterator[QuickBooksFake]:
    """QuickBooks Online with its limits, on a clock that goes on only where somebody waits."""
    fake = QuickBooksFake(start)
    fake.register("client", "secret", verifier="intuit-verifier")
    pace = Pace(lambda: fake.clock.now().timestamp(), lambda seconds: fake.clock.advance(timedelta(seconds=seconds)))
    monkeypatch.setattr(quickbooks_client, "pace_of", lambda _: pace)
    with running(fake):
        monkeypatch.setenv("DESKHAND_QUICKBOOKS_URL", fake.url)
        yield fake


def open_rooms(alice: Call) -> None:
    """Alice switches on what accounting takes, and names the application that she registered with Intuit."""
    with alice() as ctx:
        for room in ("connections", "accounting", "quickbooks"):
            switch_plugin(ctx, room, enabled=True)
    with alice() as ctx:
        applications.add_application(
            ctx, provider="quickbooks", environment="production", client_id="client", client_secret="secret"
        )


def connect(alice: Call, fake: QuickBooksFake, realm: str) -> UUID:
    """Alice consents on Intuit's page; the connection."""
    with alice() as ctx:
        [application] = applications.list_applications(ctx)
        asked = parse_qs(urlsplit(consents.ask_consent(ctx, application.id)).query)
        kernel, tenant_id = ctx.kernel, ctx.tenant_id
    code = fake.consents.consent("client", realm, asked["redirect_uri"][0])
    with alice() as ctx:
        consents.answer_consent(ctx, {"state": asked["state"][0], "code": code, "realmId": realm})
    drain(kernel, tenant_id)
    with alice() as ctx:
        found = ctx.hooks.list_connections(ctx=ctx, provider="quickbooks")
        return next(one.id for one in found if one.account_id == realm)


class Paper(NamedTuple):
    """A document as an accountant compares it; lines are words and minor units after discounts."""

    client: str
    currency: str
    lines: tuple[tuple[str, int], ...]
    tax: int
    total: int


_OURS = """
    select i.number, i.tax, i.total, i.currency, i.parties -> 'buyer' ->> 'name' as client,
           array(select l.description from billing_invoice_lines l where l.invoice_id = i.id order by l.position) as words,
           array(select l.net - l.discount from billing_invoice_lines l where l.invoice_id = i.id order by l.position) as amounts
    from billing_invoices i where i.status = 'finalized'
"""
_CHANGING: tuple[LiteralString, ...] = (
    "accounting_links", "accounting_mappings", "accounting_documents", "accounting_outgoing", "accounting_exceptions",
    "accounting_received", "billing_invoices", "billing_payments", "clients", "catalog_items",
)  # fmt: skip


def papers_here(database: psycopg.Connection[Any], tenant_id: UUID) -> dict[str, Paper]:
    """Our final documents by number, read by SQL alone."""
    return {number: Paper(client, currency, tuple(zip(words, amounts, strict=True)), tax, total)
            for number, tax, total, currency, client, words, amounts in _read(database, tenant_id, _OURS)}  # fmt: skip


def rows_here(database: psycopg.Connection[Any], tenant_id: UUID) -> dict[str, list[Any]]:
    """What a sync could change of ours, as it stands in the database."""
    return {table: _read(database, tenant_id, f"select * from {table} order by id") for table in _CHANGING}


def _read(database: psycopg.Connection[Any], tenant_id: UUID, statement: LiteralString) -> list[Any]:
    with database.transaction(), database.cursor() as cursor:
        cursor.execute("select set_config('app.tenant_id', %s, true)", [str(tenant_id)])
        return cursor.execute(statement).fetchall()


def papers_there(company: Company) -> dict[str, Paper]:
    """Their invoices and credit memos by number, read from the books of the fake."""
    return {row["DocNumber"]: _paper(row) for kind in ("Invoice", "CreditMemo") for row in company.rows(kind)}


def _paper(row: dict[str, Any]) -> Paper:
    lines = [one for one in row["Line"] if one["DetailType"] == "SalesItemLineDetail"]
    tax = row["TxnTaxDetail"]
    assert sum(cents(one["Amount"]) for one in lines) + cents(tax["TotalTax"]) == cents(row["TotalAmt"]), row["DocNumber"]
    assert sum(cents(one["Amount"]) for one in tax.get("TaxLine", [])) in (cents(tax["TotalTax"]), 0), row["DocNumber"]
    return Paper(row["CustomerRef"]["name"], row["CurrencyRef"]["value"],
                 tuple((one["Description"], cents(one["Amount"])) for one in lines),
                 cents(tax["TotalTax"]), cents(row["TotalAmt"]))  # fmt: skip


def cents(amount: Decimal) -> int:
    """An amount with two decimals, in minor units; a finer one is a mistake."""
    minor = Decimal(amount) * 100
    assert minor == int(minor), amount
    return int(minor)
