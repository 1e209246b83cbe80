"""Statements as tables (CSV), whose columns a person named once for each account. Pure."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from plugins.bank_files.entries import BankEntry, Statement, minor_units, plain, squash
from plugins.bank_files.errors import StatementUnreadable

FIELDS = ("date", "amount", "credit", "debit", "currency", "name", "iban", "text", "reference", "structured")
DATE_ORDERS = ("dmy", "mdy", "ymd")
MOST_ROWS = 200_000
_MOST_COLUMNS = 200
_DELIMITERS = ";,\t|"
_GROUPED = {True: re.compile(r"[+-]?\d{1,3}(\.\d{2,3})*\.\d{3}"), False: re.compile(r"[+-]?\d{1,3}(,\d{2,3})*,\d{3}")}
"""Thousands' marks stand before three digits; in India before two in between. With decimal points `12,50` is no number."""
_GUESSES = {
    "date": ("booking date", "date", "buchungstag", "buchungsdatum", "datum", "transaction date", "posted", "value date"),
    "amount": ("amount", "betrag", "umsatz", "montant", "importe", "betrag (eur)"),
    "credit": ("credit", "paid in", "haben", "crédit", "money in"),
    "debit": ("debit", "paid out", "soll", "débit", "money out"),
    "currency": ("currency", "währung", "waehrung", "devise"),
    "name": ("name", "payer", "counterparty", "beguenstigter/zahlungspflichtiger", "name zahlungsbeteiligter", "auftraggeber"),
    "iban": ("iban", "iban zahlungsbeteiligter", "counterparty iban", "kontonummer/iban", "account number"),
    "text": ("description", "remittance", "verwendungszweck", "details", "memo", "buchungstext", "libellé", "reference text"),
    "reference": ("reference", "bank reference", "transaction id", "referenz", "fitid", "id"),
    "structured": ("structured reference", "creditor reference", "zahlungsreferenz"),
}


class Columns(NamedTuple):
    """Which column (counted from 0) holds what; `amount`, or `credit` and `debit`. `comma` where decimals follow a comma.
    `header` is that of the file that they were named for.
    """

    places: Mapping[str, int]
    date_order: str
    comma: bool
    header: tuple[str, ...]


class Sheet(NamedTuple):
    """A readable table: its header and the rows below it, each with the line where it begins."""

    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def read_sheet(content: bytes) -> Sheet:
    """The table in a file: lines above the header that name no column of it are left out. Raises StatementUnreadable."""
    text = _decoded(content)
    if not text.strip():
        raise StatementUnreadable("The file is empty.")
    lines = csv.reader(io.StringIO(text), delimiter=_delimiter(text), strict=False)
    try:
        found = [(lines.line_num, tuple(cell.strip() for cell in row)) for row in lines if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise StatementUnreadable(f"Line {lines.line_num}: {error}.") from error
    width = max(len(row) for _, row in found)
    if len(found) > MOST_ROWS or width > _MOST_COLUMNS:
        raise StatementUnreadable(f"At most {MOST_ROWS} rows and {_MOST_COLUMNS} columns are read.")
    full = (place for place, (_, row) in enumerate(found) if len(row) * 2 > width and sum(map(bool, row)) > 1)
    at = next(full, 0)
    return Sheet(found[at][1], tuple(found[at + 1 :]))


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _delimiter(text: str) -> str:
    first = text.splitlines()[:50]
    return max(_DELIMITERS, key=lambda one: sum(line.count(one) for line in first))


def guess_columns(sheet: Sheet) -> Columns:
    """What the header's words and the first rows let one think."""
    names = [one.casefold().strip() for one in sheet.header]
    places: dict[str, int] = {}
    for field, words in _GUESSES.items():
        for word in words:
            if word in names and names.index(word) not in places.values():
                places[field] = names.index(word)
                break
    if "amount" in places:
        places.pop("credit", None)
        places.pop("debit", None)
    return Columns(places, _guess_order(sheet, places.get("date")), _guess_comma(sheet, places), sheet.header)


def _guess_order(sheet: Sheet, place: int | None) -> str:
    for _, row in sheet.rows if place is not None else ():
        parts = re.split(r"\D+", row[place]) if place < len(row) else []
        if len(parts) == 3 and len(parts[0]) == 4:
            return "ymd"
        if len(parts) == 3 and parts[1].isdigit() and int(parts[1]) > 12:
            return "mdy"
    return "dmy"


def _guess_comma(sheet: Sheet, places: Mapping[str, int]) -> bool:
    cells = [row[places[one]] for _, row in sheet.rows for one in ("amount", "credit", "debit")
             if one in places and places[one] < len(row)]  # fmt: skip
    return any(re.search(r",\d{1,3}$", cell) and not re.search(r"\.\d{1,2}$", cell) for cell in cells)


def check_columns(columns: Columns) -> dict[str, str]:
    """What is wrong with a choice of columns, by field."""
    errors = {}
    if "date" not in columns.places:
        errors["date"] = "Choose the column of the booking date."
    if "amount" not in columns.places and "credit" not in columns.places:
        errors["amount"] = "Choose the column of the amount, or those of money in and out."
    return errors | {one: "The file has no such column." for one, at in columns.places.items() if at >= len(columns.header)}


def statement_of(sheet: Sheet, columns: Columns, account: str, currency: str) -> Statement:
    """The entries of a table. Raises StatementUnreadable with the line of what cannot be read; then nothing is imported."""
    return Statement(account, currency, tuple(_entry(line, row, columns, currency) for line, row in sheet.rows))


def _entry(line: int, row: Sequence[str], columns: Columns, currency: str) -> BankEntry:
    where = f"Line {line}"

    def cell(name: str) -> str:
        place = columns.places.get(name)
        return "" if place is None or place >= len(row) else row[place]

    code = cell("currency").upper() or currency
    return BankEntry(
        _day(cell("date"), columns.date_order, where), _amount(cell, columns.comma, code, where), code, plain(cell("name"), 140),
        squash(cell("iban"))[:34], plain(cell("text")), plain(cell("structured"), 140), plain(cell("reference"), 140),
    )  # fmt: skip


def _amount(read: Callable[[str], str], comma: bool, currency: str, where: str) -> int:
    if text := read("amount"):
        return _minor(text, comma, currency, where)
    into, out = read("credit"), read("debit")
    if not into and not out:
        raise StatementUnreadable(f"{where}: there is no amount.")
    came = abs(_minor(into, comma, currency, where)) if into else 0
    went = abs(_minor(out, comma, currency, where)) if out else 0
    return came - went


def _minor(text: str, comma: bool, currency: str, where: str) -> int:
    try:
        return minor_units(number(text, comma=comma), currency, where)
    except ValueError as error:
        mark = "comma" if comma else "point"
        raise StatementUnreadable(f"{where}: {text!r} is no amount where decimals follow a {mark}.") from error


def number(text: str, *, comma: bool) -> str:
    """An amount as it is typed, as `Decimal` reads it: blanks and thousands' marks are left out, the sign may follow. Raises
    ValueError where a mark stands elsewhere, since the file may be written the other way.

    >>> number("1.234,50-", comma=True), number("(1,234.50)", comma=False), number("+ 5", comma=False)
    ('-1234.50', '-1234.50', '+5')
    """
    packed = re.sub(r"[\s\u00a0\u202f'’]", "", text)
    if packed.startswith("(") and packed.endswith(")"):
        packed = "-" + packed[1:-1]
    if packed.endswith(("-", "+")):
        packed = packed[-1] + packed[:-1]
    packed, group, mark = packed.replace("−", "-"), "." if comma else ",", "," if comma else "."
    whole, _, part = packed.partition(mark)
    if group in part or (group in whole and not _GROUPED[comma].fullmatch(whole)):
        raise ValueError(text)
    return whole.replace(group, "") + ("." + part if part else "")


def _day(text: str, order: str, where: str) -> date:
    parts = [one for one in re.split(r"\D+", text.partition("T")[0].partition(" ")[0]) if one]
    try:
        found = dict(zip(order, (int(one) for one in parts), strict=True))
        year = found["y"] + 2000 if found["y"] < 100 else found["y"]
        return date(year, found["m"], found["d"])
    except ValueError as error:
        raise StatementUnreadable(f"{where}: {text!r} is no date in the order {order}.") from error
