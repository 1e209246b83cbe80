"""How things are timed: the two of a pair in turns, so that a busy machine slows both; medians of several rounds."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import median, quantiles
from typing import Any

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Reading:
    """What was measured: `value` and `against` in `unit`, `ratio` of the two (above 1: faster than what it is held against).

    `spread` holds the lowest and the highest ratio of the rounds; `met` is None where there is no target; `limit` says what
    holds it back.
    """

    name: str
    value: float
    unit: str
    against: float
    ratio: float
    spread: tuple[float, float]
    target: str
    met: bool | None
    limit: str = ""

    def as_json(self) -> dict[str, Any]:
        """The reading as it stands in bench.json."""
        return {name: _rounded(value) for name, value in asdict(self).items()}


def _rounded(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_rounded(one) for one in value]
    return float(f"{value:.3g}") if isinstance(value, float) else value


def seconds_of(action: Callable[[], object]) -> float:
    """How long an action takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def in_turns(one: Callable[[], object], other: Callable[[], object], times: int) -> tuple[list[float], list[float]]:
    """Seconds of each call of two actions that take turns."""
    ones, others = [], []
    for _ in range(times):
        ones.append(seconds_of(one))
        others.append(seconds_of(other))
    return ones, others


def busy_ms(action: Callable[[], object], times: int) -> float:
    """Milliseconds of processor time that this thread takes for an action, waiting left out."""
    began = time.thread_time()
    for _ in range(times):
        action()
    return (time.thread_time() - began) / times * 1000


def percentile_95(seconds: Sequence[float]) -> float:
    """What 95 of 100 stay below."""
    return quantiles(seconds, n=20, method="inclusive")[-1]


def compare(ours: Sequence[Sequence[float]], theirs: Sequence[Sequence[float]]) -> tuple[float, tuple[float, float]]:
    """How fast ours are, held against theirs: the median over the rounds, and the slowest and fastest round.

    >>> compare([[4.0], [2.0], [4.0]], [[1.0], [1.0], [2.0]])
    (0.5, (0.25, 0.5))
    """
    ratios = [median(their) / median(our) for our, their in zip(ours, theirs, strict=True)]
    return median(ratios), (min(ratios), max(ratios))


def every(rounds: Sequence[Sequence[float]]) -> list[float]:
    """The calls of all rounds."""
    return [one for calls in rounds for one in calls]


def show(readings: Sequence[Reading]) -> None:
    """Print the table."""
    table = Table("what", "measured", "against", "ratio (of rounds)", "target", "met", "limited by")
    for one in readings:
        low, high = one.spread
        table.add_row(one.name, f"{one.value:,.4g} {one.unit}", f"{one.against:,.4g} {one.unit}",
                      f"{one.ratio:.3g} ({low:.3g} to {high:.3g})", one.target,
                      {True: "yes", False: "NO", None: ""}[one.met], one.limit)  # fmt: skip
    Console(width=190).print(table)
