"""A webhook address typed by a hostile tenant reaches the internet or nothing."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer, SimpleHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from kernel.addresses import is_public
from kernel.outbound import (
    Outbound,
    OutboundFailed,
    OutboundLimits,
    OutboundRefused,
    OutboundTimeout,
    OutboundTooLarge,
    PrivateAllowed,
)

LOCAL = PrivateAllowed.parse("127.0.0.1")


@dataclass
class Site:
    """A small web site on the loopback address, and what it was asked."""

    port: int
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"


@pytest.fixture
def site() -> Iterator[Site]:
    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            here.asked.append((self.command, self.path, dict(self.headers), body))
            getattr(self, "page_" + self.path[1:].partition("?")[0].partition("/")[0])()

        do_POST = do_PUT = do_GET

        def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def page_(self) -> None:
            self.answer(200, b"hello")

        def page_missing(self) -> None:
            self.answer(404, b"not here")

        def page_big(self) -> None:
            self.answer(200, b"x" * 100_000)

        def page_endless(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.drip(b"x" * 65536, 0)

        def page_slow(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.drip(b".", 0.05)

        def page_slowhead(self) -> None:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            self.drip(b"X-Drip: drip\r\n", 0.05)

        def drip(self, piece: bytes, pause: float) -> None:
            try:
                while not stop.is_set():
                    self.wfile.write(piece)
                    time.sleep(pause)
            except OSError:
                return

        def page_packed(self) -> None:
            self.answer(200, gzip.compress(bytes(10_000_000)), Content_Encoding="gzip")

        def page_garbage(self) -> None:
            self.wfile.write(b"220 this is no web server\r\n")

        def page_to(self) -> None:
            status, _, target = self.path[len("/to/") :].partition("/")
            self.answer(int(status), b"", Location=target)

        def log_message(self, *_: object) -> None:
            return

    stop = threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    server.daemon_threads = True
    here = Site(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield here
    stop.set()
    server.shutdown()
    server.server_close()
    thread.join()


def test_an_answer_is_an_answer_whatever_its_status(site: Site) -> None:
    answer = Outbound(LOCAL).request("post", site.url("/missing"), headers={"X-Kind": "test"}, content=b"{}")
    assert (answer.status, answer.body, answer.hops) == (404, b"not here", 0)
    method, _, headers, body = site.asked[0]
    assert (method, body, headers["X-Kind"], headers["Host"]) == ("POST", b"{}", "test", f"127.0.0.1:{site.port}")


LOOPBACK = [
    "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "127.255.1.9",
    "0", "0.0.0.0", "localhost", "localhost.", "LOCALHOST", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]",
    "[2001:0:7f00:1::]", "１２７.０.０.１", "127。0。0。1", "ⓛocalhost",
]  # fmt: skip


@pytest.mark.parametrize("host", LOOPBACK)
def test_no_spelling_of_loopback_is_reached(site: Site, host: str) -> None:
    with pytest.raises((OutboundRefused, OutboundFailed)) as caught:
        Outbound().request("GET", site.url(host=host), allow_http=True)
    assert caught.type is OutboundRefused or "not known" in caught.value.detail
    assert site.asked == []


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "100.100.100.200", "192.0.0.192", "168.63.129.16",
        "224.0.0.1", "255.255.255.255", "240.0.0.1", "198.18.0.1", "203.0.113.7", "fc00::1", "fd00:ec2::254", "fe80::1",
        "fe80::1%eth0", "fec0::1", "ff02::1", "2001:db8::1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "64:ff9b::808:808",
        "2002:808:808::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:4860::5efe:8.8.8.8", "100::1", "3fff::1",
    ],
)  # fmt: skip
def test_inner_and_translated_addresses_are_not_public(address: str) -> None:
    assert not is_public(ip_address(address))
    with pytest.raises(OutboundRefused, match="not a public address"):
        Outbound(resolver=lambda host, port: [address]).request("GET", "https://hook.example")


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "172.32.0.1", "2606:4700::1111", "2a00:1450:4001::1"])
def test_ordinary_addresses_are_public(address: str) -> None:
    assert is_public(ip_address(address))


@given(st.ip_addresses())
def test_what_python_calls_private_is_never_public(address: IPv4Address | IPv6Address) -> None:
    if address.is_private or address.is_multicast or address.is_reserved or address.is_link_local:
        assert not is_public(address)


def test_one_inner_address_among_public_ones_refuses_them_all() -> None:
    client = Outbound(resolver=lambda host, port: ["8.8.8.8", "10.0.0.1"])
    with pytest.raises(OutboundRefused, match=r"10\.0\.0\.1"):
        client.request("GET", "https://hook.example")


def test_a_name_that_changes_its_address_is_looked_up_once(site: Site) -> None:
    asked: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    answer = Outbound(LOCAL, resolver=rebinding).request("GET", site.url(host="hook.example"), allow_http=True)
    assert (answer.body, asked) == (b"hello", ["hook.example"])
    assert site.asked[0][2]["Host"] == f"hook.example:{site.port}"
    with pytest.raises(OutboundRefused):
        Outbound(LOCAL, resolver=rebinding).request("GET", site.url(host="hook.example"), allow_http=True)


def test_the_next_address_is_tried_when_one_does_not_answer(site: Site) -> None:
    client = Outbound(PrivateAllowed.parse("127.0.0.0/8"), resolver=lambda host, port: ["127.9.9.9", "127.0.0.1"])
    assert client.request("GET", site.url(host="hook.example"), allow_http=True).status == 200


def test_the_operator_may_open_names_and_networks(site: Site) -> None:
    for opened in ("localhost", "127.0.0.0/8, ::1", "127.0.0.1,::1"):
        assert Outbound(PrivateAllowed.parse(opened)).request("GET", site.url(host="localhost"), allow_http=True).status
    with pytest.raises(OutboundRefused):
        Outbound(PrivateAllowed.parse("10.0.0.0/8")).request("GET", site.url(), allow_http=True)


@pytest.mark.parametrize(
    "url",
    [
        "http://hook.example", "ftp://hook.example", "file:///etc/passwd", "gopher://hook.example", "//hook.example",
        "hook.example", "", "https://", "https:///x", "https://user@hook.example", "https://a:b@hook.example",
        "https://hook.example:99999", "https://[::1", "https://hook.example\r\nX: y", "javascript:alert(1)",
    ],
)  # fmt: skip
def test_only_plain_https_urls_are_called(url: str) -> None:
    with pytest.raises(OutboundRefused):
        Outbound(resolver=lambda host, port: ["8.8.8.8"]).request("GET", url)


@pytest.mark.parametrize(
    ("allowed", "host", "may"),
    [
        (["api.example.com"], "api.example.com", True),
        (["API.Example.com."], "api.example.com", True),
        (["*.example.com"], "api.example.com", True),
        (["*.example.com"], "example.com", False),
        (["*.example.com"], "badexample.com", False),
        (["*.example.com"], "api.example.com.evil.com", False),
        (["example.com"], "api.example.com", False),
        ([], "api.example.com", False),
        (["*"], "api.example.com", False),
    ],
)
def test_the_allow_list_is_exact(site: Site, allowed: list[str], host: str, may: bool) -> None:
    client = Outbound(LOCAL, resolver=lambda host, port: ["127.0.0.1"])
    if may:
        assert client.request("GET", site.url(host=host), hosts=allowed, allow_http=True).status == 200
        return
    with pytest.raises(OutboundRefused, match="allowed hosts"):
        client.request("GET", site.url(host=host), hosts=allowed, allow_http=True)


def test_redirects_are_left_to_the_caller_unless_asked_for(site: Site) -> None:
    answer = Outbound(LOCAL).request("GET", site.url("/to/302/" + site.url()))
    assert (answer.status, answer.headers["location"]) == (302, site.url())


def test_a_redirect_inside_is_refused_at_each_hop(site: Site) -> None:
    few = OutboundLimits(redirects=3)
    for target in ("http://169.254.169.254/x", "http://[::1]/", "http://10.0.0.1/", "file:///etc/passwd", "//x@y/"):
        with pytest.raises(OutboundRefused):
            Outbound(LOCAL).request("GET", site.url("/to/302/" + target), allow_http=True, limits=few)
    with pytest.raises(OutboundRefused, match="allowed hosts"):
        Outbound(PrivateAllowed.parse("127.0.0.0/8")).request(
            "GET", site.url("/to/302/" + site.url(host="127.0.0.2")), hosts=["127.0.0.1"], limits=few
        )


def test_redirects_end(site: Site) -> None:
    four_hops = site.url("/to/302/" * 4 + "/")
    with pytest.raises(OutboundRefused, match="more than 3 times"):
        Outbound(LOCAL).request("GET", four_hops, limits=OutboundLimits(redirects=3))
    assert len(site.asked) == 4
    assert Outbound(LOCAL).request("GET", four_hops, limits=OutboundLimits(redirects=4)).hops == 4


def test_a_redirect_to_another_origin_takes_no_secret_along(site: Site) -> None:
    client = Outbound(PrivateAllowed.parse("127.0.0.0/8,localhost"))
    secret = {"Authorization": "Bearer s3cret", "X-Api-Key": "s3cret", "Content-Type": "text/plain"}
    once = OutboundLimits(redirects=1)
    answer = client.request("POST", site.url("/to/307/" + site.url(host="localhost")), headers=secret, content=b"data",
                            limits=once)  # fmt: skip
    method, _, headers, body = site.asked[-1]
    assert (answer.hops, method, body) == (1, "POST", b"data")
    assert "s3cret" not in str(headers)
    client.request("POST", site.url("/to/303/" + site.url()), headers=secret, content=b"data", limits=once)
    method, _, headers, body = site.asked[-1]
    assert (method, body, headers["Authorization"]) == ("GET", b"", "Bearer s3cret")


@pytest.mark.parametrize("path", ["/big", "/endless"])
def test_a_large_answer_is_cut_off(site: Site, path: str) -> None:
    with pytest.raises(OutboundTooLarge):
        Outbound(LOCAL).request("GET", site.url(path), limits=OutboundLimits(max_bytes=70_000))


def test_a_packed_answer_is_not_unpacked(site: Site) -> None:
    with pytest.raises(OutboundFailed, match="compressed"):
        Outbound(LOCAL).request("GET", site.url("/packed"))


@pytest.mark.parametrize("path", ["/slow", "/slowhead"])
def test_dripping_bytes_do_not_stretch_the_time(site: Site, path: str) -> None:
    with pytest.raises(OutboundTimeout):
        Outbound(LOCAL).request("GET", site.url(path), limits=OutboundLimits(seconds=0.4))


def test_a_slow_lookup_and_a_silent_server_count_as_time_too() -> None:
    short = OutboundLimits(seconds=0.2)
    with pytest.raises(OutboundTimeout):
        Outbound(resolver=lambda host, port: time.sleep(1) or []).request("GET", "https://hook.example", limits=short)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(OutboundTimeout):
        Outbound(LOCAL).request("GET", f"http://127.0.0.1:{silent.getsockname()[1]}/", limits=short)


def test_what_is_not_http_is_named(site: Site) -> None:
    with pytest.raises(OutboundFailed):
        Outbound(LOCAL).request("GET", site.url("/garbage"))
    with pytest.raises(OutboundFailed):
        Outbound(LOCAL).request("GET", f"https://127.0.0.1:{site.port}/")
    with pytest.raises(OutboundFailed, match="not known"):
        Outbound().request("GET", "https://no-such-host.invalid")
    with pytest.raises(OutboundFailed, match="not known"):
        Outbound().request("GET", f"https://{'a' * 70}.example")


@pytest.mark.parametrize("name", ["Host", "content-length", "Transfer-Encoding", "Connection", "X Y", "X\r\nY"])
def test_the_caller_cannot_bend_the_request(site: Site, name: str) -> None:
    with pytest.raises(OutboundRefused, match="header"):
        Outbound(LOCAL).request("GET", site.url(), headers={name: "inner.example"})
    for value in ("a\r\nX: y", "a\x00", "ä"):
        with pytest.raises(OutboundRefused, match="ASCII"):
            Outbound(LOCAL).request("GET", site.url(), headers={"X-Kind": value})
    for method in ("CONNECT", "TRACE", "GET / HTTP/1.1\r\n", ""):
        with pytest.raises(OutboundRefused, match="method"):
            Outbound(LOCAL).request(method, site.url())


def test_tls_is_checked_against_the_name_that_was_asked_for(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path, "hook.example")
    server = HTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    client = Outbound(LOCAL, resolver=lambda host, port: ["127.0.0.1"], ca_file=str(certificate))
    try:
        port = server.server_address[1]
        assert client.request("HEAD", f"https://hook.example:{port}/").status == 200
        for url in (f"https://other.example:{port}/", f"https://127.0.0.1:{port}/"):
            with pytest.raises(OutboundFailed, match="CERTIFICATE_VERIFY_FAILED"):
                client.request("HEAD", url)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def self_signed(folder: Path, host: str) -> Path:
    """A key and a certificate for the host that signs itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "server.pem").write_bytes(private + made.public_bytes(Encoding.PEM))
    return folder / "server.pem"


def test_proxies_of_the_environment_are_ignored(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert Outbound(LOCAL).request("GET", site.url()).status == 200
