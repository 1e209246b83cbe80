"""Consent, messages from Intuit, and the pages, with the cast."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from quickbooks_fake import BROKEN, Company, QuickBooksFake
from quickbooks_fake.webhooks import sign
from sqlalchemy import select

from kernel.errors import InvalidInput, Unavailable
from kernel.hookspecs.connections import ConsentWithdrawn, Granted, OAuthClient
from kernel.ids import uuid7
from kernel.jobs import Job
from kernel.tenancy import switch_plugin
from plugins.accounting.incoming.cursors import JOB as LOOK
from plugins.accounting.models import Target
from plugins.quickbooks import webhooks
from plugins.quickbooks.consent import PROVIDER
from tests.conftest import World

CLIENT, BACK, TOKEN = OAuthClient("client", "secret", "production"), "https://desk.example/back", "intuit-verifier"


def granted(quickbooks: QuickBooksFake, realm: str) -> Granted:
    asked = parse_qs(urlsplit(PROVIDER.authorize(CLIENT, "state", BACK)).query)
    assert (asked["state"], asked["scope"]) == (["state"], ["com.intuit.quickbooks.accounting"])
    code = quickbooks.consents.consent("client", realm, BACK)
    return PROVIDER.exchange(CLIENT, BACK, {"code": code, "realmId": realm})


def test_a_consent_gives_tokens_for_one_company(quickbooks: QuickBooksFake, company: Company) -> None:
    got = granted(quickbooks, company.realm)
    assert (got.account_id, got.account_name, got.tokens.lasts) == (company.realm, "Acme MSP Inc.", timedelta(hours=1))
    other = PROVIDER.refresh(CLIENT, got)
    assert other.refresh != got.tokens.refresh
    PROVIDER.revoke(CLIENT, got._replace(tokens=other))
    with pytest.raises(ConsentWithdrawn):
        PROVIDER.refresh(CLIENT, got._replace(tokens=other))


def test_what_intuit_refuses_is_told_apart(quickbooks: QuickBooksFake, company: Company) -> None:
    got = granted(quickbooks, company.realm)
    with pytest.raises(ConsentWithdrawn):
        PROVIDER.exchange(CLIENT, BACK, {"code": "made up", "realmId": company.realm})
    with pytest.raises(ConsentWithdrawn):
        PROVIDER.exchange(CLIENT, BACK, {"code": "x", "realmId": "../../9"})
    with pytest.raises(InvalidInput) as wrong:
        PROVIDER.refresh(CLIENT._replace(client_secret="other"), got)
    assert "client_secret" in wrong.value.errors
    quickbooks.mishaps.plan(BROKEN, path="tokens/bearer")
    with pytest.raises(Unavailable):
        PROVIDER.refresh(CLIENT, got)


def test_a_code_for_another_company_than_the_person_chose(quickbooks: QuickBooksFake, company: Company) -> None:
    quickbooks.company("2", "Beta MSP")
    code = quickbooks.consents.consent("client", "2", BACK)
    with pytest.raises(ConsentWithdrawn):
        PROVIDER.exchange(CLIENT, BACK, {"code": code, "realmId": company.realm})


def event(realm: str, row_id: str, kind: str = "qbo.invoice.updated.v1") -> dict[str, object]:
    return {"specversion": "1.0", "id": "e-1", "source": "intuit.x", "type": kind, "time": "2026-10-01T08:00:00Z",
            "intuitentityid": row_id, "intuitaccountid": realm, "data": {}}  # fmt: skip


def test_events_are_read_by_company_and_each_once() -> None:
    told = [event("1", "5"), event("2", "6", "qbo.creditmemo.voided.v1"), event("1", "5")]
    body = json.dumps([*told, event("3", "7", "qbo.vendor.created.v1"), event("1", "9", "payroll.employee")])
    assert webhooks.read_events(body.encode()) == {"1": [("invoice", "5")], "2": [("credit_note", "6")]}
    for wrong in (b"", b"{", b'{"eventNotifications": []}', b"[1]", b'[{"intuitentityid": "1"}]'):
        with pytest.raises(webhooks.WebhookUnreadable):
            webhooks.read_events(wrong)


def test_the_signature_is_that_of_the_body() -> None:
    body = b"[]"
    right = base64.b64encode(hmac.digest(b"token", body, hashlib.sha256)).decode()
    assert webhooks.is_signed(body, right, "token")
    for wrong in ("", "!", right[:-4], base64.b64encode(b"x" * 32).decode(), right.lower(), "é"):
        assert not webhooks.is_signed(body, wrong, "token")
    assert not webhooks.is_signed(body + b" ", right, "token")
    assert not webhooks.is_signed(body, right, "other")


@pytest.fixture
def acme_on(acme: World) -> World:
    with acme.call("alice") as ctx:
        switch_plugin(ctx, "quickbooks", enabled=True)
    acme.api("alice").put("/api/v1/quickbooks/verifier", json={"token": TOKEN})
    return acme


def send(app: Flask, world: World, body: bytes, signature: str) -> int:
    address = f"/api/v1/quickbooks/webhooks/{world.tenant.slug}"
    return app.test_client().post(address, data=body, headers={"intuit-signature": signature}).status_code


def test_forged_messages_are_refused(app: Flask, acme_on: World, beta: World) -> None:
    body = json.dumps([event("1", "5")]).encode()
    assert send(app, acme_on, body, sign(TOKEN, body)) == 200
    assert send(app, acme_on, body, sign("forged", body)) == 401
    assert send(app, acme_on, body, "") == 401
    assert send(app, acme_on, body + b" ", sign(TOKEN, body)) == 401
    assert send(app, beta, body, sign(TOKEN, body)) == 401
    assert send(app, acme_on, b"no json", sign(TOKEN, b"no json")) == 400
    assert app.test_client().post("/api/v1/quickbooks/webhooks/nobody", data=body).status_code == 401


def books_of(world: World, *realms: str) -> None:
    with world.call() as ctx:
        switch_plugin(ctx, "quickbooks", enabled=True)
        switch_plugin(ctx, "accounting", enabled=True)
        for realm in realms:
            facts = {"connection_id": uuid7(), "account_id": realm, "starts_on": ctx.now().date(), "created_at": ctx.now()}
            ctx.session.add(Target(system="quickbooks", name=realm, **facts))


def waiting(world: World) -> int:
    with world.call() as ctx:
        return len(ctx.session.scalars(select(Job.id).where(Job.kind == LOOK)).all())


def test_a_delivery_of_several_companies_reaches_those_of_this_tenant(
    quickbooks: QuickBooksFake, app: Flask, acme_on: World, beta: World
) -> None:
    books_of(acme_on, "1", "2")
    books_of(beta, "3")
    body = json.dumps([event(realm, "5") for realm in ("1", "2", "3", "9")]).encode()
    for _ in range(2):
        assert send(app, acme_on, body, sign(TOKEN, body)) == 200
    assert (waiting(acme_on), waiting(beta)) == (2, 0)
    assert send(app, acme_on, body, sign("forged", body)) == 401


def test_nothing_is_taken_once_the_token_is_removed_or_the_room_is_off(app: Flask, acme_on: World) -> None:
    body = json.dumps([event("1", "5")]).encode()
    assert acme_on.api("alice").delete("/api/v1/quickbooks/verifier").status_code == 204
    assert send(app, acme_on, body, sign(TOKEN, body)) == 401
    acme_on.api("alice").put("/api/v1/quickbooks/verifier", json={"token": TOKEN})
    with acme_on.call("alice") as ctx:
        switch_plugin(ctx, "quickbooks", enabled=False)
    assert send(app, acme_on, body, sign(TOKEN, body)) == 401


def test_the_pages(acme_on: World) -> None:
    alice = acme_on.client("alice")
    page = alice.get("/quickbooks")
    assert page.status_code == 200
    assert f"/api/v1/quickbooks/webhooks/{acme_on.tenant.slug}" in page.text
    assert TOKEN not in page.text
    short = alice.post("/quickbooks/webhooks", data={"token": "short"})
    assert short.status_code == 422
    assert alice.post("/quickbooks/webhooks", data={"token": "another-token"}).status_code == 303
    assert alice.post("/quickbooks/webhooks/remove").status_code == 303
    assert acme_on.client("carol").get("/quickbooks").status_code == 200
    assert acme_on.client("carol").get("/quickbooks/webhooks").status_code == 403
