"""Webhooks: what happened, signed, sent to who is registered, and again until it is taken."""

from __future__ import annotations

import base64
import hashlib
import hmac
import random
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

from xero_fake.wire import dumps

if TYPE_CHECKING:
    from xero_fake.oauth import App
    from xero_fake.server import XeroFake

_CATEGORIES = {"Invoices": "INVOICE", "Contacts": "CONTACT", "CreditNotes": "CREDITNOTE"}


def sign(key: str, body: bytes) -> str:
    """The value of `x-xero-signature`."""
    return base64.b64encode(hmac.digest(key.encode(), body, hashlib.sha256)).decode()


def send(app: App, body: bytes, signature: str = "") -> int:
    """Post a body to a program; the status that it answered, 0 where it did not."""
    headers = {"Content-Type": "application/json", "x-xero-signature": signature or sign(app.webhook_key, body)}
    request = urllib.request.Request(app.webhook_url, body, headers)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except OSError:
        return 0


def intent_to_receive(app: App) -> bool:
    """What Xero does before it sends webhooks at all: a good signature has to give 200, bad ones 401."""
    body = dumps({"events": [], "lastEventSequence": 0, "firstEventSequence": 0, "entropy": "S0m3r4ndomt3xt"}).encode()
    return send(app, body) == 200 and send(app, body, sign("wrong", body)) == 401


def deliver(fake: XeroFake, *, times: int = 1, shuffle: int | None = None) -> int:
    """Send all that happened since to each program, of all its organisations together; answers how many took it."""
    taken = 0
    for app in fake.consents.apps.values():
        tenants = {one.tenant for one in fake.consents.connections if one.client_id == app.client_id}
        events = [event for tenant in sorted(tenants) for event in _events(fake, tenant)]
        if shuffle is not None:
            random.Random(shuffle).shuffle(events)
        if not events or not app.webhook_url:
            continue
        body = dumps({"events": events, "firstEventSequence": 1, "lastEventSequence": len(events), "entropy": "FAKE"}).encode()
        statuses = [send(app, body) for _ in range(times)]
        if 200 in statuses:
            taken += 1
            for tenant in tenants:
                fake.organisations[tenant].changed.clear()
    return taken


def _events(fake: XeroFake, tenant: str) -> list[dict[str, object]]:
    now = fake.clock.now().strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
    return [
        {"resourceUrl": f"{fake.url}/api.xro/2.0/{kind}/{key}", "resourceId": key, "eventDateUtc": now, "eventType": happened,
         "eventCategory": _CATEGORIES[kind], "tenantId": tenant, "tenantType": "ORGANISATION"}
        for kind, key, happened in fake.organisations[tenant].changed if kind in _CATEGORIES
    ]  # fmt: skip
