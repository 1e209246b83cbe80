"""Webhooks as Intuit sends them since 2026-07-31: CloudEvents, several companies in one delivery, signed, at least once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterable
from typing import NamedTuple

from quickbooks_fake.books import Told
from quickbooks_fake.oauth import App

SECONDS = 3


class Answer(NamedTuple):
    """What a program said to a delivery; `status` is 0 where there was no answer."""

    status: int
    body: str


class Outbox:
    """What each program is still to be told. A delivery that is not taken (2xx) is sent again with the next one."""

    def __init__(self) -> None:
        self.waiting: dict[str, list[tuple[str, Told]]] = {}
        self.sent: list[bytes] = []

    def collect(self, realm: str, happened: list[Told], client_ids: Iterable[str]) -> None:
        """Take over what happened in a company's books, for the programs that are connected to it."""
        for client_id in client_ids:
            self.waiting.setdefault(client_id, []).extend((realm, one) for one in happened)
        happened.clear()

    def drop(self) -> int:
        """Lose what is waiting, as it happens; how many events that were."""
        lost = sum(map(len, self.waiting.values()))
        self.waiting.clear()
        return lost

    def deliver(self, app: App, *, times: int = 1, shuffle: int | None = None) -> list[Answer]:
        """Send what is waiting for a program, `times` over, in an order that `shuffle` seeds."""
        mine = list(self.waiting.get(app.client_id, ()))
        if not mine or not app.webhook_url:
            return []
        if shuffle is not None:
            random.Random(shuffle).shuffle(mine)
        body = json.dumps([_event(app, realm, told) for realm, told in mine]).encode()
        answers = [post(app.webhook_url, body, sign(app.verifier, body)) for _ in range(times)]
        self.sent.append(body)
        if any(200 <= answer.status < 300 for answer in answers):
            self.waiting[app.client_id] = self.waiting[app.client_id][len(mine) :]
        return answers


def sign(verifier: str, body: bytes) -> str:
    """The value of the header `intuit-signature`."""
    return base64.b64encode(hmac.new(verifier.encode(), body, hashlib.sha256).digest()).decode()


def post(url: str, body: bytes, signature: str) -> Answer:
    """Send one delivery."""
    headers = {"Content-Type": "application/json", "intuit-signature": signature, "User-Agent": "intuit_notification_server/1.0"}
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            return Answer(answer.status, answer.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.read().decode())
    except OSError:
        return Answer(0, "")


def _event(app: App, realm: str, told: Told) -> dict[str, object]:
    source = base64.b64encode(hashlib.sha256(app.client_id.encode()).digest()).decode()
    return {
        "specversion": "1.0", "id": str(uuid.uuid4()), "source": f"intuit.{source}", "datacontenttype": "application/json",
        "type": f"qbo.{told.kind.lower()}.{told.operation}.v1", "time": told.at, "intuitentityid": told.row_id,
        "intuitaccountid": realm, "data": {},
    }  # fmt: skip
