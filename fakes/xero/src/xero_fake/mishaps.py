"""What may go wrong on the way: answers that are lost after the work was done, errors of the service, limits."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

LOST_ANSWER, LOST_REQUEST, THROTTLED, BROKEN, UNAVAILABLE = "lost_answer", "lost_request", "throttled", "broken", "unavailable"
"""The connection ends after the work was done, or before it was; 429; 500; 503."""
KINDS = (LOST_ANSWER, LOST_REQUEST, THROTTLED, BROKEN, UNAVAILABLE)


@dataclass(slots=True)
class _Planned:
    kind: str
    path: str
    tenant: str
    times: int


@dataclass(slots=True)
class Mishaps:
    """What shall go wrong next; `happened` lists what did, with the path of each."""

    happened: list[tuple[str, str]] = field(default_factory=list)
    _planned: list[_Planned] = field(default_factory=list)
    _chance: random.Random | None = None
    _odds: float = 0.0
    _kinds: Sequence[str] = KINDS

    def plan(self, kind: str, *, path: str = "", tenant: str = "", times: int = 1) -> None:
        """Let the next `times` requests fail whose path holds `path`, of one company or of all. Raises ValueError."""
        if kind not in KINDS:
            raise ValueError(f"{kind} is none of {', '.join(KINDS)}")
        self._planned.append(_Planned(kind, path, tenant, times))

    def at_random(self, seed: int, odds: float, kinds: Sequence[str] = KINDS) -> None:
        """Let requests fail by chance, the same ones for the same seed; odds of 0 end it."""
        self._chance, self._odds, self._kinds = random.Random(seed), odds, kinds

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        self._planned.clear()
        self._chance = None

    def draw(self, tenant: str, path: str) -> str:
        """What goes wrong with this request; empty for nothing."""
        kind = self._next_planned(tenant, path) or self._next_random()
        if kind:
            self.happened.append((kind, path))
        return kind

    def _next_planned(self, tenant: str, path: str) -> str:
        for one in self._planned:
            if one.path in path and one.tenant in ("", tenant):
                one.times -= 1
                self._planned = [other for other in self._planned if other.times > 0]
                return one.kind
        return ""

    def _next_random(self) -> str:
        if self._chance is None or self._chance.random() >= self._odds:
            return ""
        return self._chance.choice(list(self._kinds))
