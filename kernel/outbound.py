"""The only way out: an HTTP client that a hostile URL cannot turn against our own network.

The name is looked up once, every address it has is checked, and the connection goes to a checked address, so a name
that changes its address in between (DNS rebinding) gains nothing. Redirects are off unless asked for, and each hop is
checked like the first. Proxy variables, cookies and `.netrc` are not looked at. Bodies, time and hops are bounded.
"""

from __future__ import annotations

import re
import ssl
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from queue import Empty, SimpleQueue
from socket import SOCK_STREAM, gaierror, getaddrinfo
from typing import Any

import httpcore
import httpx

from kernel.addresses import Network, is_public, parse_address, parse_network
from kernel.config import Settings
from kernel.errors import Refused, Unavailable

Resolver = Callable[[str, int], list[str]]

_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # RFC 9110 section 5.6.2
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e]*")
_OURS = frozenset(  # framing, routing and proxy headers: the client sets them or nobody does
    {"connection", "content-length", "expect", "host", "keep-alive", "proxy-authorization", "proxy-connection"}
    | {"te", "trailer", "transfer-encoding", "upgrade"}
)
_KEPT_ACROSS_ORIGINS = frozenset({"accept", "accept-language", "content-type", "user-agent"})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class OutboundRefused(Refused):
    """The call may not be made: scheme, host, address, header or redirect is not allowed."""

    code = "outbound_refused"
    title = "This address may not be called"


class OutboundFailed(Unavailable):
    """The other side could not be reached, or did not speak HTTP or TLS properly."""

    code = "outbound_failed"
    status = 502
    title = "The other side did not answer properly"


class OutboundTimeout(OutboundFailed):
    """The whole call, lookup and redirects included, took longer than allowed."""

    code = "outbound_timeout"
    status = 504
    title = "The other side took too long"


class OutboundTooLarge(OutboundFailed):
    """The answer's body is larger than allowed; reading stopped."""

    code = "outbound_too_large"
    title = "The answer is too large"


@dataclass(frozen=True, slots=True)
class OutboundLimits:
    """Bounds of one call: body in bytes, total time in seconds, redirects followed."""

    max_bytes: int = 2 * 1024 * 1024
    seconds: float = 20.0
    redirects: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `url` is the last one asked, `hops` the number of redirects followed."""

    status: int
    headers: httpx.Headers
    body: bytes = field(repr=False)
    url: str
    hops: int = 0


@dataclass(frozen=True, slots=True)
class PrivateAllowed:
    """Private hosts and networks that the operator of this installation opened (`DESKHAND_OUTBOUND_ALLOW`)."""

    hosts: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()

    @classmethod
    def parse(cls, text: str) -> PrivateAllowed:
        """Read a comma list of host names, addresses and networks."""
        parts = [part.strip().lower() for part in text.split(",") if part.strip()]
        networks = {part: parse_network(part) for part in parts}
        names = frozenset(part for part, network in networks.items() if network is None)
        return cls(names, tuple(network for network in networks.values() if network is not None))

    def covers(self, host: str, address: str) -> bool:
        parsed = parse_address(address)
        return host in self.hosts or any(parsed in network for network in self.networks)


class Outbound:
    """Makes outbound calls. One per process; safe to use from many threads."""

    def __init__(self, private: PrivateAllowed | None = None, *, resolver: Resolver | None = None,
                 ca_file: str | None = None) -> None:  # fmt: skip
        self._private = private or PrivateAllowed()
        self._resolver = resolver or resolve
        self._ca_file = ca_file

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._ca_file) if self._ca_file else httpx.create_ssl_context()

    def request(self, method: str, url: str, *, headers: Mapping[str, str] | None = None, content: bytes = b"",
                hosts: Collection[str] | None = None, allow_http: bool = False,
                limits: OutboundLimits = OutboundLimits()) -> Answer:  # fmt: skip
        """Make one call and read the whole answer; any HTTP status is an answer.

        `hosts` is an allow-list (`api.example.com`, `*.example.com`); None allows every public host, empty allows none.
        Plain http is refused unless `allow_http` or the operator opened the host. Raises OutboundRefused,
        OutboundFailed, OutboundTimeout, OutboundTooLarge.
        """
        guard = _Guard(self._private, hosts, allow_http, self._resolver, _Deadline(limits.seconds))
        call = _Call(_checked_method(method), _parse(url), _checked_headers(headers or {}), content)
        for hop in range(limits.redirects + 1):
            guard.check_url(call.url)
            answer = replace(self._exchange(call, guard, limits.max_bytes), hops=hop)
            if answer.status not in _REDIRECTS or "location" not in answer.headers or not limits.redirects:
                return answer
            call = call.redirected(answer)
        raise OutboundRefused(f"The call was redirected more than {limits.redirects} times.")

    def _exchange(self, call: _Call, guard: _Guard, max_bytes: int) -> Answer:
        try:
            with httpcore.ConnectionPool(self._tls, network_backend=_Backend(guard)) as pool:
                response = pool.handle_request(call.to_httpcore())
                try:
                    return _read(response, call, max_bytes)
                finally:
                    response.close()
        except httpcore.TimeoutException as error:
            raise guard.deadline.passed() from error
        except (httpcore.NetworkError, httpcore.ProtocolError, ssl.SSLError, OSError) as error:
            raise OutboundFailed(f"{call.url.host} could not be reached: {error}") from error


@dataclass(frozen=True, slots=True)
class _Call:
    method: str
    url: httpx.URL
    headers: Mapping[str, str]
    content: bytes

    def to_httpcore(self) -> httpcore.Request:
        """Uncompressed answers only: a compressed one could be a thousand times larger than it looks."""
        sent = httpx.Request(self.method, self.url, headers={**self.headers, "Accept-Encoding": "identity"},
                             content=self.content or None)  # fmt: skip
        target = httpcore.URL(scheme=self.url.raw_scheme, host=self.url.raw_host, port=self.url.port,
                              target=self.url.raw_path)  # fmt: skip
        return httpcore.Request(self.method, target, headers=sent.headers.raw, content=self.content)

    def redirected(self, answer: Answer) -> _Call:
        """The next hop (RFC 9110 section 15.4). Another origin gets no header that could hold a secret."""
        try:
            url = self.url.join(answer.headers["location"])
        except httpx.InvalidURL as error:
            raise OutboundRefused("The redirect's Location is not a URL.") from error
        as_get = answer.status == 303 or (answer.status in (301, 302) and self.method == "POST")
        same = (url.scheme, url.host, url.port) == (self.url.scheme, self.url.host, self.url.port)
        headers = {k: v for k, v in self.headers.items() if same or k.lower() in _KEPT_ACROSS_ORIGINS}
        if as_get:
            headers = {k: v for k, v in headers.items() if k.lower() != "content-type"}
        method = "GET" if as_get and self.method != "HEAD" else self.method
        return _Call(method, url, headers, b"" if as_get else self.content)


class _Deadline:
    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds left. Raises OutboundTimeout when none are."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise self.passed()
        return left

    def passed(self) -> OutboundTimeout:
        return OutboundTimeout(f"The call did not end within {self._seconds:g} seconds.")


@dataclass(frozen=True, slots=True)
class _Guard:
    private: PrivateAllowed
    hosts: Collection[str] | None
    allow_http: bool
    resolver: Resolver
    deadline: _Deadline

    def check_url(self, url: httpx.URL) -> None:
        host = _plain(url.host)
        opened = host in self.private.hosts or _is_opened_literal(self.private, host)
        if url.scheme != "https" and not (url.scheme == "http" and (self.allow_http or opened)):
            raise OutboundRefused(f"The scheme {url.scheme or 'of the URL'!r} is not allowed; use https.")
        if not host or url.userinfo or not 0 < (url.port or 443) < 65536:
            raise OutboundRefused("The URL needs a host and a real port, and may not carry a user or password.")
        if self.hosts is not None and not any(_matches(host, _plain(one)) for one in self.hosts):
            raise OutboundRefused(f"The host {host} is not on the list of allowed hosts.", host=host)

    def addresses(self, host: str, port: int) -> list[str]:
        """The checked addresses of a host; one bad address refuses them all."""
        found = _in_time(lambda: self.resolver(host, port), self.deadline, host)
        for address in found:
            if not is_public(parse_address(address)) and not self.private.covers(_plain(host), address):
                raise OutboundRefused(f"{host} leads to {address}, which is not a public address.", host=host)
        return found


class _Backend(httpcore.NetworkBackend):
    """Connects httpcore to checked addresses only, within the deadline."""

    def __init__(self, guard: _Guard) -> None:
        self._guard = guard
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the deadline of the call rules instead, here and below
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception = OutboundFailed(f"{host} has no address.")
        for address in self._guard.addresses(host, port):
            try:
                left = self._guard.deadline.left()
                return _Stream(self._inner.connect_tcp(address, port, left, None, socket_options), self._guard.deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


class _Stream(httpcore.NetworkStream):
    """A connection whose every read and write ends with the call's deadline, however slowly the bytes drip."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: _Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        return self._inner.read(max_bytes, self._deadline.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._inner.write(buffer, self._deadline.left())

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, self._deadline.left()), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def open_outbound(settings: Settings) -> Outbound:
    """The client of this installation, with the private hosts that its operator opened."""
    return Outbound(PrivateAllowed.parse(settings.outbound_allow))


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host by the system's resolver, in its order. Raises OSError."""
    found = getaddrinfo(host, port, type=SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _in_time(lookup: Callable[[], list[str]], deadline: _Deadline, host: str) -> list[str]:
    """The resolver has no timeout of its own, so it runs in a thread that is left behind when it is late."""
    answers: SimpleQueue[list[str] | Exception] = SimpleQueue()

    def run() -> None:
        try:
            answers.put(lookup())
        except Exception as error:  # handed over to the caller's thread, which raises it
            answers.put(error)

    threading.Thread(target=run, name="outbound-lookup", daemon=True).start()
    try:
        answer = answers.get(timeout=deadline.left())
    except Empty:
        raise deadline.passed() from None
    if isinstance(answer, (gaierror, UnicodeError)):
        raise OutboundFailed(f"The host {host} is not known.") from answer
    if isinstance(answer, Exception):
        raise answer
    return answer


def _read(response: httpcore.Response, call: _Call, max_bytes: int) -> Answer:
    headers = httpx.Headers(response.headers)
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise OutboundFailed(f"{call.url.host} sent a compressed answer though none was asked for.")
    body = bytearray()
    for chunk in response.iter_stream():
        body += chunk
        if len(body) > max_bytes:
            raise OutboundTooLarge(f"The answer of {call.url.host} is larger than {max_bytes} bytes.")
    return Answer(response.status, headers, bytes(body), str(call.url))


def _parse(url: str) -> httpx.URL:
    try:
        return httpx.URL(url)
    except (httpx.InvalidURL, TypeError) as error:
        raise OutboundRefused(f"This is not a URL: {error}") from error


def _checked_method(method: str) -> str:
    if method.upper() not in _METHODS:
        raise OutboundRefused(f"The method {method!r} is not one of {', '.join(sorted(_METHODS))}.")
    return method.upper()


def _checked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if name.lower() in _OURS or not _HEADER_NAME.fullmatch(name):
            raise OutboundRefused(f"The header {name!r} may not be set.")
        if not _HEADER_VALUE.fullmatch(value):
            raise OutboundRefused(f"The header {name} may hold printable ASCII only.")
    return dict(headers)


def _plain(host: str) -> str:
    return host.lower().rstrip(".")


def _matches(host: str, pattern: str) -> bool:
    if pattern.startswith("*."):
        return host.endswith(pattern[1:]) and len(host) > len(pattern) - 1
    return host == pattern


def _is_opened_literal(private: PrivateAllowed, host: str) -> bool:
    network = parse_network(host)
    return network is not None and private.covers(host, str(network.network_address))
