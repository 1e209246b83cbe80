# Made by `deskhand sdk` from the host functions that plugins register.
"""Lines for whoever looks after the extension. Lines over the limit of one invocation are dropped and counted."""

from __future__ import annotations

from deskhand_extension._wire import Interface

__all__ = [
    "debug",
    "error",
    "info",
    "warn",
]
_host = Interface("log", __name__)


def debug(message: str) -> None:
    """Write a line at the level debug."""
    _host.call("debug", "cap:log.emit", message)


def info(message: str) -> None:
    """Write a line at the level info."""
    _host.call("info", "cap:log.emit", message)


def warn(message: str) -> None:
    """Write a line at the level warn."""
    _host.call("warn", "cap:log.emit", message)


def error(message: str) -> None:
    """Write a line at the level error."""
    _host.call("error", "cap:log.emit", message)
