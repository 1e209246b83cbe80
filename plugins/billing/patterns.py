"""Numbers as a tenant wants them written. Pure."""

from __future__ import annotations

import re

from plugins.billing.errors import NumberPatternInvalid

_PLACE = re.compile(r"\{(n|year)(?::0?(\d{1,2}))?\}")


def check_pattern(pattern: str) -> str:
    """The pattern itself. Raises NumberPatternInvalid unless it holds `{n}` once, and braces for nothing else."""
    places = [match[1] for match in _PLACE.finditer(pattern)]
    rest = _PLACE.sub("", pattern)
    if places.count("n") != 1 or "{" in rest or "}" in rest or len(pattern) > 40:
        raise NumberPatternInvalid("Write a pattern with {n} once, such as INV-{n:06} or {year}-{n:04}.")
    return pattern


def same_numbers(pattern: str, other: str) -> bool:
    """Whether two patterns may write the same number for two documents: they differ in nothing but how far they fill up.

    >>> same_numbers("INV-{n:06}", "INV-{n}"), same_numbers("INV-{n:06}", "CN-{n:06}")
    (True, False)
    """
    return _PLACE.sub(r"{\1}", pattern) == _PLACE.sub(r"{\1}", other)


def write_number(pattern: str, serial: int, year: int) -> str:
    """The number of a serial.

    >>> write_number("INV-{n:06}", 42, 2026), write_number("{year}/{n}", 7, 2026)
    ('INV-000042', '2026/7')
    """
    values = {"n": serial, "year": year}
    return _PLACE.sub(lambda match: str(values[match[1]]).zfill(int(match[2] or 0)), pattern)
