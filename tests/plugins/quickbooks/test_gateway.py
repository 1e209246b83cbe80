"""A company's books in QuickBooks Online, as the accounting room sees them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from quickbooks_fake import BROKEN, LOST_ANSWER, LOST_REQUEST, THROTTLED, Company, QuickBooksFake

from house.stage import START
from kernel.errors import Unavailable
from kernel.hookspecs.accounting import Company as CompanyFacts
from kernel.hookspecs.accounting import Done, External, Failed, NewCustomer, NewItem, Voiding
from kernel.hookspecs.connections import ConsentWithdrawn
from kernel.hookspecs.papers import PaperPlace
from plugins.quickbooks.gateway import QuickBooksGateway
from tests.plugins.quickbooks.documents_ground import customer, document, item, line, money, tax_code


def delivered(gateway: QuickBooksGateway, *documents: object) -> list[Done]:
    results = gateway.put_documents(documents)  # type: ignore[arg-type]
    assert all(isinstance(one, Done) for one in results), results
    return results  # type: ignore[return-value]


def test_whose_books_these_are_and_what_ours_may_be_mapped_to(
    gateway: QuickBooksGateway, company: Company, open_gateway: Callable[[str], QuickBooksGateway]
) -> None:
    assert gateway.company() == CompanyFacts(company.realm, "Acme MSP Inc.", "USD", ("USD",))
    company.books.multi_currency = True
    assert open_gateway(company.realm).company().currencies == ()
    assert [one.name for one in gateway.choices("item")] == ["Services"]
    assert {one.id for one in gateway.choices("tax")} >= {"TAX", "NON"}
    assert ("Net 30", "30 days") in [(one.name, one.detail) for one in gateway.choices("term")]
    assert ("Checking", "Bank") in [(one.name, one.detail) for one in gateway.choices("account")]
    made = company.create("Customer", {"DisplayName": "Gone", "Active": False})
    assert [(one.id, one.active) for one in gateway.choices("client")] == [(made["Id"], False)]


def test_a_client_and_an_item_are_made_once(gateway: QuickBooksGateway, company: Company) -> None:
    place = PaperPlace("1 Main St", "", "10001", "New York", "NY", "US")
    new = NewCustomer(uuid4(), "c-1", "Globex: North\tPole", "USD", "ap@globex.example", place, "US-1")
    income = company.rows("Account")[0]["Id"]
    first = [*gateway.put_customers([new]), *gateway.put_items([NewItem(uuid4(), "i-1", "Remote: support", "RS", income)])]
    again = [*gateway.put_customers([new]), *gateway.put_items([NewItem(uuid4(), "i-1", "Remote: support", "RS", income)])]
    assert [one.external.id for one in first] == [one.external.id for one in again]
    [there] = company.rows("Customer")
    assert (there["DisplayName"], there["BillAddr"]["City"]) == ("Globex North Pole", "New York")
    [taken] = gateway.put_customers([NewCustomer(uuid4(), "c-2", "globex north pole", "USD")])
    assert isinstance(taken, Failed)
    assert taken.code == "refused"
    assert "map it" in taken.detail


def test_an_invoice_has_the_same_lines_tax_and_total_on_both_sides(gateway: QuickBooksGateway, company: Company) -> None:
    tucson, what = tax_code(company, "Tucson"), item(company)
    lines = [line(10010, 911, item=what, code=tucson, quantity="1.5", price=6673),
             line(3333, 0, item=what, quantity="3", price=None, position=2)]  # fmt: skip
    [done] = delivered(gateway, document(customer(gateway), "INV-1", *lines, code=tucson, percent="9.1", po_number="4711"))
    assert (done.total, done.tax) == (14254, 911)
    [there] = company.rows("Invoice")
    sold = [one for one in there["Line"] if one["DetailType"] == "SalesItemLineDetail"]
    assert [one["Amount"] for one in sold] == [Decimal("100.10"), Decimal("33.33")]
    assert [one["SalesItemLineDetail"]["TaxCodeRef"]["value"] for one in sold] == ["TAX", "NON"]
    assert sold[0]["SalesItemLineDetail"]["UnitPrice"] == "66.73"
    assert there["TxnTaxDetail"]["TxnTaxCodeRef"]["value"] == tucson
    assert "PO 4711" in there["PrivateNote"]
    assert there["DueDate"] == "2026-10-30"


def test_a_company_elsewhere_has_a_code_on_each_line(
    quickbooks: QuickBooksFake, open_gateway: Callable[[str], QuickBooksGateway]
) -> None:
    london = quickbooks.company("44", "Acme Ltd", country="GB", currency="GBP")
    gateway, what, code = open_gateway("44"), item(london), tax_code(london, "20.0% S")
    assert gateway.company().home_currency == "GBP"
    globex = customer(gateway, currency="GBP")
    [done] = delivered(
        gateway, document(globex, "1", line(999, 199, item=what, code=code), code=code, percent="20", currency="GBP")
    )
    assert (done.total, done.tax) == (1198, 199)
    [there] = london.rows("Invoice")
    assert there["TxnTaxDetail"]["TaxLine"][0]["Amount"] == Decimal("1.99")
    assert there["GlobalTaxCalculation"] == "TaxExcluded"


def test_where_quickbooks_comes_to_another_tax_it_says_so(gateway: QuickBooksGateway, company: Company) -> None:
    tucson = tax_code(company, "Tucson")
    globex, one = customer(gateway), line(10000, 911, item=item(company), code=tucson)
    company.books.takes_tax_override = False
    [done] = delivered(gateway, document(globex, "1", one, code=tucson, percent="9.11"))
    assert (done.total, done.tax) == (10910, 910)
    company.books.takes_tax_override = True
    [theirs] = delivered(gateway, document(globex, "2", one, code=tucson, percent="9.11", tax_theirs=True))
    assert (theirs.total, theirs.tax) == (10910, 910)


def test_yen_have_no_cents(quickbooks: QuickBooksFake, open_gateway: Callable[[str], QuickBooksGateway]) -> None:
    tokyo = quickbooks.company("81", "Acme KK", currency="USD", multi_currency=True)
    gateway = open_gateway("81")
    globex = customer(gateway, currency="JPY")
    [done] = delivered(gateway, document(globex, "1", line(1200, item=item(tokyo)), currency="JPY", exponent=0))
    assert done.total == 1200
    assert tokyo.rows("Invoice")[0]["TotalAmt"] == 1200


def test_a_credit_note_pays_an_invoice(gateway: QuickBooksGateway, company: Company) -> None:
    globex, what = customer(gateway), item(company)
    invoice, credit = delivered(gateway, document(globex, "1", line(10000, item=what)),
                                document(globex, "C-1", line(4000, item=what), kind="credit_note", corrects="1"))  # fmt: skip
    shares = (("invoice", invoice.external.id, 4000), ("credit_note", credit.external.id, 4000))
    [used] = gateway.put_money([money(globex, 0, *shares)])
    assert (used.total, company.rows("Invoice")[0]["Balance"], company.rows("CreditMemo")[0]["Balance"]) == (0, 60, 0)
    [there] = gateway.read("payment", [used.external.id])
    assert {(one.kind, one.amount) for one in there.shares} == {("invoice", 4000), ("credit_note", 4000)}
    assert gateway.read("credit_use", [used.external.id]) == [there]
    for request in ("v-1", "v-2"):
        [gone] = gateway.void([Voiding("credit_use", request, used.external)])
        assert isinstance(gone, Done)
    assert (company.rows("Invoice")[0]["Balance"], company.rows("CreditMemo")[0]["Balance"]) == (100, 40)


def test_a_payment_is_made_once_changed_and_voided(gateway: QuickBooksGateway, company: Company) -> None:
    globex = customer(gateway)
    [invoice] = delivered(gateway, document(globex, "1", line(10000, item=item(company))))
    paying = money(globex, 6000, ("invoice", invoice.external.id, 5000))
    [first], [again] = gateway.put_money([paying]), gateway.put_money([paying])
    assert first.external == again.external
    [there] = gateway.read("payment", [first.external.id])
    assert (there.total, there.balance, there.reference, there.on) == (6000, 1000, "TRX-1", date(2026, 9, 30))
    more = paying._replace(request_id="pay-2", external=first.external, shares=(paying.shares[0]._replace(amount=6000),))
    [changed] = gateway.put_money([more])
    assert company.rows("Invoice")[0]["Balance"] == 40
    [voided] = gateway.void([Voiding("payment", "v-1", changed.external)])
    assert gateway.read("payment", [first.external.id])[0].voided
    [twice] = gateway.void([Voiding("payment", "v-2", changed.external)])
    assert (voided.external.id, twice.external.id) == (first.external.id, first.external.id)
    assert company.rows("Invoice")[0]["Balance"] == 100


def test_a_payment_that_was_not_answered_and_changed_meanwhile_says_the_newer_thing(
    gateway: QuickBooksGateway, company: Company
) -> None:
    globex = customer(gateway)
    [invoice] = delivered(gateway, document(globex, "1", line(10000, item=item(company))))
    paying = money(globex, 6000, ("invoice", invoice.external.id, 5000))
    gateway.put_money([paying])
    more = paying._replace(amount=7000, shares=(paying.shares[0]._replace(amount=7000),))
    [done] = gateway.put_money([more])
    assert [(row["Id"], row["TotalAmt"], row["UnappliedAmt"]) for row in company.rows("Payment")] == [(done.external.id, 70, 0)]
    company.update("Payment", {**company.rows("Payment")[0], "sparse": True, "TotalAmt": 80})
    [kept] = gateway.put_money([more])
    assert (kept.external.id, company.rows("Payment")[0]["TotalAmt"]) == (done.external.id, 80)


def test_documents_are_voided_once(gateway: QuickBooksGateway, company: Company) -> None:
    globex, what = customer(gateway), item(company)
    invoice, credit = delivered(gateway, document(globex, "1", line(100, item=what)),
                                document(globex, "2", line(100, item=what), kind="credit_note"))  # fmt: skip
    voidings = [Voiding("invoice", "v-1", invoice.external), Voiding("credit_note", "v-2", credit.external)]
    for request in ("", "-again"):
        results = gateway.void([one._replace(request_id=one.request_id + request) for one in voidings])
        assert all(isinstance(one, Done) for one in results)
    assert gateway.read("invoice", [invoice.external.id])[0].voided
    assert gateway.read("credit_note", [credit.external.id]) == []


def test_a_document_is_changed_unless_somebody_else_did(gateway: QuickBooksGateway, company: Company) -> None:
    globex, what = customer(gateway), item(company)
    first = document(globex, "1", line(100, item=what))
    [done] = delivered(gateway, first)
    second = document(globex, "1", line(200, item=what), row_id=first.id, external=done.external)._replace(request_id="put-2")
    [changed] = delivered(gateway, second)
    assert (changed.total, changed.external.version) == (200, "1")
    company.update("Invoice", {"Id": done.external.id, "SyncToken": "1", "sparse": True, "CustomerMemo": {"value": "Thanks"}})
    [agreed] = delivered(gateway, second._replace(request_id="put-3", external=changed.external))
    assert agreed.external.version == "2"
    [stale] = gateway.put_documents([second._replace(request_id="put-4", external=changed.external, number="1-b")])
    assert (stale.code, company.rows("Invoice")[0]["DocNumber"]) == ("stale", "1")
    company.delete("Invoice", {"Id": done.external.id, "SyncToken": "2"})
    [gone] = gateway.put_documents([second._replace(request_id="put-5", external=agreed.external)])
    assert gone.code == "gone"


def test_a_number_that_is_taken(gateway: QuickBooksGateway, company: Company) -> None:
    globex, what = customer(gateway), item(company)
    stranger = {"CustomerRef": {"value": globex}, "DocNumber": "7", "Line": [{"Amount": 1, "DetailType": "SalesItemLineDetail"}]}
    company.create("Invoice", stranger)
    taken, fine = gateway.put_documents(
        [document(globex, "7", line(100, item=what)), document(globex, "8", line(100, item=what))]
    )
    assert taken.code == "duplicate_number"
    assert isinstance(fine, Done)


def test_what_is_wrong_is_told_of_each(gateway: QuickBooksGateway, company: Company) -> None:
    globex, what = customer(gateway), item(company)
    company.close_books(date(2026, 9, 30))
    [closed] = gateway.put_documents([document(globex, "1", line(100, item=what))])
    assert closed.code == "closed"
    company.close_books(None)
    refused, fine = gateway.put_documents(
        [document(globex, "1", line(100, item="999")), document(globex, "2", line(1, item=what))]
    )
    assert (refused.code, refused.again) == ("refused", False)
    assert isinstance(fine, Done)


@pytest.mark.parametrize("together", [True, False])
def test_an_answer_is_lost_after_the_work_was_done(
    quickbooks: QuickBooksFake, gateway: QuickBooksGateway, company: Company, together: bool
) -> None:
    globex, what = customer(gateway), item(company)
    documents = [document(globex, str(number), line(100 + number, item=what)) for number in range(40)]
    assert gateway.company()
    quickbooks.mishaps.plan(LOST_ANSWER, path="/batch")
    with pytest.raises(Unavailable):
        gateway.put_documents(documents)
    assert len(company.rows("Invoice")) == 30
    again = documents if together else [*documents[35:], *documents[:35]]
    results = delivered(gateway, *again)
    assert [one.total for one in results] == [one.total for one in again]
    assert sorted(row["DocNumber"] for row in company.rows("Invoice")) == sorted(one.number for one in documents)


def test_what_was_not_answered_and_changed_meanwhile_is_brought_up_to_date(
    quickbooks: QuickBooksFake, gateway: QuickBooksGateway, company: Company
) -> None:
    globex, what = customer(gateway), item(company)
    first = document(globex, "1", line(100, item=what))
    quickbooks.mishaps.plan(LOST_ANSWER, path="/batch")
    with pytest.raises(Unavailable):
        gateway.put_documents([first])
    [done] = delivered(gateway, document(globex, "1", line(250, item=what), row_id=first.id)._replace(request_id="other"))
    assert done.total == 250
    assert len(company.rows("Invoice")) == 1


@pytest.mark.parametrize("mishap", [LOST_REQUEST, BROKEN, THROTTLED])
def test_the_rest_waits_when_quickbooks_is_silent(
    quickbooks: QuickBooksFake, gateway: QuickBooksGateway, company: Company, mishap: str
) -> None:
    globex, what = customer(gateway), item(company)
    documents = [document(globex, str(number), line(100, item=what)) for number in range(70)]
    delivered(gateway, documents[0])
    quickbooks.mishaps.plan(mishap, path="/batch")
    with pytest.raises(Unavailable):
        gateway.put_documents(documents)
    quickbooks.mishaps.plan(mishap, path="/batch", after=2)
    results = gateway.put_documents(documents)
    assert [type(one) for one in results] == [Done] * 60 + [Failed] * 10
    assert results[-1].again
    assert results[-1].code == "unavailable"


def test_how_long_to_wait_is_said(quickbooks: QuickBooksFake, gateway: QuickBooksGateway) -> None:
    quickbooks.mishaps.plan(THROTTLED)
    with pytest.raises(Unavailable) as busy:
        gateway.company()
    assert busy.value.extra["retry_after"] == 60


def test_a_token_that_is_refused_and_one_for_another_company(
    quickbooks: QuickBooksFake, gateway: QuickBooksGateway, open_gateway: Callable[[str], QuickBooksGateway]
) -> None:
    quickbooks.company("2", "Beta MSP")
    gateway._client._root = gateway._client._root.replace(gateway.company().id, "2")
    with pytest.raises(ConsentWithdrawn):
        gateway._client.preferences()
    other = open_gateway("2")
    quickbooks.consents.withdraw("2")
    with pytest.raises(ConsentWithdrawn):
        other.company()


def test_changes_are_told_with_what_was_deleted(quickbooks: QuickBooksFake, gateway: QuickBooksGateway, company: Company) -> None:
    globex, what = customer(gateway), item(company)
    old, kept = delivered(gateway, document(globex, "1", line(100, item=what)), document(globex, "2", line(200, 0, item=what)))
    quickbooks.clock.advance(timedelta(minutes=5))
    since = quickbooks.clock.now()
    company.delete("Invoice", {"Id": old.external.id, "SyncToken": "0"})
    paid = company.create("Payment", {"CustomerRef": {"value": globex}, "TotalAmt": 2, "PaymentRefNum": "CHK 9", "Line": [
        {"Amount": 2, "LinkedTxn": [{"TxnId": kept.external.id, "TxnType": "Invoice"}]}]})  # fmt: skip
    told = gateway.changes(since, ["invoice", "credit_note", "payment"])
    assert told.complete
    assert since - timedelta(minutes=1) < told.until <= quickbooks.clock.now()
    found = {one.external.id: one for one in told.changed}
    assert found[old.external.id].deleted
    assert (found[kept.external.id].balance, found[kept.external.id].external.version) == (0, "1")
    payment = found[paid["Id"]]
    assert (payment.kind, payment.total, payment.balance, payment.reference, payment.customer) == (
        "payment",
        200,
        0,
        "CHK 9",
        globex,
    )
    assert payment.shares[0]._asdict() == {"kind": "invoice", "id": kept.external.id, "amount": 200}


def test_more_changes_than_quickbooks_tells_or_remembers(
    quickbooks: QuickBooksFake, gateway: QuickBooksGateway, company: Company
) -> None:
    globex = customer(gateway)
    for number in range(1100):
        company.create("Payment", {"CustomerRef": {"value": globex}, "TotalAmt": 1, "PaymentRefNum": str(number)})
    many = gateway.changes(START - timedelta(minutes=1), ["invoice", "payment", "client"])
    assert (many.complete, len(many.changed)) == (False, 1101)
    old = gateway.changes(START - timedelta(days=40), ["payment"])
    assert (old.complete, len(old.changed)) == (False, 1100)


def test_documents_are_found_by_their_numbers(gateway: QuickBooksGateway, company: Company) -> None:
    globex, what = customer(gateway, "O'Brien"), item(company)
    delivered(gateway, document(globex, "it's 1", line(100, item=what)), document(globex, "2", line(100, item=what)))
    assert [one.number for one in gateway.find("invoice", ["it's 1", "none", "\\"])] == ["it's 1"]
    assert [one.external.name for one in gateway.find("client", ["O'Brien"])] == ["O'Brien"]
    assert gateway.find("payment", [""]) == []
    assert gateway.read("invoice", []) == []


def test_a_thousand_invoices_keep_to_the_limits(quickbooks: QuickBooksFake, gateway: QuickBooksGateway, company: Company) -> None:
    globex, what = customer(gateway), item(company)
    documents = [document(globex, f"INV-{number}", line(100 + number, item=what)) for number in range(1_300)]
    quickbooks.throttle.strict = True
    began = quickbooks.clock.now()
    results = delivered(gateway, *documents)
    assert [one.total for one in results] == [one.total for one in documents]
    assert len(company.rows("Invoice")) == 1_300
    assert (quickbooks.throttle.busiest["batch"], quickbooks.throttle.refused) == (40, 0)
    assert quickbooks.throttle.busiest["request"] <= 500
    assert timedelta(minutes=1) <= quickbooks.clock.now() - began < timedelta(minutes=2)


def test_ids_of_others_open_nothing(gateway: QuickBooksGateway) -> None:
    [missing] = gateway.void([Voiding("invoice", "v", External("404", "0"))])
    assert isinstance(missing, Done)  # what is not there counts no more
    assert gateway.read("invoice", ["404", "x' or Id = '1"]) == []


def test_lines_that_somebody_changed_there_are_told(gateway: QuickBooksGateway, company: Company) -> None:
    what = item(company)
    lines = [line(10000, item=what, quantity="2", price=5000), line(500, item=what, position=2)]
    [done] = delivered(gateway, document(customer(gateway), "INV-1", *lines))
    assert [(one.item, one.quantity, one.amount, one.text) for one in done.lines] == [
        (what, 2, 10000, "Line 1"), (what, 1, 500, "Line 2"),
    ]  # fmt: skip
    [before] = gateway.read("invoice", [done.external.id])
    assert before.lines == done.lines
    [there] = company.rows("Invoice")
    sold = [one for one in there["Line"] if one["DetailType"] == "SalesItemLineDetail"]
    for one, price in zip(sold, ("95.00", "10.00"), strict=True):
        one["Amount"] = one["SalesItemLineDetail"]["UnitPrice"] = price
        one["SalesItemLineDetail"]["Qty"] = "1"
    company.update("Invoice", {**there, "Line": sold, "sparse": True})
    [after] = gateway.read("invoice", [done.external.id])
    assert (after.total, after.tax) == (before.total, before.tax)
    assert [(one.quantity, one.amount) for one in after.lines] == [(1, 9500), (1, 1000)]
