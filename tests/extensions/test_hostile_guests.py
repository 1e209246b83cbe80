"""Whatever a guest does, it is stopped with a name, and the next call works."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from wasmtime import wat2wasm

from plugins.extensions.errors import NotAComponent
from plugins.extensions.guests.artefacts import ArtefactStore
from plugins.extensions.guests.compiling import Compiled, compile_component
from plugins.extensions.guests.invocation import HostCall
from plugins.extensions.guests.limits import COMPONENT, EXTISM, WORKER_ADDRESS_SPACE_BYTES, WORKER_MEMORY_BYTES, Limits
from plugins.extensions.guests.pool import GuestPool
from plugins.extensions.guests.processes import WorkerProcess
from tests.extensions.conftest import ROOT, wat_guest
from tests.extensions.guest_stage import SHORT, Host, call

TYPESCRIPT = {
    "/loop": "guest_timeout",
    "/memory": "guest_memory_exceeded",
    "/recursion": "guest_stack_exhausted",
    "/flood": "host_call_flood",
    "/throw": "guest_trapped",
    "/promise": "guest_trapped",
    "/number-body": "guest_trapped",
    "/bad-header": "bad_response",
    "/status": "bad_response",
    "/huge-body": "bad_response",
    "/huge-nothing": "bad_response",
    "/huge-argument": "guest_trapped",
}
TEXT = {
    "loops_forever": "guest_timeout",
    "loops_at_start": "guest_timeout",
    "eats_memory": "guest_memory_exceeded",
    "starts_too_big": "guest_memory_exceeded",
    "eats_tables": "guest_trapped",
    "starts_with_a_huge_table": "guest_memory_exceeded",
    "recurses": "guest_stack_exhausted",
    "forges_pointer": "bad_response",
    "speaks_no_utf8": "bad_response",
    "odd_status": "bad_response",
}


@pytest.fixture(scope="module")
def polite(store: ArtefactStore) -> str:
    return compile_component(store, wat_guest("polite"), ()).artefact


def assert_next_call_works(pool: GuestPool, polite: str) -> None:
    outcome = call(pool, polite)
    assert outcome.response is not None
    assert (outcome.response.status, outcome.response.body) == (200, "ok")


@pytest.mark.parametrize(("path", "trap"), TYPESCRIPT.items())
def test_a_typescript_guest_that_misbehaves_is_stopped_by_name(
    pool: GuestPool, hostile: Compiled, polite: str, path: str, trap: str
) -> None:
    outcome = call(pool, hostile.artefact, path)
    assert (outcome.trap, outcome.response) == (trap, None)
    assert outcome.detail
    assert_next_call_works(pool, polite)


@pytest.mark.parametrize(("name", "trap"), TEXT.items())
def test_a_hand_made_guest_that_misbehaves_is_stopped_by_name(
    pool: GuestPool, store: ArtefactStore, polite: str, name: str, trap: str
) -> None:
    artefact = compile_component(store, wat_guest(name), ()).artefact
    outcome = call(pool, artefact)
    assert (outcome.trap, outcome.response) == (trap, None)
    assert_next_call_works(pool, polite)


def test_a_flood_of_host_calls_ends_at_the_limit(pool: GuestPool, hostile: Compiled) -> None:
    host = Host()
    outcome = call(pool, hostile.artefact, "/flood", host=host, limits=Limits(host_calls=7))
    assert outcome.trap == "host_call_flood"
    assert len(host.calls) == len(outcome.calls) == 7


def test_a_flood_of_denied_calls_ends_at_the_limit_too(pool: GuestPool, hostile: Compiled) -> None:
    outcome = call(pool, hostile.artefact, "/flood", capabilities=frozenset(), limits=Limits(host_calls=7))
    assert outcome.trap in {"guest_trapped", "host_call_flood"}
    assert len(outcome.calls) <= 7


def test_log_lines_over_the_limit_are_counted_and_dropped(pool: GuestPool, hostile: Compiled) -> None:
    outcome = call(pool, hostile.artefact, "/log-flood")
    assert outcome.ok
    assert len(outcome.logs) == SHORT.log_lines
    assert outcome.dropped_log_lines == 5_000 - SHORT.log_lines


def test_the_authors_exception_is_in_the_log(pool: GuestPool, hostile: Compiled) -> None:
    outcome = call(pool, hostile.artefact, "/throw")
    (line,) = outcome.logs
    assert line.level == "error"
    assert "the author's own mistake" in line.message
    assert str(Path(__file__).parents[2]) not in line.message + outcome.detail


def test_a_promise_that_is_never_settled_holds_nobody_up(pool: GuestPool, hostile: Compiled) -> None:
    outcome = call(pool, hostile.artefact, "/promise")
    assert (outcome.trap, "can never be settled" in outcome.logs[0].message) == ("guest_trapped", True)


@pytest.mark.parametrize(
    ("number", "trap"), [(signal.SIGSTOP, "guest_timeout"), (signal.SIGKILL, "guest_crashed")], ids=["hung", "killed"]
)
def test_a_worker_that_hangs_or_dies_in_the_middle_is_replaced(
    store: ArtefactStore, hostile: Compiled, polite: str, number: signal.Signals, trap: str
) -> None:
    with GuestPool(store, size=1) as pool:
        call(pool, polite)
        (worker,) = pool.idle_workers()

        def strike(_call: HostCall) -> Mapping[str, Any]:
            os.kill(worker, number)
            # A signal is taken a moment after it was sent: the answer must not reach a worker that still runs.
            os.waitid(os.P_PID, worker, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
            return {"success": True, "value": "blue"}

        outcome = call(pool, hostile.artefact, "/refused-config", host=strike, limits=Limits(wall_seconds=0.5))
        assert outcome.trap == trap
        assert_next_call_works(pool, polite)
        assert pool.idle_workers() != (worker,)


def test_a_worker_that_died_while_it_waited_is_not_given_a_call(store: ArtefactStore, polite: str) -> None:
    with GuestPool(store, size=1) as pool:
        call(pool, polite)
        (worker,) = pool.idle_workers()
        os.kill(worker, signal.SIGKILL)
        os.waitid(os.P_PID, worker, os.WEXITED | os.WNOWAIT)
        assert_next_call_works(pool, polite)
        assert pool.idle_workers() != (worker,)


def test_a_worker_has_nothing_worth_stealing(store: ArtefactStore, polite: str) -> None:
    with GuestPool(store, size=1) as pool:
        call(pool, polite)
        (worker,) = pool.idle_workers()
        seen = Path("/proc", str(worker))
        assert (seen / "environ").read_bytes() == b""
        opened = {os.readlink(link).partition(":")[0] for link in (seen / "fd").iterdir()}
        assert opened == {"/dev/null", "/memfd", "socket", f"/proc/{worker}/statm"}
        limits = (seen / "limits").read_text()
        assert re.search(r"Max file size +0 +8388608 ", limits)
        assert re.search(rf"Max data size +{WORKER_MEMORY_BYTES} ", limits)
        assert re.search(rf"Max address space +{WORKER_ADDRESS_SPACE_BYTES} ", limits)
        assert re.search(r"Max open files +32 +32 ", limits)


def test_a_worker_opens_no_file_but_libraries(tmp_path: Path) -> None:
    """Not even those of the user that it runs as."""
    mine = tmp_path / "secret.key"
    mine.write_text("not yours")
    tries = (
        "import json, os, sys; sys.path.append(sys.argv[1]); from guests.sandbox import lock_down; lock_down(); told = []\n"
        "for one in (*sys.argv[2:], '/proc/self/environ', f'/proc/{os.getppid()}/environ'):\n"
        "    try: open(one); told.append(one)\n"
        "    except OSError as no: told.append(type(no).__name__)\n"
        "import decimal, wasmtime, extism\n"
        "os.write(1, json.dumps(told).encode())"
    )
    command = [sys.executable, "-I", "-c", tries, str(ROOT / "plugins" / "extensions"), str(mine), "/etc/passwd", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (json.loads(done.stdout or "[]"), done.stderr) == (["PermissionError"] * 5, "")


def test_a_worker_ends_with_its_server() -> None:
    worker = WorkerProcess()
    worker.channel.end.close()
    assert worker.process.wait(30) == 0


def test_wasi_gets_host_clock_and_randomness(pool: GuestPool, store: ArtefactStore) -> None:
    clock = '(import "wasi:clocks/monotonic-clock@0.2.6" (instance $c (export "now" (func (result u64)))))'
    random = '(import "wasi:random/random@0.2.6" (instance $r (export "get-random-u64" (func (result u64)))))'
    lowered = '(core func $now (canon lower (func $c "now")))(core func $rnd (canon lower (func $r "get-random-u64")))'
    wasm = wat_guest(
        "asks_wasi",
        imports=clock + random + lowered,
        core_imports='(import "h" "now" (func $now (result i64)))(import "h" "r" (func $random (result i64)))',
        with_='(with "h" (instance (export "now" (func $now)) (export "r" (func $rnd))))',
    )
    outcome = call(pool, compile_component(store, wasm, ()).artefact)
    assert outcome.response is not None
    assert outcome.response.body == "y"


@pytest.mark.parametrize("runtime", [COMPONENT, EXTISM])
def test_a_wait_that_blocks_a_thread_is_refused_before_it_could_run(store: ArtefactStore, runtime: str) -> None:
    waits = "(drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))"
    shared = f'(memory (export "m") 1 1 shared) (func (export "handler") (result i32) {waits} (i32.const 0))'
    text = f"(component (core module {shared}))" if runtime == COMPONENT else f"(module {shared})"
    with pytest.raises(NotAComponent, match="threads"):
        compile_component(store, bytes(wat2wasm(text)), (), (), runtime)


def test_wasi_sleep_traps_at_once(pool: GuestPool, store: ArtefactStore, polite: str) -> None:
    poll = '(import "wasi:io/poll@0.2.6" (instance $p (export "pollable" (type (sub resource)))))'
    clock = (
        '(alias export $p "pollable" (type $pollable))(import "wasi:clocks/monotonic-clock@0.2.6" (instance $c'
        ' (alias outer 1 $pollable (type $t)) (export "pollable" (type $e (eq $t)))'
        ' (export "subscribe-duration" (func (param "when" u64) (result (own $e))))))'
    )
    wasm = wat_guest(
        "sleeps",
        imports=poll + clock + '(core func $sleep (canon lower (func $c "subscribe-duration")))',
        core_imports='(import "h" "sleep" (func $sleep (param i64) (result i32)))',
        with_='(with "h" (instance (export "sleep" (func $sleep))))',
    )
    assert call(pool, compile_component(store, wasm, ()).artefact).trap == "guest_trapped"
    assert_next_call_works(pool, polite)
