"""Whatever a host function raises, even what is no `Exception`: nobody's process ends, and the guest gets nothing of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from plugins.extensions.guests import processes
from plugins.extensions.guests.artefacts import ArtefactStore
from plugins.extensions.guests.compiling import Compiled
from plugins.extensions.guests.invocation import ExportCall, HostCall, Invocation, Outcome
from plugins.extensions.guests.limits import EXTISM
from plugins.extensions.guests.pool import GuestPool
from plugins.extensions.guests.spawn import python_command
from tests.extensions.guest_stage import EVERYTHING, SHORT, Host, call
from tests.extensions.test_plugin_lane import ASK, RELAY, compiled, module, run

NOW = {"interface": "clock", "function": "now_ms", "args": {}}
RAISED = (SystemExit(3), GeneratorExit(), BaseException("of its own kind"), RuntimeError("a bug of ours"))
INSIDE = ("SystemExit(3)", "KeyboardInterrupt()", "GeneratorExit()", "MemoryError()", "RecursionError()")
_BROKEN = """
from guests import linking
def broken(*_args, **_more):
    raise {error}
linking._now_ms = linking.LOCAL["clock.now-ms"] = broken
"""
Lane = Callable[[GuestPool, Any], Outcome]


@pytest.fixture(params=["component", "extism"])
def ask(request: pytest.FixtureRequest, store: ArtefactStore, hostile: Compiled) -> Lane:
    """A guest that makes a host call and answers with what it was told."""
    if request.param == "component":
        return lambda pool, host: call(pool, hostile.artefact, "/refused-config", host=host)
    key = compiled(store, module(text=ASK), "on-event")
    order = Invocation(key, ExportCall("on-event", {"event": {}}), EVERYTHING, SHORT, runtime=EXTISM)
    return lambda pool, host: pool.invoke(order, host)


@pytest.fixture(params=["component", "extism"])
def tell_time(request: pytest.FixtureRequest, store: ArtefactStore, hostile: Compiled) -> Callable[[GuestPool], Outcome]:
    """A guest that asks for the time, which its worker answers by itself."""
    if request.param == "component":
        return lambda pool: call(pool, hostile.artefact, "/globals")
    key = compiled(store, module(RELAY, NOW))
    return lambda pool: run(pool, key)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("raised", RAISED, ids=lambda raised: type(raised).__name__)
def test_what_a_host_function_of_the_server_raises_is_words_to_the_guest(pool: GuestPool, ask: Lane, raised: Any) -> None:
    outcome = ask(pool, _raising(raised))
    assert (outcome.trap, [one.outcome for one in outcome.calls]) == (None, ["failed"])
    told = outcome.response.body if outcome.response else outcome.answer
    assert "host_error: the call failed inside the host" in told
    assert "of ours" not in told
    assert ask(pool, Host()).ok


def test_ctrl_c_in_a_host_function_ends_the_call_and_its_worker_only(store: ArtefactStore, ask: Lane) -> None:
    with GuestPool(store, size=1) as pool:
        with pytest.raises(KeyboardInterrupt):
            ask(pool, _raising(KeyboardInterrupt()))
        assert pool.idle_workers() == ()
        assert ask(pool, Host()).ok


@pytest.mark.parametrize("error", INSIDE)
def test_what_a_host_function_of_the_worker_raises_stops_the_guest_and_not_the_worker(
    store: ArtefactStore, tell_time: Callable[[GuestPool], Outcome], error: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaking(module_name: str, *arguments: str) -> list[str]:
        command = python_command(module_name, *arguments)
        boot = command.index("-c") + 1
        first, last = command[boot].split("; from guests.")
        command[boot] = f"{first}\n{_BROKEN.format(error=error)}\nfrom guests.{last}"
        return command

    monkeypatch.setattr(processes, "python_command", breaking)
    with GuestPool(store, size=1) as pool:
        outcome = tell_time(pool)
    assert (outcome.trap, outcome.response) == ("host_error", None)  # a worker that ended would be guest_crashed


def _raising(raised: BaseException) -> Callable[[HostCall], Any]:
    def host(_call: HostCall) -> Any:
        raise raised

    return host
