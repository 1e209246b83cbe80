"""Small charts as SVG, drawn on the server: shapes only, in a box of 600 × 160 units; words and table are the template's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

WIDTH, HEIGHT, GAP = 600, 160, 6


class Bar(NamedTuple):
    """A rectangle of the chart, in its units."""

    x: float
    y: float
    width: float
    height: float


def bars(values: Sequence[float | int]) -> list[Bar]:
    """One bar for each value; the zero line moves up when there are negative ones.

    >>> bars([1, 2])
    [Bar(x=3.0, y=80.0, width=294.0, height=80.0), Bar(x=303.0, y=0.0, width=294.0, height=160.0)]
    """
    top, bottom = _range(values)
    step = WIDTH / max(1, len(values))
    drawn = []
    for index, value in enumerate(values):
        high, low = _height(max(value, 0), top, bottom), _height(min(value, 0), top, bottom)
        drawn.append(Bar(round(index * step + GAP / 2, 1), high, round(step - GAP, 1), round(low - high, 1)))
    return drawn


def points(values: Sequence[float | int]) -> list[tuple[float, float]]:
    """Where a line passes, one point for each value.

    >>> points([0, 10])
    [(0.0, 160.0), (600.0, 0.0)]
    """
    top, bottom = _range(values)
    step = WIDTH / max(1, len(values) - 1)
    return [(round(index * step, 1), _height(value, top, bottom)) for index, value in enumerate(values)]


def _range(values: Sequence[float | int]) -> tuple[float, float]:
    top, bottom = max([*values, 0]), min([*values, 0])
    return (top, bottom) if top != bottom else (1, 0)


def _height(value: float, top: float, bottom: float) -> float:
    return round(HEIGHT * (top - value) / (top - bottom), 1)
