# Made by `deskhand sdk` from the host functions that plugins register.
"""The way out: HTTPS to the hosts that an administrator consented to, and to no other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from deskhand_extension._wire import Interface

__all__ = [
    "FetchRequest",
    "FetchResponse",
    "Header",
    "fetch",
]
_host = Interface("http", __name__)


@dataclass(kw_only=True)
class Header:
    name: str
    value: str


@dataclass(kw_only=True)
class FetchRequest:
    """One request. Redirects are followed at most five times, to consented hosts only."""
    method: str
    """At most 16 characters."""
    url: str
    """At most 8,192 characters."""
    headers: Sequence[Header]
    """At most 50 items."""
    body: str
    """Empty for none."""
    base64: bool
    """`body` is bytes in base64."""
    timeout_ms: int | None
    """Of the whole call, redirects included; 10,000 unless given. From 1 to 60,000."""
    follow_redirects: bool


@dataclass(kw_only=True)
class FetchResponse:
    """What came back; any status is an answer. It has at most 2 MiB."""
    status: int
    url: str
    """The last one asked."""
    headers: Sequence[Header]
    body: str
    base64: bool
    """`body` is no UTF-8 text: its bytes stand in base64."""


def fetch(input: FetchRequest) -> FetchResponse:
    """Ask a consented host over HTTPS.
    Raises HostRefusal without `cap:http.fetch`.
    """
    answer: FetchResponse = _host.call("fetch", "cap:http.fetch", input)
    return answer
