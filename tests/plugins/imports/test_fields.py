"""A cell means one thing or is an error."""

from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.hookspecs.transfer import Column
from plugins.imports.fields import CellError, Habits, decimal_mark, parse_cell, parse_date, parse_decimal, parse_instant

BERLIN = Habits(ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    ("cell", "mark", "value"),
    [
        ("1250.5", None, "1250.5"),
        ("1,250.50", None, "1250.50"),
        ("1250,5", None, "1250.5"),
        ("1.250,50", None, "1250.50"),
        ("1 250,50", None, "1250.50"),
        ("1'250.50", None, "1250.50"),
        ("-3", None, "-3"),
        ("0,125", None, "0.125"),
        ("1.250", "comma", "1250"),
        ("1.250", "point", "1.250"),
    ],
)
def test_numbers_are_read_as_their_writer_meant_them(cell: str, mark: str | None, value: str) -> None:
    assert parse_decimal(cell, mark) == Decimal(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("cell", ["1.250", "12,345", "1,250,000"[:5]])
def test_a_number_with_two_meanings_is_refused(cell: str) -> None:
    with pytest.raises(CellError, match="can be read as"):
        parse_decimal(cell, None)


@pytest.mark.parametrize("cell", ["", "1e5", "NaN", "12.34.5", "1,23,456.7", "49,00 €", "١٢", "0x10", "1_000", "9" * 30])
def test_what_is_no_number_is_refused(cell: str) -> None:
    with pytest.raises(CellError, match="is not a number"):
        parse_decimal(cell, None)


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2))
def test_a_number_written_in_either_style_comes_back(value: Decimal) -> None:
    english = f"{value:,.2f}"
    german = english.replace(",", "_").replace(".", ",").replace("_", ".")
    assert parse_decimal(english, "point") == parse_decimal(german, "comma") == value


@given(st.text(max_size=30))
def test_no_text_breaks_the_number_reader(text: str) -> None:
    with contextlib.suppress(CellError):
        assert parse_decimal(text, None).is_finite()
    assert decimal_mark([text]) in (None, "point", "comma")


def test_dates_in_three_spellings() -> None:
    assert parse_date("2026-12-31", None) == parse_date("31.12.2026", None) == parse_date("12/31/2026", "mdy")
    assert parse_date("07/08/2026", "dmy") == date(2026, 8, 7)


@pytest.mark.parametrize(
    ("cell", "complaint"),
    [
        ("07/08/2026", "declare the date order"),
        ("31.02.2026", "no day of the calendar"),
        ("31.12.26", "is not a date"),
        ("yesterday", "is not a date"),
        ("0001-01-01", "between 1900 and 2199"),
    ],
)
def test_a_date_that_is_none_is_refused(cell: str, complaint: str) -> None:
    with pytest.raises(CellError, match=complaint):
        parse_date(cell, None)


def test_times_without_offset_are_wall_time_of_the_zone() -> None:
    assert parse_instant("31.07.2026 23:30", BERLIN) == datetime(2026, 7, 31, 21, 30, tzinfo=UTC)
    assert parse_instant("2026-12-31T23:30:15", BERLIN) == datetime(2026, 12, 31, 22, 30, 15, tzinfo=UTC)
    assert parse_instant("2026-07-31T23:30:00Z", BERLIN) == datetime(2026, 7, 31, 23, 30, tzinfo=UTC)
    assert parse_instant("2026-07-31 23:30 -07:00", BERLIN) == datetime(2026, 8, 1, 6, 30, tzinfo=UTC)


def test_a_wall_time_that_comes_twice_is_its_first_and_one_that_never_comes_is_refused() -> None:
    assert parse_instant("2026-10-25 02:30", BERLIN) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    with pytest.raises(CellError, match="clocks go forward"):
        parse_instant("2026-03-29 02:30", BERLIN)


@pytest.mark.parametrize("cell", ["2026-07-31", "2026-07-31 25:00", "2026-07-31 noon", "2026-07-31 23:30 +99:99"])
def test_a_time_that_is_none_is_refused(cell: str) -> None:
    with pytest.raises(CellError):
        parse_instant(cell, BERLIN)


@given(st.datetimes(datetime(1950, 1, 1), datetime(2150, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_any_instant_comes_back_through_its_iso_text(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    assert parse_instant(moment.isoformat(), BERLIN) == moment
    assert parse_instant(moment.astimezone(BERLIN.zone).isoformat(), BERLIN) - moment == timedelta(0)


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        ("boolean", "Ja", True),
        ("boolean", "0", False),
        ("enum", "Per Unit", "per_unit"),
        ("email", "Dana@Client.Example", "dana@client.example"),
        ("currency", "eur", "EUR"),
        ("integer", "15", 15),
        ("text", "Mu\u0308ller", "Müller"),
    ],
)
def test_other_kinds_are_read(kind: str, cell: str, value: object) -> None:
    assert parse_cell(Column("x", kind, choices=("fixed", "per_unit")), cell, BERLIN) == value  # type: ignore[arg-type]


def test_money_becomes_minor_units_of_its_rows_currency() -> None:
    money = Column("unit_price", "money")
    assert parse_cell(money, "1.250,50", BERLIN, "EUR") == 125050
    assert parse_cell(money, "1250", BERLIN, "JPY") == 1250
    assert parse_cell(money, "0.125", BERLIN, "KWD") == 125
    with pytest.raises(CellError, match="finer than EUR"):
        parse_cell(money, "0.125", BERLIN, "EUR")
    with pytest.raises(CellError, match="needs a currency"):
        parse_cell(money, "1.00", BERLIN, None)


@pytest.mark.parametrize(
    ("kind", "cell"),
    [
        ("boolean", "maybe"),
        ("enum", "other"),
        ("email", "dana at client"),
        ("currency", "EURO"),
        ("integer", "1.5"),
        ("decimal", "0.00001"),
        ("uuid", "4711"),
        ("text", "x" * 11),
    ],
)
def test_other_kinds_are_refused_with_a_reason(kind: str, cell: str) -> None:
    with pytest.raises(CellError):
        parse_cell(Column("x", kind, choices=("fixed",), max_length=10), cell, BERLIN)  # type: ignore[arg-type]
