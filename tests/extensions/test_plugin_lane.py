"""Modules for extism, in the same workers and under the same limits as components."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from wasmtime import wat2wasm

from plugins.extensions import errors
from plugins.extensions.guests.artefacts import ArtefactStore
from plugins.extensions.guests.compiling import compile_component
from plugins.extensions.guests.invocation import ExportCall, GuestRequest, HostCall, Invocation, Outcome
from plugins.extensions.guests.limits import EXTISM, Limits
from plugins.extensions.guests.pool import GuestPool
from tests.extensions.conftest import WAT, wat_guest
from tests.extensions.guest_stage import EVERYTHING, SHORT, Host, call

ASK = {"interface": "config", "function": "get", "args": {"key": "colour"}}
ANSWER = {"status": 200, "headers": [], "body": "ok"}
SAY = "(call $say (call $from-memory (i32.const @length@)))"
RELAY = "(call $say (call $call (call $from-memory (i32.const @length@))))"
HOSTILE = {
    "loop": ("(loop $l (br $l)) (i32.const 0)", "guest_timeout"),
    "memory": (
        "(loop $l (br_if $l (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) (unreachable)",
        "guest_memory_exceeded",
    ),
    "trap": ("(unreachable)", "guest_trapped"),
    "code": ("(i32.const 7)", "guest_trapped"),
    "silence": ("(i32.const 0)", "bad_response"),
    "flood": ("(loop $l (drop (call $call (call $from-memory (i32.const @length@)))) (br $l)) (i32.const 0)", "host_call_flood"),
    "huge answer": ("(call $output (call $alloc (i64.const 7340032)) (i64.const 7340032)) (i32.const 0)", "bad_response"),
    "huge argument": ("(drop (call $call (call $alloc (i64.const 3145728)))) (i32.const 0)", "guest_trapped"),
    "forged pointer": ("(call $output (i64.const 1152921504606846976) (i64.const 64)) (i32.const 0)", ""),
    "forged argument": ("(loop $l (drop (call $call (i64.const 72057594037927936))) (br $l)) (i32.const 0)", ""),
}
START = {
    "start loop": ("(func $start (loop $l (br $l))) (start $start)", "guest_timeout"),
    "table bomb": (
        "(func $start (loop $l (drop (table.grow $table (ref.null func) (i32.const 1000000))) (br $l))) (start $start)",
        "",
    ),
}


def module(handler: str = SAY, text: Any = ANSWER, more: str = "") -> bytes:
    """The module of `plugin.wat`."""
    words = text if isinstance(text, str) else json.dumps(text)
    source = (WAT / "plugin.wat").read_text().replace("@handler@", handler).replace("@more@", more)
    source = source.replace("@length@", str(len(words.encode())))
    return bytes(wat2wasm(source.replace("@text@", words.replace("\\", "\\\\").replace('"', '\\"'))))


def compiled(store: ArtefactStore, wasm: bytes, *needed: str) -> str:
    return compile_component(store, wasm, (), needed, EXTISM).artefact


def run(pool: GuestPool, artefact: str, host: Host | None = None, **more: Any) -> Outcome:
    order = Invocation(artefact, GuestRequest("GET", "/"), EVERYTHING, more.pop("limits", SHORT), runtime=EXTISM)
    return pool.invoke(order, host or Host())


@pytest.fixture(scope="module")
def polite(store: ArtefactStore) -> str:
    return compiled(store, module())


def test_a_handler_answers_in_json(pool: GuestPool, polite: str) -> None:
    response = run(pool, polite).response
    assert response is not None
    assert (response.status, response.body) == (200, "ok")


def test_the_one_host_function_carries_every_host_call(pool: GuestPool, store: ArtefactStore) -> None:
    host = Host({"config.get": {"success": True, "value": "blue"}})
    outcome = pool.invoke(
        Invocation(
            compiled(store, module(text=ASK), "on-event"), ExportCall("on-event", {"event": {}}), EVERYTHING, runtime=EXTISM
        ),
        host,
    )
    assert (outcome.answer, outcome.failed) == ("blue", False)
    (asked,) = host.calls
    assert (asked.interface, asked.function, asked.args, asked.granted) == ("config", "get", {"key": "colour"}, True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ({"interface": "vault", "function": "open", "args": {}}, "function_unknown: the platform has no vault.open"),
        ({"interface": "config", "function": "get"}, "invalid_call"),
        ({"interface": "random", "function": "bytes", "args": {"count": "many"}}, "invalid_input"),
        ({"interface": "random", "function": "bytes", "args": {"count": -1}}, "invalid_input"),
        ("no json", "invalid_call"),
        ({"interface": "invoicing", "function": "create_manual_invoice", "args": {}}, "capability_denied"),
    ],
)
def test_a_call_that_makes_no_sense_is_answered_in_words(pool: GuestPool, store: ArtefactStore, text: Any, words: str) -> None:
    host = Host()
    artefact = compiled(store, module(text=text), "on-event")
    granted = EVERYTHING - {"cap:invoice.manual.create"}
    order = Invocation(artefact, ExportCall("on-event", {"event": {}}), granted, runtime=EXTISM)
    outcome = pool.invoke(order, host)
    assert outcome.failed
    assert outcome.answer.startswith(words)
    assert not [one for one in host.calls if one.granted]


def test_log_clock_and_randomness_are_answered_in_the_worker(pool: GuestPool, store: ArtefactStore) -> None:
    line = {"interface": "log", "function": "info", "args": {"message": "Grüße"}}
    host = Host()
    outcome = run(
        pool, compiled(store, module("(drop (call $call (call $from-memory (i32.const @length@)))) " + SAY, line)), host
    )
    assert [(one.level, one.message) for one in outcome.logs] == [("info", "Grüße")]
    assert host.calls == []
    now = {"interface": "clock", "function": "now_ms", "args": {}}
    order = Invocation(compiled(store, module(text=now)), ExportCall("on-event", {"event": {}}), EVERYTHING, runtime=EXTISM)
    assert pool.invoke(order, host).answer > 1_700_000_000_000


@pytest.mark.parametrize("name", HOSTILE)
def test_a_module_that_misbehaves_is_stopped_by_name(pool: GuestPool, store: ArtefactStore, polite: str, name: str) -> None:
    handler, trap = HOSTILE[name]
    outcome = run(pool, compiled(store, module(handler, ASK)))
    assert outcome.response is None
    assert outcome.trap == trap if trap else outcome.trap
    assert run(pool, polite).ok


@pytest.mark.parametrize("name", START)
def test_a_module_that_never_gets_ready_is_stopped(store: ArtefactStore, polite: str, name: str) -> None:
    more, trap = START[name]
    short = Limits(cpu_seconds=0.5, wall_seconds=1.0)
    with GuestPool(store, size=1) as own:
        outcome = run(own, compiled(store, module(more=more)), limits=short)
        assert outcome.trap == trap if trap else outcome.trap
        assert run(own, polite).ok


def test_recursion_ends_and_the_next_call_works(pool: GuestPool, store: ArtefactStore, polite: str) -> None:
    deep = "(func $deep (result i32) (i32.add (call $deep) (i32.const 1)))"
    assert run(pool, compiled(store, module("(call $deep)", more=deep))).trap in {"guest_stack_exhausted", "guest_trapped"}
    assert run(pool, polite).ok


def test_both_lanes_trap_in_one_worker_and_it_answers_afterwards(store: ArtefactStore, polite: str) -> None:
    component = compile_component(store, wat_guest("polite"), ()).artefact
    deep = compile_component(store, wat_guest("recurses"), ()).artefact
    with GuestPool(store, size=1) as own:
        for _ in range(3):
            assert call(own, component).ok
            assert run(own, polite).ok
            assert call(own, deep).trap == "guest_stack_exhausted"
            assert run(own, polite).ok
            assert run(own, compiled(store, module("(unreachable)"))).trap == "guest_trapped"


def test_what_fails_inside_the_host_is_words_and_the_guest_ends_well(pool: GuestPool, store: ArtefactStore) -> None:
    host = Host({"config.get": RuntimeError("the database is away")})
    order = Invocation(compiled(store, module(text=ASK)), ExportCall("on-event", {"event": {}}), EVERYTHING, runtime=EXTISM)
    outcome = pool.invoke(order, host)
    assert (outcome.failed, outcome.answer) == (True, "host_error: the call failed inside the host")


def test_a_host_that_is_slow_costs_the_guest_nothing(pool: GuestPool, store: ArtefactStore) -> None:
    import time

    def slow(_call: HostCall) -> Mapping[str, Any]:
        time.sleep(0.8)
        return {"success": True, "value": "late"}

    order = Invocation(
        compiled(store, module(text=ASK)), ExportCall("on-event", {"event": {}}), EVERYTHING, Limits(0.5, 0.6), runtime=EXTISM
    )
    assert pool.invoke(order, slow).answer == "late"


def importing(module: str, name: str) -> bytes:
    """A module that imports one function without parameters."""
    return bytes(wat2wasm(f'(module (import "{module}" "{name}" (func)) (func (export "handler") (result i32) i32.const 0))'))


REFUSED = {
    "cut": (b"\0asm", errors.NotAComponent),
    "component": (bytes.fromhex("0061736d0d000100"), errors.NotAComponent),
    "empty": (bytes.fromhex("0061736d01000000"), errors.MissingExport),
    "no result": (bytes(wat2wasm('(module (func (export "handler")))')), errors.MissingExport),
    "wasi": (importing("wasi_snapshot_preview1", "fd_write"), errors.UndeclaredImport),
    "http": (importing("extism:host/env", "http_request"), errors.UndeclaredImport),
    "type": (importing("extism:host/user", "deskhand_call"), errors.ImportTypeMismatch),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_may_not_be_published_is_refused_by_name(store: ArtefactStore, name: str) -> None:
    wasm, error = REFUSED[name]
    with pytest.raises(error):
        compile_component(store, wasm, (), (), EXTISM)
