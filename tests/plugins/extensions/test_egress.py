"""A guest reaches the hosts that Alice consented to, and from there nothing of the inside."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from kernel.app import Kernel
from kernel.audit import AuditEntry
from plugins.extensions import services
from plugins.extensions.calls import invoking
from plugins.extensions.calls.dispatcher import Dispatcher
from plugins.extensions.guests.invocation import GuestRequest, HostCall
from plugins.extensions.interfaces.egress import Allowance, MeteredCall
from plugins.extensions.models import Grant
from tests.conftest import World
from tests.extensions.conftest import build
from tests.extensions.room_stage import ROOT, denials, install, manifest_of, publish
from tests.kernel.test_outbound import LOOPBACK, Site, site

__all__ = ["site"]
HOSTILE_FOLDER = ROOT / "tests" / "extensions" / "hostile"
FETCH = "cap:http.fetch"
INNER = ["10.0.0.1", "169.254.169.254", "[fd00:ec2::254]", "[fe80::1]", "[::ffff:10.0.0.1]", "metadata.google.internal"]


@dataclass
class Guest:
    """An install whose host calls are made here, without a guest: one Dispatcher is one invocation."""

    world: World
    kernel: Kernel
    install_id: UUID
    fetch: Callable[..., Mapping[str, Any]]


def guest(world: World, wasm: bytes, *hosts: str, kernel: Kernel | None = None, left: Allowance | None = None) -> Guest:
    release = publish(world, manifest_of(HOSTILE_FOLDER, endpoints=[{"method": "POST", "path": "/fetch", "auth": "user"}]), wasm)
    install_id = UUID(install(world, release, FETCH)["id"])
    consent(world, install_id, *hosts)
    kernel = kernel or world.kernel
    more = {"egress": left} if left else {}
    facts = MeteredCall(
        install_id, "org.example.hostile", "1.0.0", "http", "r-1", kernel.clock.now() + timedelta(seconds=10), **more
    )
    with world.call("bob") as ctx:
        target = invoking.find_target(ctx, install_id, "POST", "/fetch")
        host = Dispatcher(kernel, world.tenant_id, target.actor(ctx.actor), facts)
    return Guest(world, kernel, install_id, lambda url, **more: host(HostCall("http", "fetch", asking(url, **more), True, FETCH)))


def consent(world: World, install_id: UUID, *hosts: str) -> None:
    """These hosts are in the grant's parameters."""
    with world.call() as ctx:
        grant = update(Grant).where(Grant.install_id == install_id, Grant.capability == FETCH)
        ctx.session.execute(grant.values(parameters={"hosts": list(hosts)}))


def asking(url: str, **more: Any) -> dict[str, Any]:
    usual = {"method": "GET", "headers": [], "body": "", "base64": False, "timeout_ms": None, "follow_redirects": True}
    return {"input": {"url": url} | usual | more}


def fetched(world: World) -> list[dict[str, Any]]:
    """What the audit trail says about calls to the outside."""
    with world.call() as ctx:
        wanted = select(AuditEntry).where(AuditEntry.action == "extension.fetched").order_by(AuditEntry.id)
        return [one.changes | {"author": one.author} for one in ctx.session.scalars(wanted)]


@pytest.fixture(scope="session")
def hostile_wasm() -> bytes:
    return build(HOSTILE_FOLDER)


@pytest.fixture
def opened(acme: World) -> Kernel:
    """A house whose operator opened its own loopback address, where the tests' web site lies."""
    return replace(acme.kernel, settings=replace(acme.kernel.settings, outbound_allow="127.0.0.1"))


def test_a_guest_asks_a_consented_host_and_the_audit_trail_tells_it_without_the_path(
    acme: World, opened: Kernel, site: Site, hostile_wasm: bytes
) -> None:
    asker = guest(acme, hostile_wasm, "127.0.0.1", kernel=opened)
    with acme.call("bob") as ctx:
        target = invoking.find_target(ctx, asker.install_id, "POST", "/fetch")
    request = GuestRequest("POST", "/fetch", body=site.url("/?key=secret"))
    answer = invoking.invoke(opened, target, request, caller=ctx.actor, request_id="r-2")
    given = json.loads(answer.body)
    assert (answer.status, given["status"], given["body"], given["url"]) == (200, 200, "hello", site.url("/?key=secret"))
    method, path, headers, body = site.asked[0]
    assert (method, path, headers["x-kind"], body.decode()) == ("POST", "/?key=secret", "guest", "Grüße")
    [entry] = fetched(acme)
    assert (entry["host"], entry["status"], entry["sent"], entry["received"]) == ("127.0.0.1", 200, 7, 5)
    assert entry["author"] == "org.example.hostile@1.0.0"
    assert "secret" not in str(entry)


def test_without_consented_hosts_nothing_is_reached(acme: World, opened: Kernel, site: Site, hostile_wasm: bytes) -> None:
    none, other = guest(acme, hostile_wasm, kernel=opened), "https://localhost/"
    for url in (site.url(), other):
        assert none.fetch(url)["error"].startswith("outbound_refused: The host")
    assert site.asked == []
    assert [one["refused"] for one in fetched(acme)] == ["outbound_refused"] * 2
    consent(acme, none.install_id, "localhost")
    assert none.fetch(site.url())["error"].startswith("outbound_refused: The host 127.0.0.1 is not on the list")


def test_no_spelling_of_an_inner_address_is_reached_even_if_somebody_consented_to_it(
    acme: World, site: Site, hostile_wasm: bytes
) -> None:
    corpus = [*LOOPBACK, *INNER]
    asker = guest(acme, hostile_wasm, *(one.strip("[]") for one in corpus), left=Allowance(1000, 1 << 20, 60.0))
    for host in corpus:
        for url in (site.url(host=host), site.url(host=host).replace("http:", "https:")):
            answer = asker.fetch(url)
            assert not answer["success"], url
            assert answer["error"].startswith(("outbound_refused: ", "outbound_failed: The host")), (url, answer)
    assert site.asked == []
    assert len(fetched(acme)) == 2 * len(corpus)


def test_a_name_that_turns_inward_is_refused_when_it_does(
    acme: World, opened: Kernel, site: Site, hostile_wasm: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = ["127.0.0.1", "10.0.0.1", "169.254.169.254"]
    monkeypatch.setattr("kernel.outbound.getaddrinfo", lambda *_, **__: [(0, 0, 0, "", (addresses.pop(0), 0))])
    named = replace(opened, settings=replace(opened.settings, outbound_allow="api.example.com"))
    asker = guest(acme, hostile_wasm, "api.example.com", kernel=named)
    assert asker.fetch(site.url(host="api.example.com"))["success"]
    closed = guest_again(asker, acme.kernel)
    for _ in range(2):
        assert "which is not a public address" in closed.fetch("https://api.example.com/")["error"]


def guest_again(asker: Guest, kernel: Kernel) -> Guest:
    """The same install in another house: one that opened nothing."""
    facts = MeteredCall(asker.install_id, "org.example.hostile", "1.0.0", "http", "r-3", kernel.clock.now())
    with asker.world.call("bob") as ctx:
        target = invoking.find_target(ctx, asker.install_id, "POST", "/fetch")
        host = Dispatcher(kernel, asker.world.tenant_id, target.actor(ctx.actor), facts)
    return replace(asker, fetch=lambda url: host(HostCall("http", "fetch", asking(url), True, FETCH)))


def test_a_redirect_leads_to_consented_hosts_only(acme: World, opened: Kernel, site: Site, hostile_wasm: bytes) -> None:
    asker = guest(acme, hostile_wasm, "127.0.0.1", kernel=opened)
    assert asker.fetch(site.url("/to/302/" + site.url()))["value"]["body"] == "hello"
    for target in ("http://169.254.169.254/latest", site.url(host="localhost"), "file:///etc/passwd"):
        assert asker.fetch(site.url("/to/302/" + target))["error"].startswith("outbound_refused: ")
    left = asker.fetch(site.url("/to/302/" + site.url()), follow_redirects=False)["value"]
    assert (left["status"], left["body"]) == (302, "")


def test_calls_bytes_and_waiting_of_one_invocation_are_bounded(
    acme: World, opened: Kernel, site: Site, hostile_wasm: bytes
) -> None:
    asker = guest(acme, hostile_wasm, "127.0.0.1", kernel=opened, left=(left := Allowance(4, 150_000, 5.0)))
    assert asker.fetch(site.url("/big"))["success"]
    assert asker.fetch(site.url("/big"))["error"].startswith("outbound_too_large: ")
    assert asker.fetch(site.url())["error"].startswith("egress_spent: "), "what was read before it was too large counts"
    left.bytes = 50_000
    assert asker.fetch(site.url(), method="POST", body="x" * 60_000)["error"].startswith("egress_spent: ")
    assert asker.fetch(site.url("/slow"), timeout_ms=50)["error"].startswith("outbound_timeout: ")
    assert asker.fetch(site.url())["success"]
    assert asker.fetch(site.url())["error"].startswith("egress_spent: ")


def test_bytes_travel_as_base64(acme: World, opened: Kernel, site: Site, hostile_wasm: bytes) -> None:
    asker = guest(acme, hostile_wasm, "127.0.0.1", kernel=opened)
    assert asker.fetch(site.url(), method="POST", body="//4=", base64=True)["success"]
    assert site.asked[0][3] == b"\xff\xfe"
    refused = asker.fetch(site.url(), body="not base64!", base64=True)
    assert refused["field_errors"] == {"body": "This is not base64."}


def test_a_grant_taken_back_ends_it_at_the_next_call(acme: World, opened: Kernel, site: Site, hostile_wasm: bytes) -> None:
    asker = guest(acme, hostile_wasm, "127.0.0.1", kernel=opened)
    assert asker.fetch(site.url())["success"]
    with acme.call() as ctx:
        services.revoke_capability(ctx, asker.install_id, FETCH)
    assert asker.fetch(site.url())["error"] == "capability_denied: grant cap:http.fetch to this install"
    assert len(site.asked) == 1
    assert [one["function"] for one in denials(acme)] == ["http.fetch"]
