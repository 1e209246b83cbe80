"""Two tenants hammer one extension from eight threads, in either runtime, while guests trap, workers and connections die and
grants come and go.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from kernel.app import Kernel, create_app
from kernel.context import CallContext
from kernel.directory.clients import add_client
from kernel.directory.models import User
from kernel.logs import configure
from plugins.extensions import services
from plugins.extensions.calls import breaker, invoking
from plugins.extensions.guests.limits import Limits
from plugins.extensions.installs import limits
from plugins.extensions.installs.secrets import set_secret
from plugins.extensions.runtime import close_guest_pool
from tests.benchmarks.calling import key_of_alice
from tests.ground import ROOT, connect, found, ground
from tests.guest_ground import built, guest_processes, install_guest, manifest_in
from tests.soak.hammer_proof import findings

LANES = {"component@1": ROOT / "tests" / "extensions" / "hammer", "extism@1": ROOT / "tests" / "extensions" / "hammer_module"}
"""By runtime, an extension that does the same deeds."""
THREADS = 8
DEEDS = {
    "look": 20, "keep": 30, "count": 20, "publish": 5, "throw": 8, "loop": 2, "memory": 2, "recursion": 4, "flood": 2,
    "header": 4,
}  # fmt: skip
"""What the guest is asked to do, and how often."""
CAPABILITIES = ("cap:storage.kv", "cap:secrets.get", "cap:client.read", "cap:event.publish")
REVOCABLE = (*CAPABILITIES, "cap:config.read", "cap:context.read", "cap:user.read", "cap:log.emit")
SHORT = Limits(cpu_seconds=0.4, wall_seconds=2.0)
PAUSE_SECONDS = 0.15
_CONNECTIONS = """
select pid from pg_stat_activity where datname = current_database() and usename = current_user and pid <> pg_backend_pid()
"""


@dataclass(frozen=True)
class Side:
    """A tenant with its install. `own` is what nobody else may ever see."""

    tenant_id: UUID
    install_id: UUID
    user_id: UUID
    token: str
    key: str

    @property
    def own(self) -> tuple[str, ...]:
        return (self.token, str(self.tenant_id), str(self.install_id), str(self.user_id))


@dataclass
class Answered:
    """What was told about one call; `mark` is its request id as well."""

    side: Side
    deed: str
    mark: str
    status: int
    headers: Mapping[str, str]
    text: str
    json: Any


@dataclass
class Hammer:
    """The two sides, their threads, and whoever disturbs them. The seed gives what each thread asks and what is disturbed."""

    kernel: Kernel
    app: Flask
    sides: tuple[Side, Side]
    seed: int
    answered: list[Answered] = field(default_factory=list)
    disturbed: Counter[str] = field(default_factory=Counter)
    leaked: list[str] = field(default_factory=list)
    lines: int = 0
    _over: threading.Event = field(default_factory=threading.Event)

    def run(self, goes_on: Callable[[int], bool]) -> None:
        """Hammer while `goes_on`, which is told how many calls a thread has made."""
        with self._overhearing(), ThreadPoolExecutor(THREADS + 1) as pool:
            disturbing = pool.submit(self._disturb)
            try:
                for hammering in [pool.submit(self._hammer, number, goes_on) for number in range(THREADS)]:
                    hammering.result()
            finally:
                self._over.set()
            disturbing.result()

    def _hammer(self, number: int, goes_on: Callable[[int], bool]) -> None:
        side, random, client = self.sides[number % 2], Random(self.seed * 100 + number), self.app.test_client()
        threading.current_thread().name = side.token
        made = 0
        while goes_on(made):
            made += 1
            [deed] = random.choices(list(DEEDS), list(DEEDS.values()))
            mark = f"{side.token}-{number}-{made}"
            headers = {"X-Api-Key": side.key, "X-Request-Id": mark}
            told = client.post(f"/x/{side.install_id}/deed", json={"deed": deed, "mark": mark}, headers=headers)
            self.answered.append(Answered(side, deed, mark, told.status_code, dict(told.headers), told.text, told.json))

    def _disturb(self) -> None:
        random = Random(self.seed)
        deeds = (self._kill_worker, self._revoke, self._revoke, self._cut_connection)
        while not self._over.wait(random.uniform(0, 2 * PAUSE_SECONDS)):
            random.choice(deeds)(random)

    def _kill_worker(self, random: Random) -> None:
        workers = guest_processes()
        if workers:
            with suppress(ProcessLookupError):  # it was replaced meanwhile
                os.kill(random.choice(workers), signal.SIGKILL)
                self.disturbed["workers killed"] += 1

    def _revoke(self, random: Random) -> None:
        side, capability = random.choice(self.sides), random.choice(REVOCABLE)
        self._decide(side, services.revoke_capability, capability)
        self.disturbed["grants revoked"] += 1
        self._over.wait(random.uniform(0, PAUSE_SECONDS))
        self._decide(side, services.grant_capability, capability)

    def _decide(self, side: Side, verb: Callable[[CallContext, UUID, str], object], capability: str) -> None:
        """As an administrator who tries again where the connection was cut."""
        while True:
            with suppress(OperationalError), self.kernel.call(side.tenant_id) as ctx:
                verb(ctx, side.install_id, capability)
                return

    def _cut_connection(self, random: Random) -> None:
        """End a connection of the house to PostgreSQL, in the middle of whatever it does."""
        with connect(self.kernel.settings.database_url) as database:
            pids = [pid for (pid,) in database.execute(_CONNECTIONS)]
            if pids:
                database.execute("select pg_terminate_backend(%s)", [random.choice(pids)])
                self.disturbed["connections cut"] += 1

    @contextmanager
    def _overhearing(self) -> Iterator[None]:
        """Read each line that the house logs while a thread of one side is at work, instead of printing it."""
        root = logging.getLogger()
        before = root.level, root.handlers
        root.handlers = [_Listener(self)]
        root.setLevel(logging.INFO)
        try:
            yield
        finally:
            root.level, root.handlers = before


class _Listener(logging.Handler):
    """Keeps lines that name what belongs to the other side than the one whose thread logs."""

    def __init__(self, hammer: Hammer) -> None:
        super().__init__(logging.INFO)
        self._hammer = hammer

    def emit(self, record: logging.LogRecord) -> None:
        """Look at one line, its exception and its fields."""
        text = f"{logging.Formatter().format(record)} {vars(record)}"
        self._hammer.lines += 1
        for side in self._hammer.sides:
            if record.threadName not in ("MainThread", side.token) and any(one in text for one in side.own):
                self._hammer.leaked.append(f"log of {record.threadName} names {side.token}: {text[:300]}")


def stage(kernel: Kernel, seed: int, runtime: str) -> Hammer:
    """Two tenants, each with a client, a secret and a setting of its own, that install one extension."""
    wasm, random = built(LANES[runtime]), Random(f"{seed} {runtime}")
    sides = [_side(kernel, f"{name}-{random.randbytes(8).hex()}", wasm, runtime) for name in ("acme", "beta")]
    return Hammer(kernel, create_app(kernel), (sides[0], sides[1]), seed)


def _side(kernel: Kernel, token: str, wasm: bytes, runtime: str) -> Side:
    tenant_id = found(kernel, token)
    install_id = install_guest(kernel, tenant_id, manifest_in(LANES[runtime]), wasm, CAPABILITIES, token=token)
    with kernel.call(tenant_id) as ctx:
        add_client(ctx, name=f"Client of {token}", currency="EUR")
        set_secret(ctx, install_id, name="token", value=token)
        user_id = ctx.session.scalars(select(User.id).where(User.name == "Alice")).one()
    return Side(tenant_id, install_id, user_id, token, key_of_alice(kernel, tenant_id))


@contextmanager
def without_brakes() -> Iterator[None]:
    """Nobody is slowed down for hammering: no limit of calls a second, no breaker, and endless guests end soon."""
    with ExitStack() as after:
        changes = ((limits, "BURST", 10**9), (breaker, "TRAPS", 10**9), (breaker, "TOO_MANY", 10**9),
                   (invoking, "BY_TRIGGER", {**invoking.BY_TRIGGER, "http": SHORT}))  # fmt: skip
        for module, name, value in changes:
            after.callback(setattr, module, name, getattr(module, name))
            setattr(module, name, value)
        yield


def hammer(notes: dict[str, Any], _keep: Callable[[], None]) -> str:
    """Hammer each runtime's extension, or that of `SOAK_RUNTIME`, for `SOAK_SECONDS` (60); returns the figures in words."""
    wanted = os.environ.get("SOAK_RUNTIME", "")
    return "; ".join(f"{runtime}: {_hammer_lane(runtime, notes['seed'])}" for runtime in LANES if wanted in ("", runtime))


def _hammer_lane(runtime: str, seed: int) -> str:
    seconds = float(os.environ.get("SOAK_SECONDS", "60"))
    with ground(web_workers=1, web_threads=THREADS + 2, guest_workers=4) as (kernel, _), without_brakes():
        configure(kernel.settings)
        staged = stage(kernel, seed, runtime)
        until = time.monotonic() + seconds
        staged.run(lambda _made: time.monotonic() < until)
        close_guest_pool(kernel)
        if wrong := findings(staged):
            raise SystemExit(f"Runtime {runtime}, seed {seed}:\n" + "\n".join(wrong[:30]))
        return told(staged)


def told(staged: Hammer) -> str:
    """What happened, in words."""
    ends = Counter("ok" if one.status == 200 else str(one.json.get("code", "refused")) for one in staged.answered)
    done = ", ".join(f"{count} {end}" for end, count in ends.most_common())
    failures = ", ".join(f"{count} {what}" for what, count in sorted(staged.disturbed.items()))
    where = f"answers, {staged.lines} lines of the log, records, storage and all tables"
    return f"{len(staged.answered)} calls by {THREADS} threads ({done}) while {failures}: nothing crossed in {where}"
