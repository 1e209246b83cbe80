"""The error file: CSV that a spreadsheet opens, with nothing in it that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping

HEADER = ("file", "line", "column", "external_id", "message")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def error_csv(problems: Iterable[Mapping[str, object]]) -> bytes:
    """UTF-8 with a byte order mark; a cell that begins like a formula gets an apostrophe in front (OWASP CSV injection).

    >>> error_csv([{"file": "clients.csv", "line": 2, "external_id": "=1+1"}]).decode("utf-8-sig").splitlines()[1]
    "clients.csv,2,,'=1+1,"
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADER)
    writer.writerows([_plain(problem.get(name)) for name in HEADER] for problem in problems)
    return text.getvalue().encode("utf-8-sig")


def template_csv(columns: Iterable[str]) -> bytes:
    """An empty file with the header row that an importer reads."""
    return (",".join(columns) + "\r\n").encode("utf-8-sig")


def _plain(value: object) -> str:
    cell = "" if value is None else str(value)
    return f"'{cell}" if cell.startswith(FORMULA) else cell
