"""Three MSPs and their accountants in QuickBooks Online, disturbed on all sides: when it is quiet, both books are equal.

A run is played from its seed: documents and money here and there, answers that are lost, limits and outages, tokens that end,
workers that are killed, webhooks that come twice, in any order, forged or never, and looks that are left out for a while.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from random import Random
from typing import Any

from kernel.clock import FixedClock
from tests.audit.auditor import audit, connect
from tests.ground import connect_owner, ground
from tests.soak.crew import share
from tests.soak.sync_deeds import Deeds
from tests.soak.sync_faults import poll, tell, work_and_die
from tests.soak.sync_judge import judge
from tests.soak.sync_stage import MORNING, Stage, open_stage, serving

ROUNDS = 3
LONGEST_WAIT_MINUTES = 61
"""What failed again and again is tried after an hour at the latest."""
FORGOTTEN_DAYS = 33
"""QuickBooks tells what changed in the last 30 days."""
RUNS_EACH = 5
"""So many runs go on with the same books."""


def accounting_sync(notes: dict[str, Any], keep: Callable[[], None]) -> str:
    """Play `SOAK_RUNS` (200) fault runs by `SOAK_PROCESSES` processes; returns the figures in words."""
    pieces = range(1, int(os.environ.get("SOAK_RUNS", "200")) // RUNS_EACH + 1)
    played: dict[str, list[dict[str, Any]]] = notes.setdefault("played", {})
    waiting = [(notes["seed"], piece) for piece in pieces if str(piece) not in played]
    for (_, piece), runs in share(__name__, waiting) if waiting else ():
        if wrong := [finding for run in runs for finding in run.get("wrong", ())]:
            raise SystemExit(f"Run {len(runs)} of piece {piece}, seed {notes['seed']}:\n" + "\n".join(wrong))
        played[str(piece)] = runs
        keep()
        rounds = ", ".join(str(run["rounds"]) for run in runs)
        print(f"  piece {piece}: equal after {rounds} sync rounds ({len(played) * RUNS_EACH} runs)", flush=True)
    return figures([run for runs in played.values() for run in runs])


def figures(played: Sequence[dict[str, Any]]) -> str:
    """What was played, in words."""
    by_round = Counter(run["rounds"] for run in played)
    seen = sum((Counter(run["seen"]) for run in played), Counter[str]())
    after = ", ".join(f"{count} after {rounds}" for rounds, count in sorted(by_round.items()))
    faults = ", ".join(f"{count:,} {name}" for name, count in sorted(seen.items()))
    fresh = sum(run["fresh"] for run in played)
    return (f"{len(played)} fault runs of three companies, {fresh:,} documents and payments there: both books equal to the minor "
            f"unit and nothing twice after at most {ROUNDS} sync rounds ({after}); {faults}")  # fmt: skip


@contextmanager
def at_work() -> Iterator[Callable[[int, int], list[dict[str, Any]]]]:
    """What plays one piece of a seed."""
    clock = FixedClock(MORNING)
    with ground(clock=clock) as (kernel, _), serving(kernel) as url:

        def play_piece(seed: int, piece: int) -> list[dict[str, Any]]:
            number = seed * 10_000 + piece
            with open_stage(kernel, clock, url, number) as stage:
                return list(play(stage, number, RUNS_EACH))

        yield play_piece


def play(stage: Stage, seed: int, runs: int) -> Iterator[dict[str, Any]]:
    """So many runs: what was `seen`, how many `rounds` of syncing each took, and what is `wrong` where they were not enough,
    which ends it.
    """
    random = Random(seed)
    deeds = [Deeds(stage, msp, Random(f"{seed} {msp.slug}")) for msp in stage.msps]
    for _ in range(runs):
        seen, before = Counter[str](), _count(stage)
        logging.disable(logging.WARNING)  # what goes wrong on purpose
        try:
            for _ in range(random.choice([1, 1, 2, 3])):
                _disturb(stage, deeds, random, seen)
            rounds, wrong = _sync(stage, deeds)
        finally:
            logging.disable(logging.NOTSET)
        seen.update(f"calls {kind}" for kind, _ in stage.fake.mishaps.happened)
        stage.fake.mishaps.happened.clear()
        for one in deeds:
            seen.update({name: count for name, count in one.done.items() if not name.startswith("no ")})
            one.done.clear()
        yield {"seen": seen, "rounds": rounds, "fresh": _count(stage) - before, **({"wrong": wrong} if wrong else {})}
        if wrong:
            return


def _count(stage: Stage) -> int:
    """How much stands in the three companies."""
    return sum(len(msp.company.rows(kind)) for msp in stage.msps for kind in ("Invoice", "CreditMemo", "Payment"))


def _disturb(stage: Stage, deeds: Sequence[Deeds], random: Random, seen: Counter[str]) -> None:
    """A while in which people work on both sides and much goes wrong."""
    stage.fake.mishaps.at_random(random.randrange(10**9), random.choice([0.05, 0.15, 0.3]))
    blind = [one.msp for one in deeds if random.random() < 0.4]
    for msp in blind:
        poll(msp, on=False)
    for _ in range(random.randint(1, 3)):
        for one in random.sample(list(deeds), len(deeds)):
            one.some(random.randint(1, 4))
        if random.random() < 0.3:
            stage.fake.consents.expire_access(random.choice(stage.msps).company.realm)
            seen["tokens ended early"] += 1
        stage.pass_time(seconds=random.choice([1, 7, 70, 700]))
        if random.random() < 0.5:
            point = work_and_die(stage, random)
            seen[f"killed {point}" if point else "worker lived"] += 1
        else:
            stage.work()
        tell(stage, random, seen)
    if random.random() < 0.15:
        stage.pass_time(days=FORGOTTEN_DAYS)
        seen["gaps of 33 days"] += 1
    for msp in blind:
        seen["looks left out for a while"] += 1
        poll(msp, on=random.random() < 0.5)


def _sync(stage: Stage, deeds: Sequence[Deeds]) -> tuple[int, list[str]]:
    """Faults end, and looks go on: rounds of syncing until both books are equal, three at most.

    Meanwhile a person gives way where numbers of ours were taken there.
    """
    stage.fake.mishaps.clear()
    for msp in stage.msps:
        poll(msp, on=True)
    for number in range(1, ROUNDS + 1):
        for one in deeds:
            one.mend()
        stage.pass_time(minutes=LONGEST_WAIT_MINUTES)
        stage.work()
        stage.fake.deliver_webhooks()
        for seconds in (35, 90):
            stage.pass_time(seconds=seconds)
            stage.work()
        wrong = findings(stage, deeds)
        if not wrong:
            return number, []
    return ROUNDS, wrong


def findings(stage: Stage, deeds: Sequence[Deeds]) -> list[str]:
    """What the judge and the auditor of the books object to."""
    wrong = []
    for one in deeds:
        with connect_owner(stage.kernel, one.msp.tenant_id) as database:
            wrong += [f"{one.msp.slug}: {finding}" for finding in judge(database, one.msp.company, one.drifted)]
        with connect(stage.kernel.settings.database_url) as database:
            wrong += [f"{one.msp.slug}: {finding}" for finding in audit(database, one.msp.tenant_id)]
    return wrong
