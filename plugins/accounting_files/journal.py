"""Invoices and credit notes as entries of a general journal, by double entry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from kernel.hookspecs.accounting import CREDIT_NOTE, Document, ExportFile, Problem
from plugins.accounting_files.cells import Cell, amount, write_csv
from plugins.accounting_files.papers import by_kind, find_unsound, refuse

COLUMNS = ("Entry", "Date", "Kind", "Account", "Description", "Debit", "Credit", "Currency", "Customer", "Due", "Reference")


RECEIVABLE = "receivable"


class Posting(NamedTuple):
    """An amount at an account, in minor units: above zero is debit, below is credit."""

    account: str
    says: str
    amount: int


def find_problems(documents: Sequence[Document]) -> list[Problem]:
    """Which documents would leave the journal unbalanced."""
    return [problem for one in documents for problem in find_unsound(one)]


def compose(documents: Sequence[Document]) -> list[ExportFile]:
    """One file of all entries. Raises AccountingFileRefused."""
    refuse(find_problems(documents))
    rows = [row for _, some in by_kind(documents) for one in some for row in _rows(one)]
    return [ExportFile("journal.csv", "text/csv", write_csv(COLUMNS, rows))]


def post(document: Document) -> list[Posting]:
    """The entry of a document: its client owes the total, revenue by account, taxes by theirs. It adds up to zero, and amounts of
    nothing are left out; a credit note is the other way round.
    """
    sign = -1 if document.kind == CREDIT_NOTE else 1
    revenue: dict[str, int] = defaultdict(int)
    taxes: dict[tuple[str, str], int] = defaultdict(int)
    for line in document.lines:
        revenue[line.item or ""] -= line.net
    for tax in document.taxes:
        taxes[tax.code or "", tax.name] -= tax.tax
    entry = [Posting(document.accounts.get(RECEIVABLE, ""), "Receivable", document.total)]
    entry += [Posting(account, "Revenue", total) for account, total in revenue.items()]
    entry += [Posting(account, name, total) for (account, name), total in taxes.items()]
    return [one._replace(amount=sign * one.amount) for one in entry if one.amount]


def _rows(document: Document) -> Iterator[list[Cell]]:
    for one in post(document):
        size = amount(abs(one.amount), document.exponent)
        debit: tuple[str | Decimal, str | Decimal] = (size, "") if one.amount > 0 else ("", size)
        yield [document.number, document.issued_on.isoformat(), document.kind, one.account, one.says, *debit, document.currency,
               document.customer_name, document.due_on.isoformat(), document.po_number or ""]  # fmt: skip
