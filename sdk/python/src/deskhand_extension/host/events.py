# Made by `deskhand sdk` from the host functions that plugins register.
"""Events of the extension's own, for itself and for other extensions of the tenant that list them."""

from __future__ import annotations

from deskhand_extension._wire import Interface

__all__ = [
    "publish",
]
_host = Interface("events", __name__)


def publish(name: str, payload: str) -> str:
    """Say that something happened.
    `name`: Lower-case letters, digits and _; the extension's own name, with _ for -, is put before it.
    `payload`: JSON text, at most 64 KiB.
    Raises HostRefusal without `cap:event.publish`.
    """
    answer: str = _host.call("publish", "cap:event.publish", name, payload)
    return answer
