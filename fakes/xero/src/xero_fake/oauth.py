"""OAuth 2.0 as Xero does it: half an hour for access tokens, refresh tokens that become others, connections to organisations."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from xero_fake import faults
from xero_fake.clock import Clock


@dataclass(slots=True)
class App:
    """A program as it is registered with Xero."""

    client_id: str
    client_secret: str
    redirects: tuple[str, ...] = ()
    webhook_url: str = ""
    webhook_key: str = ""


@dataclass(slots=True)
class Connection:
    """A program's access to an organisation, made by the consent of `event`."""

    id: str
    client_id: str
    tenant: str
    event: str


@dataclass(slots=True)
class Grant:
    """What came of one consent of one person."""

    client_id: str
    event: str
    scope: str
    access: dict[str, datetime] = field(default_factory=dict)
    refresh: dict[str, datetime] = field(default_factory=dict)
    current: str = ""


class Refusal(Exception):
    """What the token endpoint refuses (RFC 6749 section 5.2)."""

    def __init__(self, error: str, status: int = 400) -> None:
        super().__init__(error)
        self.error, self.status = error, status


class Consents:
    """Codes, tokens and connections. An old refresh token gives the new one again for `grace`."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.lasts, self.refresh_lasts, self.grace = timedelta(minutes=30), timedelta(days=60), timedelta(minutes=30)
        self.apps: dict[str, App] = {}
        self.connections: list[Connection] = []
        self._codes: dict[str, tuple[str, str, str, str, str, datetime]] = {}
        self._grants: list[Grant] = []

    def consent(self, client_id: str, tenants: list[str], redirect: str, *, scope: str = "", challenge: str = "") -> str:
        """The code that a program gets when a person agrees for some organisations."""
        event, code = str(uuid.uuid4()), secrets.token_urlsafe(24)
        for tenant in tenants:
            self.connections = [one for one in self.connections if (one.client_id, one.tenant) != (client_id, tenant)]
            self.connections.append(Connection(str(uuid.uuid4()), client_id, tenant, event))
        self._codes[code] = (client_id, event, redirect, scope, challenge, self.clock.now() + timedelta(minutes=5))
        return code

    def exchange(self, app: App, code: str, redirect: str, verifier: str = "") -> dict[str, object]:
        """Tokens for a code, once. Raises Refusal."""
        client_id, event, wanted, scope, challenge, until = self._codes.pop(code, ("", "", "", "", "", self.clock.now()))
        if client_id != app.client_id or wanted != redirect or self.clock.now() >= until:
            raise Refusal("invalid_grant")
        if challenge and challenge != _challenge(verifier):
            raise Refusal("invalid_grant")
        grant = Grant(client_id, event, scope)
        self._grants.append(grant)
        return self._issue(grant, rotate=True)

    def refresh(self, app: App, token: str) -> dict[str, object]:
        """New tokens for a refresh token. Raises Refusal."""
        grant = next((one for one in self._grants if token in one.refresh and one.client_id == app.client_id), None)
        if grant is None or self.clock.now() >= grant.refresh[token]:
            raise Refusal("invalid_grant")
        return self._issue(grant, rotate=token == grant.current)

    def revoke(self, app: App, token: str) -> None:
        """End a consent with its connections; an unknown token is no mistake (RFC 7009)."""
        found = [one for one in self._grants if token in one.refresh and one.client_id == app.client_id]
        events = {one.event for one in found}
        self._grants = [one for one in self._grants if one not in found]
        self.connections = [one for one in self.connections if one.event not in events]

    def grant_of(self, token: str) -> Grant:
        """Whose access token this is. Raises Fault 401."""
        grant = next((one for one in self._grants if token in one.access), None)
        if grant is None:
            raise faults.unauthorized("AuthenticationUnsuccessful")
        if self.clock.now() >= grant.access[token]:
            raise faults.unauthorized("TokenExpired: token expired")
        return grant

    def check(self, token: str, tenant: str) -> None:
        """Let a call in. Raises Fault 401 or 403."""
        grant = self.grant_of(token)
        if not any(one.client_id == grant.client_id and one.tenant == tenant for one in self.connections):
            raise faults.forbidden()

    def disconnect(self, tenant: str) -> None:
        """Let a person end all connections to an organisation, on Xero's own page."""
        self.connections = [one for one in self.connections if one.tenant != tenant]

    def expire_access(self) -> None:
        """Let all access tokens hold no longer, before their time."""
        for grant in self._grants:
            grant.access.clear()

    def authenticate(self, client_id: str, client_secret: str) -> App:
        """The program that shows its secret. Raises Refusal."""
        app = self.apps.get(client_id)
        if app is None or not secrets.compare_digest(app.client_secret, client_secret):
            raise Refusal("invalid_client")
        return app

    def _issue(self, grant: Grant, *, rotate: bool) -> dict[str, object]:
        now = self.clock.now()
        access = _token({"authentication_event_id": grant.event, "jti": secrets.token_hex(8)})
        grant.access[access] = now + self.lasts
        if rotate:
            if grant.current:
                grant.refresh[grant.current] = min(grant.refresh[grant.current], now + self.grace)
            grant.current = secrets.token_urlsafe(32)
            grant.refresh[grant.current] = now + self.refresh_lasts
        return {"token_type": "Bearer", "access_token": access, "expires_in": int(self.lasts.total_seconds()),
                "refresh_token": grant.current, "scope": grant.scope}  # fmt: skip


def _token(claims: dict[str, str]) -> str:
    """A token that looks like one, signed by nobody."""
    parts = [base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=").decode() for one in ({"alg": "RS256"}, claims)]
    return ".".join([*parts, secrets.token_urlsafe(16)])


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
