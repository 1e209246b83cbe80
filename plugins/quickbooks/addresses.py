"""Where QuickBooks Online is reached. The operator may name another place, for a stand-in; a tenant never does."""

from __future__ import annotations

import os
from typing import NamedTuple
from urllib.parse import urlsplit

PRODUCTION, SANDBOX = "production", "sandbox"
ENVIRONMENTS = (PRODUCTION, SANDBOX)
VARIABLE = "DESKHAND_QUICKBOOKS_URL"


class Place(NamedTuple):
    """The addresses of one environment, and the hosts that calls may go to."""

    api: str
    consent: str
    discovery: str
    hosts: tuple[str, ...]
    private: str = ""


def place_of(environment: str) -> Place:
    """The addresses of `production` or `sandbox`."""
    if elsewhere := os.environ.get(VARIABLE, "").rstrip("/"):
        host = urlsplit(elsewhere).hostname or ""
        return Place(f"{elsewhere}/v3", f"{elsewhere}/connect/oauth2", f"{elsewhere}/.well-known/openid_configuration/",
                     (host,), private=host)  # fmt: skip
    sandbox = environment == SANDBOX
    api = f"{'sandbox-' if sandbox else ''}quickbooks.api.intuit.com"
    known = "openid_sandbox_configuration" if sandbox else "openid_configuration"
    hosts = (api, "developer.intuit.com", "oauth.platform.intuit.com", "developer.api.intuit.com")
    return Place(f"https://{api}/v3", "https://appcenter.intuit.com/connect/oauth2", f"https://developer.intuit.com/.well-known/{known}/",
                 hosts)  # fmt: skip
