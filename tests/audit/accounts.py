"""I4: each entry and each currency add up to zero, and the accounts say what invoices, payments and credits say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from uuid import UUID

from tests.audit.books import Books, Row, grouped

Amounts = Mapping[str, int]


def check_accounts(books: Books) -> Iterator[str]:
    """The ledger by itself, then against what it books."""
    amounts = {entry_id: {one.account: one.amount for one in rows}
               for entry_id, rows in grouped(books.postings, lambda one: one.entry_id).items()}  # fmt: skip
    yield from _balanced(books, amounts)
    yield from _reversals(books, amounts)
    yield from _booked(books, amounts)
    yield from _settled(books)
    yield from _credits(books)
    yield from _balances(books, amounts)


def _balanced(books: Books, amounts: Mapping[UUID, Amounts]) -> Iterator[str]:
    currencies: Counter[str] = Counter()
    for entry in books.entries:
        total = sum(amounts.get(entry.id, {}).values())
        currencies[entry.currency] += total
        if total:
            yield f"I4 entry “{entry.words}” adds up to {total}."
    for currency, total in currencies.items():
        if total:
            yield f"I4 the ledger in {currency} adds up to {total}."


def _reversals(books: Books, amounts: Mapping[UUID, Amounts]) -> Iterator[str]:
    for entry in books.entries:
        if entry.reverses_id is not None:
            opposite = {account: -amount for account, amount in amounts.get(entry.reverses_id, {}).items()}
            if amounts.get(entry.id, {}) != opposite:
                yield f"I4 entry “{entry.words}” is not the opposite of what it reverses."


def live_entries(books: Books) -> dict[UUID, list[Row]]:
    """Entries that were not reversed, by what they book."""
    reversed_ids = {one.reverses_id for one in books.entries}
    standing = [one for one in books.entries if one.reverses_id is None and one.id not in reversed_ids]
    return grouped(standing, lambda one: one.source_id)


def _booked(books: Books, amounts: Mapping[UUID, Amounts]) -> Iterator[str]:
    """Each invoice is booked once while it stands, with its own amounts; each payment with the cash it was."""
    live = live_entries(books)
    for one in books.invoices:
        found = [amounts.get(entry.id, {}) for entry in live[one.id] if entry.kind in ("invoice", "credit_note")]
        due = [_sale(one)] if one.status == "finalized" and one.kind in ("invoice", "credit_note") else []
        if found != [{account: amount for account, amount in each.items() if amount} for each in due]:
            yield f"I4 {one.number}, {one.status}, is booked as {found}, due is {due}."
    for one in books.payments:
        found = [amounts.get(entry.id, {}).get("cash", 0) for entry in live[one.id] if entry.kind == "payment"]
        if found != ([] if one.taken_back_at else [one.amount]):
            yield f"I4 payment {one.id} of {one.amount}{' taken back' * bool(one.taken_back_at)} is booked as {found}."
    for one in books.applications:
        found = [amounts.get(entry.id, {}) for entry in live[one.id]]
        if found != [{"credit": one.amount, "receivable": -one.amount}][: one in _standing(books.applications)]:
            yield f"I4 application {one.id} of {one.amount} is booked as {found}."


def _sale(invoice: Row) -> Amounts:
    if invoice.kind == "invoice":
        return {"receivable": invoice.total, "revenue": -invoice.subtotal, "tax": -invoice.tax}
    return {"revenue": invoice.subtotal, "tax": invoice.tax, "credit": -invoice.total}


def _standing(applications: Sequence[Row]) -> list[Row]:
    return [one for one in applications if not one.reversed_at]


def _settled(books: Books) -> Iterator[str]:
    """What has paid an invoice, and what was taken back of it."""
    paid: Counter[UUID] = Counter()
    credited: Counter[UUID] = Counter()
    for one in chain(books.allocations, _standing(books.applications)):
        paid[one.invoice_id] += one.amount
    for one in books.early:
        paid[one.invoice_id] += 0 if one.taken_back_at else one.amount
    for one in books.invoices:
        if one.credit_of_id is not None and one.status == "finalized":
            credited[one.credit_of_id] += one.total
    for one in books.invoices:
        if one.kind != "credit_note" and one.settled != paid[one.id]:
            yield f"I4 {one.number}: settled is {one.settled}, payments and credits paid {paid[one.id]}."
        if one.credited != credited[one.id] or one.credited > one.total:
            yield f"I4 {one.number}: credited is {one.credited} of {one.total}, its credit notes say {credited[one.id]}."
        if one.settled > one.total or (one.status != "finalized" and one.settled):
            yield f"I4 {one.number} is {one.status}, {one.settled} of {one.total} settled."
    yield from _notes(books)


def _notes(books: Books) -> Iterator[str]:
    """Credit notes take back at most what a line was, and its whole tax with the whole line."""
    back: Counter[UUID] = Counter()
    tax: Counter[UUID] = Counter()
    for line in books.lines:
        if line.credited_line_id is not None and books.by_id[line.invoice_id].status == "finalized":
            back[line.credited_line_id] += line.net
            tax[line.credited_line_id] += line.tax
    for line in books.lines:
        whole = line.net - line.discount
        if abs(back[line.id]) > abs(whole) or abs(tax[line.id]) > abs(line.tax):
            yield f"I4 line {line.id}: {back[line.id]} and {tax[line.id]} tax credited of {whole} and {line.tax}."
        elif back[line.id] and back[line.id] == whole and tax[line.id] != line.tax:
            yield f"I4 line {line.id} is credited whole, its tax {tax[line.id]} of {line.tax}."


def _credits(books: Books) -> Iterator[str]:
    moved: Counter[UUID] = Counter()
    for one in books.movements:
        moved[one.credit_id] += one.amount
    for one in books.credits:
        if moved[one.id] != one.remaining:
            yield f"I4 credit {one.id} has {one.remaining} left, its movements come to {moved[one.id]}."
    used: Counter[UUID] = Counter()
    for one in _standing(books.applications):
        used[one.credit_id] += one.amount
    for one in books.credits:
        if not 0 <= one.remaining <= one.amount or used[one.id] > one.amount - one.remaining:
            yield f"I4 credit {one.id}: {used[one.id]} applied, {one.remaining} of {one.amount} left."


def _balances(books: Books, amounts: Mapping[UUID, Amounts]) -> Iterator[str]:
    """Receivable is what is open, credit what is left of credits: by client and currency."""
    found: Counter[tuple[str, UUID, str]] = Counter()
    for entry in books.entries:
        for account, amount in amounts.get(entry.id, {}).items():
            found[account, entry.client_id, entry.currency] += amount
    due = _due(books)
    for key in sorted(found.keys() | due.keys(), key=str):
        if key[0] in ("receivable", "credit", "tax", "cash") and found[key] != due[key]:
            yield f"I4 {key[0]} of client {key[1]} in {key[2]} is {found[key]}, invoices, payments and credits say {due[key]}."


def _due(books: Books) -> Counter[tuple[str, UUID, str]]:
    due: Counter[tuple[str, UUID, str]] = Counter()
    for one in books.invoices:
        if one.status == "finalized":
            due["tax", one.client_id, one.currency] -= {"invoice": one.tax, "credit_note": -one.tax}.get(one.kind, 0)
            due["receivable", one.client_id, one.currency] += 0 if one.kind == "credit_note" else one.total - one.settled
    for one in books.early:
        invoice = books.by_id[one.invoice_id]
        due["tax", invoice.client_id, invoice.currency] += 0 if one.taken_back_at else one.tax
    for one in books.credits:
        due["credit", one.client_id, one.currency] -= one.remaining
    for one in books.payments:
        due["cash", one.client_id, one.currency] += 0 if one.taken_back_at else one.amount
    for one in books.refunds:
        due["cash", one.client_id, one.currency] -= 0 if one.taken_back_at else one.amount
    return due
