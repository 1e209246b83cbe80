"""Routes of a room: who gets in, what is refused by which name, what answers look like."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from kernel.api import mount
from kernel.api.rest import Rest
from kernel.app import Kernel
from kernel.errors import StartupError
from kernel.manifest import Manifest
from kernel.plugins import Plugin
from kernel.tenancy import TenantPlugin
from tests.kernel.api_room import schemas


def refused(response: Any, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.get_data(as_text=True)
    assert response.mimetype == "application/problem+json"
    body = response.get_json()
    assert (body["status"], body["code"]) == (status, code)
    assert body["type"].endswith(code)
    assert body["request_id"] == response.headers["X-Request-Id"]
    return body


def test_alice_adds_reads_changes_and_removes_a_gadget(gadgets: Any) -> None:
    alice = gadgets.api("alice")
    made = alice.post("/api/v1/gadgets", json={"name": "Router", "parts": [{"name": "fan", "rate": "1.25"}]})
    assert made.status_code == 201
    row = made.get_json()
    assert made.headers["Location"] == f"/api/v1/gadgets/{row['id']}"
    assert made.headers["ETag"] == '"1"'
    assert made.headers["Cache-Control"] == "no-store"
    assert set(row) == set(schemas.GadgetOut().fields)
    changed = alice.patch(made.headers["Location"], json={"name": "Switch"}, headers={"If-Match": made.headers["ETag"]})
    assert changed.get_json()["name"] == "Switch"
    assert changed.headers["ETag"] == '"2"'
    assert alice.get(made.headers["Location"], headers={"If-None-Match": '"2"'}).status_code == 304
    removed = alice.delete(made.headers["Location"])
    assert (removed.status_code, removed.data) == (204, b"")
    refused(alice.get(made.headers["Location"]), 404, "not_found")


def test_who_changes_an_older_version_is_told(gadgets: Any) -> None:
    alice = gadgets.api()
    place = alice.post("/api/v1/gadgets", json={"name": "Router"}).headers["Location"]
    assert alice.patch(place, json={"name": "A"}).status_code == 200
    refused(alice.patch(place, json={"name": "B"}, headers={"If-Match": '"1"'}), 412, "version_mismatch")
    refused(alice.patch(place, json={"name": "B"}, headers={"If-Match": '"x"'}), 412, "version_mismatch")
    assert alice.patch(place, json={"name": "B"}, headers={"If-Match": "*"}).status_code == 200


def test_the_field_that_is_wrong_is_named_by_its_path(gadgets: Any) -> None:
    sent = {"name": "", "colour": "red", "currency": "XXX", "parts": [{"name": "ok"}, {"name": "fan", "rate": "dear"}]}
    body = refused(gadgets.api().post("/api/v1/gadgets", json=sent), 422, "invalid_input")
    assert set(body["errors"]) == {"name", "colour", "currency", "parts[1].rate"}
    assert body["errors"]["colour"] == "Unknown field."
    assert "parts[1].rate" in body["detail"]


def test_bodies_that_are_no_json(gadgets: Any) -> None:
    alice = gadgets.api()
    url = "/api/v1/gadgets"
    refused(alice.post(url, data="{", content_type="application/json"), 400, "json_invalid")
    refused(alice.post(url, data="name=x", content_type="application/x-www-form-urlencoded"), 415, "unsupported_media_type")
    assert refused(alice.post(url), 422, "invalid_input")["errors"] == {"name": "Missing data for required field."}
    assert "_schema" in refused(alice.post(url, json=[]), 422, "invalid_input")["errors"]
    refused(alice.post(url, json={"name": "x" * 70_000}), 413, "content_too_large")
    nul = refused(alice.post(url, json={"name": "a", "parts": [{"name": "b\0c"}]}), 422, "invalid_input")
    assert set(nul["errors"]) == {"parts[0].name"}
    refused(alice.get("/api/v1/gadgets?name=%00"), 422, "invalid_input")


def test_unknown_parameters_are_refused_even_where_none_are_taken(gadgets: Any) -> None:
    alice = gadgets.api()
    assert refused(alice.get("/api/v1/gadgets?colour=red"), 422, "invalid_input")["errors"] == {"colour": "Unknown field."}
    refused(alice.get("/api/v1/gadgets/mine?colour=red"), 422, "invalid_input")


def test_addresses_and_methods_that_do_not_exist(gadgets: Any) -> None:
    alice = gadgets.api()
    refused(alice.get("/api/v1/nothing"), 404, "not_found")
    refused(alice.get("/api/v1/gadgets/not-a-uuid"), 404, "not_found")
    wrong = alice.put("/api/v1/gadgets/fast")
    refused(wrong, 405, "method_not_allowed")
    assert "GET" in wrong.headers["Allow"]
    assert gadgets.app.test_client().get("/elsewhere").mimetype == "text/html"


def test_who_may_not_is_told_why(gadgets: Any) -> None:
    stranger = gadgets.app.test_client()
    body = refused(stranger.get("/api/v1/gadgets"), 401, "unauthenticated")
    assert "API key" in body["detail"]
    assert stranger.get("/api/v1/gadgets").headers["WWW-Authenticate"].startswith("Bearer")
    denied = refused(gadgets.api("bob").get("/api/v1/gadgets"), 403, "permission_denied")
    assert denied["permission"] == "gadget.read"
    assert gadgets.api("mallory").get("/api/v1/gadgets/mine").get_json() == {"name": "Mallory"}
    assert stranger.get("/api/v1/gadgets/public").status_code == 200


def test_what_is_wrong_inside_is_not_told_to_those_who_may_not_enter(gadgets: Any) -> None:
    refused(gadgets.api("bob").post("/api/v1/gadgets", json={"colour": 1}), 403, "permission_denied")


def test_another_tenants_gadget_is_like_none(gadgets: Any, beta_gadgets: Any) -> None:
    place = gadgets.api().post("/api/v1/gadgets", json={"name": "Router"}).headers["Location"]
    beta = beta_gadgets.api()
    for url in (place, f"/api/v1/gadgets/{uuid.uuid4()}"):
        answers = [beta.get(url), beta.patch(url, json={"name": "x"}), beta.delete(url)]
        told = [{**refused(one, 404, "not_found"), "request_id": ""} for one in answers]
        assert all(one == told[0] for one in told)
    assert gadgets.api().get(place).get_json()["name"] == "Router"


def test_a_room_switched_off_answers_as_if_it_were_not_there(gadgets: Any) -> None:
    with gadgets.call() as ctx:
        ctx.session.add(TenantPlugin(plugin="gadgets", enabled=False))
    assert refused(gadgets.api().get("/api/v1/gadgets"), 404, "plugin_not_enabled")["plugin"] == "gadgets"


def test_a_refusal_undoes_what_the_view_did(gadgets: Any) -> None:
    alice = gadgets.api()
    place = alice.post("/api/v1/gadgets", json={"name": "Router"}).headers["Location"]
    refused(alice.post(f"{place}/rename-and-fail"), 422, "refused")
    assert alice.get(place).get_json()["name"] == "Router"


def test_what_nobody_foresaw_is_logged_and_not_shown(gadgets: Any, caplog: pytest.LogCaptureFixture) -> None:
    answer = gadgets.api().post("/api/v1/gadgets/crash", headers={"X-Request-Id": "trace-me-12345"})
    refused(answer, 500, "internal_error")
    assert b"secret detail" not in answer.data
    assert answer.headers["X-Request-Id"] == "trace-me-12345"
    assert "secret detail" in caplog.text


def test_a_value_beyond_the_database_is_the_callers_mistake(gadgets: Any) -> None:
    alice = gadgets.api()
    alice.post("/api/v1/gadgets", json={"name": "Router"})
    refused(alice.post("/api/v1/gadgets/number"), 422, "invalid_input")


def test_request_ids_that_are_no_ids_are_replaced(gadgets: Any) -> None:
    for bad in ("short", "x" * 100, "has spaces and words"):
        answer = gadgets.api().get("/api/v1/gadgets/fast", headers={"X-Request-Id": bad})
        assert answer.headers["X-Request-Id"] not in (bad, "")


def test_a_browser_needs_its_token_to_change_things(gadgets: Any) -> None:
    browser = gadgets.client()
    assert browser.post("/api/v1/gadgets", json={"name": "Router"}).status_code == 201
    del browser.environ_base["HTTP_X_CSRF_TOKEN"]
    refused(browser.post("/api/v1/gadgets", json={"name": "Router"}), 403, "csrf_failed")
    assert browser.get("/api/v1/gadgets").status_code == 200


def test_views_may_answer_ready_rows_and_files(gadgets: Any) -> None:
    alice = gadgets.api()
    assert alice.get("/api/v1/gadgets/fast").get_json() == [{"at": "2026-10-01T08:00:00+00:00"}]
    assert alice.get("/api/v1/gadgets/file").mimetype == "text/csv"


def test_a_route_without_a_permission_cannot_be_written() -> None:
    with pytest.raises(StartupError, match="declares no permission"):
        Rest("gadgets").get("/gadgets", permission="")
    with pytest.raises(TypeError):
        Rest("gadgets").get("/gadgets", "gadget.read")  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("path", "permission", "name", "words"),
    [
        ("/gadgets/<uuid:other_name>", "gadget.read", "view", "claim the same address"),
        ("/gadgets/else", "gadget.read", "show_gadget", "claim the same address or name"),
        ("/gadgets/else", "gadget.paint", "view", "which no manifest declares"),
    ],
)
def test_start_is_refused(room: Kernel, path: str, permission: str, name: str, words: str) -> None:
    extra = Rest("gadgets")

    def view() -> None: ...

    view.__name__ = name
    extra.get(path, permission=permission)(view)
    with pytest.raises(StartupError, match=words):
        mount.check_routes(room, [*mount.collect_routes(room), *extra.routes])


def test_a_room_may_not_speak_in_anothers_name(room: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    gadgets = room.plugins.get("gadgets")
    impostor = Plugin(Manifest(name="impostor", title="", summary=""), gadgets.package, gadgets.path)
    monkeypatch.setattr(room.plugins, "collect", lambda hook: [(impostor, Rest("gadgets"))])
    with pytest.raises(StartupError, match="impostor"):
        mount.collect_routes(room)
