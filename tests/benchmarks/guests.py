"""Guests without web and database: a hook in the extism lane, a guest that its worker has never seen, and two workers at once."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from subprocess import PIPE, Popen

import orjson

from plugins.extensions.guests.artefacts import ArtefactStore
from plugins.extensions.guests.compiling import compile_component
from plugins.extensions.guests.invocation import ExportCall, GuestRequest, Invocation, Outcome
from plugins.extensions.guests.limits import EXTISM
from plugins.extensions.guests.pool import GuestPool
from tests.benchmarks.calling import middle_ms
from tests.benchmarks.measuring import Reading, compare, in_turns, seconds_of
from tests.extensions.guest_stage import EVERYTHING, Host
from tests.extensions.test_plugin_lane import module
from tests.ground import ROOT
from tests.guest_ground import built

GUEST = ROOT / "tests" / "extensions" / "hostile"
ASKED = frozenset({"cap:invoice.manual.create", "cap:http.fetch"})
CHARGES = {"success": True, "value": [{"client_id": "c", "description": "Backup", "quantity": "12.5", "rate": 20}]}
HOOK = '(func (export "collect_charges") (result i32) (call $say (call $from-memory (i32.const @length@))))'
WINDOW = {"window": {"start": "2026-01-01", "end": "2026-02-01", "client_ids": ["c"]}}
HOOK_MS, COLD_MS, LEAST_GAIN = 0.6, 25.0, 0.9
STEPS, PLAIN_STEPS = 60_000, 100_000
"""Of the work that two share: some milliseconds each."""
_PLAIN = f"""
import sys
for line in sys.stdin:
    sum(n % 7 for _ in range(int(line)) for n in range({PLAIN_STEPS}))
    print(flush=True)
"""


def measure(rounds: int, times: int) -> list[Reading]:
    """Milliseconds of a call, and how much faster two are than one."""
    with tempfile.TemporaryDirectory() as place:
        store = ArtefactStore(Path(place), b"a secret of thirty-two bytes ...")
        component = compile_component(store, built(GUEST), ASKED).artefact
        return [_hook(store, rounds, times), _cold(store, component, rounds), _two(store, component, rounds, times)]


def _called(pool: GuestPool, order: Invocation) -> Outcome:
    outcome = pool.invoke(order, Host())
    assert outcome.ok, outcome
    return outcome


def _hook(store: ArtefactStore, rounds: int, times: int) -> Reading:
    """A hook that a module for extism answers, held against the same answer made here."""
    plugin = compile_component(store, module(text=CHARGES, more=HOOK), (), (), EXTISM).artefact
    order = Invocation(plugin, ExportCall("collect-charges", WINDOW), EVERYTHING, runtime=EXTISM)
    text = json.dumps(CHARGES)
    with GuestPool(store, size=1) as pool:

        def ours() -> None:
            assert _called(pool, order).answer == CHARGES["value"]

        def theirs() -> None:
            assert orjson.loads(orjson.dumps(WINDOW))
            assert orjson.loads(text)["value"] == CHARGES["value"]

        in_turns(ours, theirs, 5)
        measured = [in_turns(ours, theirs, times) for _ in range(rounds)]
    our, their = [one for one, _ in measured], [other for _, other in measured]
    ratio, spread = compare(our, their)
    value, plain = middle_ms(our), middle_ms(their)
    return Reading("hook answered by a module for extism, against the same answer in Python", value, "ms", plain, ratio, spread,
                   f"at most {HOOK_MS:g} ms more", value - plain <= HOOK_MS,
                   "a crossing to the guest's process and back, a fresh plugin")  # fmt: skip


def _cold(store: ArtefactStore, component: str, rounds: int) -> Reading:
    """The first call of a guest that a warm worker has never seen, held against the second one."""
    keys = [f"{number:064x}" for number in range(rounds)]
    for key in keys:
        store.put(key, store.code(component), *store.shape(component))
    request = GuestRequest("GET", "/polite")
    with GuestPool(store, size=1) as pool:
        _called(pool, Invocation(component, request, EVERYTHING))
        measured = [_twice(pool, Invocation(key, request, EVERYTHING)) for key in keys]
    cold, warm = [[first] for first, _ in measured], [[second] for _, second in measured]
    ratio, spread = compare(cold, warm)
    value, against = middle_ms(cold), middle_ms(warm)
    return Reading("first call of a guest that its warm worker has not seen, against the second", value, "ms", against, ratio,
                   spread, f"at most {COLD_MS:g} ms more", value - against <= COLD_MS,
                   "5 MB read, checked by HMAC and written to sealed memory; the linker")  # fmt: skip


def _twice(pool: GuestPool, order: Invocation) -> tuple[float, float]:
    return seconds_of(lambda: _called(pool, order)), seconds_of(lambda: _called(pool, order))


def _two(store: ArtefactStore, component: str, rounds: int, times: int) -> Reading:
    """What two workers do in the time of one, held against two plain processes in the time of one."""
    request = GuestRequest("GET", "/work", query=(("steps", str(STEPS)),))

    def call(owner: str) -> None:
        for _ in range(times):
            _called(pool, Invocation(component, request, EVERYTHING, owner=owner))

    with GuestPool(store, size=3) as pool, ThreadPoolExecutor(2) as threads, _plain(2) as plain:

        def together(owners: Sequence[str]) -> float:
            return len(owners) / seconds_of(lambda: list(threads.map(call, owners)))

        together(["a", "b"])
        gains, plain_gains = [], []
        for _ in range(rounds):
            gains.append(together(["a", "b"]) / together(["a"]))
            plain_gains.append(plain(2, times) / plain(1, times))
    ratios = [ours / theirs for ours, theirs in zip(gains, plain_gains, strict=True)]
    ratio = median(ratios)
    return Reading("two workers over one, against two plain processes over one", median(gains), "times", median(plain_gains),
                   ratio, (min(ratios), max(ratios)), f"ratio at least {LEAST_GAIN:g}", ratio >= LEAST_GAIN,
                   "the server's Python between the calls, on the same cores")  # fmt: skip


@contextmanager
def _plain(count: int) -> Iterator[Callable[[int, int], float]]:
    """Plain Python processes; gives how many pieces of work some of them do in a second together."""
    crew = [Popen([sys.executable, "-c", _PLAIN], stdin=PIPE, stdout=PIPE, text=True) for _ in range(count)]

    def together(many: int, times: int) -> float:
        def work() -> None:
            for one in crew[:many]:
                assert one.stdin is not None
                one.stdin.write(f"{times}\n")
                one.stdin.flush()
            for one in crew[:many]:
                assert one.stdout is not None
                one.stdout.readline()

        return many * times / seconds_of(work)

    try:
        together(count, 1)
        yield together
    finally:
        for one in crew:
            one.communicate()
