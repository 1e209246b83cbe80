"""July of the sample quarter goes to QuickBooks Online from nothing: mapped by suggestions, created there, equal to the cent."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from quickbooks_fake import Company, QuickBooksFake
from sqlalchemy import select

from house.stage import START
from kernel.jobs import drain
from kernel.tenancy import change_settings
from plugins.accounting import batches, looking, mapping, ours, outgoing, targets, validating
from plugins.accounting.errors import BatchEmpty
from plugins.accounting.incoming import cursors
from plugins.billing import finalizing, runs
from plugins.billing.models import Invoice
from plugins.imports import services as imports
from plugins.timesheets import approval
from tests.conftest import World
from tests.scenarios.quickbooks_office import connect, open_rooms, papers_here, papers_there, quickbooks_at, rows_here

QUARTER = Path(__file__).parents[2] / "samples" / "datasets" / "acme-2026-q3"
UNBILLED = {"assets.csv", "ticket_comments.csv"}
JULY, AUGUST = date(2026, 7, 1), date(2026, 8, 1)
TAX_CODES = {
    "DE: USt 19 %": {"USt 19": "19"},
    "DE: USt 7 %": {"USt 7": "7"},
    "US-WA: WA sales tax": {"WA": "10.35"},
    "US-NY: NYC sales tax": {"NYC": "8.875"},
    "CA-ON: HST 13 %": {"HST": "13"},
    "Québec": {"GST": "5", "QST": "9.975"},
    "Reverse charge": {"RC": "0"},
    "Exempt": {"Exempt": "0"},
}


@dataclass
class Month:
    """Acme after July was billed, and QuickBooks; both clocks go on together."""

    world: World
    fake: QuickBooksFake
    clock: Any
    database: psycopg.Connection[Any]

    def work(self, minutes: int = 1) -> None:
        """Let time pass on both sides, and the workers do what is due."""
        for clock in (self.clock, self.fake.clock):
            clock.advance(timedelta(minutes=minutes))
        drain(self.world.kernel, self.world.tenant_id)

    def company(self, realm: str, *, currencies: bool) -> Company:
        """A company with books of its own: some customers and items, and tax codes."""
        company = self.fake.company(realm, f"Acme {realm}", country="DE", currency="EUR", multi_currency=currencies)
        income = {"value": company.rows("Account")[0]["Id"]}
        for name in ("Remote Support", "Onsite support", "Managed Workplace"):
            company.create("Item", {"Name": name, "IncomeAccountRef": income})
        for name in ("Stadtwerke Kleinfurth", "Weingut-Rebenhang"):
            company.create("Customer", {"DisplayName": name})
        for name, rates in TAX_CODES.items():
            company.add_tax_code(name, rates)
        return company

    def target(self, realm: str) -> UUID:
        """Carol connects a company, and lets it be read."""
        connection = connect(partial(self.world.call, "alice"), self.fake, realm)
        with self.world.call("carol") as ctx:
            made = targets.add_target(ctx, system="quickbooks", starts_on=JULY, connection_id=connection, provision=True).id
            looking.ask_to_look(ctx, made)
        self.work()
        return made

    def map_all(self, target_id: UUID) -> dict[str, list[str]]:
        """Carol takes what is suggested, and lets the other items be made there; says what was taken."""
        with self.world.call("carol") as ctx:
            target = targets.get_target(ctx, target_id)
            account = next(one for one in ours.list_mapped(ctx, target_id, "account") if one.id == "income")
            income = next(one for one in looking.list_choices(ctx, target_id, "account") if one.name == "Services")
            mapping.set_mapping(ctx, target, "account", account.id, income.external_id, income.name)
            taken = {}
            for kind in ("tax", "item", "client"):
                suggested = [one for one in ours.list_mapped(ctx, target_id, kind) if one.suggested_id]
                ours.accept_suggestions(ctx, target_id, kind, [one.id for one in suggested])
                taken[kind] = [one.suggested_name for one in suggested]
            rest = [one.id for one in ours.list_mapped(ctx, target_id, "item", unmapped=True) if one.id != "*"]
            looking.create_there(ctx, target_id, "item", [UUID(one) for one in rest])
        self.work()
        return taken

    def deliver(self, batch_id: UUID) -> None:
        with self.world.call("carol") as ctx:
            batches.deliver_batch(ctx, batch_id)
        self.work()

    def sync(self, target_id: UUID) -> None:
        """All that a sync may do: find new documents, look at all that is there, deliver what waits."""
        with self.world.call("carol") as ctx:
            with pytest.raises(BatchEmpty):
                batches.create_batch(ctx, target_id)
            cursors.look_soon(ctx, targets.get_target(ctx, target_id), everything=True)
            outgoing.wake_all(ctx)
        self.work(30)

    def codes(self, batch_id: UUID) -> dict[str, tuple[str, int]]:
        """What is in the way of a batch: where to mend it, and of how many documents."""
        with self.world.call("carol") as ctx:
            return {one.code: (one.mend_url, one.documents) for one in validating.in_the_way(ctx, batch_id)}


@pytest.fixture
def month(acme: World, clock: Any, monkeypatch: pytest.MonkeyPatch, auditor: psycopg.Connection[Any]) -> Iterator[Month]:
    """The sample quarter is loaded as customers load theirs, and July is billed and final."""
    with acme.call() as ctx:
        change_settings(ctx, "tax", {"tax_id": "DE136695976"})
        change_settings(ctx, "billing", {"seller_name": "Acme MSP GmbH", "seller_tax_id": "DE136695976"})
        files = {one.name: one.read_bytes() for one in sorted(QUARTER.glob("*.csv")) if one.name not in UNBILLED}
        imports.queue_import(ctx, files, imports.Options(), "api")
    drain(acme.kernel, acme.tenant_id)
    with acme.call() as ctx:
        approval.approve_until(ctx, date(2026, 7, 31))
        runs.start_run(ctx, window_start=JULY, window_end=AUGUST, invoice_date=AUGUST)
    drain(acme.kernel, acme.tenant_id)
    with acme.call("carol") as ctx:
        finalizing.finalize_invoices(ctx, list(ctx.session.scalars(select(Invoice.id))))
    open_rooms(partial(acme.call, "alice"))
    with quickbooks_at(START, monkeypatch) as fake:
        fake.throttle.strict = True
        yield Month(acme, fake, clock, auditor)


def test_the_sample_month_goes_to_two_companies(month: Month) -> None:
    _books_of_all_currencies(month)
    _books_of_one_currency(month)


def _books_of_all_currencies(month: Month) -> None:
    company = month.company("91301", currencies=True)
    target_id = month.target("91301")
    taken = month.map_all(target_id)
    assert taken["client"] == ["Stadtwerke Kleinfurth", "Weingut-Rebenhang"]
    assert taken["item"] == ["Managed Workplace", "Onsite support", "Remote Support"]
    batch_id = _what_is_missing_is_named(month, company, target_id)
    month.deliver(batch_id)
    here, there = papers_here(month.database, month.world.tenant_id), papers_there(company)
    assert len(here) > 40
    assert {one.currency for one in here.values()} == {"EUR", "USD"}
    assert _without_names(there) == _without_names(here)
    assert len({one.client for one in there.values()}) == 45  # namesakes stay two customers
    assert month.fake.throttle.refused == 0
    _a_second_sync_changes_nothing(month, company, target_id)


def _what_is_missing_is_named(month: Month, company: Company, target_id: UUID) -> UUID:
    """Nobody said what Québec's taxes are called there: those documents wait whole, until the page that is named says it."""
    with month.world.call("carol") as ctx:
        batch_id = batches.create_batch(ctx, target_id).id
    [(code, (url, documents))] = month.codes(batch_id).items()
    assert (code, documents) == ("missing_tax_mapping", 3)
    assert month.world.client("carol").get(url, follow_redirects=True).status_code == 200
    month.deliver(batch_id)
    missing = set(papers_here(month.database, month.world.tenant_id)) - set(papers_there(company))
    assert len(missing) == documents
    with month.world.call("carol") as ctx:
        quebec = next(one for one in looking.list_choices(ctx, target_id, "tax") if one.name == "Québec")
        key = next(one.id for one in ours.list_mapped(ctx, target_id, "tax") if one.id.startswith("CA-QC"))
        mapping.set_mapping(ctx, targets.get_target(ctx, target_id), "tax", key, quebec.external_id, quebec.name)
    return batch_id


def _without_names(papers: dict[str, Any]) -> dict[str, Any]:
    return {number: one[1:] for number, one in papers.items()}


def _a_second_sync_changes_nothing(month: Month, company: Company, target_id: UUID) -> None:
    asked, theirs = len(month.fake.requests), copy.deepcopy(company.books.tables)
    before = rows_here(month.database, month.world.tenant_id)
    month.sync(target_id)
    assert len(month.fake.requests) > asked
    assert [one for one in month.fake.requests[asked:] if _writes(*one)] == []
    assert company.books.tables == theirs
    assert rows_here(month.database, month.world.tenant_id) == before


def _writes(method: str, path: str) -> bool:
    return method == "POST" and "/company/" in path and "/query" not in path


def _books_of_one_currency(month: Month) -> None:
    """What is in other currencies waits whole, is named, and goes when the company takes them."""
    company = month.company("91302", currencies=False)
    company.add_tax_code("CA-QC: GST + QST", TAX_CODES["Québec"])
    target_id = month.target("91302")
    month.map_all(target_id)
    with month.world.call("carol") as ctx:
        batch_id = batches.create_batch(ctx, target_id).id
    here = papers_here(month.database, month.world.tenant_id)
    dollars = {number for number, one in here.items() if one.currency == "USD"}
    url, documents = month.codes(batch_id)["currency_not_kept"]
    assert documents == len(dollars) > 10
    assert month.world.client("carol").get(url, follow_redirects=True).status_code == 200
    month.deliver(batch_id)
    assert papers_there(company).keys() == here.keys() - dollars
    assert {one["CurrencyRef"]["value"] for one in company.rows("Customer")} == {"EUR"}
    company.books.multi_currency = True
    with month.world.call("carol") as ctx:
        looking.ask_to_look(ctx, target_id)
    month.work()
    assert "currency_not_kept" not in month.codes(batch_id)
    month.deliver(batch_id)
    assert dollars & papers_there(company).keys()
