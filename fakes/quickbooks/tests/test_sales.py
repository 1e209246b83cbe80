"""Invoices, credit memos and payments, through the public client."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from quickbooks import QuickBooks
from quickbooks.batch import batch_create
from quickbooks.exceptions import ObjectNotFoundException, QuickbooksException, ValidationException
from quickbooks.objects import Customer, Invoice, Payment, SalesItemLine, SalesItemLineDetail
from quickbooks.objects.base import Address, LinkedTxn, Ref
from quickbooks.objects.creditmemo import CreditMemo
from quickbooks.objects.estimate import Estimate
from quickbooks.objects.payment import PaymentLine
from quickbooks.objects.tax import TxnTaxDetail
from quickbooks_fake import Company, Fault, QuickBooksFake


def ref(value: str) -> Ref:
    made = Ref()
    made.value = value
    return made


def customer(client: QuickBooks, name: str = "Globex") -> Customer:
    made = Customer()
    made.DisplayName = name
    return made.save(qb=client)


def sale(kind: type, of: Customer, number: str, *amounts: str, taxable: bool = False) -> Invoice:
    made = kind()
    made.CustomerRef, made.DocNumber, made.TxnDate = ref(of.Id), number, "2026-09-30"
    for amount in amounts:
        line = SalesItemLine()
        line.Amount, line.SalesItemLineDetail = Decimal(amount), SalesItemLineDetail()
        line.SalesItemLineDetail.Qty, line.SalesItemLineDetail.UnitPrice = 1, Decimal(amount)
        line.SalesItemLineDetail.ServiceDate = None
        line.SalesItemLineDetail.TaxCodeRef = ref("TAX" if taxable else "NON")
        made.Line.append(line)
    made.DueDate = None
    return made


def paid(of: Customer, total: str, *shares: tuple[str, str, str]) -> Payment:
    made = Payment()
    made.CustomerRef, made.TotalAmt = ref(of.Id), Decimal(total)
    for kind, row_id, amount in shares:
        line, link = PaymentLine(), LinkedTxn()
        link.TxnId, link.TxnType, link.TxnLineId = row_id, kind, None
        line.Amount, line.LinkedTxn = Decimal(amount), [link]
        made.Line.append(line)
    return made


def test_an_invoice_is_made_read_changed_and_deleted(client: QuickBooks) -> None:
    made = sale(Invoice, customer(client), "INV-1", "120.10", "30").save(qb=client)
    assert (made.TotalAmt, made.Balance, made.SyncToken) == (Decimal("150.10"), Decimal("150.10"), "0")
    read = Invoice.get(made.Id, qb=client)
    read.PrivateNote = "seen"
    changed = read.save(qb=client)
    assert (changed.SyncToken, changed.PrivateNote, changed.TotalAmt) == ("1", "seen", Decimal("150.10"))
    with pytest.raises(QuickbooksException) as refused:
        read.save(qb=client)
    assert refused.value.error_code == 5010
    changed.delete(qb=client)
    with pytest.raises(ObjectNotFoundException):
        Invoice.get(made.Id, qb=client)


def test_numbers_are_unique_for_each_kind(client: QuickBooks) -> None:
    globex = customer(client)
    made = sale(Invoice, globex, "7", "1").save(qb=client)
    with pytest.raises(QuickbooksException) as refused:
        sale(Invoice, globex, "7", "2").save(qb=client)
    assert refused.value.error_code == 6140
    assert f"TxnId={made.Id}" in refused.value.detail
    assert sale(CreditMemo, globex, "7", "1").save(qb=client).RemainingCredit == 1


@pytest.mark.parametrize(("wrong", "code"), [
    ({"CustomerRef": None}, 2020), ({"Line": []}, 2020), ({"CustomerRef": ref("999")}, 2500), ({"DocNumber": "9" * 22}, 2050),
    ({"TxnDate": "soon"}, 2010), ({"SalesTermRef": ref("999")}, 2500), ({"CurrencyRef": ref("EUR")}, 6000),
])  # fmt: skip
def test_what_is_wrong_is_named(client: QuickBooks, wrong: dict[str, object], code: int) -> None:
    made = sale(Invoice, customer(client), "1", "10")
    for name, value in wrong.items():
        setattr(made, name, value)
    with pytest.raises(QuickbooksException) as refused:
        made.save(qb=client)
    assert refused.value.error_code == code


def test_an_amount_has_to_be_price_times_quantity(client: QuickBooks) -> None:
    made = sale(Invoice, customer(client), "1", "10")
    made.Line[0].SalesItemLineDetail.Qty = 3
    with pytest.raises(QuickbooksException) as refused:
        made.save(qb=client)
    assert refused.value.error_code == 6070
    made.Line[0].SalesItemLineDetail.UnitPrice, made.Line[0].Amount = Decimal("3.3333"), 10
    assert made.save(qb=client).TotalAmt == 10


def test_tax_is_computed_or_as_the_caller_says(client: QuickBooks, company: Company) -> None:
    tucson = next(row["Id"] for row in company.rows("TaxCode") if row["Name"] == "Tucson")
    made = sale(Invoice, customer(client), "1", "100", taxable=True)
    made.TxnTaxDetail = TxnTaxDetail()
    made.TxnTaxDetail.TxnTaxCodeRef, made.TxnTaxDetail.TotalTax = ref(tucson), None
    computed = made.save(qb=client)
    assert (computed.TxnTaxDetail.TotalTax, computed.TotalAmt) == (Decimal("9.10"), Decimal("109.10"))
    made.DocNumber, made.TxnTaxDetail.TotalTax = "2", Decimal("9.11")
    said = made.save(qb=client)
    assert (said.TxnTaxDetail.TotalTax, said.TotalAmt) == (Decimal("9.11"), Decimal("109.11"))
    assert sum(line.Amount for line in said.TxnTaxDetail.TaxLine) == Decimal("9.11")
    for line, amount in zip(said.TxnTaxDetail.TaxLine, ("7.08", "2.03"), strict=True):
        line.Amount = Decimal(amount)
    split = said.save(qb=client)
    assert [line.Amount for line in split.TxnTaxDetail.TaxLine] == [Decimal("7.08"), Decimal("2.03")]


def test_a_line_of_a_company_of_the_united_states_is_taxed_or_not(client: QuickBooks) -> None:
    made = sale(Invoice, customer(client), "1", "100")
    made.Line[0].SalesItemLineDetail.TaxCodeRef = ref("3")
    with pytest.raises(QuickbooksException) as refused:
        made.save(qb=client)
    assert refused.value.error_code == 6100


def test_a_payment_pays_and_what_is_left_is_unapplied(client: QuickBooks) -> None:
    globex = customer(client)
    one = sale(Invoice, globex, "1", "100").save(qb=client)
    two = sale(Invoice, globex, "2", "50").save(qb=client)
    payment = paid(globex, "130", ("Invoice", one.Id, "100"), ("Invoice", two.Id, "20")).save(qb=client)
    assert payment.UnappliedAmt == 10
    assert [Invoice.get(each.Id, qb=client).Balance for each in (one, two)] == [0, 30]
    with pytest.raises(QuickbooksException) as refused:
        paid(globex, "40", ("Invoice", two.Id, "31")).save(qb=client)
    assert refused.value.error_code == 6000
    payment.void(qb=client)
    assert [Invoice.get(each.Id, qb=client).Balance for each in (one, two)] == [100, 50]


def test_a_credit_memo_is_used_by_a_payment_of_nothing(client: QuickBooks) -> None:
    globex = customer(client)
    invoice = sale(Invoice, globex, "1", "100").save(qb=client)
    credit = sale(CreditMemo, globex, "C-1", "40").save(qb=client)
    use = paid(globex, "0", ("Invoice", invoice.Id, "40"), ("CreditMemo", credit.Id, "40")).save(qb=client)
    assert (use.TotalAmt, use.UnappliedAmt) == (0, 0)
    assert Invoice.get(invoice.Id, qb=client).Balance == 60
    assert CreditMemo.get(credit.Id, qb=client).RemainingCredit == 0


def test_a_voided_invoice_frees_what_paid_it(client: QuickBooks) -> None:
    globex = customer(client)
    invoice = sale(Invoice, globex, "1", "100").save(qb=client)
    payment = paid(globex, "100", ("Invoice", invoice.Id, "100")).save(qb=client)
    Invoice.get(invoice.Id, qb=client).void(qb=client)
    voided = Invoice.get(invoice.Id, qb=client)
    assert (voided.TotalAmt, voided.Balance, voided.PrivateNote, voided.DocNumber) == (0, 0, "Voided", "1")
    assert Payment.get(payment.Id, qb=client).UnappliedAmt == 100


def test_closed_books_stay_as_they_are(client: QuickBooks, company: Company) -> None:
    made = sale(Invoice, customer(client), "1", "100").save(qb=client)
    company.close_books(date(2026, 9, 30))
    for change in (lambda: made.save(qb=client), lambda: made.void(qb=client), lambda: made.delete(qb=client)):
        with pytest.raises(QuickbooksException) as refused:
            change()
        assert refused.value.error_code == 6210


def test_names_are_unique(client: QuickBooks) -> None:
    customer(client)
    with pytest.raises(QuickbooksException) as refused:
        customer(client, "GLOBEX")
    assert refused.value.error_code == 6240


def test_a_batch_does_each_of_its_items_by_itself(client: QuickBooks) -> None:
    globex = customer(client)
    answers = batch_create([sale(Invoice, globex, number, "5") for number in ("1", "2", "1")], qb=client)
    assert [one.DocNumber for one in answers.successes] == ["1", "2"]
    assert answers.faults[0].Error[0].code == "6140"
    assert Invoice.count(qb=client) == 2


def test_a_batch_has_thirty_items_at_most(client: QuickBooks) -> None:
    items = [{"bId": str(each), "Query": "select * from Term"} for each in range(31)]
    with pytest.raises(QuickbooksException) as refused:
        client.batch_operation(json.dumps({"BatchItemRequest": items}))
    assert refused.value.error_code == 1040


def test_somebody_works_at_the_screen(company: Company, client: QuickBooks) -> None:
    made = company.create("Customer", {"DisplayName": "Initech"})
    company.update("Customer", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "CompanyName": "Initech Inc."})
    assert Customer.get(made["Id"], qb=client).CompanyName == "Initech Inc."
    with pytest.raises(Fault, match="5010"):
        company.update("Customer", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "CompanyName": "?"})


def test_validation_has_the_clients_own_exception(client: QuickBooks) -> None:
    with pytest.raises(ValidationException):
        sale(Invoice, customer(client), "1").save(qb=client)


def test_an_estimate_is_reckoned_by_where_it_is_shipped_to_and_books_nothing(
    fake: QuickBooksFake, connect: Callable[[str], QuickBooks]
) -> None:
    company = fake.company("9131", "Acme MSP Inc.", automated_tax=True)
    tucson = next(row["Id"] for row in company.rows("TaxCode") if row["Name"] == "Tucson")
    company.books.tax_by_region = {"AZ": tucson}
    company.close_books(date(2026, 9, 30))
    client = connect("9131")
    globex = customer(client)
    asked = sale(Estimate, globex, "Q-1", "100", taxable=True)
    address = Address()
    address.CountrySubDivisionCode = "AZ"
    asked.ShipAddr = address
    made = asked.save(qb=client)
    assert (made.TxnTaxDetail.TotalTax, made.TotalAmt, made.TxnStatus) == (Decimal("9.10"), Decimal("109.10"), "Pending")
    assert [line.Amount for line in made.TxnTaxDetail.TaxLine] == [Decimal("7.10"), Decimal("2.00")]
    [there] = Estimate.where("DocNumber = 'Q-1'", qb=client)
    assert there.Id == made.Id
    assert "Balance" not in company.rows("Estimate")[0]
    address.CountrySubDivisionCode = "OR"
    assert sale_to(client, globex, "Q-2", address).TxnTaxDetail.TotalTax == 0
    made.delete(qb=client)
    assert [row["DocNumber"] for row in company.rows("Estimate")] == ["Q-2"]
    with pytest.raises(ObjectNotFoundException):
        made.delete(qb=client)


def sale_to(client: QuickBooks, of: Customer, number: str, address: Address) -> Estimate:
    asked = sale(Estimate, of, number, "100", taxable=True)
    asked.ShipAddr = address
    return asked.save(qb=client)
