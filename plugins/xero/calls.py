"""Calls of Xero's accounting API by its own client, and what their failures mean here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from kernel.errors import Refused, Unavailable
from kernel.hookspecs.accounting import Failed
from kernel.hookspecs.connections import Access, ConsentWithdrawn
from plugins.xero.addresses import addresses

if TYPE_CHECKING:
    from xero_python.accounting import AccountingApi

SECONDS = (5.0, 60.0)
"""How long a connection and an answer may take."""


class Mistaken(Refused):
    """Xero found mistakes in what was sent."""

    code = "xero_mistaken"
    title = "Xero found a mistake"


class NotThere(Refused):
    """Xero does not have it."""

    code = "xero_not_there"
    title = "Xero does not have it"


def open_api(access: Access) -> AccountingApi:
    """The client for one organisation, with this token alone: it renews none, and tries nothing again by itself."""
    from xero_python.accounting import AccountingApi
    from xero_python.api_client import ApiClient
    from xero_python.api_client.configuration import Configuration
    from xero_python.api_client.oauth2 import OAuth2Token

    told = {"access_token": access.token, "token_type": "Bearer", "expires_in": 0, "scope": []}
    client = ApiClient(Configuration(oauth2_token=OAuth2Token()), oauth2_token_getter=lambda: told,
                       oauth2_token_saver=lambda _: None)  # fmt: skip
    client.rest_client.pool_manager.connection_pool_kw["retries"] = False
    return AccountingApi(client, addresses().accounting)


@contextmanager
def asking() -> Iterator[None]:
    """Raises Unavailable, ConsentWithdrawn, Mistaken and NotThere in place of what the client raises."""
    from urllib3.exceptions import HTTPError
    from xero_python.exceptions import HTTPStatusException

    try:
        yield
    except HTTPStatusException as error:
        raise _meaning(error) from error
    except (HTTPError, OSError) as error:
        raise Unavailable(f"Xero cannot be reached: {type(error).__name__}.") from error


def _meaning(error: Any) -> Exception:
    status, headers = int(error.status), error.headers or {}
    if status == 429:
        wait = str(headers.get("Retry-After", "60"))
        seconds = int(wait) if wait.isdigit() else 60
        limit = headers.get("X-Rate-Limit-Problem", "call")
        return Unavailable(f"Xero's limit per {limit} is reached; it asks to wait {seconds} seconds.", retry_after=seconds)
    if status >= 500:
        return Unavailable(f"Xero answers {status}.")
    if status in (401, 403):
        return ConsentWithdrawn(f"Xero takes this access no more ({status}).")
    return (
        NotThere("Xero does not have it.")
        if status == 404
        else Mistaken("; ".join(_mistakes(error)) or f"Xero answers {status}.")
    )


def _mistakes(error: Any) -> list[str]:
    from xero_python.exceptions import BadRequestException

    if not isinstance(error, BadRequestException):
        return []
    try:
        told = error.error_data
    except ValueError:
        return []
    elements = told.get("Elements") or []
    found = [str(one.get("Message", "")) for element in elements for one in element.get("ValidationErrors") or []]
    return found or [str(told.get("Message") or told.get("Detail") or "")]


def failed(messages: str) -> Failed:
    """What Xero's words about a mistake mean; they have no codes."""
    low = messages.lower()
    if "must be unique" in low or "already exists" in low or "already assigned" in low:
        return Failed("duplicate_number", messages)
    if "lock date" in low or "locked" in low:
        return Failed("closed", messages)
    return Failed("refused", messages)


def told_mistakes(row: Any) -> str:
    """The mistakes that an object of a batch carries; empty for none."""
    if mistakes := "; ".join(str(one.message) for one in row.validation_errors or []):
        return mistakes
    return "Xero gives no reason." if row.status_attribute_string == "ERROR" else ""
