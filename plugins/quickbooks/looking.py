"""What is looked up in a company's books: rows by their ids and numbers, all of a kind, and what changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from kernel.hookspecs.accounting import CREDIT_NOTE, CUSTOMER, INVOICE, ITEM, PAYMENT, Changes
from plugins.quickbooks import reading
from plugins.quickbooks.client import BooksClient, Entity, Fault
from plugins.quickbooks.documents import KINDS, LONGEST_NUMBER

PAGE = 1000
MOST_CHANGES = 1000
AT_ONCE = 100
OVERLAP = timedelta(seconds=5)
"""Times there are to the second, and work is not finished in the order in which it began: looking twice is harmless."""
_NUMBER = {INVOICE: "DocNumber", CREDIT_NOTE: "DocNumber", PAYMENT: "PaymentRefNum", CUSTOMER: "DisplayName", ITEM: "Name"}


def quoted(text: str) -> str:
    """A value in a statement.

    >>> print(quoted("O'Brien"))
    'O\\'Brien'
    """
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def all_rows(client: BooksClient, entity: str, where: str = "") -> list[Entity]:
    """All rows of a kind, page by page."""
    rows: list[Entity] = []
    condition = f" where {where}" if where else ""
    while True:
        page = client.query(f"select * from {entity}{condition} orderby Id startposition {len(rows) + 1} maxresults {PAGE}")
        rows += page
        if len(page) < PAGE:
            return rows


def rows_where(client: BooksClient, entity: str, name: str, values: Sequence[str]) -> list[Entity]:
    """The rows of a kind whose property is one of some values."""
    wanted = list(dict.fromkeys(values))
    parts = (wanted[start : start + AT_ONCE] for start in range(0, len(wanted), AT_ONCE))
    return [row for part in parts for row in all_rows(client, entity, f"{name} in ({', '.join(map(quoted, part))})")]


def rows_named(client: BooksClient, kind: str, numbers: Sequence[str]) -> list[Entity]:
    """The rows of a kind of ours with these numbers, or these names."""
    longest = LONGEST_NUMBER if kind == PAYMENT else None
    return rows_where(client, KINDS[kind], _NUMBER[kind], [number[:longest] for number in numbers if number])


def changes(client: BooksClient, since: datetime, kinds: Sequence[str], home: str) -> Changes:
    """What changed since an instant. Beyond what QuickBooks remembers or tells at once, rows are looked up by their time, which
    misses those that were deleted: then it is not complete.
    """
    entities = [KINDS[kind] for kind in kinds]
    try:
        time, found = client.changes(entities, since.isoformat(timespec="seconds"))
    except Fault:  # of more than 30 days ago QuickBooks tells nothing
        return _looked_up(client, since, entities, home)
    until = reading.instant(time) - OVERLAP
    if sum(map(len, found.values())) < MOST_CHANGES:
        return Changes(until, [reading.change(reading.OURS[one], row, home) for one, rows in found.items() for row in rows])
    return _one_by_one(client, since, entities, home, until)


def _one_by_one(client: BooksClient, since: datetime, entities: Sequence[str], home: str, until: datetime) -> Changes:
    """Ask for each kind by itself; those with too many changes still are looked up."""
    changed, complete = [], True
    for entity in entities:
        _, found = client.changes([entity], since.isoformat(timespec="seconds"))
        rows = found[entity]
        if len(rows) >= MOST_CHANGES:
            complete = False
            rows = list(_since(client, entity, since))
        changed += [reading.change(reading.OURS[entity], row, home) for row in rows]
    return Changes(until, changed, complete)


def _looked_up(client: BooksClient, since: datetime, entities: Sequence[str], home: str) -> Changes:
    until = reading.instant(client.time())
    rows = [(entity, row) for entity in entities for row in _since(client, entity, since)]
    return Changes(until - OVERLAP, [reading.change(reading.OURS[one], row, home) for one, row in rows], complete=False)


def _since(client: BooksClient, entity: str, since: datetime) -> Iterator[Entity]:
    yield from all_rows(client, entity, f"MetaData.LastUpdatedTime >= {quoted(since.isoformat(timespec='seconds'))}")
