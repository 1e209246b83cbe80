"""Invoices and credit notes as QuickBooks Online's "Import data" reads them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kernel.hookspecs.accounting import CREDIT_NOTE, Document, ExportFile, Problem
from plugins.accounting_files.cells import Cell, amount, write_csv
from plugins.accounting_files.papers import (
    by_kind,
    customer,
    find_below_zero,
    find_long,
    find_long_number,
    find_too_fine,
    find_unsound,
    portion,
    price,
    refuse,
)

COLUMNS = (
    "*InvoiceNo", "*Customer", "*InvoiceDate", "*DueDate", "Terms", "Memo", "Item(Product/Service)", "ItemDescription",
    "ItemQuantity", "ItemRate", "*ItemAmount", "*ItemTaxCode", "ItemTaxAmount", "Currency", "Service Date",
)  # fmt: skip
_LONGEST_NUMBER = 21
_DOCUMENTS, _ROWS = 100, 1_000  # what Intuit takes in one file


def find_problems(documents: Sequence[Document]) -> list[Problem]:
    """What QuickBooks would refuse or change."""
    return [problem for one in documents for problem in _check(one)]


def _check(document: Document) -> Iterator[Problem]:
    yield from find_unsound(document)
    yield from find_too_fine(document)
    yield from find_long_number(document, _LONGEST_NUMBER)
    yield from find_below_zero(document)
    yield from find_long(document, _ROWS)


def compose(documents: Sequence[Document]) -> list[ExportFile]:
    """One file for each hundred invoices, and for each hundred credit notes, which have an import of their own. Raises
    AccountingFileRefused.
    """
    refuse(find_problems(documents))
    files = []
    for kind, some in by_kind(documents):
        for index, held in enumerate(portion(some, _DOCUMENTS, _ROWS), 1):
            rows = [row for one in held for row in _rows(one)]
            files.append(
                ExportFile(f"quickbooks-{kind.replace('_', '-')}s-{index}.csv", "text/csv", write_csv(_header(kind), rows))
            )
    return files


def _header(kind: str) -> list[str]:
    return [one.replace("Invoice", "CreditNote") for one in COLUMNS] if kind == CREDIT_NOTE else list(COLUMNS)


def _rows(document: Document) -> Iterator[list[Cell]]:
    head: list[Cell] = [document.number, customer(document), document.issued_on.isoformat(), document.due_on.isoformat(),
                        document.term or "", _memo(document)]  # fmt: skip
    for line in document.lines:
        priced, places = price(line, document.exponent), document.exponent
        yield [*head, line.item or "", line.description, priced.quantity, priced.rate, amount(line.net, places),
               line.tax_code or "", amount(line.tax, places), document.currency,
               line.period_start.isoformat() if line.period_start else ""]  # fmt: skip


def _memo(document: Document) -> str:
    return " | ".join(filter(None, (f"Deskhand {document.id}", document.po_number and f"PO {document.po_number}", document.memo)))
