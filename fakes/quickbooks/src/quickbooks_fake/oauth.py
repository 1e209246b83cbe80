"""OAuth 2.0 as Intuit does it: consent for a company, tokens for an hour, refresh tokens that become others."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from quickbooks_fake import faults
from quickbooks_fake.clock import Clock

SCOPE = "com.intuit.quickbooks.accounting"


@dataclass(slots=True)
class App:
    """A program as it is registered with Intuit."""

    client_id: str
    client_secret: str
    redirects: tuple[str, ...] = ()
    webhook_url: str = ""
    verifier: str = ""


@dataclass(slots=True)
class Grant:
    """What came of a consent: one company, for one program."""

    client_id: str
    realm: str
    access: dict[str, datetime] = field(default_factory=dict)
    refresh: dict[str, datetime] = field(default_factory=dict)
    current: str = ""


class Refusal(Exception):
    """What the token endpoint refuses (RFC 6749 section 5.2)."""

    def __init__(self, error: str, status: int = 400) -> None:
        super().__init__(error)
        self.error, self.status = error, status


class Consents:
    """Codes and tokens. `lasts` is how long they hold; an old refresh token is taken for `grace` after there is a new one."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.lasts = timedelta(hours=1)
        self.refresh_lasts = timedelta(days=101)
        self.grace = timedelta(hours=24)
        self.apps: dict[str, App] = {}
        self._codes: dict[str, tuple[str, str, str, datetime]] = {}
        self._grants: list[Grant] = []

    def consent(self, client_id: str, realm: str, redirect: str) -> str:
        """The code that a program gets when a person agrees."""
        code = secrets.token_urlsafe(24)
        self._codes[code] = (client_id, realm, redirect, self.clock.now() + timedelta(minutes=10))
        return code

    def exchange(self, app: App, code: str, redirect: str) -> dict[str, object]:
        """Tokens for a code, once. Raises Refusal."""
        client_id, realm, wanted, until = self._codes.pop(code, ("", "", "", self.clock.now()))
        if client_id != app.client_id or wanted != redirect or self.clock.now() >= until:
            raise Refusal("invalid_grant")
        grant = Grant(client_id, realm)
        self._grants.append(grant)
        return self._issue(grant)

    def refresh(self, app: App, token: str) -> dict[str, object]:
        """New tokens for a refresh token. One that was replaced lately gives what replaced it. Raises Refusal."""
        grant = next((one for one in self._grants if token in one.refresh and one.client_id == app.client_id), None)
        if grant is None or self.clock.now() >= grant.refresh[token]:
            raise Refusal("invalid_grant")
        return self._issue(grant, rotate=token == grant.current)

    def revoke(self, app: App, token: str) -> None:
        """End the consent that a token is of. Raises Refusal."""
        found = [one for one in self._grants if (token in one.refresh or token in one.access) and one.client_id == app.client_id]
        if not found:
            raise Refusal("invalid_token")
        self._grants = [one for one in self._grants if one not in found]

    def withdraw(self, realm: str) -> None:
        """Let the person end all consents for a company, at Intuit's own page."""
        self._grants = [one for one in self._grants if one.realm != realm]

    def expire_access(self, realm: str) -> None:
        """Let access tokens of a company hold no longer, before their time."""
        for grant in self._grants:
            if grant.realm == realm:
                grant.access.clear()

    def check(self, token: str, realm: str) -> None:
        """Let a request in. Raises DoorFault 401 or 403."""
        grant = next((one for one in self._grants if token in one.access), None)
        if grant is None:
            raise faults.unauthenticated("Token invalid or revoked")
        if self.clock.now() >= grant.access[token]:
            raise faults.unauthenticated(f"Token expired: {token[:8]}…")
        if grant.realm != realm:
            raise faults.forbidden()

    def clients_of(self, realm: str) -> set[str]:
        """The programs that are connected to a company."""
        return {one.client_id for one in self._grants if one.realm == realm}

    def authenticate(self, client_id: str, client_secret: str) -> App:
        """The program that shows its secret. Raises Refusal."""
        app = self.apps.get(client_id)
        if app is None or not secrets.compare_digest(app.client_secret, client_secret):
            raise Refusal("invalid_client", 401)
        return app

    def _issue(self, grant: Grant, *, rotate: bool = True) -> dict[str, object]:
        now = self.clock.now()
        access = f"eyJ.{secrets.token_urlsafe(32)}"
        grant.access[access] = now + self.lasts
        if rotate:
            if grant.current:
                grant.refresh[grant.current] = min(grant.refresh[grant.current], now + self.grace)
            grant.current = f"AB11{secrets.token_urlsafe(24)}"
            grant.refresh[grant.current] = now + self.refresh_lasts
        left = grant.refresh[grant.current] - now
        return {"token_type": "bearer", "access_token": access, "expires_in": int(self.lasts.total_seconds()),
                "refresh_token": grant.current, "x_refresh_token_expires_in": int(left.total_seconds())}  # fmt: skip
