"""The sample quarter is what its generator writes, and it is big and whole enough to be the main job's input."""

from __future__ import annotations

import csv
import itertools
import subprocess
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest
import stdnum.at.uid
import stdnum.ca.bn
import stdnum.de.vat
import stdnum.fr.tva
import stdnum.us.ein

DATASETS = Path(__file__).parents[3] / "samples" / "datasets"
QUARTER = DATASETS / "acme-2026-q3"
CHECKS = {
    "DE": stdnum.de.vat.is_valid,
    "AT": stdnum.at.uid.is_valid,
    "FR": stdnum.fr.tva.is_valid,
    "US": stdnum.us.ein.is_valid,
    "CA": stdnum.ca.bn.is_valid,
}
LEAST = {
    "clients": 40,
    "contacts": 80,
    "users": 12,
    "teams": 3,
    "catalog_items": 30,
    "contracts": 45,
    "tickets": 600,
    "time_entries": 1500,
    "assets": 100,
    "ticket_materials": 50,
    "usage_records": 200,
}
TARGETS = {
    "client": "clients",
    "contract": "contracts",
    "contract_line": "contract_lines",
    "contract_line_item": "contract_line_items",
    "ticket": "tickets",
    "item": "catalog_items",
    "user": "users",
    "assigned_to": "users",
    "location": "locations",
    "contact": "contacts",
    "team": "teams",
    "board": "ticket_boards",
    "status": "ticket_statuses",
    "priority": "ticket_priorities",
    "rate": "tax_rates",
    "tax_region": "tax_regions",
}


def table(name: str) -> list[dict[str, str]]:
    """The rows of a file, read independently of the engine."""
    raw = (QUARTER / name).read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252")
    delimiter = max(";,\t", key=text.splitlines()[0].count)
    rows = csv.reader(text.splitlines(keepends=True), delimiter=delimiter)
    header = [cell.lower().replace(" ", "_") for cell in next(rows)]
    return [dict(zip(header, (cell.strip() for cell in row), strict=True)) for row in rows]


def moment(cell: str) -> datetime:
    return datetime.strptime(f"{cell} +0200", "%d.%m.%Y %H:%M %z")


def test_the_generator_writes_exactly_the_committed_files(tmp_path: Path) -> None:
    subprocess.run([sys.executable, DATASETS / "generate.py", tmp_path], check=True)
    for folder in ("acme-2026-q3", "broken"):
        written = {path.name: path.read_bytes() for path in (tmp_path / folder).iterdir()}
        committed = {path.name: path.read_bytes() for path in (DATASETS / folder).iterdir()}
        assert written == committed


def test_the_quarter_has_the_size_of_a_real_one() -> None:
    assert {name for name, count in LEAST.items() if len(table(f"{name}.csv")) < count} == set()
    assert {row["line_type"] for row in table("contract_lines.csv")} == {
        "fixed",
        "hourly",
        "usage",
        "product",
        "license",
    }
    assert {row["kind"] for row in table("catalog_items.csv")} == {"service", "product", "license"}
    assert len({row["country"] for row in table("locations.csv")}) >= 3


def test_external_ids_are_unique_and_every_reference_is_met() -> None:
    ids = {path.stem: [row["external_id"] for row in table(path.name)] for path in QUARTER.iterdir()}
    assert all(len(set(keys)) == len(keys) for keys in ids.values())
    known = {column: set(ids[file]) | {""} for column, file in TARGETS.items()}
    known["status"] |= {"draft", "active", "submitted", "approved", "inactive", "retired"}
    for path in QUARTER.iterdir():
        for row in table(path.name):
            for column in row.keys() & known.keys():
                assert row[column] in known[column], f"{path.name} {row['external_id']}: {column}"


def test_most_clients_have_a_valid_tax_id_and_two_share_a_name() -> None:
    clients, country = table("clients.csv"), {row["client"]: row["country"] for row in table("locations.csv")}
    missing = [row for row in clients if not row["tax_id"]]
    assert 1 <= len(missing) <= 6
    assert all(CHECKS[country[row["external_id"]]](row["tax_id"]) for row in clients if row["tax_id"])
    assert Counter(row["name"] for row in clients).most_common(1)[0][1] == 2


def test_nobody_works_on_two_things_at_once() -> None:
    spans: dict[str, list[tuple[datetime, datetime]]] = {}
    for row in table("time_entries.csv"):
        span = (moment(row["started_at"]), moment(row["ended_at"]))
        spans.setdefault(row["user"], []).append(span)
    for work in spans.values():
        work.sort()
        assert all(one[1] <= following[0] for one, following in itertools.pairwise(work))
    nights = [span for work in spans.values() for span in work if span[0].date() != span[1].date()]
    assert any(start.month != end.month for start, end in nights)


@pytest.mark.parametrize(
    ("file", "proof"),
    [
        ("clients.csv", b"\xef\xbb\xbfExternal ID,"),
        ("contacts.csv", b"external_id;client;"),
        ("ticket_materials.csv", b"external_id\tticket"),
    ],
)
def test_the_files_speak_different_dialects(file: str, proof: bytes) -> None:
    assert (QUARTER / file).read_bytes().startswith(proof)
