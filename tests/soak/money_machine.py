"""Other histories of the money machine than those of the tests, by the thousand."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.audit.histories import play
from tests.ground import ground
from tests.soak.crew import share
from tests.soak.decade import clock

HISTORIES, DEEDS = 25, 30
"""Of a round, and of each history."""


def money_machine(notes: dict[str, Any], keep: Callable[[], None]) -> str:
    """Play `SOAK_HISTORIES` (2,000) histories of 30 deeds of the money machine; returns the figures in words."""
    rounds = range(1, int(os.environ.get("SOAK_HISTORIES", "2000")) // HISTORIES + 1)
    played: list[int] = notes.setdefault("played", [])
    seen = Counter(notes.setdefault("seen", {}))
    for (_, number), counts in share(__name__, [(notes["seed"], number) for number in rounds if number not in played]):
        played.append(number)
        seen += Counter(counts)
        notes["seen"] = dict(seen)
        keep()
        print(f"  round {number}: {len(played) * HISTORIES} histories, auditor green", flush=True)
    done = ", ".join(f"{count:,} {name}" for name, count in sorted(seen.items()) if not name.startswith("refused"))
    return f"{len(played) * HISTORIES} histories of {DEEDS} deeds, auditor green after each ({done})"


@contextmanager
def at_work() -> Iterator[Callable[[int, int], Counter[str]]]:
    """What plays a round of a seed; a history that fails is shortened and printed."""
    with ground(clock=clock()) as (kernel, postgres):
        yield lambda seed, number: play(
            kernel, postgres, seed=seed * 1_000 + number, histories=HISTORIES, deeds=DEEDS, shorten=True
        )
