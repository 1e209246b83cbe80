"""What two hammered tenants must hold against each other afterwards: in answers, log lines, records, storage, in every table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import psycopg

from tests.ground import connect_owner

if TYPE_CHECKING:
    from tests.soak.hammer import Answered, Hammer, Side

_TABLES = (
    "select table_name from information_schema.columns where column_name = 'tenant_id' and table_schema = 'public' order by 1"
)
_RECORDS = "select request_id, install_id::text, status, logs, detail from extensions_invocations where endpoint = 'POST /deed'"
_STORED = "select install_id::text, namespace, key, value from extensions_storage_entries"
_DENIALS = "select row_id::text from audit_entries where action = 'host_call.denied'"


def findings(hammer: Hammer) -> list[str]:
    """Everything that crossed from one tenant to the other, or got lost; nothing where all is well."""
    found = list(hammer.leaked)
    for side, other in (hammer.sides, hammer.sides[::-1]):
        answered = [one for one in hammer.answered if one.side is side]
        found += [words for one in answered for words in _of_answer(one, side, other)]
        with connect_owner(hammer.kernel, side.tenant_id) as database:
            found += _of_tables(database, side, other)
            found += _of_records(database, answered, side)
            found += _of_storage(database, answered, side)
    return found


def _of_answer(one: Answered, side: Side, other: Side) -> Iterator[str]:
    for needle in other.own:
        if needle in one.text or needle in str(one.headers):
            yield f"the answer to {one.mark} holds {needle}: {one.text[:300]}"
    if one.headers.get("X-Request-Id") != one.mark:
        yield f"the answer to {one.mark} is to {one.headers.get('X-Request-Id')}"
    if one.json is None or (one.status >= 500 and "code" not in one.json):
        yield f"the answer to {one.mark} is no problem document: {one.status} {one.text[:300]}"
    elif "mark" in one.json:
        yield from _of_guest(one, side)


def _of_guest(one: Answered, side: Side) -> Iterator[str]:
    """The guest's own answer: that of this call, in a store that no call was in before, of this tenant alone."""
    seen = one.json
    expected = {"mark": one.mark}
    if one.status == 200:
        expected |= {"remembered": "", "token": side.token, "config": side.token, "clients": [f"Client of {side.token}"]}
        if seen["context"]["tenantId"] != str(side.tenant_id) or seen["context"]["requestId"] != one.mark:
            yield f"{one.mark} was told to be another: {seen['context']}"
        if seen["user"]["id"] != str(side.user_id):
            yield f"{one.mark} acts for {seen['user']}"
        if one.deed == "keep" and seen["kept"] != f"{side.token} {one.mark}":
            yield f"{one.mark} kept one thing and read {seen['kept']!r}"
    yield from (f"{one.mark} saw {key} {seen[key]!r}" for key, value in expected.items() if seen[key] != value)


def _of_tables(database: psycopg.Connection[Any], side: Side, other: Side) -> Iterator[str]:
    """Rows of the tenant, in any table, that hold what belongs to the other; as bytes as well."""
    needles = [f"%{text}%" for needle in other.own for text in (needle, needle.encode().hex())]
    for (table,) in database.execute(_TABLES).fetchall():
        wanted = f"select t::text from {table} t where tenant_id = %s and t::text like any(%s) limit 3"
        for (row,) in database.execute(wanted, [side.tenant_id, needles]):  # type: ignore[arg-type]
            yield f"a row of {table} holds what is another tenant's: {row[:300]}"


def _of_records(database: psycopg.Connection[Any], answered: list[Answered], side: Side) -> Iterator[str]:
    """Each call has the record of itself alone; only a cut connection may have cost one its record."""
    by_mark = {one.mark: one for one in answered}
    recorded = set()
    for mark, install_id, status, logs, detail in database.execute(_RECORDS):
        one = by_mark.get(mark)
        if one is None or mark in recorded or install_id != str(side.install_id):
            yield f"a record that belongs to no call: {mark} {install_id}"
            continue
        recorded.add(mark)
        if status is not None and one.status not in (status, 500):
            yield f"{mark} was answered {one.status} and recorded as {status}"
        strange = [text for text in (detail, *(line["message"] for line in logs)) if side.token in text and mark not in text]
        yield from (f"the record of {mark} holds a line of another call: {text[:300]}" for text in strange)
    yield from (
        f"{mark} was answered and left no record" for mark in by_mark if by_mark[mark].status == 200 and mark not in recorded
    )
    for (row_id,) in database.execute(_DENIALS):
        if row_id != str(side.install_id):
            yield f"a denial of another install: {row_id}"


def _of_storage(database: psycopg.Connection[Any], answered: list[Answered], side: Side) -> Iterator[str]:
    """What was acknowledged is there, once; what is there was asked for; the count is that of the writes."""
    kept = {one.mark for one in answered if one.deed == "keep"}
    there, count = set(), 0
    for install_id, namespace, key, value in database.execute(_STORED):
        token, _, rest = value.partition(" ")
        if install_id != str(side.install_id) or token != side.token:
            yield f"an entry of another: {namespace} {key} {value!r}"
        elif namespace == "shared":
            count = int(rest)
        else:
            there.add(key)
            if key not in kept or rest != key:
                yield f"an entry that no call kept: {key} {value!r}"
    told = {one.mark for one in answered if one.deed == "keep" and one.status == 200}
    yield from (f"{mark} was told that it is kept, and it is not" for mark in told - there)
    counted = sorted(one.json["count"] for one in answered if one.deed == "count" and one.status == 200)
    if len(set(counted)) != len(counted) or (counted and counted[-1] > count):
        yield f"two calls counted the same, or a count went back: {counted[-5:]}, stored {count}"
