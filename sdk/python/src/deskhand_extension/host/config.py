# Made by `deskhand sdk` from the host functions that plugins register.
"""The settings that an administrator gave to this install. Values are text as it was entered."""

from __future__ import annotations

from collections.abc import Sequence

from deskhand_extension._wire import Interface

__all__ = [
    "get",
    "keys",
]
_host = Interface("config", __name__)


def get(key: str) -> str | None:
    """One setting of this install, or none.
    Raises HostRefusal without `cap:config.read`.
    """
    answer: str | None = _host.call("get", "cap:config.read", key)
    return answer


def keys() -> Sequence[str]:
    """The names of this install's settings.
    Raises HostRefusal without `cap:config.read`.
    """
    answer: Sequence[str] = _host.call("keys", "cap:config.read")
    return answer
