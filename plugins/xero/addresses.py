"""Where Xero is reached. The operator of an installation may name another address, such as that of a fake; tenants may not."""

from __future__ import annotations

import os
from typing import NamedTuple
from urllib.parse import urlsplit

from kernel.outbound import Outbound, PrivateAllowed

VARIABLE = "DESKHAND_XERO_URL"


class Addresses(NamedTuple):
    """The doors of Xero: where people consent, tokens, connections, and the accounting API."""

    authorize: str
    token: str
    revocation: str
    connections: str
    accounting: str


def addresses() -> Addresses:
    """Those of Xero, or below the operator's address."""
    if base := os.environ.get(VARIABLE, "").rstrip("/"):
        return Addresses(f"{base}/identity/connect/authorize", f"{base}/connect/token", f"{base}/connect/revocation",
                         f"{base}/connections", f"{base}/api.xro/2.0")  # fmt: skip
    identity, api = "https://identity.xero.com/connect", "https://api.xero.com"
    return Addresses("https://login.xero.com/identity/connect/authorize", f"{identity}/token", f"{identity}/revocation",
                     f"{api}/connections", f"{api}/api.xro/2.0")  # fmt: skip


def way_out() -> Outbound:
    """The checked way out, which the operator's address opens for itself alone."""
    host = urlsplit(os.environ.get(VARIABLE, "")).hostname or ""
    return Outbound(PrivateAllowed.parse(host))
