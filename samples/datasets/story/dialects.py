"""The ways in which other programs write CSV: encoding, delimiter, dates, decimals, header spelling."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

Value = str | int | bool | Decimal | date | datetime | None
Row = Mapping[str, Value]


@dataclass(frozen=True)
class Dialect:
    """How one program writes a table."""

    encoding: str = "utf-8"
    delimiter: str = ","
    newline: str = "\n"
    dates: str = "%Y-%m-%d"
    comma: bool = False
    yes_no: tuple[str, str] = ("yes", "no")
    spaced_headers: bool = False

    def cell(self, value: Value) -> str:
        """The text of one value in this dialect."""
        if value is None:
            return ""
        if isinstance(value, bool):
            return self.yes_no[0] if value else self.yes_no[1]
        if isinstance(value, datetime):
            return value.strftime(f"{self.dates} %H:%M")
        if isinstance(value, date):
            return value.strftime(self.dates)
        if isinstance(value, Decimal):
            return self.decimal(value)
        return str(value)

    def decimal(self, value: Decimal) -> str:
        """`1.250,50` with a decimal comma, `1250.50` without."""
        if not self.comma:
            return f"{value:f}"
        return f"{value:,f}".replace(",", "_").replace(".", ",").replace("_", ".")

    def header(self, name: str) -> str:
        """`external_id`, or `External ID` as spreadsheets like it."""
        if not self.spaced_headers:
            return name
        return name.replace("_", " ").capitalize().replace(" id", " ID")

    def dump(self, rows: Sequence[Row]) -> bytes:
        """The whole table as the file's bytes."""
        text = io.StringIO()
        writer = csv.writer(text, delimiter=self.delimiter, lineterminator=self.newline)
        writer.writerow(self.header(name) for name in rows[0])
        for row in rows:
            writer.writerow(self.cell(value) for value in row.values())
        return text.getvalue().encode(self.encoding)


PLAIN = Dialect()
EXCEL = Dialect(encoding="utf-8-sig", newline="\r\n", spaced_headers=True)
GERMAN = Dialect("cp1252", ";", "\r\n", "%d.%m.%Y", comma=True, yes_no=("ja", "nein"))
GERMAN_UTF8 = Dialect("utf-8-sig", ";", "\r\n", "%d.%m.%Y", comma=True, yes_no=("ja", "nein"), spaced_headers=True)
TABS = Dialect(delimiter="\t", yes_no=("1", "0"))

SPOKEN = {
    "clients.csv": EXCEL,
    "contacts.csv": GERMAN,
    "catalog_prices.csv": GERMAN,
    "contracts.csv": GERMAN,
    "contract_lines.csv": GERMAN,
    "contract_line_items.csv": GERMAN,
    "contract_discounts.csv": GERMAN,
    "ticket_materials.csv": TABS,
    "tickets.csv": Dialect(spaced_headers=True),
    "time_entries.csv": GERMAN_UTF8,
    "usage_records.csv": Dialect(delimiter=";", comma=True),
    "assets.csv": GERMAN,
}


def spoken(file: str) -> Dialect:
    """The dialect in which the export holds this file."""
    return SPOKEN.get(file, PLAIN)
