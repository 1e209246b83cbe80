"""A file is a table or says why not, and each bad row is named."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.hookspecs.transfer import Column, Importer, RowError
from plugins.imports.errors import FileUnreadable
from plugins.imports.fields import Habits
from plugins.imports.reader import decode, read_sheet
from plugins.imports.table import Reading, read_table

BROKEN = Path(__file__).parents[3] / "samples" / "datasets" / "broken"
QUARTER = BROKEN.parent / "acme-2026-q3"
BERLIN = Reading(Habits(ZoneInfo("Europe/Berlin")))


def importer(*columns: Column, kind: str = "client", order: int = 80) -> Importer:
    return Importer(kind, "clients.csv", order, columns, lambda ctx, rows, resolver: ())


CLIENT = importer(
    Column("name", required=True),
    Column("client_type", "enum", required=True, choices=("company", "individual")),
    Column("currency", "currency", required=True),
    Column("billing_cycle", "enum", required=True, choices=("monthly", "quarterly")),
)
CONTRACT = importer(Column("client", "reference", required=True, refers_to="client"), Column("start_date", "date"))
PRICE = importer(Column("currency", "currency", required=True), Column("unit_price", "money", required=True))


@pytest.mark.parametrize(
    ("file", "reads", "line", "column", "complaint"),
    [
        ("ragged_rows.csv", CLIENT, 3, None, "has 3 cells, the header 6"),
        ("ragged_rows.csv", CLIENT, 4, None, "has 8 cells, the header 6"),
        ("twice_the_same_id.csv", CLIENT, 3, "external_id", "line 2 already"),
        ("no_external_id.csv", CLIENT, 2, "external_id", "must have a value"),
        ("unknown_choice.csv", CLIENT, 2, "client_type", "'firm' is none of company, individual"),
        ("unknown_choice.csv", CLIENT, 2, "billing_cycle", "'fortnightly' is none of monthly, quarterly"),
        ("unknown_currency.csv", CLIENT, 2, "currency", "EURO"),
        ("slash_dates.csv", CONTRACT, 2, "start_date", "declare the date order"),
        ("impossible_date.csv", CONTRACT, 2, "start_date", "no day of the calendar"),
        ("two_readings_of_a_number.csv", PRICE, 2, "unit_price", "can be read as 1.250 or 1250"),
        ("fraction_of_a_cent.csv", PRICE, 2, "unit_price", "finer than EUR"),
        ("nul_bytes.csv", CLIENT, 3, None, "NUL byte"),
        ("huge_cell.csv", CLIENT, 2, "name", "has 20000 characters"),
    ],
)
def test_each_broken_row_is_named(file: str, reads: Importer, line: int, column: str | None, complaint: str) -> None:
    table = read_table((BROKEN / file).read_bytes(), [reads], BERLIN)
    found = [error for error in table.errors if (error.line, error.column) == (line, column)]
    assert len(found) == 1, table.errors
    assert complaint in found[0].message
    assert line not in table.rows


@pytest.mark.parametrize(
    ("file", "complaint"),
    [
        ("duplicate_header.csv", "names a column twice: name"),
        ("missing_column.csv", "has no column client_type, currency, billing_cycle"),
        ("no_rows.csv", "no row below"),
        ("empty.csv", "is empty"),
        ("open_quote.csv", "Line 2 is not CSV"),
        ("not_text.csv", "not text"),
    ],
)
def test_a_file_that_is_no_table_is_refused(file: str, complaint: str) -> None:
    with pytest.raises(FileUnreadable, match=complaint):
        read_table((BROKEN / file).read_bytes(), [CLIENT], BERLIN)


def test_dialects_of_the_sample_quarter_are_recognised() -> None:
    seen = {}
    for path in QUARTER.iterdir():
        sheet = read_sheet(path.read_bytes(), {"external_id", "name", "client", "ticket", "user"})
        assert not sheet.errors
        seen[path.name] = (sheet.encoding, sheet.delimiter)
    assert seen["clients.csv"][1] == ","
    assert seen["contacts.csv"] == ("cp1252", ";")
    assert seen["ticket_materials.csv"][1] == "\t"
    assert seen["time_entries.csv"][1] == ";"


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    content = b'external_id,name\nC-1,"two\nlines"\n\nC-2,\xc3\x96l\n'
    sheet = read_sheet(content, {"external_id"})
    assert [(row.line, row.cells[1]) for row in sheet.rows] == [(2, "two\nlines"), (5, "Öl")]


def test_what_spreadsheets_add_is_forgiven() -> None:
    excel = "sep=;\r\nExternal ID;Name;;\r\nC-1; Öl & Gas ;;\r\n;;;\r\n".encode("utf-16")
    table = read_table(excel, [importer(Column("name", required=True))], BERLIN)
    assert not table.errors
    assert table.rows[3][0].values["name"] == "Öl & Gas"


def test_another_number_of_the_file_settles_one_with_two_meanings() -> None:
    content = b"external_id;currency;unit_price\n1;EUR;1.250\n2;EUR;49,90\n"
    table = read_table(content, [PRICE], BERLIN)
    assert [row[0].values["unit_price"] for row in table.rows.values()] == [125000, 4990]


def test_two_rooms_read_one_file_and_columns_of_neither_are_named() -> None:
    content = b"external_id,name,tax_id,mood\nC-1,Quellbach,,fine\nC-2,,DE1,ill\n"
    tax = importer(Column("tax_id"), kind="client_tax", order=81)
    table = read_table(content, [tax, importer(Column("name", required=True))], BERLIN)
    assert table.unread == ("mood",)
    assert [one.kind for one in table.importers] == ["client", "client_tax"]
    assert [dict(row.values) for row in table.rows[2]] == [
        {"external_id": "C-1", "name": "Quellbach"},
        {"external_id": "C-1", "tax_id": None},
    ]
    assert table.errors == [RowError(3, "name", "must have a value.")]
    assert table.total == 2


def test_an_encoding_may_be_declared() -> None:
    assert decode("Müller".encode("cp850"), "cp850") == ("Müller", "cp850")
    with pytest.raises(FileUnreadable, match="no encoding"):
        decode(b"x", "klingon")
    with pytest.raises(FileUnreadable, match="not text in utf-8"):
        decode("Müller".encode("cp1252"), "utf-8")


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(content: bytes) -> None:
    try:
        table = read_table(content, [importer(Column("name"))], BERLIN)
    except FileUnreadable:
        return
    assert table.total >= 1
