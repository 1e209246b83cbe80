"""Identifiers: UUIDv7, made here so that any PostgreSQL from 15 on will do."""

from __future__ import annotations

import secrets
import threading
import time
from uuid import UUID

_VERSION = 7 << 76
_VARIANT = 0b10 << 62
_COUNTER_BITS = 42
_COUNTER_SEED_BITS = _COUNTER_BITS - 1


class UuidFactory:
    """Makes UUIDv7 that never go backwards within this process, from any thread.

    RFC 9562 section 6.2, method 1: 48 bits of Unix milliseconds, then a 42-bit counter that is seeded at random each
    millisecond with its top bit clear, then 32 random bits.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._millis = 0
        self._counter = 0

    def __call__(self) -> UUID:
        millis, counter = self._next(time.time_ns() // 1_000_000)
        high, low = counter >> 30, counter & ((1 << 30) - 1)
        return UUID(int=millis << 80 | _VERSION | high << 64 | _VARIANT | low << 32 | secrets.randbits(32))

    def _next(self, now: int) -> tuple[int, int]:
        """The timestamp and counter to use; a clock set back keeps the last timestamp and counts on."""
        with self._lock:
            if now > self._millis:
                self._millis, self._counter = now, secrets.randbits(_COUNTER_SEED_BITS)
            else:
                self._counter += 1
                if self._counter >> _COUNTER_BITS:
                    self._millis, self._counter = self._millis + 1, secrets.randbits(_COUNTER_SEED_BITS)
            return self._millis, self._counter


_factory = UuidFactory()


def uuid7() -> UUID:
    """A new UUIDv7 (RFC 9562 section 5.7), greater than every one this process made before."""
    return _factory()
