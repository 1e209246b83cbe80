"""I1 and I2: nothing is billed twice, and what says it is billed stands on a live invoice line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from uuid import UUID

from tests.audit.books import Books, Row, grouped

_PERIODS = ("billing.contract_line", "billing.contract_item", "billing.bucket")
_OWNED = {"timesheets.entry": "time", "tickets.material": "materials", "billing.usage": "usage"}


def check_billed(books: Books) -> Iterator[str]:
    """Live sources are unique and stand on invoices that live; their owners say the same."""
    yield from _unique(books)
    yield from _standing(books)
    yield from _overlaps(books)
    yield from _taken_back(books)
    yield from _fees_back(books)
    for kind, table in _OWNED.items():
        live = {one.source_id: one for one in books.sources if one.live and one.source_kind == kind}
        yield from _owned(books, table, live)


def _unique(books: Books) -> Iterator[str]:
    times = Counter((one.source_kind, one.source_id, one.period_key) for one in books.sources if one.live)
    for (kind, source_id, key), count in times.items():
        if count > 1:
            yield f"I1 {kind} {source_id} {key} is billed {count} times."


def _standing(books: Books) -> Iterator[str]:
    places = {line.id: line.invoice_id for line in books.lines}
    for one in books.sources:
        if one.invoice_id is None:
            if one.amount or not one.live or one.source_kind not in _PERIODS:
                yield f"I1 {one.source_kind} {one.source_id} {one.period_key} is closed without an invoice."
            continue
        invoice = books.by_id.get(one.invoice_id)
        if invoice is None or places.get(one.line_id) != one.invoice_id:
            yield f"I1 {one.source_kind} {one.source_id} is billed by a line that is not there."
        elif one.live == (invoice.status == "void"):
            words = "still" if one.live else "no longer"
            yield f"I1 {one.source_kind} {one.source_id} is {words} billed by {invoice.number}, {invoice.status}."
    run_made = {one.id for one in books.invoices if one.origin == "run"}
    billing = {one.line_id for one in books.sources}
    for line in books.lines:
        if line.invoice_id in run_made and line.id not in billing:
            yield f"I1 {books.by_id[line.invoice_id].number} line {line.position} of a run bills nothing."


def _overlaps(books: Books) -> Iterator[str]:
    """The billed periods of one contract line share no day."""
    recurring = [one for one in books.sources if one.live and one.source_kind == "billing.contract_line"]
    for line_id, billed in grouped(recurring, lambda one: one.source_id).items():
        keys = (one.period_key.partition("+")[0].split("/") for one in billed if "/" in one.period_key)
        periods = sorted((start, end) for start, end in keys if start < end)
        for before, after in pairwise(periods):
            if after[0] < before[1]:
                yield f"I1 contract line {line_id} is billed for {before} and {after}."


def _taken_back(books: Books) -> Iterator[str]:
    """Days that are taken back are no longer billed, are taken back once, and never come to more than was billed."""
    sources, lines = {one.id: one for one in books.sources}, {one.id: one for one in books.lines}
    taking = {one.source_id: one for one in books.sources if one.live and one.source_kind == "billing.days_back"}
    sums: Counter[UUID] = Counter()
    for row in books.days_back:
        billed = sources[row.source_id]
        sums[billed.line_id] += row.amount
        if billed.live and billed.period_key.partition("+")[0].split("/")[1] > row.starts_on.isoformat():
            yield f"I1 {row.starts_on} to {row.ends_on} of {row.contract_line_id} are taken back and still billed."
        if one := taking.get(row.id):
            sign = 1 if books.by_id[one.invoice_id].kind == "credit_note" else -1
            if one.amount != sign * row.amount:
                yield f"I1 {row.amount} is to be taken back of {row.contract_line_id}, and {one.amount} is."
    for line_id, amount in sums.items():
        if amount > lines[line_id].net - lines[line_id].discount:
            yield f"I1 {amount} is taken back of line {line_id}, which billed less."


def _fees_back(books: Books) -> Iterator[str]:
    """Fees are taken back of invoices that are void, and never more than was charged and not credited."""
    sources, lines = {one.id: one for one in books.sources}, {one.id: one for one in books.lines}
    credited = Counter[UUID]()
    for line in books.lines:
        if line.credited_line_id and books.by_id[line.invoice_id].status == "finalized":
            credited[line.credited_line_id] += line.net
    for one in books.sources:
        if not one.live or one.source_kind != "billing.fee_back":
            continue
        fee = sources[one.source_id]
        line = lines[fee.line_id]
        if not fee.live or fee.source_kind not in ("billing.late_fee", "billing.reminder_fee"):
            yield f"I1 {one.source_kind} {one.source_id} takes back what is charged by nothing that lives."
        if fee.source_kind == "billing.late_fee" and books.by_id[fee.source_id].status != "void":
            yield f"I1 a late fee of {books.by_id[fee.source_id].number} is taken back, and it is not void."
        if abs(one.amount) + credited[line.id] > line.net - line.discount:
            yield f"I1 {abs(one.amount)} is taken back of line {line.id}, of which less is left."


def _owned(books: Books, table: str, live: dict[UUID, Row]) -> Iterator[str]:
    rows: Sequence[Row] = books.tables[table]
    known = {row.id for row in rows}
    for source_id in live.keys() - known:
        yield f"I2 {table} {source_id} is billed and not there any more."
    for row in rows:
        source = live.get(row.id)
        said = (row.invoice_id, row.invoice_line_id)
        if said != ((source.invoice_id, source.line_id) if source else (None, None)):
            yield f"I2 {table} {row.id} says it is billed by {said}, billing says by {source and source.invoice_id}."
        if source and table == "time" and (row.state != "approved" or row.minutes == 0):
            yield f"I2 time entry {row.id} is billed, {row.state}, {row.minutes} minutes."
