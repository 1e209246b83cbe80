"""Chance with a fixed seed. Only `Random.random` is used: the one sequence Python promises to keep between versions."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


class Dice:
    """A stream of decisions that is the same on every run."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def chance(self, share: float) -> bool:
        """True in `share` of all throws."""
        return self._random.random() < share

    def number(self, low: int, high: int) -> int:
        """A whole number between both, both included."""
        return low + int(self._random.random() * (high - low + 1))

    def pick(self, items: Sequence[Item]) -> Item:
        """One of the items."""
        return items[self.number(0, len(items) - 1)]

    def digits(self, count: int) -> str:
        """So many digits, the first not 0."""
        return str(self.number(1, 9)) + "".join(str(self.number(0, 9)) for _ in range(count - 1))
