"""Exports besides the handler: called by name with typed values, and checked like everything that comes from a guest."""

from __future__ import annotations

from typing import Any

import pytest

from plugins.extensions import errors
from plugins.extensions.guests.answers import BadResponse, checked_answer
from plugins.extensions.guests.artefacts import ArtefactStore
from plugins.extensions.guests.compiling import Compiled, compile_component
from plugins.extensions.guests.invocation import ExportCall, Invocation, Outcome
from plugins.extensions.guests.pool import GuestPool
from tests.extensions.conftest import answering_guest, wat_guest
from tests.extensions.guest_stage import SHORT, Host, call

ALL = ("on-event", "collect-charges", "render-invoice")
CLIENT = "0198c1d0-0000-7000-8000-00000000c11e"


@pytest.fixture(scope="module")
def guest(store: ArtefactStore) -> Compiled:
    return compile_component(store, answering_guest(), (), ALL)


def ask(pool: GuestPool, guest: Compiled, export: str, **args: Any) -> Outcome:
    return pool.invoke(Invocation(guest.artefact, ExportCall(export, args), frozenset(), SHORT), Host())


def event(payload: str = "{}") -> dict[str, str]:
    return {"id": "1", "name": "ticket.opened", "occurred_at": "2026-07-03T09:00:00Z", "payload": payload}


def test_an_event_is_taken_or_refused_in_the_guests_own_words(pool: GuestPool, guest: Compiled) -> None:
    taken = ask(pool, guest, "on-event", event=event())
    assert (taken.ok, taken.failed, taken.answer, taken.response) == (True, False, None, None)
    refused = ask(pool, guest, "on-event", event=event(""))
    assert (refused.ok, refused.failed, refused.answer) == (True, True, "ticket.opened")


def test_charges_come_back_as_plain_data(pool: GuestPool, guest: Compiled) -> None:
    window = {"start": "2026-05-01", "end": "2026-06-01", "client_ids": [CLIENT]}
    (charge,) = ask(pool, guest, "collect-charges", window=window).answer
    assert charge == {
        "client_id": CLIENT,
        "service_id": None,
        "description": "Metering",
        "quantity": "1",
        "rate": 500,
        "currency_code": "EUR",
        "charged_on": "2026-05-01",
        "idempotency_key": "may",
    }
    assert ask(pool, guest, "collect-charges", window=window | {"client_ids": []}).answer == []


def test_a_document_goes_in_and_out(pool: GuestPool, guest: Compiled) -> None:
    assert ask(pool, guest, "render-invoice", document='{"a": "Grüße"}').answer == '{"a": "Grüße"}'


def test_the_handler_of_the_same_component_is_still_there(pool: GuestPool, guest: Compiled) -> None:
    response = call(pool, guest.artefact).response
    assert response is not None
    assert response.body == "ok"


def test_an_endless_event_is_stopped_and_the_next_call_works(pool: GuestPool, guest: Compiled) -> None:
    assert ask(pool, guest, "on-event", event=event("1")).trap == "guest_timeout"
    assert ask(pool, guest, "on-event", event=event()).ok


def test_an_export_that_is_not_there_is_a_trap(pool: GuestPool, store: ArtefactStore) -> None:
    polite = compile_component(store, wat_guest("polite"), ())
    assert ask(pool, polite, "on-event", event=event()).trap == "guest_not_loadable"


@pytest.mark.parametrize("needed", ALL)
def test_what_the_manifest_promises_has_to_be_exported(store: ArtefactStore, needed: str) -> None:
    with pytest.raises(errors.MissingExport, match=needed):
        compile_component(store, wat_guest("polite"), (), [needed])


def test_an_export_of_another_type_is_refused(store: ArtefactStore) -> None:
    lifted = '(func $r (param "document" string) (canon lift (core func $instance "take")'
    options = ' (memory (core memory $instance "memory")) (realloc (core func $instance "realloc"))))'
    wasm = wat_guest("polite", exports=lifted + options + ' (export "render-invoice" (func $r))')
    with pytest.raises(errors.MissingExport, match=r"as func\(document: string\); it must be"):
        compile_component(store, wasm, (), ["render-invoice"])


@pytest.mark.parametrize("raw", [None, "ok", ["ok"], ["err", 7], ["err", None], ["other", 1], {"ok": 1}, [["ok"], 1]])
def test_a_worker_cannot_send_what_is_no_result(raw: Any) -> None:
    with pytest.raises(BadResponse):
        checked_answer(raw)
