"""Alice connects Acme's organisation: consent on Xero's page, tokens that become others, and the way out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from xero_fake import Organisation, XeroFake, running

from kernel.clock import FixedClock
from kernel.hookspecs.connections import Access, ConsentWithdrawn
from kernel.jobs import run_due
from tests.conftest import START, World

API = "/api/v1/connections"


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[XeroFake]:
    fake = XeroFake(START)
    fake.register("app-1", "s3cret/+", redirects=("http://localhost/connections/callback",))
    with running(fake):
        monkeypatch.setenv("DESKHAND_XERO_URL", fake.url)
        yield fake


@pytest.fixture
def org(fake: XeroFake) -> Organisation:
    return fake.organisation("Acme MSP Ltd", currency="GBP", country="GB")


def _connect(world: World, fake: XeroFake, choice: str, secret: str = "s3cret/+") -> Any:
    """The page on which Alice ends up."""
    body = {"provider": "xero", "environment": "production", "client_id": "app-1", "client_secret": secret}
    world.api().post(f"{API}/applications", json=body)
    application = world.api().get(f"{API}/applications").json["items"][0]["id"]
    page = world.client().post(f"/connections/applications/{application}/connect").text
    [where] = re.findall(rf'href="({re.escape(fake.url)}/identity/connect/authorize[^"]+)"', page)
    back = httpx.get(unescape(where), params={**httpx.URL(unescape(where)).params, "tenant": choice})
    answer = world.client().get(f"/connections/callback?{urlsplit(back.headers['location']).query}")
    run_due(world.kernel, world.tenant_id)
    return world.client().get(answer.location).text


def _open(world: World, refused: str = "") -> Access:
    with world.call() as ctx:
        [known] = ctx.hooks.list_connections(ctx=ctx, provider="xero")
        access: Access = ctx.hooks.open_connection(ctx=ctx, connection_id=known.id, refused=refused)
        return access


def test_alice_connects_and_disconnects(acme: World, fake: XeroFake, org: Organisation, clock: FixedClock) -> None:
    assert "The service gave access to this account" in _connect(acme, fake, org.tenant)
    first = _open(acme)
    assert (first.account_id, first.account_name) == (org.tenant, "Acme MSP Ltd")
    clock.set(clock.now() + timedelta(minutes=29))
    fake.clock.advance(timedelta(minutes=29))
    second = _open(acme)
    assert second.token != first.token
    fake.consents.grant_of(second.token)
    acme.api().post(f"{API}/{first.connection_id}/disconnect")
    run_due(acme.kernel, acme.tenant_id)
    assert fake.consents.connections == []
    with pytest.raises(Exception, match="Unauthorized"):
        fake.consents.grant_of(second.token)
    assert "had the access taken back at the service" in acme.client().get(f"/connections/{first.connection_id}").text


def test_another_organisation_stays_connected(acme: World, fake: XeroFake, org: Organisation) -> None:
    other = fake.organisation("Acme Holding Ltd")
    _connect(acme, fake, org.tenant)
    _connect(acme, fake, other.tenant)
    listed = {one["account_name"]: one for one in acme.api().get(API).json["items"]}
    assert sorted(listed) == ["Acme Holding Ltd", "Acme MSP Ltd"]
    acme.api().post(f"{API}/{listed['Acme MSP Ltd']['id']}/disconnect")
    run_due(acme.kernel, acme.tenant_id)
    assert [one.tenant for one in fake.consents.connections] == [other.tenant]


def test_declining_and_a_wrong_secret(acme: World, fake: XeroFake, org: Organisation) -> None:
    assert "You declined at the service" in _connect(acme, fake, "none")
    application = acme.api().get(f"{API}/applications").json["items"][0]["id"]
    acme.api().patch(f"{API}/applications/{application}", json={"client_secret": "wrong"})
    assert "Xero does not know this application" in _connect(acme, fake, org.tenant)
    assert acme.api().get(API).json["items"] == []


def test_an_answer_of_xero_that_is_lost_costs_nothing(acme: World, fake: XeroFake, org: Organisation, clock: FixedClock) -> None:
    """The new refresh token never arrived; Xero takes the one before for half an hour."""
    _connect(acme, fake, org.tenant)
    old = _open(acme).token
    fake.mishaps.plan("lost_answer", path="/connect/token")
    with pytest.raises(Exception, match="could not be reached"):
        _open(acme, refused=old)
    clock.set(clock.now() + timedelta(minutes=1))
    fake.clock.advance(timedelta(minutes=1))
    assert _open(acme, refused=old).token != old


def test_access_that_was_taken_away_is_told(acme: World, fake: XeroFake, org: Organisation) -> None:
    _connect(acme, fake, org.tenant)
    token = _open(acme).token
    app = fake.consents.apps["app-1"]
    for grant in list(fake.consents._grants):
        fake.consents.revoke(app, grant.current)
    with pytest.raises(ConsentWithdrawn, match="invalid_grant"):
        _open(acme, refused=token)
    assert acme.api().get(API).json["items"][0]["state"] == "withdrawn"
