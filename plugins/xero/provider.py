"""Connecting to Xero: OAuth 2.0 with PKCE, tokens for half an hour, and the organisation that a person chose."""

from __future__ import annotations

import base64
import binascii
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from kernel.errors import InvalidInput, Refused, Unavailable
from kernel.hookspecs.connections import ConnectionProvider, ConsentWithdrawn, Granted, NextStep, OAuthClient, Tokens
from kernel.outbound import Answer
from plugins.xero.addresses import addresses, way_out

SCOPES = (
    "openid", "profile", "email", "offline_access", "accounting.invoices", "accounting.payments", "accounting.contacts",
    "accounting.settings",
)  # fmt: skip
"""What people are asked for: the granular scopes that applications registered since March 2026 have to name."""
REFRESH_LASTS = timedelta(days=60)
_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}


class XeroRefused(Refused):
    """Xero understood the request, and says no for a reason that connecting again the same way does not mend."""

    code = "xero_refused"
    title = "Xero refused"


def _authorize(client: OAuthClient, state: str, redirect: str) -> str:
    asked = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": redirect,
        "scope": " ".join(SCOPES),
        "state": state,
    }
    return f"{addresses().authorize}?{urlencode(asked, quote_via=quote)}"


def _exchange(client: OAuthClient, redirect: str, arguments: dict[str, str]) -> Granted:
    told = _ask_tokens(client, {"grant_type": "authorization_code", "code": arguments["code"], "redirect_uri": redirect,
                                "code_verifier": arguments.get("code_verifier", "")})  # fmt: skip
    tokens = _tokens(told)
    organisation = _chosen(tokens.access)
    return Granted(tokens, organisation["tenantId"], organisation["tenantName"])


def _refresh(client: OAuthClient, granted: Granted) -> Tokens:
    return _tokens(_ask_tokens(client, {"grant_type": "refresh_token", "refresh_token": granted.tokens.refresh}))


def _revoke(client: OAuthClient, granted: Granted) -> None:
    """Disconnect this organisation alone; the tokens as well if they open no other one, since Xero ends all with them."""
    tokens = _refresh(client, granted)
    known = _connections(tokens.access)
    for one in known:
        if one["tenantId"] == granted.account_id:
            _checked(_call("DELETE", f"{addresses().connections}/{one['id']}", tokens.access), gone=True)
    if all(one["tenantId"] == granted.account_id for one in known):
        sent = urlencode({"token": tokens.refresh}).encode()
        _checked(way_out().request("POST", addresses().revocation, headers=_FORM | _basic(client), content=sent))


def _chosen(access: str) -> dict[str, Any]:
    """The organisation of this consent. Raises XeroRefused where there is none, or more than one."""
    event = _event(access)
    found = _connections(access, event) or _connections(access)
    if len(found) != 1:
        words = "no organisation" if not found else ", ".join(sorted(str(one["tenantName"]) for one in found))
        raise XeroRefused(f"One consent opens one organisation; this one opens {words}. Connect again and choose one.")
    return found[0]


def _connections(access: str, event: str = "") -> list[dict[str, Any]]:
    where = addresses().connections + (f"?{urlencode({'authEventId': event})}" if event else "")
    told = orjson.loads(_checked(_call("GET", where, access)).body)
    return [one for one in told if one["tenantType"] == "ORGANISATION"]


def _event(access: str) -> str:
    """The event of consent that an access token tells of; it came from Xero itself, so nobody has to have signed it."""
    try:
        claims = access.split(".")[1]
        return str(orjson.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4))).get("authentication_event_id", ""))
    except (IndexError, binascii.Error, ValueError):
        return ""


def _call(method: str, url: str, access: str) -> Answer:
    return way_out().request(method, url, headers={"Authorization": f"Bearer {access}", "Accept": "application/json"})


def _ask_tokens(client: OAuthClient, sent: dict[str, str]) -> dict[str, Any]:
    body = urlencode({name: value for name, value in sent.items() if value}).encode()
    answer = way_out().request("POST", addresses().token, headers=_FORM | _basic(client), content=body)
    told: dict[str, Any] = orjson.loads(_checked(answer).body)
    return told


def _checked(answer: Answer, *, gone: bool = False) -> Answer:
    """An answer that is one. Raises Unavailable, ConsentWithdrawn, InvalidInput and XeroRefused."""
    if answer.status < 300 or (gone and answer.status == 404):
        return answer
    error = _error(answer)
    if answer.status == 429 or answer.status >= 500:
        raise Unavailable(f"Xero answers {answer.status}.")
    if error in ("invalid_client", "unauthorized_client"):
        words = "Xero does not know this application. Check its client id and secret."
        raise InvalidInput(words, errors={"client_id": words, "client_secret": words})
    if error == "invalid_grant" or answer.status in (401, 403):
        raise ConsentWithdrawn(f"Xero takes this access no more ({error or answer.status}).")
    raise XeroRefused(f"Xero answers {answer.status} {error}".rstrip() + ".")


def _error(answer: Answer) -> str:
    try:
        return str(orjson.loads(answer.body).get("error", ""))[:100]
    except (ValueError, AttributeError):
        return ""


def _tokens(told: dict[str, Any]) -> Tokens:
    return Tokens(told["access_token"], told["refresh_token"], timedelta(seconds=int(told["expires_in"])), REFRESH_LASTS)


def _basic(client: OAuthClient) -> dict[str, str]:
    pair = f"{client.client_id}:{client.client_secret}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


PROVIDER = ConnectionProvider(
    "xero", "Xero", "At developer.xero.com, under My Apps, make an app of the type “Web app”.", ("production",),
    _authorize, _exchange, _refresh, _revoke, pkce=True, then=NextStep("Deliver documents to it", "/accounting/targets/new"),
)  # fmt: skip
