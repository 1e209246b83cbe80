"""Gateways as this room calls them: whatever they raise that the port does not name is one error, which keeps its trace."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from kernel.errors import DeskhandError, Unavailable
from kernel.hookspecs.accounting import AccountingSystem, Gateway
from kernel.hookspecs.connections import Access, ConsentWithdrawn

log = logging.getLogger(__name__)
UNFORESEEN = "unforeseen"
"""The code of what went wrong in a way that nobody foresaw: whether it arrived is not known."""


class Unforeseen(DeskhandError):
    """An accounting system answered what its room does not understand, or its room failed."""

    code = "accounting_unforeseen"
    status = 502
    title = "Not understood"


def open_watched(system: AccountingSystem, access: Access) -> Gateway:
    """The books of a connection, each of whose verbs raises Unavailable, ConsentWithdrawn and Unforeseen, and nothing else."""
    if system.open is None:
        raise Unforeseen(f"{system.title} has no books to open.")
    return cast("Gateway", _Watched(system.title, _watch(system.title, system.open)(access)))


class _Watched:
    def __init__(self, title: str, gateway: Gateway) -> None:
        self._title, self._gateway = title, gateway

    def __getattr__(self, verb: str) -> Callable[..., Any]:
        return _watch(self._title, getattr(self._gateway, verb))


def _watch(title: str, call: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(call)
    def watched(*arguments: Any, **named: Any) -> Any:
        try:
            return call(*arguments, **named)
        except (Unavailable, ConsentWithdrawn):
            raise
        except DeskhandError as error:
            raise Unforeseen(error.detail) from error
        except Exception as error:
            words = f"{title} answered what was not understood ({type(error).__name__}). The log has more."
            raise Unforeseen(words) from error

    return watched
