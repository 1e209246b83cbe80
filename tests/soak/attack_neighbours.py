"""What other requests wait for while several tenants' guests attack the house, held against as many niced busy loops."""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from itertools import cycle
from statistics import median
from subprocess import Popen
from threading import Event
from typing import Any
from uuid import UUID

from kernel.app import Kernel
from kernel.directory.clients import add_client
from tests.benchmarks.calling import key_of_alice
from tests.benchmarks.create_invoice import web_server
from tests.ground import ROOT, found, ground
from tests.guest_ground import built, install_guest, manifest_in

GUEST = ROOT / "tests" / "extensions" / "hostile"
ENDPOINTS = [{"method": "GET", "path": "/:way", "auth": "user"}]
ATTACKS = ("loop", "memory", "flood", "recursion", "huge-body", "log-flood", "huge-argument", "loop")
"""Each from a thread of its own, which calls again as soon as it is answered."""
ATTACKERS, INSTALLS = 4, 6
"""Tenants, and installs of each, which take turns, since a breaker lets each rest."""
NICENESS = 5
"""Of a guest's process."""
PHASE_SECONDS, PAUSE_SECONDS, PATIENCE_SECONDS = 5.0, 0.02, 60.0
OTHERS = {"list": "/api/v1/clients?limit=20", "extension": "/x/{install}/polite"}


@dataclass
class Phase:
    """Seconds of the other requests, by kind, and how attacks ended."""

    waits: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in OTHERS})
    ends: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)


Round = tuple[Phase, Phase]
"""With attacks, and with busy loops."""


@dataclass(frozen=True)
class Caller:
    """Somebody with an API key and installs."""

    port: int
    key: str
    installs: tuple[UUID, ...]

    def get(self, connection: HTTPConnection, path: str) -> tuple[int, Any]:
        """Status and body of one answer."""
        connection.request("GET", path, headers={"X-Api-Key": self.key})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def attack_neighbours(notes: dict[str, Any], keep: Callable[[], None]) -> str:
    """`SOAK_ROUNDS` (8) rounds of attacks and of busy loops in turns; returns the figures in words, ratios of pairs."""
    wanted = int(os.environ.get("SOAK_ROUNDS", "8"))
    rounds: list[Round] = []
    with ground() as (kernel, _), web_server(kernel) as port:
        victim, attackers = _cast(kernel, port)
        _observe(victim, Phase(), 1.0)
        loops = kernel.settings.web_workers * kernel.settings.guest_workers
        while len(rounds) < wanted:
            attacked, looped = Phase(), Phase()
            with _attacks(attackers, attacked):
                _observe(victim, attacked, PHASE_SECONDS)
            with _busy_loops(loops):
                _observe(victim, looped, PHASE_SECONDS)
            rounds.append((attacked, looped))
            print(f"  round {len(rounds)}: {_words(rounds[-1:])}", flush=True)
    if failed := [one for attacked, _ in rounds for one in attacked.failed]:
        raise SystemExit(f"Others were refused: {Counter(failed)}")
    ends = sum((attacked.ends for attacked, _ in rounds), Counter[str]())
    ended = ", ".join(f"{count} {end}" for end, count in ends.most_common())
    against = f"{ATTACKERS} tenants, {len(ATTACKS)} attacks at once ({ended}) against {loops} niced busy loops"
    return f"{against}, {wanted} rounds: {_words(rounds)}"


def _words(rounds: Sequence[Round]) -> str:
    def of(kind: str) -> str:
        pairs = [(median(attacked.waits[kind]), median(looped.waits[kind])) for attacked, looped in rounds]
        ratios = [ours / theirs for ours, theirs in pairs]
        ours, theirs = (median(pair[side] for pair in pairs) * 1000 for side in (0, 1))
        longest = [max(max(phases[side].waits[kind]) for phases in rounds) for side in (0, 1)]
        return (f"{kind} p50 {ours:.1f} ms against {theirs:.1f} ms, {median(ratios):.2f} times ({min(ratios):.2f} to "
                f"{max(ratios):.2f}), longest {longest[0]:.2f} s against {longest[1]:.2f} s")  # fmt: skip

    return "; ".join(map(of, OTHERS))


def _cast(kernel: Kernel, port: int) -> tuple[Caller, list[Caller]]:
    wasm = built(GUEST)
    callers = []
    for name in ("victim", *(f"attacker-{number}" for number in range(ATTACKERS))):
        tenant_id = found(kernel, name)
        with kernel.call(tenant_id) as ctx:
            for number in range(20):
                add_client(ctx, name=f"Client {number}", currency="EUR")
        manifests = [manifest_in(GUEST, name=f"org.example.g{one}", endpoints=ENDPOINTS)
                     for one in range(1 if name == "victim" else INSTALLS)]  # fmt: skip
        installs = tuple(install_guest(kernel, tenant_id, manifest, wasm) for manifest in manifests)
        callers.append(Caller(port, key_of_alice(kernel, tenant_id), installs))
    return callers[0], callers[1:]


def _observe(victim: Caller, phase: Phase, seconds: float) -> None:
    """Make other requests for a while, one after the other of each kind."""
    with ThreadPoolExecutor(len(OTHERS)) as threads:
        list(threads.map(lambda kind: _ask(victim, phase, kind, time.monotonic() + seconds), OTHERS))


def _ask(victim: Caller, phase: Phase, kind: str, until: float) -> None:
    connection = HTTPConnection("127.0.0.1", victim.port, timeout=PATIENCE_SECONDS)
    path = OTHERS[kind].format(install=victim.installs[0])
    while time.monotonic() < until:
        began = time.perf_counter()
        status, told = victim.get(connection, path)
        phase.waits[kind].append(time.perf_counter() - began)
        if status != 200:
            phase.failed.append(f"{kind} {status} {told.get('code')}")
        time.sleep(PAUSE_SECONDS if kind == "list" else 0.12)  # an install is called ten times a second
    connection.close()


@contextmanager
def _attacks(attackers: list[Caller], phase: Phase) -> Iterator[None]:
    over = Event()
    with ThreadPoolExecutor(len(ATTACKS)) as threads:
        under_way = [
            threads.submit(_attack, attackers[number % len(attackers)], way, phase, over) for number, way in enumerate(ATTACKS)
        ]
        time.sleep(1.0)
        try:
            yield
        finally:
            over.set()
            for one in under_way:
                one.result()


def _attack(attacker: Caller, way: str, phase: Phase, over: Event) -> None:
    connection = HTTPConnection("127.0.0.1", attacker.port, timeout=PATIENCE_SECONDS)
    for install_id in cycle(attacker.installs):
        if over.is_set():
            break
        status, told = attacker.get(connection, f"/x/{install_id}/{way}")
        phase.ends["ok" if status == 200 else told["code"]] += 1
        over.wait(0.05 if status in (429, 503) else 0)
    connection.close()


@contextmanager
def _busy_loops(count: int) -> Iterator[None]:
    with ExitStack() as running:
        for _ in range(count):
            child = Popen([sys.executable, "-c", f"import os\nos.nice({NICENESS})\nwhile True: pass"])
            running.callback(child.wait)
            running.callback(child.kill)
        time.sleep(1.0)
        yield
