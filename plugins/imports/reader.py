"""From the bytes of a CSV file to rows of cells: encoding, delimiter, header, and rows that do not fit it.

No database and no context here; what cannot be a row is a RowError, what cannot be a table is FileUnreadable.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from kernel.hookspecs.transfer import RowError
from plugins.imports.errors import FileUnreadable

DELIMITERS = (",", ";", "\t", "|")
MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
NUL = "\0"
SNIFFED_LINES = 64 * 1024


class RawRow(NamedTuple):
    """The cells of one row in the order of the header; `line` is where it begins, counted from 1 with the header."""

    line: int
    cells: Sequence[str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A readable file. `header` holds normalised names; rows that do not fit it are in `errors`, not in `rows`."""

    header: tuple[str, ...]
    rows: list[RawRow]
    errors: list[RowError]
    encoding: str
    delimiter: str


def read_sheet(content: bytes, known: Collection[str], *, encoding: str | None = None) -> Sheet:
    """Read a file whose columns should be among `known`. Raises FileUnreadable with the line and what to do."""
    text, used = decode(content, encoding)
    if not text.strip():
        raise FileUnreadable("The file is empty; it needs a header row and at least one row below it.")
    delimiter, skipped, body = _delimiter(text, known)
    records = _records(body, delimiter, skipped)
    header = _header(next(records, RawRow(1, ())).cells)
    rows: list[RawRow] = []
    errors: list[RowError] = []
    for row in records:
        fitting = _fit(row, len(header))
        if isinstance(fitting, RowError):
            errors.append(fitting)
        else:
            rows.append(fitting)
    return Sheet(header, rows, errors, used, delimiter)


def decode(content: bytes, declared: str | None = None) -> tuple[str, str]:
    """The text and the encoding it was in: the declared one, that of its byte order mark, UTF-8, or Windows-1252."""
    marked = next((name for mark, name in MARKS if content.startswith(mark)), None)
    for encoding in (declared,) if declared else (marked,) if marked else ("utf-8", "cp1252"):
        try:
            return content.decode(encoding), encoding
        except UnicodeError:
            continue
        except LookupError:
            raise FileUnreadable(f"{declared!r} is no encoding; try utf-8, cp1252, cp850 or iso8859-15.") from None
    raise FileUnreadable(
        f"The file is not text in {declared or marked or 'UTF-8 or Windows-1252'}. Save it as CSV UTF-8, or declare its encoding."
    )


def normalise(name: str) -> str:
    """The name by which a column is known.

    >>> normalise(" External ID "), normalise("Opened-at"), normalise("tax_id")
    ('external_id', 'opened_at', 'tax_id')
    """
    return re.sub(r"[^0-9a-z]+", "_", name.strip().lower()).strip("_")


def _delimiter(text: str, known: Collection[str]) -> tuple[str, int, str]:
    """Delimiter, lines to skip and the text after them: what `sep=` says, else what finds most columns."""
    first, _, rest = text.partition("\n")
    if hint := re.fullmatch(r"sep=(.)\r?", first):
        return hint[1], 1, rest
    head = text[:SNIFFED_LINES]
    return max(DELIMITERS, key=lambda one: _columns_found(head, one, known)), 0, text


def _columns_found(head: str, delimiter: str, known: Collection[str]) -> tuple[int, int]:
    try:
        cells = next(csv.reader(io.StringIO(head, newline=""), delimiter=delimiter), [])
    except csv.Error:
        return 0, 0
    return sum(normalise(cell) in known for cell in cells), len(cells)


def _records(text: str, delimiter: str, skipped: int) -> Iterator[RawRow]:
    """Every row that holds anything, with the line where it begins. Raises FileUnreadable where CSV ends."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = skipped + 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield RawRow(line, cells)
            line = skipped + reader.line_num + 1
    except csv.Error as error:
        raise FileUnreadable(f"Line {line} is not CSV ({error}). Is a quotation mark not closed, or not doubled?") from None


def _header(cells: Sequence[str]) -> tuple[str, ...]:
    names = tuple(normalise(cell) for cell in cells)
    if any(NUL in cell for cell in cells) or not any(names):
        raise FileUnreadable("The first row is no header of column names; is this a CSV file?")
    double = sorted(name for name, count in Counter(names).items() if count > 1 and name)
    if double:
        raise FileUnreadable(f"The header names a column twice: {', '.join(double)}. Rename or remove one.")
    return names


def _fit(row: RawRow, width: int) -> RawRow | RowError:
    """The row with exactly `width` cells; empty ones that a spreadsheet adds at the end do not count."""
    cells = list(row.cells)
    while len(cells) > width and not cells[-1].strip():
        cells.pop()
    if len(cells) != width:
        return RowError(row.line, None, f"The row has {len(cells)} cells, the header {width}. A delimiter or quote is off.")
    if any(NUL in cell for cell in cells):
        return RowError(row.line, None, "The row holds a NUL byte; export the file again as text.")
    return RawRow(row.line, cells)
