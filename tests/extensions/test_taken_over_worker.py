"""A worker that a guest has taken over says what it likes: the server names it, keeps within its records, and goes on."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable
from threading import Thread
from typing import Any

import pytest

from plugins.extensions.guests import compiler
from plugins.extensions.guests.artefacts import ArtefactStore
from plugins.extensions.guests.compiling import compile_component
from plugins.extensions.guests.contract import load_contract
from plugins.extensions.guests.dialogue import Dialogue
from plugins.extensions.guests.frames import Channel
from plugins.extensions.guests.invocation import GuestRequest, HostCall, Invocation, Outcome
from plugins.extensions.guests.limits import MAX_FRAME_BYTES, MIB, Limits
from plugins.extensions.guests.processes import LentGuests, WorkerProcess
from plugins.extensions.guests.running import Run
from tests.extensions.conftest import wat_guest

DONE: dict[str, Any] = {
    "op": "done", "answer": {"status": 200, "headers": [], "body": "ok"}, "cpu": 0.1, "memory": 5,
    "dropped_log_lines": 0, "journal": None,
}  # fmt: skip


class TakenOver(WorkerProcess):
    """A process whose end of the channel somebody else holds."""

    def __init__(self, says: Callable[[Channel], None]) -> None:
        ours, theirs = socket.socketpair()
        self.process = subprocess.Popen(["sleep", "60"])
        self.channel, self.runs, self.owner, self.offline = Channel(ours), 0, "", True
        self._thread = Thread(target=self._speak, args=(says, Channel(theirs)))
        self._thread.start()

    def _speak(self, says: Callable[[Channel], None], channel: Channel) -> None:
        channel.receive()
        says(channel)
        channel.end.close()


def answered(store: ArtefactStore, says: Callable[[Channel], None], on_host_call: Any = None) -> Outcome:
    artefact = compile_component(store, wat_guest("polite"), ()).artefact
    worker, guests = TakenOver(says), LentGuests(store)
    asked = Invocation(artefact, GuestRequest("GET", "/"), load_contract().default_capabilities, Limits(wall_seconds=5))
    try:
        return Dialogue(worker, guests, load_contract(), asked, on_host_call).carry_out()
    finally:
        worker.kill()
        guests.close()


def test_one_that_dies_before_its_guest_is_lent_has_crashed(store: ArtefactStore) -> None:
    def asks_and_goes(channel: Channel) -> None:
        channel.send({"op": "need", "artefact": "x"})

    assert answered(store, asks_and_goes).trap == "guest_crashed"


@pytest.mark.parametrize("told", [{"cpu": 1e300}, {"memory": 1e300}, {"dropped_log_lines": 2**63}], ids=str)
def test_its_figures_fit_into_a_record(store: ArtefactStore, told: dict[str, Any]) -> None:
    outcome = answered(store, lambda channel: channel.send(DONE | told))
    assert outcome.ok
    assert outcome.cpu_seconds <= 86_400
    assert max(outcome.memory_bytes, outcome.dropped_log_lines) < 2**31


@pytest.mark.parametrize("told", [{"cpu": -1}, {"memory": "much"}, {"dropped_log_lines": None}], ids=str)
def test_what_is_no_figure_is_unreadable(store: ArtefactStore, told: dict[str, Any]) -> None:
    assert answered(store, lambda channel: channel.send(DONE | told)).trap == "guest_crashed"


def test_an_answer_of_ours_that_no_frame_can_hold_is_a_refusal(store: ArtefactStore) -> None:
    heard: list[Any] = []

    def asks(channel: Channel) -> None:
        channel.send({"op": "call", "name": "config.get", "args": {"key": "color"}})
        heard.append(channel.receive())
        channel.send(DONE)

    def too_much(_call: HostCall) -> Any:
        return {"success": True, "value": "x" * (MAX_FRAME_BYTES + 1)}

    outcome = answered(store, asks, too_much)
    assert (outcome.ok, outcome.calls[0].outcome) == (True, "failed")
    assert heard[0]["answer"]["error"].startswith("answer_too_large")


def test_a_journal_that_nobody_would_keep_is_given_up_before_it_counts_as_memory() -> None:
    order = {"denied": {}, "limits": {}, "journal": True, "replay": None, "functions": ()}
    ours, theirs = socket.socketpair()
    ours.close()
    theirs.close()
    run = Run(Channel(ours), order)
    for _ in range(7):
        run.local("config.get", {}, lambda: "x" * MIB)
    assert run.journal is not None
    for _ in range(2):
        run.local("config.get", {}, lambda: "x" * MIB)
    assert run.journal is None


def test_machine_code_that_is_too_long_never_reaches_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiler, "MAX_ARTEFACT_BYTES", 10)
    first, _, code = compiler.compiled(wat_guest("polite")).partition(b"\n")
    assert (b"too_large" in first, code) == (True, b"")
