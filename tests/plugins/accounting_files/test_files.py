"""What accountants import adds up: by hand, and for documents of all kinds in currencies of all exponents."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.hookspecs.accounting import CREDIT_NOTE, INVOICE, Document, DocumentLine, DocumentTax, ExportFile
from kernel.hookspecs.papers import PaperParty
from plugins.accounting_files import journal, quickbooks, xero
from plugins.accounting_files.cells import write_csv
from plugins.accounting_files.errors import AccountingFileRefused
from plugins.accounting_files.papers import portion

CURRENCIES = (("EUR", 2), ("USD", 2), ("JPY", 0), ("KWD", 3))
DAY = date(2026, 9, 30)


def document(
    lines: Sequence[tuple[int, int, str, str]], kind: str = INVOICE, at: tuple[str, int] = ("EUR", 2), **facts: Any
) -> Document:
    """A document of (net, tax, item, tax code)."""
    taxes: dict[str, int] = defaultdict(int)
    for _, tax, _, code in lines:
        taxes[code] += tax
    net, tax = sum(one[0] for one in lines), sum(one[1] for one in lines)
    fields: dict[str, Any] = {
        "id": UUID(int=7), "kind": kind, "request_id": "r", "number": "INV-000042", "customer": "",
        "customer_name": "Hill & Sons", "accounts": {"receivable": "1200"}, "currency": at[0],
        "exponent": at[1], "issued_on": DAY, "due_on": DAY, "term": "Net 30", "net": net, "tax": tax, "total": net + tax,
        "lines": tuple(DocumentLine(1, "Work", item, Decimal(1), one, one, of, code) for one, of, item, code in lines),
        "taxes": tuple(DocumentTax(code, "VAT", Decimal(20), net, of) for code, of in taxes.items()),
    }  # fmt: skip
    return Document(**{**fields, **facts})


def names(documents: Sequence[Document]) -> dict[UUID, PaperParty]:
    return {one.id: PaperParty(one.customer) for one in documents}


def rows(files: Sequence[ExportFile]) -> list[dict[str, str]]:
    return [row for one in files for row in csv.DictReader(io.StringIO(one.content.decode("utf-8-sig")))]


amounts = st.integers(-(10**12), 10**12)
lines = st.lists(
    st.tuples(amounts, amounts, st.sampled_from(["4000", "4400", "8400"]), st.sampled_from(["VAT20", "VAT10"])), max_size=12
)
documents = st.builds(document, lines, st.sampled_from([INVOICE, CREDIT_NOTE]), st.sampled_from(CURRENCIES))


@given(documents)
def test_a_journal_entry_adds_up_to_zero_and_to_its_document(one: Document) -> None:
    sign = -1 if one.kind == CREDIT_NOTE else 1
    entry = rows(journal.compose([one]))
    debit, credit = (sum((Decimal(row[side] or 0) for row in entry), Decimal()) for side in ("Debit", "Credit"))
    assert debit == credit
    held: dict[str, Decimal] = defaultdict(Decimal)
    for row in entry:
        assert bool(row["Debit"]) != bool(row["Credit"]) and not (row["Debit"] + row["Credit"]).startswith("-")
        held[row["Description"]] += Decimal(row["Debit"] or 0) - Decimal(row["Credit"] or 0)
    major = Decimal(sign).scaleb(-one.exponent)
    assert (held["Receivable"], held["Revenue"], held["VAT"]) == (one.total * major, -one.net * major, -one.tax * major)


@given(documents)
def test_each_account_of_a_journal_has_what_its_lines_say(one: Document) -> None:
    sign = -1 if one.kind == CREDIT_NOTE else 1
    revenue = {each.account: each.amount for each in journal.post(one) if each.says == "Revenue"}
    for account in {line.item for line in one.lines}:
        assert revenue.get(account or "", 0) == -sign * sum(line.net for line in one.lines if line.item == account)


@given(documents, st.booleans())
def test_rows_for_quickbooks_and_xero_add_up_to_the_document_or_are_refused(one: Document, by_quantity: bool) -> None:
    if by_quantity:
        one = one._replace(lines=tuple(line._replace(quantity=Decimal("0.3300"), unit_price=line.net * 3) for line in one.lines))
    places = one.exponent
    if found := quickbooks.find_problems([one]):
        assert {each.code for each in found} <= {"amount_too_fine", "amount_below_zero"}
        assert places == 3 or any(line.net < 0 for line in one.lines)
        with pytest.raises(AccountingFileRefused):
            quickbooks.compose([one])
        one = one._replace(lines=tuple(line for line in one.lines if line.net >= 0))
        one = one._replace(net=sum(line.net for line in one.lines))
        one = one._replace(tax=sum(line.tax for line in one.lines))
        one = one._replace(
            total=one.net + one.tax, taxes=tuple(DocumentTax(None, "VAT", Decimal(20), one.net, one.tax) for _ in "1")
        )
        if quickbooks.find_problems([one]):
            return
    written = rows(quickbooks.compose([one]))
    assert sum(Decimal(row["*ItemAmount"]) for row in written) == Decimal(one.net).scaleb(-places)
    assert sum(Decimal(row["ItemTaxAmount"]) for row in written) == Decimal(one.tax).scaleb(-places)
    assert all(Decimal(row["ItemQuantity"]) * Decimal(row["ItemRate"]) == Decimal(row["*ItemAmount"]) for row in written)
    if one.kind == CREDIT_NOTE:
        return
    for row, line in zip(rows(xero.compose([one], names([one]), month_first=False)), one.lines, strict=True):
        assert Decimal(row["*Quantity"]) * Decimal(row["*UnitAmount"]) == Decimal(line.net).scaleb(-places)
        assert Decimal(row["TaxAmount"]) == Decimal(line.tax).scaleb(-places)
        assert Decimal(row["Total"]) == Decimal(one.total).scaleb(-places)


@given(st.text(max_size=40))
def test_no_text_is_a_formula_or_a_line_of_its_own(text: str) -> None:
    header, row = csv.reader(io.StringIO(write_csv(["a", "b"], [[text, "x"]]).decode("utf-8-sig")))
    assert header == ["a", "b"] and row[1] == "x"
    assert not row[0].startswith(("=", "+", "-", "@", "\t", "\r")) and "\n" not in row[0]


def test_an_invoice_for_quickbooks_has_the_columns_that_it_knows() -> None:
    work = document([(12000, 2400, "Support", "20.0% S")], po_number="7", memo="Thanks")
    (file,) = quickbooks.compose([work])
    assert (file.name, file.content_type) == ("quickbooks-invoices-1.csv", "text/csv")
    assert rows([file]) == [{
        "*InvoiceNo": "INV-000042", "*Customer": "Hill & Sons", "*InvoiceDate": "2026-09-30", "*DueDate": "2026-09-30",
        "Terms": "Net 30", "Memo": f"Deskhand {UUID(int=7)} | PO 7 | Thanks", "Item(Product/Service)": "Support",
        "ItemDescription": "Work", "ItemQuantity": "1", "ItemRate": "120.00", "*ItemAmount": "120.00", "*ItemTaxCode": "20.0% S",
        "ItemTaxAmount": "24.00", "Currency": "EUR", "Service Date": "",
    }]  # fmt: skip


def test_credit_notes_are_a_file_of_their_own_for_quickbooks_and_refused_for_xero() -> None:
    both = [document([(500, 100, "S", "V")], kind=CREDIT_NOTE, number="CN-1"), document([(1200, 240, "S", "V")])]
    files = quickbooks.compose(both)
    assert [one.name for one in files] == ["quickbooks-invoices-1.csv", "quickbooks-credit_notes-1.csv".replace("_", "-")]
    assert rows(files[1:])[0]["*CreditNoteNo"] == "CN-1" and rows(files[1:])[0]["*ItemAmount"] == "5.00"
    [invoice] = rows(xero.compose(both[1:], names(both), month_first=False))
    assert (invoice["*UnitAmount"], invoice["Total"], invoice["*InvoiceDate"]) == ("12.00", "14.40", "30/09/2026")
    [problem] = xero.find_problems(both)
    assert (problem.code, problem.document_id) == ("credit_note_not_importable", both[0].id)
    with pytest.raises(AccountingFileRefused):
        xero.compose(both, names(both), month_first=False)


def test_files_hold_no_more_than_the_importers_take() -> None:
    many = [document([(100, 20, "S", "V")] * 3, number=f"INV-{n}") for n in range(501)]
    assert [len(rows([one])) for one in quickbooks.compose(many)] == [300] * 5 + [3]
    assert [len(rows([one])) for one in xero.compose(many, names(many), month_first=False)] == [1500, 3]
    long = document([(100, 20, "S", "V")] * 700)
    assert [len(one) for one in portion([long, long, long], 100, 1000)] == [1, 1, 1]


def test_what_does_not_add_up_or_fit_is_named_with_its_page() -> None:
    work = document([(12000, 2400, "S", "V")])
    (problem,) = journal.find_problems([work._replace(total=14401)])
    assert (problem.code, problem.mend_url) == ("lines_do_not_add_up", f"/invoices/{UUID(int=7)}")
    (problem,) = quickbooks.find_problems([work._replace(number="9" * 22)])
    assert problem.code == "number_too_long"
    (problem,) = quickbooks.find_problems([document([(1200, 240, "S", "V"), (-200, -40, "S", "V")])])
    assert problem.code == "amount_below_zero"
    (problem,) = quickbooks.find_problems([document([(1, 0, "S", "V")] * 1001)])
    assert problem.code == "too_many_lines"
    (problem,) = xero.find_problems([document([(1001, 0, "S", "V")], at=("KWD", 3))])
    assert problem.code == "amount_too_fine"
    assert not xero.find_problems([document([(1010, 0, "S", "V")], at=("KWD", 3))])


def test_an_entry_by_hand() -> None:
    work = document([(10000, 2000, "4000", "VAT20"), (5000, 500, "4400", "VAT10")])
    assert [(one.account, one.amount) for one in journal.post(work)] == [
        ("1200", 17500), ("4000", -10000), ("4400", -5000), ("VAT20", -2000), ("VAT10", -500),
    ]  # fmt: skip
