"""Acme lets QuickBooks Online reckon its taxes: drafts wait for them, they come back by themselves, and both sides are equal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from quickbooks_fake import BROKEN, LOST_ANSWER, LOST_REQUEST, THROTTLED, QuickBooksFake
from sqlalchemy import func, select

from house.stage import START, csrf_of
from kernel.audit import AuditEntry
from kernel.context import Actor
from kernel.directory.clients import add_location
from kernel.tenancy import change_settings, switch_plugin
from plugins.accounting import mapping, taxing
from plugins.accounting import targets as targets_of
from plugins.accounting.incoming import cursors
from plugins.accounting.models import Outgoing
from plugins.billing import invoices, runs
from plugins.billing.models import Invoice
from plugins.quickbooks import estimates
from plugins.tax import document_taxes
from tests.audit.closing import auditor, books_are_right_at_the_end, pytest_configure
from tests.conftest import World
from tests.plugins.billing.contract_desk import Desk as Contracts
from tests.plugins.billing.invoice_desk import draft, item, lay_out_taxes, line, off, taxed_client
from tests.plugins.billing.test_runs import SEPTEMBER
from tests.scenarios.quickbooks_office import Office, cents, connect, open_rooms, quickbooks_at

__all__ = ["auditor", "books_are_right_at_the_end", "pytest_configure"]

REALM = "9140350000000001"


class Desk(Office):
    """QuickBooks is asked what drafts are taxed."""

    def draft(self, *lines: Any, **facts: Any) -> UUID:
        with self.world.call(Actor.system()) as ctx:
            return draft(ctx, self.client_id, *(lines or (self.support(10000),)), **facts).id

    def support(self, rate: int, **more: Any) -> Any:
        return line("Support", rate=rate, item_id=self.items["Support"], **more)

    def read(self, invoice_id: UUID) -> dict[str, Any]:
        told: dict[str, Any] = self.world.api("carol").get(f"/api/v1/invoices/{invoice_id}").json
        return told

    def taxes(self, invoice_id: UUID) -> tuple[str, int, int]:
        told = self.read(invoice_id)
        return told["tax_source"], told["tax"], told["total"]

    def target(self, **changes: Any) -> None:
        answer = self.world.api("carol").patch(f"/api/v1/accounting/targets/{self.target_id}", json=changes)
        assert answer.status_code == 200, answer.text

    def finalize(self, *invoice_ids: UUID) -> None:
        for one in invoice_ids:
            answer = self.world.api("carol").post(f"/api/v1/invoices/{one}/finalize", json={})
            assert answer.status_code == 200, answer.text

    def questions(self) -> list[tuple[str, str]]:
        with self.world.call("carol") as ctx:
            rows = ctx.session.scalars(select(Outgoing).where(Outgoing.kind == "tax").order_by(Outgoing.id))
            return [(one.state, one.code) for one in rows]

    def imports(self) -> int:
        with self.world.call("carol") as ctx:
            wanted = select(func.count()).where(AuditEntry.action == "invoice.tax_imported")
            return ctx.session.scalar(wanted) or 0

    def page(self, invoice_id: UUID, who: str = "carol") -> str:
        return str(self.world.client(who).get(f"/invoices/{invoice_id}").text)

    def left(self) -> list[str]:
        return [str(row["DocNumber"]) for row in self.company.rows("Estimate")]

    def asked(self) -> int:
        """How many estimates were ever made."""
        return len([one for one in self.company.books.happened if (one.kind, one.operation) == ("Estimate", "created")])


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[QuickBooksFake]:
    with quickbooks_at(START, monkeypatch) as quickbooks:
        yield quickbooks


@pytest.fixture
def desk(acme: World, fake: QuickBooksFake, clock: Any) -> Desk:
    company = fake.company(REALM, "Acme MSP Inc.", automated_tax=True)
    tucson = next(str(row["Id"]) for row in company.rows("TaxCode") if row["Name"] == "Tucson")
    company.books.tax_by_region = {"AZ": tucson}
    open_rooms(partial(acme.call, "alice"))
    connection_id = connect(partial(acme.call, "alice"), fake, REALM)
    with acme.call(Actor.system()) as ctx:
        change_settings(ctx, "tax", {"tax_source": "external"})
        client_id = in_arizona(ctx, taxed_client(ctx, lay_out_taxes(ctx), "Globex", "USD"))
        items = {"Support": item(ctx, "Support", USD=10000)}
    with acme.call("carol") as ctx:
        made = targets_of.add_target(ctx, system="quickbooks", starts_on=date(2026, 1, 1), connection_id=connection_id,
                                     provision=True, auto_export=True, tax_by="theirs")  # fmt: skip
        mapping.set_mapping(ctx, made, "item", "*", str(company.rows("Item")[0]["Id"]), "Services")
        target_id = made.id
    return Desk(acme, fake, company, clock, target_id, client_id, items)


def in_arizona(ctx: Any, client_id: UUID) -> UUID:
    add_location(ctx, client_id=client_id, name="Tucson", country="US", line1="1 Main St", city="Tucson", subdivision="AZ",
                 postal_code="85701")  # fmt: skip
    return client_id


def test_the_taxes_of_drafts_come_back_and_both_sides_are_equal(desk: Desk) -> None:
    by_hand = desk.draft(desk.support(9999, quantity="1.5"), line("Deposit", rate=5000, tax_category=None),
                         desk.support(3333), discounts=[off("10", line=1)])  # fmt: skip
    assert desk.taxes(by_hand)[0] == "pending_external"
    with desk.world.call(Actor.system()) as ctx:
        contract = {"kind": "fixed", "cycle": "monthly", "timing": "advance", "price": 77700,
                    "items": [{"item_id": desk.items["Support"]}]}  # fmt: skip
        Contracts.of(ctx, desk.client_id).contract(contract, start="2026-09-01", currency="USD")
    with desk.world.call("carol") as ctx:
        runs.start_run(ctx, **SEPTEMBER)
    desk.work()
    assert desk.left() == []
    told = desk.read(by_hand)
    nets = [one["net"] - one["discount"] for one in told["lines"]]
    assert (told["tax_source"], [one["tax"] > 0 for one in told["lines"]]) == ("external", [True, False, True])
    [sales_tax] = [one for one in told["taxes"] if one["tax"]]
    assert (sales_tax["name"], sales_tax["percent"], sales_tax["base"]) == (
        "AZ State tax + Tucson City", "9.100000", nets[0] + nets[2])  # fmt: skip
    desk.finalize(*drafts(desk))
    desk.work()
    with desk.world.call("carol") as ctx:
        cursors.look_soon(ctx, targets_of.get_target(ctx, desk.target_id))
    desk.work()
    rows = desk.company.rows("Invoice")
    there = {row["DocNumber"]: (cents(row["TxnTaxDetail"]["TotalTax"]), cents(row["TotalAmt"])) for row in rows}
    with desk.world.call("carol") as ctx:
        ours = {one.number: (one.tax, one.total) for one in ctx.session.scalars(select(Invoice))}
    assert there == ours
    assert len(there) >= 2
    rows = desk.world.api("carol").get(f"/api/v1/accounting/targets/{desk.target_id}/reconciliation?all=true").json["documents"]
    assert [one for one in rows if one["theirs"] is None or one["ours"] != one["theirs"]] == []
    assert desk.imports() == len(there)


def drafts(desk: Desk) -> list[UUID]:
    with desk.world.call("carol") as ctx:
        return list(ctx.session.scalars(select(Invoice.id).where(Invoice.status == "draft")))


def test_a_draft_that_changed_is_asked_about_again(desk: Desk) -> None:
    invoice_id = desk.draft()
    desk.work()
    assert desk.taxes(invoice_id) == ("external", 910, 10910)
    api, url = desk.world.api("carol"), f"/api/v1/invoices/{invoice_id}"
    lines = [{"item_id": str(desk.items["Support"]), "description": "Support", "quantity": "2", "rate": 10000}]
    assert api.patch(url, json={"lines": lines}).json["tax_source"] == "pending_external"
    desk.work()
    assert desk.taxes(invoice_id) == ("external", 1820, 21820)
    assert api.patch(url, json={"notes": "Thank you."}).json["tax_source"] == "external"
    desk.work()
    assert (desk.asked(), desk.imports(), desk.left()) == (2, 2, [])


@pytest.mark.parametrize("mishap", [LOST_ANSWER, LOST_REQUEST, THROTTLED, BROKEN])
@pytest.mark.parametrize("before", [0, 1])
def test_an_answer_that_is_lost_delays_and_doubles_nothing(desk: Desk, mishap: str, before: int) -> None:
    desk.fake.mishaps.plan(mishap, path="/batch", after=before)
    invoice_id = desk.draft()
    desk.work()
    assert desk.taxes(invoice_id)[0] == "pending_external"
    assert "has not said yet" in desk.page(invoice_id)
    for _ in range(3):
        desk.work(10)
    assert desk.taxes(invoice_id) == ("external", 910, 10910)
    assert (desk.asked(), desk.imports(), desk.left()) == (1, 1, [])
    assert desk.questions() == [("done", "")]


class Killed(BaseException):
    """The worker ends here."""


@pytest.mark.parametrize("place", ["_create", "_delete"])
def test_a_worker_that_is_killed_leaves_no_estimate_and_one_import(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    real = getattr(estimates, place)

    def killed(*args: Any) -> Any:
        done = real(*args)
        if desk.asked():
            raise Killed
        return done

    invoice_id = desk.draft()
    with monkeypatch.context() as patched:
        patched.setattr(estimates, place, killed)
        with pytest.raises(Killed):
            desk.work()
    for _ in range(3):
        desk.work(20)
    assert desk.taxes(invoice_id) == ("external", 910, 10910)
    assert (desk.imports(), desk.left()) == (1, [])
    assert desk.questions() == [("done", "")]


@pytest.mark.parametrize("what", ["changed", "deleted", "imported", "internal"])
def test_what_became_of_a_draft_meanwhile_counts(desk: Desk, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    """While QuickBooks reckons, somebody does something to the draft: the answer is not for it any more."""
    real, invoice_id = estimates.reckon, desk.draft()

    def meanwhile(*args: Any) -> Any:
        told = real(*args)
        monkeypatch.setattr(estimates, "reckon", real)
        with desk.world.call(Actor.system()) as ctx:
            if what == "changed":
                lines = [line("Support", quantity="2", rate=10000, item_id=desk.items["Support"])]
                invoices.change_invoice(ctx, invoice_id, {"lines": lines})
            elif what == "deleted":
                invoices.delete_invoice(ctx, invoice_id)
            elif what == "imported":
                document_taxes.import_amounts(ctx, invoice_id, tax=777, reference="By hand")
            else:
                document_taxes.set_source(ctx, invoice_id, "internal")
        return told

    monkeypatch.setattr(estimates, "reckon", meanwhile)
    desk.work()
    desk.work()
    expected = {"changed": ("external", 1820, 21820), "imported": ("external", 777, 10777), "internal": ("internal", 2000, 12000)}
    if what == "deleted":
        assert drafts(desk) == []
    else:
        assert desk.taxes(invoice_id) == expected[what]
    assert desk.left() == []
    assert {state for state, _ in desk.questions()} <= {"done", "dropped"}


def test_a_draft_that_is_deleted_while_nobody_answers_leaves_nothing_there(desk: Desk) -> None:
    desk.fake.mishaps.plan(LOST_ANSWER, path="/batch")
    invoice_id = desk.draft()
    desk.work()
    assert len(desk.left()) == 1
    with desk.world.call(Actor.system()) as ctx:
        invoices.delete_invoice(ctx, invoice_id)
    for _ in range(3):
        desk.work(10)
    assert desk.left() == []
    assert desk.questions() == [("dropped", "")]


def test_who_is_asked_and_what_is_in_the_way_stands_on_the_draft(desk: Desk) -> None:
    desk.company.books.automated_tax = False
    invoice_id = desk.draft()
    assert "was not asked" in desk.page(invoice_id)
    desk.work()
    assert desk.questions() == [("failed", "taxes_not_reckoned")]
    page = desk.page(invoice_id)
    assert "Acme MSP Inc. does not say what this is taxed" in page
    assert f"/accounting/targets/{desk.target_id}/mappings?kind=tax" in page
    assert "Ask again" in page
    refused = desk.world.api("carol").post(f"/api/v1/invoices/{invoice_id}/finalize", json={})
    assert refused.json["code"] == "tax_amounts_pending"
    desk.company.books.automated_tax = True
    carol = desk.world.client("carol")
    token = csrf_of(carol.get(f"/invoices/{invoice_id}").text)
    answer = carol.post(f"/accounting/tax-of/{invoice_id}/ask", data={"csrf_token": token})
    assert answer.status_code == 303
    assert "is asked what this is taxed" in desk.page(invoice_id)
    desk.work()
    assert desk.taxes(invoice_id) == ("external", 910, 10910)
    assert "taxed</strong>" not in desk.page(invoice_id)
    refused = desk.world.api("carol").post(f"/api/v1/invoices/{invoice_id}/tax-question")
    assert (refused.status_code, refused.json["code"]) == (422, "accounting_tax_not_asked")


def test_a_mapping_that_is_mended_asks_again_by_itself(desk: Desk) -> None:
    with desk.world.call("carol") as ctx:
        target = targets_of.get_target(ctx, desk.target_id)
        mapping.set_mapping(ctx, target, "item", "*", "")
    invoice_id = desk.draft()
    desk.work()
    assert desk.questions() == [("failed", "missing_item_mapping")]
    body = {"kind": "item", "our_key": "*", "external_id": str(desk.company.rows("Item")[0]["Id"])}
    assert desk.world.api("carol").put(f"/api/v1/accounting/targets/{desk.target_id}/mappings", json=body).status_code == 204
    desk.work()
    assert desk.taxes(invoice_id) == ("external", 910, 10910)


def test_whose_taxes_count_is_said_later_or_taken_back(desk: Desk) -> None:
    desk.target(tax_by="ours")
    invoice_id = desk.draft()
    desk.work()
    assert (desk.questions(), desk.asked()) == ([], 0)
    assert "Its taxes are not here yet" in desk.page(invoice_id)
    desk.target(tax_by="theirs")
    desk.target(tax_by="ours")
    desk.work()
    assert (desk.questions(), desk.asked()) == ([("dropped", "")], 0)
    desk.target(tax_by="theirs", active=False)
    desk.work()
    assert desk.asked() == 0
    desk.target(active=True)
    desk.work()
    assert desk.taxes(invoice_id) == ("external", 910, 10910)


def test_a_client_that_owes_no_tax_there_has_its_invoice_at_nothing(desk: Desk) -> None:
    desk.company.books.tax_by_region = {"CA": "1"}
    invoice_id = desk.draft()
    desk.work()
    assert desk.taxes(invoice_id) == ("external", 0, 10000)
    desk.finalize(invoice_id)
    desk.work()
    [row] = desk.company.rows("Invoice")
    sold = [one for one in row["Line"] if one["DetailType"] == "SalesItemLineDetail"]
    assert (cents(row["TotalAmt"]), sold[0]["SalesItemLineDetail"]["TaxCodeRef"]["value"]) == (10000, "TAX")


def test_of_two_companies_that_reckon_the_one_that_knows_the_client_is_asked(desk: Desk) -> None:
    second = desk.fake.company("9140350000000002", "Acme West Inc.", automated_tax=True)
    connection_id = connect(partial(desk.world.call, "alice"), desk.fake, second.realm)
    there = second.create("Customer", {"DisplayName": "Globex", "ShipAddr": {"CountrySubDivisionCode": "AZ"}})
    with desk.world.call("carol") as ctx:
        made = targets_of.add_target(ctx, system="quickbooks", starts_on=date(2026, 1, 1), connection_id=connection_id,
                                     tax_by="theirs", name="West")  # fmt: skip
        mapping.set_mapping(ctx, made, "item", "*", str(second.rows("Item")[0]["Id"]), "Services")
        mapping.set_mapping(ctx, made, "client", str(desk.client_id), str(there["Id"]), "Globex")
        west = made.id
    invoice_id = desk.draft()
    desk.work()
    assert desk.taxes(invoice_id)[0] == "external"
    with desk.world.call("carol") as ctx:
        assert ctx.session.scalars(select(Outgoing.target_id).where(Outgoing.kind == "tax")).all() == [west]
    assert desk.asked() == 0


def test_a_stranger_finds_nothing_of_it(desk: Desk, beta: World) -> None:
    invoice_id = desk.draft()
    with beta.call(Actor.system()) as ctx:
        switch_plugin(ctx, "accounting", enabled=True)
        assert taxing.follow(ctx, [invoice_id]) == []
    refused = beta.api("carol").post(f"/api/v1/invoices/{invoice_id}/tax-question")
    assert (refused.status_code, refused.json["code"]) == (422, "accounting_tax_not_asked")
    assert desk.world.api("bob").post(f"/api/v1/invoices/{invoice_id}/tax-question").status_code == 403
    desk.work()
    assert desk.taxes(invoice_id) == ("external", 910, 10910)


def test_a_draft_that_changes_just_before_the_import_is_not_taxed_by_the_old_answer(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, invoice_id = document_taxes.take_over, desk.draft()

    def just_before(*args: Any) -> int:
        monkeypatch.setattr(document_taxes, "take_over", real)
        with desk.world.call(Actor.system()) as ctx:
            lines = [line("Support", quantity="3", rate=10000, item_id=desk.items["Support"])]
            invoices.change_invoice(ctx, invoice_id, {"lines": lines})
        return real(*args)

    monkeypatch.setattr(document_taxes, "take_over", just_before)
    desk.work()
    desk.work()
    assert desk.taxes(invoice_id) == ("external", 2730, 32730)
    assert (desk.imports(), desk.left()) == (1, [])


def test_a_run_of_many_drafts_is_asked_about_thirty_at_a_time(desk: Desk) -> None:
    ids = [desk.draft(desk.support(1000 + at)) for at in range(45)]
    desk.fake.requests.clear()
    desk.work()
    assert {desk.taxes(one)[0] for one in ids} == {"external"}
    assert len([path for _, path in desk.fake.requests if "/batch" in path]) <= 8
    assert (desk.asked(), desk.imports(), desk.left()) == (45, 45, [])
