"""Another tenant's rows are, at every route and page, like rows that are not there; and are not touched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from house.furniture import KERNEL, Rows
from house.knocking import Knocker, fingerprint, said
from house.rules.test_code import NAMES
from house.stage import World
from house.walk import Door, body_for, ids_in_body, ids_in_query, page_doors, random_ids, rest_doors
from kernel.gate import PUBLIC

ROOMS = [KERNEL, *NAMES]
Furnished = tuple[World, Rows]


@pytest.mark.parametrize("room", ROOMS)
def test_own_rows_open_every_reading_door(room: str, furnished_acme: Furnished, app: Flask) -> None:
    """And so prove that the furniture is of the kind that the address means."""
    acme, rows = furnished_acme
    knock = Knocker(acme)
    for door in (one for one in _doors(app, room) if one.method == "GET"):
        mine = knock(door, rows.ids(door))
        assert mine.status_code < 500, door
        if door.parameters and door.permission != PUBLIC:  # which tell strangers of no row
            random = knock(door, random_ids(door))
            assert said(mine) != said(random), f"{door}: what the furniture has for {door.parameters} is of another kind"
        for field in ids_in_query(door):
            found, nothing = (knock(door, rows.ids(door), query={field: one}) for one in (_row(rows, door, field), uuid4()))
            assert said(found) != said(nothing), f"{door}?{field}= finds nothing of the furniture"


@pytest.mark.parametrize("room", ROOMS)
def test_acmes_ids_are_to_beta_like_random_ones(
    room: str, furnished_acme: Furnished, furnished_beta: Furnished, app: Flask
) -> None:
    (acme, theirs), (beta, ours) = furnished_acme, furnished_beta
    knock = Knocker(beta)
    before = fingerprint(acme)
    for door in _doors(app, room):
        for path in _strange(door, theirs.ids(door), ours.ids(door)):
            mine, random = knock(door, path), knock(door, path | _random(path, theirs.ids(door)))
            assert said(mine) == said(random), door
            assert mine.status_code != 200, door
        for field in ids_in_query(door):
            mine, random = (knock(door, ours.ids(door), query={field: one}) for one in (_row(theirs, door, field), uuid4()))
            assert said(mine) == said(random), f"{door}?{field}="
    assert fingerprint(acme) == before


@pytest.mark.parametrize("room", ROOMS)
def test_acmes_ids_in_a_body_are_to_beta_like_random_ones(
    room: str, furnished_acme: Furnished, furnished_beta: Furnished, app: Flask
) -> None:
    """Below Beta's own address, one of Acme's ids at a time among Beta's own; and such an id is looked at at all."""
    doors = [door for door in _doors(app, room) if ids_in_body(door)]
    if not doors:
        pytest.skip(f"{room} takes no ids in bodies")
    (acme, theirs), (beta, ours) = furnished_acme, furnished_beta
    knock = Knocker(beta)
    before = fingerprint(acme)
    for door in doors:
        random = {}
        for field in ids_in_body(door):
            mine, random[field] = (_send(knock, door, ours, field, row) for row in (_row(theirs, door, field), uuid4()))
            assert mine.status_code >= 400, f"{door}: {field}"
            assert said(mine) == said(random[field]), f"{door}: {field}"
        own = knock(door, ours.ids(door), _body(door, ours))
        for field, answer in random.items():
            assert said(own) != said(answer), f"{door}: nobody looks at {field}; is the example of its body one that works?"
    assert fingerprint(acme) == before


def _doors(app: Flask, room: str) -> list[Door]:
    return [door for door in [*rest_doors(app), *page_doors(app)] if door.plugin == room]


def _strange(door: Door, theirs: dict[str, UUID], ours: dict[str, UUID]) -> list[dict[str, UUID]]:
    """Addresses with foreign rows: all of them, and each one alone among own rows."""
    alone = [ours | {name: theirs[name]} for name in theirs] if len(theirs) > 1 else []
    return [theirs, *alone] if theirs else []


def _random(path: dict[str, UUID], theirs: dict[str, UUID]) -> dict[str, UUID]:
    return {name: uuid4() for name, row in path.items() if row == theirs[name]}


def _row(rows: Rows, door: Door, path: str) -> UUID:
    row = rows.find(door, path.rpartition(".")[2])
    assert row, f"{door}: no furniture has a row for {path}; lay one out in {door.plugin}'s furniture.py"
    return row


def _send(knock: Knocker, door: Door, rows: Rows, field: str, row: UUID) -> Any:
    """The answer at an own address to own ids, but for one."""
    return knock(door, rows.ids(door), _body(door, rows, {field: row}))


def _body(door: Door, rows: Rows, strange: Mapping[str, UUID] | None = None) -> Any:
    return body_for(door, lambda path: (strange or {}).get(path) or _row(rows, door, path))
