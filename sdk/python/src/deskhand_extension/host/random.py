# Made by `deskhand sdk` from the host functions that plugins register.
"""Randomness from the operating system."""

from __future__ import annotations

import builtins

from deskhand_extension._wire import Interface

__all__ = [
    "bytes",
    "fraction",
    "uuid",
]
_host = Interface("random", __name__)


def fraction() -> float:
    """A number from 0 up to, not including, 1, with 53 random bits."""
    answer: float = _host.call("fraction", None)
    return answer


def uuid() -> str:
    """A UUID of version 4."""
    answer: str = _host.call("uuid", None)
    return answer


def bytes(count: int) -> builtins.bytes:
    """Some random bytes.
    `count`: From 0 to 1,024.
    """
    answer: builtins.bytes = _host.call("bytes", None, count)
    return answer
