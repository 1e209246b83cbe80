"""An extension in Python, as `deskhand ext new --lang py` begins one and as the SDK lets it speak to the host."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from plugins.extensions.author.building import COMPONENT, build_extension
from plugins.extensions.author.starting import create_extension
from plugins.extensions.guests.artefacts import ArtefactStore
from plugins.extensions.guests.compiling import Compiled, compile_component
from plugins.extensions.guests.invocation import ExportCall, GuestRequest, Invocation, Outcome
from plugins.extensions.guests.limits import Limits
from plugins.extensions.guests.pool import GuestPool
from tests.extensions.guest_stage import EVERYTHING, Host

PATIENT = Limits(cpu_seconds=5, wall_seconds=60)
CAPABILITIES = frozenset({"cap:storage.kv", "cap:ticket.read"})
KEPT = {"key": "a", "revision": 7, "expires_at": None}
ANSWERS: dict[str, Any] = {
    "storage.put": {"success": True, "value": KEPT}, "storage.put_many": {"success": True, "value": [KEPT]},
    "storage.get": {"success": True, "value": None},
    "tickets.list": {"success": False, "error": "invalid_input: see the fields", "field_errors": {"limit": "too small"}},
    "context.current": {"success": True, "value": {
        "tenant_id": "t", "install_id": "i", "extension_name": "n", "extension_version": "1", "trigger": "schedule",
        "request_id": "r", "deadline_ms": 5}},
}  # fmt: skip


@pytest.fixture(scope="module")
def guest(store: ArtefactStore, tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    """The template's own handler, and beside it one that does more."""
    folder = tmp_path_factory.mktemp("authors") / "everything"
    create_extension(folder, "py")
    (folder / "src" / "extension.py").rename(folder / "src" / "greeting.py")
    ours = Path(__file__).parent / "python_guest"
    shutil.copy(ours / "extension.py", folder / "src")
    shutil.copy(ours / "deskhand.json", folder)
    assert build_extension(folder)
    return compile_component(
        store, (folder / COMPONENT).read_bytes(), CAPABILITIES, ("on-event", "collect-charges", "render-invoice")
    )


def ask(pool: GuestPool, guest: Compiled, what: GuestRequest | ExportCall) -> tuple[Outcome, Host]:
    host = Host(ANSWERS)
    return pool.invoke(Invocation(guest.artefact, what, EVERYTHING | CAPABILITIES, PATIENT), host), host


def said(pool: GuestPool, guest: Compiled, path: str, body: str = "") -> Any:
    outcome, _ = ask(pool, guest, GuestRequest("POST", path, body=body))
    assert outcome.response is not None, outcome
    return orjson.loads(outcome.response.body)


def test_the_template_greets_and_imports_only_what_is_asked_for(pool: GuestPool, guest: Compiled) -> None:
    outcome, _ = ask(pool, guest, GuestRequest("GET", "/", query=(("name", "Dana"),)))
    assert outcome.response is not None
    assert (outcome.response.status, outcome.response.body) == (200, '{"hello": "Dana"}')
    assert [line.message for line in outcome.logs] == ["greeted Dana"]
    assert "tickets.list" in guest.inspection.functions
    assert not {"tickets.create", "invoicing.create-manual-invoice"} & set(guest.inspection.functions)
    assert guest.inspection.wasi == ()


def test_records_defaults_and_refusals_pass_both_ways(pool: GuestPool, guest: Compiled) -> None:
    outcome, host = ask(pool, guest, GuestRequest("POST", "/keep", body="ü 🙂"))
    assert outcome.response is not None, outcome
    assert orjson.loads(outcome.response.body) == {"kept": KEPT, "many": [KEPT], "none": None}
    value = {"namespace": "seen", "key": "a", "value": "ü 🙂", "ttl_seconds": None, "if_revision": None}
    assert host.calls[0].args == {"input": value}
    assert host.calls[1].args == {"input": {"items": [value | {"key": "b", "value": "é"}]}}
    assert said(pool, guest, "/refused") == ["invalid_input: see the fields", {"limit": "too small"}]
    assert said(pool, guest, "/denied") == "capability_denied: add cap:ticket.write to capabilities in deskhand.json"


def test_clock_and_chance_are_the_hosts_in_each_call(pool: GuestPool, guest: Compiled) -> None:
    first, second = said(pool, guest, "/senses"), said(pool, guest, "/senses")
    assert all(first[name] != second[name] for name in ("random", "secret", "uuid"))
    assert abs(datetime.fromisoformat(first["now"]) - datetime.now(UTC)) < timedelta(hours=1)
    assert first["today"] == first["now"][:10]
    assert first["built"] <= first["time"] <= second["time"]
    assert first["trigger"] == "schedule"
    outcome, _ = ask(pool, guest, GuestRequest("POST", "/senses"))
    assert [(line.level, line.message) for line in outcome.logs] == [("info", "printed words"), ("info", "and a rest")]


def test_what_there_is_not_is_said_in_pythons_own_way(pool: GuestPool, guest: Compiled) -> None:
    assert said(pool, guest, "/files") == [
        "FileNotFoundError: [Errno 44] an extension has no files: '/etc/passwd'",
        "RuntimeError: an extension cannot sleep; ask for a schedule",
    ]


def test_an_exception_is_logged_once_with_the_authors_own_line(pool: GuestPool, guest: Compiled) -> None:
    outcome, _ = ask(pool, guest, GuestRequest("POST", "/broken"))
    (line,) = outcome.logs
    assert (outcome.trap, line.level) == ("guest_trapped", "error")
    assert 'raise ValueError("no such thing")\nValueError: no such thing' in line.message.replace("    ", "")


def test_events_and_charges(pool: GuestPool, guest: Compiled) -> None:
    event = {"id": "1", "name": "ticket.opened", "occurred_at": "2026-07-03T09:00:00Z", "payload": '{"title": "Printer"}'}
    told, _ = ask(pool, guest, ExportCall("on-event", {"event": event}))
    assert (told.ok, told.failed, [line.message for line in told.logs]) == (True, False, ["ticket.opened: Printer"])
    failed, _ = ask(pool, guest, ExportCall("on-event", {"event": event | {"payload": "{}"}}))
    assert (failed.failed, failed.answer) == (True, "'title'")
    window = {"start": "2026-05-01", "end": "2026-06-01", "client_ids": ["c1", "c2"]}
    charges, _ = ask(pool, guest, ExportCall("collect-charges", {"window": window}))
    assert [one["idempotency_key"] for one in charges.answer] == ["2026-05-01/c1", "2026-05-01/c2"]
    assert charges.answer[0] | {"idempotency_key": ""} == {
        "client_id": "c1", "service_id": None, "description": "Backup", "quantity": "1.5", "rate": 500, "currency_code": "EUR",
        "charged_on": None, "idempotency_key": "",
    }  # fmt: skip


def test_invoices_are_laid_out(pool: GuestPool, guest: Compiled) -> None:
    laid, _ = ask(pool, guest, ExportCall("render-invoice", {"document": '{"client": {"name": "Müller 漢字"}}'}))
    assert orjson.loads(laid.answer)["blocks"][0] == {"kind": "text", "text": "Müller 漢字"}
