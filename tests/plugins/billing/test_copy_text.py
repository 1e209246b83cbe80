"""What is written for COPY arrives as it was, whatever stands in it."""

from __future__ import annotations

import doctest
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import ARRAY, BigInteger, Boolean, Date, DateTime, LargeBinary, Numeric, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from kernel.context import Actor
from kernel.db import cursor
from plugins.billing import copy_text as module
from plugins.billing.copy_text import copy_text, writer_of

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"))
COLUMNS: dict[str, tuple[Any, st.SearchStrategy[Any]]] = {
    "uuid": (Uuid(), st.uuids()),
    "text": (Text(), WORDS),
    "bigint": (BigInteger(), st.integers(-(2**63), 2**63 - 1)),
    "numeric": (Numeric(), st.decimals(allow_nan=False, allow_infinity=False, places=6)),
    "date": (Date(), st.dates()),
    "timestamptz": (DateTime(timezone=True), st.datetimes(datetime(1900, 1, 1), timezones=st.just(UTC))),  # noqa: DTZ001 - hypothesis adds the zone
    "bytea": (LargeBinary(), st.binary()),
    "boolean": (Boolean(), st.booleans()),
    "jsonb": (JSONB(), st.dictionaries(WORDS, WORDS | st.integers(-(2**53), 2**53) | st.none(), max_size=3)),
}
ROWS = st.lists(st.tuples(*(st.none() | values for _, values in COLUMNS.values())), min_size=1, max_size=8)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=ROWS)
def test_whatever_is_copied_arrives_as_it_was(acme: Any, rows: list[tuple[Any, ...]]) -> None:
    writers = [writer_of(kind) for kind, _ in COLUMNS.values()]
    columns = ", ".join(f"c{at} {kind}" for at, kind in enumerate(COLUMNS))
    with acme.call(Actor.system()) as ctx, cursor(ctx.session) as cur:
        cur.execute(f"create temporary table copied (place serial, {columns}) on commit drop")
        with cur.copy(f"copy copied ({', '.join(f'c{at}' for at in range(len(COLUMNS)))}) from stdin") as copy:
            copy.write(copy_text(writers, rows))
        found = cur.execute("select * from copied order by place").fetchall()
        assert [tuple(row.values())[1:] for row in found] == rows
        cur.execute("drop table copied")


def test_a_column_of_an_unknown_type_is_refused() -> None:
    with pytest.raises(TypeError, match="ARRAY"):
        writer_of(ARRAY(Text()))


def test_the_example_holds() -> None:
    assert doctest.testmod(module).failed == 0
    assert copy_text([writer_of(Date()), writer_of(Numeric())], [(date(2026, 3, 1), Decimal("1.50"))]) == "2026-03-01\t1.50\n"
