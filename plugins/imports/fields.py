"""What a cell means: text, numbers, money, dates and the like, in the habits of the file that holds it.

Nothing is guessed: a cell that can be read in two ways is an error until the file's other cells or the user settle it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from kernel.currencies import CurrencyUnknown, currency
from kernel.hookspecs.transfer import Column

DateOrder = Literal["dmy", "mdy"]
DecimalMark = Literal["point", "comma"]

YES = frozenset({"yes", "y", "true", "t", "1", "x", "ja", "j", "wahr", "oui"})
NO = frozenset({"no", "n", "false", "f", "0", "nein", "falsch", "non"})
_NUMBERS: dict[DecimalMark, re.Pattern[str]] = {
    "point": re.compile(r"[+-]?([0-9]{1,18}|[1-9][0-9]{0,2}(,[0-9]{3}){1,5})(\.[0-9]{1,12})?"),
    "comma": re.compile(r"[+-]?([0-9]{1,18}|[1-9][0-9]{0,2}(\.[0-9]{3}){1,5})(,[0-9]{1,12})?"),
}
_SPACED = re.compile(r"(?<=[0-9])[ \u00a0\u202f'’](?=[0-9]{3}(?![0-9]))")
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_DOTTED = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
_SLASHED = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]{1,6})?)? ?(Z|[+-][0-9]{2}:?[0-9]{2})?")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
MAX_PLACES = 4


class CellError(ValueError):
    """A cell does not hold what its column asks for; the message says what it should hold."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How the writer of a file writes. `zone` is where a time without an offset was read from the wall."""

    zone: ZoneInfo
    date_order: DateOrder | None = None
    decimal: DecimalMark | None = None


def parse_cell(column: Column, cell: str, habits: Habits, money_in: str | None = None) -> Any:
    """The value of a cell that is not empty; `money_in` is the currency of its row. Raises CellError."""
    if len(cell) > column.max_length:
        raise CellError(f"has {len(cell)} characters; at most {column.max_length} fit.")
    if column.kind == "enum":
        return _choice(cell, column.choices)
    if column.kind == "money":
        return _money(cell, habits, money_in)
    if column.at_most is not None and (fitting := _within(cell, column.at_most)) is not None:
        return fitting
    return _PARSERS[column.kind](cell, habits)


def decimal_mark(cells: Iterable[str]) -> DecimalMark | None:
    """The one mark with which every number among the cells can be read, if one of them proves it.

    >>> decimal_mark(["1.250", "3,5"]), decimal_mark(["1.250", "3"]), decimal_mark(["1.5", "1,5"])
    ('comma', None, None)
    """
    proofs = {next(iter(found)) for cell in cells if len(found := _readings(cell)) == 1}
    return proofs.pop() if len(proofs) == 1 else None


def parse_decimal(cell: str, mark: DecimalMark | None) -> Decimal:
    """An exact number. Raises CellError, also for one that means two things without a mark.

    >>> parse_decimal("1.250,50", None), parse_decimal("1.250", "comma"), parse_decimal("0.125", None)
    (Decimal('1250.50'), Decimal('1250'), Decimal('0.125'))
    """
    found = _readings(cell)
    if mark is not None:
        found = {mark: found[mark]} if mark in found else {}
    if not found:
        hint = f" with a decimal {mark}" if mark else ""
        raise CellError(f"{_shown(cell)} is not a number{hint}; write digits only, such as 1250.50.")
    if len(set(found.values())) > 1:
        one, other = (f"{value:f}" for value in found.values())
        raise CellError(f"{_shown(cell)} can be read as {one} or {other}; declare the decimal mark, point or comma.")
    return next(iter(found.values()))


def parse_date(cell: str, order: DateOrder | None) -> date:
    """A calendar date, 1900 to 2199. Raises CellError.

    >>> parse_date("31.12.2026", None), parse_date("12/31/2026", "mdy")
    (datetime.date(2026, 12, 31), datetime.date(2026, 12, 31))
    """
    year, month, day = _date_parts(cell.removesuffix(" 00:00:00"), order)
    try:
        found = date(year, month, day)
    except ValueError:
        raise CellError(f"{_shown(cell)} is no day of the calendar.") from None
    if not 1900 <= year < 2200:
        raise CellError(f"The year of {_shown(cell)} is not between 1900 and 2199.")
    return found


def parse_instant(cell: str, habits: Habits) -> datetime:
    """An instant in UTC; without an offset it is wall time in the habits' zone, the first of two when clocks go back.

    Raises CellError, also for a wall time that the clocks leap over.
    """
    day_text, _, clock_text = cell.replace("T", " ", 1).partition(" ")
    found = _TIME.fullmatch(clock_text.strip())
    if found is None:
        raise CellError(f"{_shown(cell)} is not a date with a time, such as 2026-07-31 23:30.")
    day = parse_date(day_text, habits.date_order)
    try:
        moment = datetime.combine(day, time(int(found[1]), int(found[2]), int(found[3] or 0)))
        if found[4]:
            return datetime.fromisoformat(f"{moment.isoformat()}{found[4]}").astimezone(UTC)
    except ValueError:
        raise CellError(f"{_shown(cell)} is no time of the day.") from None
    instant = moment.replace(tzinfo=habits.zone).astimezone(UTC)
    if instant.astimezone(habits.zone).replace(tzinfo=None) != moment:
        raise CellError(f"{_shown(cell)} does not exist in {habits.zone.key}: the clocks go forward over it.")
    return instant


def _readings(cell: str) -> dict[DecimalMark, Decimal]:
    """What the cell means by each decimal mark under which it is a number."""
    plain = _SPACED.sub("", cell)
    found: dict[DecimalMark, Decimal] = {}
    if _NUMBERS["point"].fullmatch(plain):
        found["point"] = Decimal(plain.replace(",", ""))
    if _NUMBERS["comma"].fullmatch(plain):
        found["comma"] = Decimal(plain.replace(".", "").replace(",", "."))
    return found


def _within(cell: str, most: Decimal) -> Decimal | None:
    """The one meaning of the cell that the column can hold: `9.975` percent is not 9975."""
    found = {value for value in _readings(cell).values() if value <= most}
    return found.pop() if len(found) == 1 else None


def _date_parts(cell: str, order: DateOrder | None) -> tuple[int, int, int]:
    if found := _ISO.fullmatch(cell):
        return int(found[1]), int(found[2]), int(found[3])
    if found := _DOTTED.fullmatch(cell):
        return int(found[3]), int(found[2]), int(found[1])
    if found := _SLASHED.fullmatch(cell):
        if order is None:
            raise CellError(f"{_shown(cell)} may begin with the day or the month; declare the date order, dmy or mdy.")
        first, second = int(found[1]), int(found[2])
        return (int(found[3]), second, first) if order == "dmy" else (int(found[3]), first, second)
    raise CellError(f"{_shown(cell)} is not a date; write 2026-12-31 or 31.12.2026.")


def _decimal(cell: str, habits: Habits) -> Decimal:
    value = parse_decimal(cell, habits.decimal)
    if round(value, MAX_PLACES) != value:
        raise CellError(f"{_shown(cell)} has more than {MAX_PLACES} decimals.")
    return value


def _integer(cell: str, habits: Habits) -> int:
    value = parse_decimal(cell, habits.decimal)
    if value != int(value):
        raise CellError(f"{_shown(cell)} is not a whole number.")
    return int(value)


def _money(cell: str, habits: Habits, code: str | None) -> int:
    value = parse_decimal(cell, habits.decimal)
    try:
        places = currency((code or "").upper()).exponent
    except CurrencyUnknown:
        raise CellError("needs a currency in the same row, such as EUR.") from None
    minor = value.scaleb(places)
    if minor != int(minor):
        raise CellError(f"{_shown(cell)} is finer than {code} goes, which has {places} decimals.")
    return int(minor)


def _currency(cell: str, _: Habits) -> str:
    try:
        return currency(cell.upper()).code
    except CurrencyUnknown as error:
        raise CellError(error.detail) from None


def _boolean(cell: str, _: Habits) -> bool:
    word = cell.lower()
    if word in YES or word in NO:
        return word in YES
    raise CellError(f"{_shown(cell)} is neither yes nor no.")


def _choice(cell: str, choices: tuple[str, ...]) -> str:
    word = cell.casefold().replace(" ", "_")
    found = next((choice for choice in choices if choice.casefold() in (word, cell.casefold())), None)
    if found is None:
        raise CellError(f"{_shown(cell)} is none of {', '.join(choices)}.")
    return found


def _email(cell: str, _: Habits) -> str:
    if len(cell) > 254 or not _EMAIL.fullmatch(cell):
        raise CellError(f"{_shown(cell)} is not an e-mail address.")
    return cell.lower()


def _uuid(cell: str, _: Habits) -> UUID:
    try:
        return UUID(cell)
    except ValueError:
        raise CellError(f"{_shown(cell)} is not a UUID.") from None


def _text(cell: str, _: Habits) -> str:
    """The text composed (NFC): a Mac writes ü as two characters, and nobody would find it again."""
    return unicodedata.normalize("NFC", cell)


def _shown(cell: str) -> str:
    return repr(cell if len(cell) <= 40 else f"{cell[:40]}…")


_PARSERS: dict[str, Callable[[str, Habits], Any]] = {
    "text": _text,
    "reference": _text,
    "integer": _integer,
    "decimal": _decimal,
    "currency": _currency,
    "date": lambda cell, habits: parse_date(cell, habits.date_order),
    "datetime": parse_instant,
    "boolean": _boolean,
    "email": _email,
    "uuid": _uuid,
}
