"""What QuickBooks taxes a draft, asked by an estimate: it is reckoned like an invoice, books nothing, and is deleted at once.

An estimate that an earlier try left is known by its number, which is the draft's, and by the mark in its private note, which is
that of its content. It is read in place of a new one if nothing changed, and deleted in any case.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from kernel.errors import Unavailable
from kernel.hookspecs.accounting import Document, DocumentLine, Failed
from kernel.hookspecs.delegated_tax import LineTax, Reckoned, TaxQuestion
from kernel.money import spread
from plugins.quickbooks import looking, reading, refusals
from plugins.quickbooks.client import BATCH, DOWN_SECONDS, BooksClient, Entity, Fault, Item, to_json
from plugins.quickbooks.documents import TAXABLE, Books, document_body, group_of, line_code, major
from plugins.quickbooks.request_ids import batch_id, short_id

KIND = "Estimate"
_NO_ESTIMATE = ("DueDate", "SalesTermRef")
_SAYS = "Asks what a draft in Deskhand is taxed, and may be deleted."
_NOT_AUTOMATED = "Automated sales tax is not set up in QuickBooks. Set it up there, or map what is taxed to a group of rates."
_NO_CODE = "QuickBooks wants a tax code on each line of this company, and not all are mapped: what is taxed, and what is not."


class _Asked(NamedTuple):
    """An estimate as it shall be: `mark` is the same for the same content only."""

    body: Entity
    mark: str
    request_id: str


def reckon(client: BooksClient, books: Books, questions: Sequence[TaxQuestion]) -> list[Reckoned | Failed]:
    """The taxes of drafts, as many at once as QuickBooks takes. Raises Unavailable where any estimate may be left."""
    answers: list[Reckoned | Failed] = []
    for start in range(0, len(questions), BATCH):
        answers += _reckon_some(client, books, questions[start : start + BATCH])
    return answers


def _reckon_some(client: BooksClient, books: Books, questions: Sequence[TaxQuestion]) -> list[Reckoned | Failed]:
    left = looking.rows_where(client, KIND, "DocNumber", [number_of(one.id) for one in questions])
    asked = {one.id: _asked(one, one.document, books) for one in questions if one.document and not _cannot(one.document, books)}
    rows: dict[UUID, Entity | Fault] = {}
    for draft_id, one in asked.items():
        rows.update((draft_id, row) for row in left if one.mark in str(row.get("PrivateNote")))
    stuck = _delete(client, [row for row in left if row not in rows.values()])
    rows |= _create(client, {draft_id: one for draft_id, one in asked.items() if draft_id not in rows})
    stuck |= _delete(client, [row for row in rows.values() if not isinstance(row, Fault)])
    names = _rate_names(client, rows.values())
    return [_answer(one, books, rows.get(one.id), stuck, names) for one in questions]


def number_of(draft_id: UUID) -> str:
    """The number of the estimate of a draft, always the same, within QuickBooks' 21 characters.

    >>> number_of(UUID(int=1))
    'tax-00000000000000001'
    """
    return f"tax-{draft_id.hex[-17:]}"


def _cannot(document: Document, books: Books) -> Failed | None:
    """Why the tax of a document cannot be asked: a tax of nothing would be believed."""
    if books.united_states and not books.automated_tax and not group_of(document, books):
        return Failed("taxes_not_reckoned", _NOT_AUTOMATED)
    if not books.united_states and not all(line_code(line, books) for line in document.lines):
        return Failed("taxes_not_reckoned", _NO_CODE)
    return None


def _asked(question: TaxQuestion, document: Document, books: Books) -> _Asked:
    body = {name: value for name, value in document_body(document, books).items() if name not in _NO_ESTIMATE}
    body |= {"DocNumber": number_of(question.id), "PrivateNote": ""}
    mark = hashlib.sha256(to_json(body).encode()).hexdigest()[:32]
    return _Asked(body | {"PrivateNote": f"{_SAYS} {mark}"}, mark, f"{question.request_id} {mark}")


def _create(client: BooksClient, asked: Mapping[UUID, _Asked]) -> dict[UUID, Entity | Fault]:
    if not asked:
        return {}
    items = [Item(short_id(one.request_id), "create", KIND, one.body) for one in asked.values()]
    answers = client.batch(items, batch_id([one.request_id for one in asked.values()]))
    if any(isinstance(one, Fault) and not one.code for one in answers):  # nobody knows whether it is there
        raise Unavailable("QuickBooks did not answer for each estimate.", retry_after=DOWN_SECONDS)
    return dict(zip(asked, answers, strict=True))


def _delete(client: BooksClient, rows: Sequence[Entity]) -> dict[str, Fault]:
    """Delete estimates; those that QuickBooks keeps, by their numbers."""
    stuck: dict[str, Fault] = {}
    for start in range(0, len(rows), BATCH):
        some = rows[start : start + BATCH]
        items = [_deletion(row) for row in some]
        answers = client.batch(items, batch_id([f"delete {row['Id']} {row['SyncToken']}" for row in some]))
        for row, answer in zip(some, answers, strict=True):
            fault = _delete_again(client, row, answer) if isinstance(answer, Fault) else None
            if fault is not None:
                stuck[str(row["DocNumber"])] = fault
    return stuck


def _deletion(row: Entity) -> Item:
    return Item(short_id(f"delete {row['Id']}"), "delete", KIND, {"Id": row["Id"], "SyncToken": row["SyncToken"]})


def _delete_again(client: BooksClient, row: Entity, fault: Fault) -> Fault | None:
    """Somebody changed it meanwhile, or it is gone already; what still stands in the way, if anything."""
    code = refusals.code_of(fault)
    if code == "unavailable":
        raise Unavailable("QuickBooks did not say whether an estimate is deleted.", retry_after=DOWN_SECONDS)
    if code not in ("gone", "stale"):
        return fault
    there = next(iter(looking.rows_where(client, KIND, "Id", [str(row["Id"])])), None)
    if there is None:
        return None
    try:
        client.send(KIND, {"Id": there["Id"], "SyncToken": there["SyncToken"]}, operation="delete")
    except Fault as other:
        return other
    return None


def _answer(question: TaxQuestion, books: Books, row: Entity | Fault | None, stuck: Mapping[str, Fault],
            names: Mapping[str, str]) -> Reckoned | Failed:  # fmt: skip
    number = number_of(question.id)
    if number in stuck:
        said = f"QuickBooks does not let go of the estimate {number}: {stuck[number].words} Delete it there."
        return Failed("refused", said)
    if question.document is None:
        return Reckoned()
    refusal = _cannot(question.document, books)
    if refusal is not None:
        return refusal
    if row is None or isinstance(row, Fault):
        return refusals.failed(row or Fault(0, "QuickBooks answered nothing about it."))
    return Reckoned(read_taxes(row, question.document, books, names))


class _Group(NamedTuple):
    """Lines of one tax code; `taxes` are the tax lines of its rates."""

    lines: list[DocumentLine]
    taxes: list[Entity]


def read_taxes(row: Entity, document: Document, books: Books, names: Mapping[str, str]) -> tuple[LineTax, ...]:
    """What each taxed line of a document is taxed by an estimate. QuickBooks says how much by rates, not by lines: the amount of
    a code's rates is shared out over its lines; all of it over all lines where it says that less clearly.
    """
    detail = row.get("TxnTaxDetail") or {}
    total = reading.minor(detail.get("TotalTax"), document.currency)
    taxed = [line for line in document.lines if line.taxed]
    groups = _groups(taxed, detail.get("TaxLine") or [], books)
    amounts = [sum(reading.minor(one.get("Amount"), document.currency) for one in group.taxes) for group in groups]
    if sum(amounts) != total:
        groups, amounts = [_Group(taxed, [])], [total]
    told = [one for group, tax in zip(groups, amounts, strict=True) for one in _shared(group, tax, document, names)]
    return tuple(sorted(told, key=lambda one: one.position))


def _groups(lines: Sequence[DocumentLine], taxes: Sequence[Entity], books: Books) -> list[_Group]:
    found: dict[str, _Group] = {}
    for line in lines:
        found.setdefault(line_code(line, books) or "", _Group([], [])).lines.append(line)
    for code, group in found.items():
        if books.united_states:
            group.taxes.extend(taxes if code == TAXABLE else ())
        else:
            rates = {rate for rate, _ in books.rates.get(code, ())}
            group.taxes.extend(one for one in taxes if _rate_of(one) in rates)
    return list(found.values())


def _shared(group: _Group, tax: int, document: Document, names: Mapping[str, str]) -> list[LineTax]:
    nets = [line.net for line in group.lines]
    whole = sum(nets)
    shares = spread(tax, [tax * net for net in nets], whole) if whole > 0 else [0] * (len(nets) - 1) + [tax]
    known = [names[rate] for one in group.taxes if (rate := _rate_of(one)) in names]
    name, percent = " + ".join(dict.fromkeys(known)) or "Tax", _percent(group, tax, major(whole, document.exponent))
    return [LineTax(line.position, share, name, percent) for line, share in zip(group.lines, shares, strict=True)]


def _percent(group: _Group, tax: int, base: Decimal) -> Decimal | None:
    """The percents of the rates together, where each is on all of the lines; None leaves it to be worked out."""
    details = [one.get("TaxLineDetail") or {} for one in group.taxes]
    if not details:
        return None if tax else Decimal(0)
    if any(Decimal(str(one.get("NetAmountTaxable") or 0)) != base or not one.get("PercentBased") for one in details):
        return None
    return sum((Decimal(str(one.get("TaxPercent") or 0)) for one in details), Decimal(0))


def _rate_of(tax_line: Entity) -> str:
    detail = tax_line.get("TaxLineDetail") or {}
    return str((detail.get("TaxRateRef") or {}).get("value") or "")


def _rate_names(client: BooksClient, rows: Sequence[Entity | Fault]) -> dict[str, str]:
    taxes = [one for row in rows if not isinstance(row, Fault) for one in (row.get("TxnTaxDetail") or {}).get("TaxLine") or []]
    wanted = sorted({rate for one in taxes if (rate := _rate_of(one))})
    return {str(row["Id"]): str(row["Name"]) for row in looking.rows_where(client, "TaxRate", "Id", wanted)} if wanted else {}
