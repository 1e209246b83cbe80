"""A document as the files tell it: how its lines are priced, and what no file may carry on. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from kernel.hookspecs.accounting import CREDIT_NOTE, Document, DocumentLine, Problem
from plugins.accounting_files.errors import AccountingFileRefused

NOT_IN_SUM, TOO_FINE, LONG_NUMBER = "lines_do_not_add_up", "amount_too_fine", "number_too_long"
BELOW_ZERO, TOO_LONG, NO_CREDIT_NOTES = "amount_below_zero", "too_many_lines", "credit_note_not_importable"


class Priced(NamedTuple):
    """A quantity and a price whose product is exactly the amount of the line; both in major units where they are money."""

    quantity: Decimal
    rate: Decimal


def price(line: DocumentLine, exponent: int) -> Priced:
    """How a line is priced; one whose price does not make its amount to the minor unit counts as one piece."""
    exact = line.unit_price is not None and line.quantity * line.unit_price == line.net
    quantity, minor = (line.quantity, line.unit_price or 0) if exact else (Decimal(1), line.net)
    return Priced(Decimal(f"{quantity.normalize():f}"), Decimal(minor).scaleb(-exponent))


def customer(document: Document) -> str:
    """What the client is called there; one that is not mapped goes by our name of it."""
    return document.customer or document.customer_name


def find_unsound(document: Document) -> Iterator[Problem]:
    """Where lines, taxes and totals of a document differ, which no file may carry on."""
    lines = document.lines
    sums = (sum(one.net for one in lines), sum(one.tax for one in lines), sum(one.tax for one in document.taxes))
    if sums != (document.net, document.tax, document.tax) or document.net + document.tax != document.total:
        yield _problem(document, NOT_IN_SUM, "The lines do not add up to the totals.")


def find_too_fine(document: Document) -> Iterator[Problem]:
    """Amounts with more decimals than the two that the system keeps."""
    step = 10 ** max(0, document.exponent - 2)
    if step > 1 and any(one.net % step or one.tax % step for one in document.lines):
        yield _problem(
            document, TOO_FINE, f"The system keeps two decimals; amounts in {document.currency} have {document.exponent}."
        )


def find_long_number(document: Document, limit: int) -> Iterator[Problem]:
    """A number that is longer than the `limit` characters that the system keeps."""
    if len(document.number) > limit:
        yield _problem(document, LONG_NUMBER, f"The number has {len(document.number)} characters; the system keeps {limit}.")


def find_below_zero(document: Document) -> Iterator[Problem]:
    """Lines below zero, in a file that takes none."""
    if any(one.net < 0 for one in document.lines):
        yield _problem(document, BELOW_ZERO, "A line is below zero, which this import does not take. Enter it there by hand.")


def no_credit_note(document: Document) -> Problem:
    """A credit note, for a system whose import of them nobody vouches for."""
    words = "What this import makes of credit notes is not documented. Leave it out and enter it there, or connect the system."
    return _problem(document, NO_CREDIT_NOTES, words)


def find_long(document: Document, rows: int) -> Iterator[Problem]:
    """More lines than a file of `rows` rows holds: one document is in one file."""
    if len(document.lines) > rows:
        yield _problem(document, TOO_LONG, f"It has {len(document.lines)} lines, and a file holds {rows}.")


def _problem(document: Document, code: str, words: str) -> Problem:
    return Problem(document.id, code, f"{document.number}: {words}", f"/invoices/{document.id}")


def refuse(problems: Sequence[Problem]) -> None:
    """Raise AccountingFileRefused if there are any."""
    if problems:
        told = " ".join(one.detail for one in problems[:5])
        raise AccountingFileRefused(
            told, problems=[{"code": one.code, "detail": one.detail, "url": one.mend_url} for one in problems]
        )


def by_kind(documents: Sequence[Document]) -> Iterator[tuple[str, list[Document]]]:
    """Invoices, then credit notes, each by currency and in the order of their numbers."""
    ordered = sorted(documents, key=lambda one: (one.kind == CREDIT_NOTE, one.currency, one.issued_on, one.number))
    for kind, some in groupby(ordered, key=lambda one: one.kind):
        yield kind, list(some)


def portion(documents: Sequence[Document], most: int, rows: int = 10**9) -> Iterator[list[Document]]:
    """Documents in files of at most `most`, and at most `rows` lines unless one document alone has more."""
    some: list[Document] = []
    held = 0
    for one in documents:
        if some and (len(some) == most or held + len(one.lines) > rows):
            yield some
            some, held = [], 0
        some.append(one)
        held += len(one.lines)
    if some:
        yield some
