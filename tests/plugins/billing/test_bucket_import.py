"""Included hours from a former system's files."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from plugins.billing.buckets import hours
from plugins.billing.contracts import services
from plugins.billing.models.contracts import Contract
from tests.plugins.billing.test_contract_import import FILES, run_import

_LINES = FILES["contract_lines.csv"].splitlines()
_COLUMNS = ";included;overage_rate;unit;rollover;covers_all;after_hours;working_hours;alert_percent"
LINES = "\n".join([
    _LINES[0] + _COLUMNS, *(one + ";" * 8 for one in _LINES[1:]),
    "L-9;K-1;9;Stunden;bucket;monthly;advance;nein;EUR;300,00;;;;;;10,5;95,00;hour;ja;nein;2;Büro;80",
])  # fmt: skip
SERVICES = "external_id;contract_line;item;multiplier\nB-1;L-9;S-3;1,5\n"
WHOLE = {**FILES, "contract_lines.csv": LINES + "\n", "contract_line_bucket_services.csv": SERVICES}


@pytest.fixture(autouse=True)
def office(acme: Any) -> None:
    with acme.call() as ctx:
        hours.add_hours(ctx, name="Büro", time_zone="Europe/Vienna", spans=[{"weekday": 1, "begins": 480, "ends": 1020}])


def test_what_a_bucket_includes_comes_with_its_line(acme: Any) -> None:
    assert run_import(acme, WHOLE) == []
    assert run_import(acme, WHOLE, again=True) == []
    with acme.call() as ctx:
        contract = ctx.session.scalars(select(Contract)).one()
        line = next(one for one in services.list_lines(ctx, contract.id) if one.line.kind == "bucket")
        terms = line.bucket
        assert terms is not None
        assert (line.line.price, terms.included, terms.overage_rate, terms.rollover) == (30000, Decimal("10.5"), 9500, True)
        assert (terms.after_hours, terms.alert_percent, list(terms.members.values())) == (Decimal(2), 80, [Decimal("1.5")])


@pytest.mark.parametrize(("file", "old", "new", "column"), [
    ("contract_lines.csv", "10,5;95,00", ";95,00", "included"),
    ("contract_lines.csv", "2;Büro", ";Büro", "working_hours"),
    ("contract_lines.csv", "2;Büro", "2;Werk", "working_hours"),
    ("contract_lines.csv", "hour;ja;nein", "each;ja;ja", "covers_all"),
    ("contract_lines.csv", "Büro;80", "Büro;101", "alert_percent"),
    ("contract_lines.csv", "15;15;;;;;", "15;15;;;1;;", "included"),
    ("contract_line_bucket_services.csv", "L-9", "L-1", "contract_line"),
    ("contract_line_bucket_services.csv", "1,5", "0", "multiplier"),
])  # fmt: skip
def test_a_row_that_makes_no_sense_is_named_with_its_column(acme: Any, file: str, old: str, new: str, column: str) -> None:
    assert old in WHOLE[file]
    told = run_import(acme, {**WHOLE, file: WHOLE[file].replace(old, new, 1)})
    assert (file, column) in {(name, where) for name, _, where in told}, told
