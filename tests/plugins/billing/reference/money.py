"""Rounding and sharing in fractions. Imports nothing of the engine."""

from __future__ import annotations

from fractions import Fraction


def rounded(exact: Fraction | int, mode: str) -> int:
    """A whole number of minor units."""
    value = abs(Fraction(exact))
    whole, rest = value.numerator // value.denominator, value % 1
    half = Fraction(1, 2)
    more = {
        "half_up": rest >= half, "half_even": rest > half or (rest == half and whole % 2 == 1), "up": rest > 0, "down": False,
    }[mode]  # fmt: skip
    return (whole + more) * (-1 if exact < 0 else 1)


def shared(total: int, weights: list[Fraction]) -> list[int]:
    """An amount from zero up in proportion to weights; what is left over goes one by one to the largest remainders."""
    if not weights:
        return []
    if not any(weights):
        weights = [Fraction(1)] * len(weights)
    exact = [Fraction(total) * weight / sum(weights) for weight in weights]
    parts = [int(one) for one in exact]
    by_rest = sorted(range(len(parts)), key=lambda at: exact[at] - parts[at], reverse=True)
    for at in by_rest[: total - sum(parts)]:
        parts[at] += 1
    return parts


def of_days(amount: int, before: int, covered: int, total: int, mode: str) -> int:
    """The part of a period's amount for some of its days: due up to the last of them, less due up to the first."""
    until = rounded(Fraction(amount * (before + covered), total), mode)
    return until - rounded(Fraction(amount * before, total), mode)
