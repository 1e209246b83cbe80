"""Sales invoices as Xero's import reads them. What that import makes of credit notes (rows below zero, or a template of their
own) Xero nowhere says in public, and others say both: they are refused by name, since a wrong sign would be booked twice over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from uuid import UUID

from kernel.hookspecs.accounting import CREDIT_NOTE, Document, ExportFile, Problem
from kernel.hookspecs.papers import PaperParty, PaperPlace
from plugins.accounting_files.cells import Cell, amount, write_csv
from plugins.accounting_files.papers import (
    by_kind,
    customer,
    find_long_number,
    find_too_fine,
    find_unsound,
    no_credit_note,
    portion,
    price,
    refuse,
)

COLUMNS = (
    "*ContactName", "EmailAddress", "POAddressLine1", "POAddressLine2", "POAddressLine3", "POAddressLine4", "POCity", "PORegion",
    "POPostalCode", "POCountry", "*InvoiceNumber", "Reference", "*InvoiceDate", "*DueDate", "Total", "InventoryItemCode",
    "*Description", "*Quantity", "*UnitAmount", "Discount", "*AccountCode", "*TaxType", "TaxAmount", "TrackingName1",
    "TrackingOption1", "TrackingName2", "TrackingOption2", "Currency", "BrandingTheme",
)  # fmt: skip
_LONGEST_NUMBER = 255
_DOCUMENTS = 500  # what Xero takes in one file


def find_problems(documents: Sequence[Document]) -> list[Problem]:
    """What Xero would refuse or change."""
    return [problem for one in documents for problem in _check(one)]


def _check(document: Document) -> Iterator[Problem]:
    if document.kind == CREDIT_NOTE:
        yield no_credit_note(document)
    yield from find_unsound(document)
    yield from find_too_fine(document)
    yield from find_long_number(document, _LONGEST_NUMBER)


def compose(documents: Sequence[Document], known: Mapping[UUID, PaperParty], *, month_first: bool) -> list[ExportFile]:
    """One file for each five hundred invoices. Raises AccountingFileRefused, also for credit notes."""
    refuse(find_problems(documents))
    files = []
    for _, some in by_kind(documents):
        for index, held in enumerate(portion(some, _DOCUMENTS), 1):
            rows = [row for one in held for row in _rows(one, known, month_first)]
            files.append(ExportFile(f"xero-invoices-{index}.csv", "text/csv", write_csv(COLUMNS, rows)))
    return files


def _rows(document: Document, known: Mapping[UUID, PaperParty], month_first: bool) -> Iterator[list[Cell]]:
    buyer, places = known[document.id], document.exponent
    days = [_day(document.issued_on, month_first), _day(document.due_on, month_first)]
    for line in document.lines:
        priced = price(line, places)
        yield [
            customer(document), buyer.email or "", *_address(buyer.place or PaperPlace()),
            document.number, document.po_number or "", *days, amount(document.total, places), "",
            line.description, priced.quantity, priced.rate, "",
            line.item or "", line.tax_code or "", amount(line.tax, places), "", "", "", "", document.currency, "",
        ]  # fmt: skip


def _day(day: date, month_first: bool) -> str:
    return day.strftime("%m/%d/%Y" if month_first else "%d/%m/%Y")


def _address(place: PaperPlace) -> list[str]:
    return [place.street, place.addition, "", "", place.city, place.subdivision, place.postal_code, place.country]
