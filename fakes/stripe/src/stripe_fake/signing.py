"""The signature of webhooks: HMAC-SHA256 of the time and the body."""

from __future__ import annotations

import hashlib
import hmac


def sign(body: bytes, secret: str, at: int) -> str:
    """The header `Stripe-Signature` of a body that is sent at `at` (seconds since 1970).

    >>> sign(b"{}", "whsec_test", 1790841600)[:20]
    't=1790841600,v1=bfea'
    """
    code = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={code}"
