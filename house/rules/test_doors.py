"""Every route and page: a permission on each, nothing for strangers, foreign ids like random ones."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from house.stage import World
from house.walk import Door, body_for, foreign_ids, one_row_of_each_table, page_doors, rest_doors
from kernel.app import Kernel
from kernel.gate import PUBLIC, SIGNED_IN

OPEN = {PUBLIC, SIGNED_IN}


def test_every_door_names_a_declared_permission(app: Flask, kernel: Kernel) -> None:
    doors = [*rest_doors(app), *page_doors(app)]
    assert doors
    declared = kernel.plugins.permissions.keys() | OPEN
    assert [str(door) for door in doors if door.permission not in declared] == []
    reading_doors_that_write = [str(d) for d in doors if d.method == "GET" and d.permission.endswith((".delete", ".void"))]
    assert reading_doors_that_write == []


def test_every_address_of_the_application_is_a_known_door(app: Flask) -> None:
    known = {door.rule for door in [*rest_doors(app), *page_doors(app)]}
    loose = [rule.rule for rule in app.url_map.iter_rules() if rule.rule not in known]
    assert set(loose) <= {"/api/v1/openapi.json", "/api/docs", "/healthz", "/readyz", "/metrics"} | _assets(loose)


def _assets(rules: list[str]) -> set[str]:
    return {rule for rule in rules if rule.startswith(("/api/docs", "/static/"))}


def test_nobody_gets_in_without_signing_in(app: Flask) -> None:
    stranger = app.test_client()
    for door in rest_doors(app):
        if door.permission != PUBLIC:
            answer = _knock(stranger, door, {})
            assert (answer.status_code, answer.json["code"]) == (401, "unauthenticated"), door
    for door in page_doors(app):
        if door.permission != PUBLIC:
            answer = stranger.open(door.address(_random_ids(door)), method=door.method)
            assert answer.status_code == 401 or answer.location.startswith("/login"), door


def test_mallory_who_holds_no_permission_is_refused_everywhere(acme: World, app: Flask) -> None:
    api, browser = acme.api("mallory"), acme.client("mallory")
    for door in rest_doors(app):
        if door.permission not in OPEN:
            answer = _knock(api, door, _random_ids(door))
            assert (answer.status_code, answer.json["code"]) == (403, "permission_denied"), door
    for door in page_doors(app):
        if door.permission not in OPEN:
            assert browser.open(door.address(_random_ids(door)), method=door.method).status_code == 403, door


def test_a_cookie_without_the_form_token_changes_nothing(acme: World, app: Flask) -> None:
    browser = acme.client()
    del browser.environ_base["HTTP_X_CSRF_TOKEN"]
    for door in [*rest_doors(app), *page_doors(app)]:
        if door.method != "GET" and door.permission != PUBLIC:
            answer = browser.open(door.address(_random_ids(door)), method=door.method)
            assert answer.status_code == 403, door


@pytest.fixture
def full(acme: World) -> dict[str, UUID]:
    """Ids of Acme's rows, with something in as many tables as the rooms can fill."""
    from house.furniture import furnish

    furnish(acme)
    return one_row_of_each_table(acme)


def test_acmes_ids_are_to_beta_like_random_ones(acme: World, beta: World, app: Flask, full: dict[str, UUID]) -> None:
    api, browser = beta.api(), beta.client()
    assert len(full) > 20
    for door in rest_doors(app):
        for ids in _foreign(door, full):
            mine, random = _knock(api, door, ids), _knock(api, door, _random_ids(door))
            assert _said(mine, ids) == _said(random, {}), door
    for door in page_doors(app):
        for ids in _foreign(door, full):
            mine = browser.open(door.address(ids), method=door.method)
            random = browser.open(door.address(_random_ids(door)), method=door.method)
            assert mine.status_code == random.status_code, door
            assert mine.status_code != 200, door


def test_acmes_ids_in_a_body_are_to_beta_like_random_ones(beta: World, app: Flask, full: dict[str, UUID]) -> None:
    api = beta.api()
    for door in rest_doors(app):
        names = _id_fields(door)
        if door.parameters or not names:
            continue
        ids = {name: next(iter(foreign_ids(name, full))) for name in names}
        mine, random = _knock(api, door, {}, ids), _knock(api, door, {})
        assert mine.status_code >= 400, door
        assert _said(mine, ids) == _said(random, {}), door


def _id_fields(door: Door) -> list[str]:
    from marshmallow import fields

    return [name for name, one in door.schema.fields.items() if isinstance(one, fields.UUID)] if door.schema else []


def _foreign(door: Door, rows: dict[str, UUID]) -> list[dict[str, UUID]]:
    """The address with Acme's rows: for each parameter, each row it may mean, the others random."""
    if not door.parameters:
        return []
    whole = {name: next(iter(foreign_ids(name, rows))) for name in door.parameters}
    return [whole | {name: row} for name in door.parameters for row in foreign_ids(name, rows)]


def _random_ids(door: Door) -> dict[str, UUID]:
    return {name: uuid4() for name in door.parameters}


def _knock(client: FlaskClient, door: Door, ids: dict[str, UUID], body: dict[str, UUID] | None = None) -> Any:
    return client.open(door.address(ids or _random_ids(door)), method=door.method, json=body_for(door, body))


def _said(answer: Any, ids: dict[str, UUID]) -> tuple[int, Any]:
    problem = answer.json if answer.is_json else {}
    words = str({name: problem.get(name) for name in ("code", "title", "errors")})
    for one in ids.values():
        words = words.replace(str(one), "ID")
    return answer.status_code, words
