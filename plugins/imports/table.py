"""From rows of cells to typed rows, one reading for each importer of the file, with an error for every bad cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kernel.hookspecs.transfer import Column, Importer, ImportRow, RowError
from plugins.imports.errors import FileUnreadable
from plugins.imports.fields import CellError, Habits, decimal_mark, parse_cell
from plugins.imports.reader import Sheet, read_sheet

EXTERNAL_ID = Column("external_id", required=True, max_length=200)
NUMERIC = ("decimal", "money", "integer")


@dataclass(frozen=True, slots=True)
class Reading:
    """How a user says a file is to be read, where its own bytes do not say it."""

    habits: Habits
    encoding: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A file as its importers see it. `rows[line]` has one typed row for each importer, in their order."""

    importers: tuple[Importer, ...]
    rows: dict[int, tuple[ImportRow, ...]]
    errors: list[RowError]
    unread: tuple[str, ...]
    external_ids: Mapping[int, str]

    @property
    def total(self) -> int:
        """Rows of the file, good and bad."""
        return len(self.rows.keys() | {error.line for error in self.errors})


def read_table(content: bytes, importers: Sequence[Importer], reading: Reading) -> Table:
    """Read and type a whole file. Raises FileUnreadable; bad rows are in `errors`, every bad cell named."""
    ordered = tuple(sorted(importers, key=lambda one: one.order))
    columns = [_with_external_id(importer.columns) for importer in ordered]
    known = {column.name for some in columns for column in some}
    sheet = read_sheet(content, known, encoding=reading.encoding)
    _check_columns(sheet, columns)
    habits = _settled(sheet, columns, reading.habits)
    ids, errors = _external_ids(sheet)
    rows: dict[int, tuple[ImportRow, ...]] = {}
    for raw in sheet.rows:
        cells = {name: cell.strip() for name, cell in zip(sheet.header, raw.cells, strict=True)}
        typed = [_typed(raw.line, some, cells, habits) for some in columns]
        bad = dict.fromkeys(error for _, found in typed for error in found)
        errors += bad
        if not bad and raw.line in ids:
            rows[raw.line] = tuple(ImportRow(raw.line, ids[raw.line], values) for values, _ in typed)
    errors = sorted(sheet.errors + errors, key=lambda error: (error.line, error.column or ""))
    return Table(ordered, rows, errors, tuple(name for name in sheet.header if name and name not in known), ids)


def _with_external_id(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    return (EXTERNAL_ID, *(column for column in columns if column.name != EXTERNAL_ID.name))


def _check_columns(sheet: Sheet, columns: Sequence[Sequence[Column]]) -> None:
    needed = dict.fromkeys(column.name for some in columns for column in some if column.required)
    missing = [name for name in needed if name not in sheet.header]
    if missing:
        there = ", ".join(filter(None, sheet.header))
        raise FileUnreadable(f"The file has no column {', '.join(missing)}. Its header row reads: {there}.")
    if not sheet.rows and not sheet.errors:
        raise FileUnreadable("The file has a header and no row below it.")


def _settled(sheet: Sheet, columns: Sequence[Sequence[Column]], habits: Habits) -> Habits:
    """The habits with the decimal mark that the file's own numbers prove, unless the user declared one."""
    if habits.decimal is not None:
        return habits
    names = {column.name for some in columns for column in some if column.kind in NUMERIC}
    places = [place for place, name in enumerate(sheet.header) if name in names]
    return replace(habits, decimal=decimal_mark(row.cells[place].strip() for row in sheet.rows for place in places))


def _external_ids(sheet: Sheet) -> tuple[dict[int, str], list[RowError]]:
    """The external id of each line that may be loaded; a second row with the same one is an error."""
    place = sheet.header.index(EXTERNAL_ID.name)
    first_seen: dict[str, int] = {}
    ids: dict[int, str] = {}
    errors: list[RowError] = []
    for line, external_id in ((row.line, row.cells[place].strip()) for row in sheet.rows):
        if external_id in first_seen:
            words = f"{external_id!r} is the external_id of line {first_seen[external_id]} already."
            errors.append(RowError(line, EXTERNAL_ID.name, words))
        elif external_id:
            first_seen[external_id] = line
            ids[line] = external_id
    return ids, errors


def _typed(
    line: int, columns: Sequence[Column], cells: Mapping[str, str], habits: Habits
) -> tuple[dict[str, Any], list[RowError]]:
    values: dict[str, Any] = {}
    errors: list[RowError] = []
    for column in columns:
        try:
            values[column.name] = _value(column, cells, habits)
        except CellError as error:
            errors.append(RowError(line, column.name, str(error)))
    return values, errors


def _value(column: Column, cells: Mapping[str, str], habits: Habits) -> Any:
    cell = cells.get(column.name, "")
    if cell:
        return parse_cell(column, cell, habits, cells.get(column.currency_column))
    if column.required:
        raise CellError("must have a value.")
    return None
