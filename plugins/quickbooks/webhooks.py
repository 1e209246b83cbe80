"""Webhooks as Intuit sends them since 2026-07-31: a list of CloudEvents, signed, of several companies, at least once.

Pure: what a message says, and whether it is Intuit's. What is said is only a hint to look; the books are the truth.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from kernel.errors import InvalidInput
from kernel.hookspecs.accounting import CREDIT_NOTE, CUSTOMER, INVOICE, ITEM, PAYMENT

HEADER = "intuit-signature"
MAX_BYTES = 1024 * 1024
_KINDS = {"invoice": INVOICE, "creditmemo": CREDIT_NOTE, "payment": PAYMENT, "customer": CUSTOMER, "item": ITEM}
Told = tuple[str, str]


class WebhookUnreadable(InvalidInput):
    """The message is signed, but is no list of CloudEvents."""

    code = "quickbooks_webhook_unreadable"
    status = 400
    title = "The message is not what QuickBooks sends"


def is_signed(body: bytes, signature: str, token: str) -> bool:
    """Whether the header's code is the HMAC-SHA-256 of the body, compared in constant time."""
    try:
        shown = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return False
    return hmac.compare_digest(hmac.digest(token.encode(), body, hashlib.sha256), shown)


def read_events(body: bytes) -> Mapping[str, list[Told]]:
    """What changed, by company: kind and id of each, once. Things that no room of ours keeps are left out, and so is a company
    of which nothing is left. Raises WebhookUnreadable.
    """
    try:
        events = json.loads(body)
    except ValueError as error:
        raise WebhookUnreadable("The body is no JSON.") from error
    if not isinstance(events, list):
        raise WebhookUnreadable("The body is no list of CloudEvents.")
    found: dict[str, dict[Told, None]] = {}
    for event in events:
        company, told = _read(event)
        if told is not None:
            found.setdefault(company, {})[told] = None
    return {company: list(told) for company, told in found.items()}


def _read(event: Any) -> tuple[str, Told | None]:
    if not isinstance(event, dict):
        raise WebhookUnreadable("An event is no CloudEvent.")
    company, row_id = event.get("intuitaccountid"), event.get("intuitentityid")
    if not isinstance(company, str | int) or not isinstance(row_id, str | int):
        raise WebhookUnreadable("An event names no company or no thing of it.")
    parts = str(event.get("type", "")).lower().split(".")
    kind = _KINDS.get(parts[1]) if len(parts) > 1 and parts[0] == "qbo" else None
    return str(company), (kind, str(row_id)) if kind else None
