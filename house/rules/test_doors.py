"""Every route and page: a permission on each, nothing for strangers, an example of each body."""

from __future__ import annotations

from flask import Flask

from house.stage import World
from house.walk import body_for, page_doors, random_ids, rest_doors
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
            answer = stranger.open(door.address(random_ids(door)), method=door.method, json=body_for(door))
            assert (answer.status_code, answer.json["code"]) == (401, "unauthenticated"), door
    for door in page_doors(app):
        if door.permission != PUBLIC:
            answer = stranger.open(door.address(random_ids(door)), method=door.method)
            assert answer.status_code == 401 or answer.location.startswith("/login"), door


def test_mallory_who_holds_no_permission_is_refused_everywhere(acme: World, app: Flask) -> None:
    api, browser = acme.api("mallory"), acme.client("mallory")
    for door in rest_doors(app):
        if door.permission not in OPEN:
            answer = api.open(door.address(random_ids(door)), method=door.method, json=body_for(door))
            assert (answer.status_code, answer.json["code"]) == (403, "permission_denied"), door
    for door in page_doors(app):
        if door.permission not in OPEN:
            assert browser.open(door.address(random_ids(door)), method=door.method).status_code == 403, door


def test_a_cookie_without_the_form_token_changes_nothing(acme: World, app: Flask) -> None:
    browser = acme.client()
    del browser.environ_base["HTTP_X_CSRF_TOKEN"]
    for door in [*rest_doors(app), *page_doors(app)]:
        if door.method != "GET" and door.permission != PUBLIC:
            answer = browser.open(door.address(random_ids(door)), method=door.method)
            assert answer.status_code == 403, door


def test_every_body_has_an_example_that_fits(app: Flask) -> None:
    """The OpenAPI document shows it, and these rules knock with it."""
    faults = {str(door): door.schema.validate(body_for(door)) for door in rest_doors(app) if door.schema}
    assert {door: errors for door, errors in faults.items() if errors} == {}
