# Made by `deskhand sdk` from the host functions that plugins register.
"""What an administrator entrusted to this install and nobody sees again: keys, tokens, passwords."""

from __future__ import annotations

from collections.abc import Sequence

from deskhand_extension._wire import Interface

__all__ = [
    "get",
    "keys",
]
_host = Interface("secrets", __name__)


def get(name: str) -> str | None:
    """One secret of this install, or none.
    `name`: 1 to 64 characters.
    Raises HostRefusal without `cap:secrets.get`.
    """
    answer: str | None = _host.call("get", "cap:secrets.get", name)
    return answer


def keys() -> Sequence[str]:
    """The names of this install's secrets.
    Raises HostRefusal without `cap:secrets.get`.
    """
    answer: Sequence[str] = _host.call("keys", "cap:secrets.get")
    return answer
