"""The OpenAPI document: valid, complete, and the same for everybody."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from marshmallow import Schema, fields
from openapi_spec_validator import OpenAPIV31SpecValidator

from kernel.api.openapi import document, open_api
from kernel.api.rest import Rest
from tests.kernel.api_room import routes


@pytest.fixture
def visitor(gadgets: Any) -> FlaskClient:
    """Somebody without a credential."""
    return gadgets.app.test_client()


@pytest.fixture
def told(visitor: FlaskClient) -> dict[str, Any]:
    """The document."""
    return visitor.get("/api/v1/openapi.json").get_json()


def test_the_document_is_valid(told: dict[str, Any]) -> None:
    assert told["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(told).validate()


def test_the_document_of_the_whole_house_is_valid(app: Flask) -> None:
    told = app.test_client().get("/api/v1/openapi.json").get_json()
    OpenAPIV31SpecValidator(told).validate()
    names = [one["operationId"] for path in told["paths"].values() for name, one in path.items() if name != "parameters"]
    assert len(names) == len(set(names)) == len(app.extensions["deskhand_routes"])


def test_every_route_is_there_with_its_permission(told: dict[str, Any]) -> None:
    found = {(method.upper(), one["x-permission"]) for path in told["paths"].values() for method, one in path.items()
             if method in ("get", "post", "patch", "delete", "put")}  # fmt: skip
    assert found == {(route.method, route.permission) for route in routes.rest.routes}
    names = [one["operationId"] for path in told["paths"].values() for name, one in path.items() if name != "parameters"]
    assert len(names) == len(set(names)) == len(routes.rest.routes)


def test_what_a_route_says(told: dict[str, Any]) -> None:
    add = told["paths"]["/api/v1/gadgets"]["post"]
    assert (add["summary"], add["description"]) == ("Add a gadget.", "Its parts are read and forgotten.")
    assert {"$ref": "#/components/parameters/IdempotencyKey"} in add["parameters"]
    assert set(add["responses"]) == {"201", "401", "403", "404", "409", "422", "429", "default"}
    body = add["requestBody"]["content"]["application/json"]
    assert body["schema"] == {"$ref": "#/components/schemas/GadgetIn"}
    assert body["example"]["parts"] == [{"name": "text", "rate": "1.5"}]
    assert add["security"] == [{"session": []}, {"bearer": []}, {"apiKey": []}]
    change = told["paths"]["/api/v1/gadgets/{gadget_id}"]["patch"]
    assert {"$ref": "#/components/parameters/IfMatch"} in change["parameters"]
    assert "412" in change["responses"]
    assert told["paths"]["/api/v1/gadgets/public"]["get"]["security"] == []
    listed = {one["name"] for one in told["paths"]["/api/v1/gadgets"]["get"]["parameters"]}
    assert {"limit", "cursor", "sort", "fields", "updated_since", "name", "name__in", "created_at__gte"} <= listed


def test_every_refusal_is_a_problem(told: dict[str, Any]) -> None:
    for name, response in told["components"]["responses"].items():
        content = response["content"]["application/problem+json"]
        assert content["schema"] == {"$ref": "#/components/schemas/ProblemOut"}, name
        assert content["example"]["code"]


def test_rooms_may_choose_the_same_name_for_a_schema() -> None:
    rest, app = Rest("gadgets"), Flask("names")
    api = open_api(app, "1")
    for name in ("a", "b"):
        schema = type("ItemOut", (Schema,), {name: fields.String()})
        rest.get(f"/{name}", permission="gadget.read", out=schema)(lambda ctx: None)
        app.add_url_rule(f"/{name}", name, lambda: "")
        rule = next(app.url_map.iter_rules(name))
        api.spec.path(rule=rule, operations={"get": document(rest.routes[-1])})
    schemas = api.spec.to_dict()["components"]["schemas"]
    assert list(schemas["ItemOut"]["properties"]) == ["a"]
    assert list(schemas["ItemOut2"]["properties"]) == ["b"]


def test_the_document_and_its_pages_are_kept_by_browsers(visitor: FlaskClient) -> None:
    for url in ("/api/v1/openapi.json", "/api/docs", "/api/docs.js"):
        first = visitor.get(url)
        assert first.status_code == 200
        assert visitor.get(url, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304


def test_the_pages_load_nothing_from_elsewhere(visitor: FlaskClient) -> None:
    page = visitor.get("/api/docs")
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    text = page.get_data(as_text=True)
    assert "//" not in text.replace("<!doctype", "")
    assert "<script>" not in text
