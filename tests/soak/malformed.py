"""Mutants of real guests by the thousand, in both lanes: each is refused by name, or runs within its limits."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from plugins.extensions.author.starting import create_extension
from plugins.extensions.guests.artefacts import ArtefactStore
from plugins.extensions.guests.limits import COMPONENT, EXTISM
from plugins.extensions.guests.pool import GuestPool
from tests.extensions.mutants import fates, mutants, small_guests
from tests.ground import ROOT
from tests.guest_ground import built

LANES = (COMPONENT, EXTISM)
ROUND, LARGE_ROUND = 50, 10
"""Of each guest, in one round."""


def malformed(notes: dict[str, Any], keep: Callable[[], None]) -> str:
    """Read and run `SOAK_MUTANTS` (4,000) mutants; returns the figures in words. Raises at the first that breaks something."""
    wanted = int(os.environ.get("SOAK_MUTANTS", "4000"))
    seen: dict[str, Counter[str]] = {lane: Counter(notes.get(lane, {})) for lane in LANES}
    while sum(one.total() for one in seen.values()) < wanted:
        number = notes["rounds"] = notes.get("rounds", 0) + 1
        for lane in LANES:
            seen[lane] += _round(lane, notes["seed"] * 1000 + number)
            notes[lane] = dict(seen[lane])
        keep()
        print(f"  round {number}: {sum(one.total() for one in seen.values())} mutants", flush=True)
    lanes = (f"{one.total()} for {lane} ({_words(one)})" for lane, one in seen.items())
    return f"mutants of real guests, {', '.join(lanes)}: no compiler and no worker broke down"


def _round(lane: str, seed: int) -> Counter[str]:
    made = [mutant for name, wasm in small_guests(lane).items() for mutant in mutants(name, wasm, ROUND, seed)]
    with tempfile.TemporaryDirectory() as place:
        made += mutants("large", _large(lane), LARGE_ROUND, seed)
        store = ArtefactStore(Path(place), b"a secret of thirty-two bytes ...")
        with GuestPool(store, size=1) as pool:
            return fates(store, pool, made, lane)


@cache
def _large(lane: str) -> bytes:
    """A guest as an author's tool chain makes it: that of a sample, or of what `deskhand ext new` writes."""
    if lane == COMPONENT:
        return built(ROOT / "samples" / "invoicing-demo")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "greeting"
        create_extension(folder, "as")
        return built(folder)


def _words(seen: Counter[str]) -> str:
    return ", ".join(f"{count} {fate}" for fate, count in seen.most_common())
