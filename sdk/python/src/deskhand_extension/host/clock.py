# Made by `deskhand sdk` from the host functions that plugins register.
"""Real time. The guest's own clock may stand still."""

from __future__ import annotations

from deskhand_extension._wire import Interface

__all__ = [
    "now_ms",
]
_host = Interface("clock", __name__)


def now_ms() -> int:
    """Milliseconds since 1970-01-01 UTC."""
    answer: int = _host.call("now_ms", None)
    return answer
