"""What QuickBooks taxes a draft: asked by an estimate that never stays."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from quickbooks_fake import BROKEN, LOST_ANSWER, LOST_REQUEST, THROTTLED, Company, Fault, QuickBooksFake
from quickbooks_fake import company as companies

from kernel.errors import Unavailable
from kernel.hookspecs.accounting import DocumentLine, Failed, NewCustomer
from kernel.hookspecs.delegated_tax import LineTax, Reckoned, TaxQuestion
from kernel.hookspecs.papers import PaperPlace
from plugins.quickbooks.estimates import number_of
from plugins.quickbooks.gateway import QuickBooksGateway
from tests.plugins.quickbooks.documents_ground import document, item, line, tax_code

REALM = "9140"
Opened = Callable[[str], QuickBooksGateway]


@pytest.fixture
def company(quickbooks: QuickBooksFake) -> Company:
    """A company with automated sales tax, which owes tax in Arizona and California."""
    made = quickbooks.company(REALM, "Acme MSP Inc.", automated_tax=True)
    made.books.tax_by_region = {"AZ": tax_code(made, "Tucson"), "CA": tax_code(made, "California")}
    return made


def at(gateway: QuickBooksGateway, state: str, name: str = "Globex", currency: str = "USD") -> str:
    """A client in a state: its id there."""
    place = PaperPlace("1 Main St", city="Somewhere", subdivision=state, country="US")
    [done] = gateway.put_customers([NewCustomer(uuid4(), str(uuid4()), name, currency, address=place)])
    return str(done.external.id)


def taxed(net: int, *, item: str, position: int = 1, code: str | None = None) -> DocumentLine:
    return line(net, item=item, position=position, code=code)._replace(taxed=True)


def question(customer: str, *lines: DocumentLine, draft_id: UUID | None = None, **more: Any) -> TaxQuestion:
    asked = document(customer, "INV-7", *lines, tax_theirs=True, row_id=draft_id, **more)
    return TaxQuestion(asked.id, f"ask-{asked.id}", asked)


def told(gateway: QuickBooksGateway, *questions: TaxQuestion) -> list[tuple[LineTax, ...]]:
    answers = gateway.reckon_taxes(questions)
    assert all(isinstance(one, Reckoned) for one in answers), answers
    return [one.lines for one in answers if isinstance(one, Reckoned)]


def test_the_tax_goes_by_where_the_client_is_and_nothing_stays(gateway: QuickBooksGateway, company: Company) -> None:
    what = item(company)
    lines = [taxed(10000, item=what), line(5000, item=what, position=2), taxed(3333, item=what, position=3)]
    arizona, oregon = at(gateway, "AZ"), at(gateway, "OR", "Initech")
    there, nowhere = told(gateway, question(arizona, *lines), question(oregon, *lines))
    assert there == (LineTax(1, 911, "AZ State tax + Tucson City", Decimal("9.1")),
                     LineTax(3, 303, "AZ State tax + Tucson City", Decimal("9.1")))  # fmt: skip
    assert [(one.tax, one.percent) for one in nowhere] == [(0, 0), (0, 0)]
    assert company.rows("Estimate") == []


def test_a_group_of_rates_is_enough_where_there_is_no_automated_tax(company: Company, open_gateway: Opened) -> None:
    company.books.automated_tax, gateway = False, open_gateway(REALM)
    globex, what = at(gateway, "AZ"), item(company)
    [refused] = gateway.reckon_taxes([question(globex, taxed(10000, item=what))])
    assert isinstance(refused, Failed)
    assert (refused.code, refused.again) == ("taxes_not_reckoned", False)
    [lines] = told(gateway, question(globex, taxed(10000, item=what, code=tax_code(company, "California"))))
    assert lines == (LineTax(1, 800, "California", Decimal(8)),)


def test_elsewhere_each_line_has_the_tax_of_its_code(quickbooks: QuickBooksFake, open_gateway: Opened) -> None:
    london = quickbooks.company("44", "Acme Ltd", country="GB", currency="GBP")
    gateway, what = open_gateway("44"), item(london)
    full, less, globex = tax_code(london, "20.0% S"), tax_code(london, "5.0% R"), at(gateway, "", currency="GBP")
    lines = [taxed(999, item=what, code=full), taxed(1001, item=what, code=less, position=2),
             taxed(1, item=what, code=full, position=3)]  # fmt: skip
    [lines_told] = told(gateway, question(globex, *lines, currency="GBP"))
    assert lines_told == (LineTax(1, 200, "20% S", Decimal(20)), LineTax(2, 50, "5% R", Decimal(5)),
                          LineTax(3, 0, "20% S", Decimal(20)))  # fmt: skip
    [refused] = gateway.reckon_taxes([question(globex, taxed(999, item=what), currency="GBP")])
    assert isinstance(refused, Failed)
    assert refused.code == "taxes_not_reckoned"


def test_yen_are_taxed_without_cents(quickbooks: QuickBooksFake, open_gateway: Opened) -> None:
    tokyo = quickbooks.company("81", "Acme KK", multi_currency=True, automated_tax=True)
    tokyo.books.tax_by_region = {"AZ": tax_code(tokyo, "Tucson")}
    gateway = open_gateway("81")
    globex = at(gateway, "AZ", currency="JPY")
    [lines] = told(gateway, question(globex, taxed(1234, item=item(tokyo)), currency="JPY", exponent=0))
    assert sum(one.tax for one in lines) == 113  # 87.6 and 24.7


@pytest.mark.parametrize("mishap", [LOST_ANSWER, LOST_REQUEST, THROTTLED, BROKEN])
@pytest.mark.parametrize("before", [0, 1])
def test_what_was_not_answered_is_asked_again_and_leaves_nothing(
    gateway: QuickBooksGateway, company: Company, quickbooks: QuickBooksFake, mishap: str, before: int
) -> None:
    asked = question(at(gateway, "AZ"), taxed(10000, item=item(company)))
    quickbooks.mishaps.plan(mishap, path="/batch", after=before)
    with pytest.raises(Unavailable):
        gateway.reckon_taxes([asked])
    [[one]] = told(gateway, asked)
    assert one.tax == 910
    assert company.rows("Estimate") == []
    made = [row for row in company.books.happened if (row.kind, row.operation) == ("Estimate", "created")]
    assert len(made) == 1


def test_a_draft_that_changed_meanwhile_is_asked_about_as_it_is_now(
    gateway: QuickBooksGateway, company: Company, quickbooks: QuickBooksFake
) -> None:
    globex, what, draft_id = at(gateway, "AZ"), item(company), uuid4()
    quickbooks.mishaps.plan(LOST_ANSWER, path="/batch")
    with pytest.raises(Unavailable):
        gateway.reckon_taxes([question(globex, taxed(10000, item=what), draft_id=draft_id)])
    assert [row["DocNumber"] for row in company.rows("Estimate")] == [number_of(draft_id)]
    [[one]] = told(gateway, question(globex, taxed(20000, item=what), draft_id=draft_id))
    assert one.tax == 1820
    assert company.rows("Estimate") == []


def test_what_nobody_wants_to_know_any_more_is_cleared_away(
    gateway: QuickBooksGateway, company: Company, quickbooks: QuickBooksFake
) -> None:
    asked = question(at(gateway, "AZ"), taxed(10000, item=item(company)))
    quickbooks.mishaps.plan(LOST_ANSWER, path="/batch")
    with pytest.raises(Unavailable):
        gateway.reckon_taxes([asked])
    assert told(gateway, asked._replace(document=None)) == [()]
    assert company.rows("Estimate") == []


def test_an_estimate_that_somebody_touched_is_deleted_as_it_is_now(
    gateway: QuickBooksGateway, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, touched, create = question(at(gateway, "AZ"), taxed(10000, item=item(company))), [], companies.Company.create

    def touch(self: Company, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        made = create(self, kind, body)
        if kind == "Estimate":
            touched.append(self.update("Estimate", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "TxnStatus": "Closed"}))
        return made

    monkeypatch.setattr(companies.Company, "create", touch)
    [[one]] = told(gateway, asked)
    assert (one.tax, len(touched)) == (910, 1)
    assert company.rows("Estimate") == []


def test_an_estimate_that_cannot_be_deleted_is_named(
    gateway: QuickBooksGateway, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = question(at(gateway, "AZ"), taxed(10000, item=item(company)))

    def keep(self: Company, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        raise Fault(6540, "Linked", "Somebody made an invoice of it.")

    monkeypatch.setattr(companies.Company, "delete", keep)
    [refused] = gateway.reckon_taxes([asked])
    assert isinstance(refused, Failed)
    assert (refused.code, refused.again) == ("refused", False)
    assert number_of(asked.id) in refused.detail


def test_a_mistake_of_one_draft_is_its_own(gateway: QuickBooksGateway, company: Company) -> None:
    globex, what = at(gateway, "AZ"), item(company)
    bad, good = gateway.reckon_taxes([question("4711", taxed(10000, item=what)), question(globex, taxed(10000, item=what))])
    assert isinstance(bad, Failed)
    assert bad.code == "refused"
    assert isinstance(good, Reckoned)
    assert company.rows("Estimate") == []
