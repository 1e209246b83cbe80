"""The one file that knows `python-quickbooks` and `intuit-oauth`. They say what is asked and read what is answered; every call
goes out by the house's checked client, within its time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import urlencode

from kernel.errors import Unavailable
from kernel.hookspecs.connections import Access, ConsentWithdrawn, OAuthClient
from kernel.outbound import Answer, Outbound, OutboundLimits, PrivateAllowed
from plugins.quickbooks.addresses import Place, place_of
from plugins.quickbooks.pace import Pace, pace_of

MINOR_VERSION = 75
LIMITS = OutboundLimits(max_bytes=64 * 1024 * 1024, seconds=45)
BUSY_SECONDS, DOWN_SECONDS = 60, 120
BATCH = 30
_SENSELESS = 10_000
"""What the library makes of an answer that it cannot read."""

Entity = dict[str, Any]


class Fault(Exception):
    """QuickBooks said no: its `code` (such as 6140), and in words why."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(f"{code} {words}")
        self.code, self.words = code, words


class ClientRefused(Exception):
    """Intuit does not know the application, or its secret is another."""


class Unlinked(Exception):
    """Intuit takes a code or token no more."""


class Item(NamedTuple):
    """One item of a batch: `operation` is create, update or delete."""

    key: str
    operation: str
    kind: str
    body: Entity


class _Response:
    """An answer in the shape that both libraries read."""

    def __init__(self, answer: Answer) -> None:
        self.status_code, self.content, self.headers = answer.status, answer.body, answer.headers
        self.text = answer.body.decode("utf-8", "replace")

    def json(self) -> Any:
        return json.loads(self.text)


def _call(place: Place, method: str, url: str, headers: Mapping[str, str], content: bytes) -> _Response:
    out = _outbound(place.private)
    return _Response(out.request(method, url, headers=headers, content=content, hosts=place.hosts, limits=LIMITS))


@cache
def _outbound(private: str) -> Outbound:
    """One for the process: it reads the certificates that it trusts once."""
    return Outbound(PrivateAllowed.parse(private))


def to_json(value: Any) -> str:
    """JSON with amounts as text, which QuickBooks reads exactly."""
    return json.dumps(value, default=_plain)


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError(f"{type(value).__name__} has no JSON form")


class BooksClient:
    """One company's books over HTTP. All raise Unavailable with `retry_after` in seconds, ConsentWithdrawn, and Fault."""

    def __init__(self, access: Access, pace: Pace | None = None) -> None:
        place = place_of(access.environment)
        self._books = _library()(company_id=access.account_id, minorversion=MINOR_VERSION, use_decimal=True)
        self._books.place, self._books.token, self._books.api_url_v3 = place, access.token, place.api
        self._pace = pace or pace_of(access.account_id)
        self._root = f"{place.api}/company/{access.account_id}"

    def query(self, statement: str) -> list[Entity]:
        """The rows that a select statement finds."""
        with self._asking():
            found = self._books.query(statement)["QueryResponse"]
        return next((rows for rows in found.values() if isinstance(rows, list)), [])

    def company_info(self) -> Entity:
        """What the company is."""
        with self._asking():
            answer: Entity = self._books.get(f"{self._root}/companyinfo/{self._books.company_id}", params={})
        found: Entity = answer["CompanyInfo"]
        return found

    def time(self) -> str:
        """What time it is there."""
        with self._asking():
            answer = self._books.get(f"{self._root}/companyinfo/{self._books.company_id}", params={})
        return str(answer["time"])

    def preferences(self) -> Entity:
        """How the company works."""
        with self._asking():
            found: Entity = self._books.get(f"{self._root}/preferences", params={})["Preferences"]
        return found

    def send(self, kind: str, body: Entity, request_id: str = "", **arguments: str) -> Entity:
        """Create or change one thing; the same `request_id` has its effect once."""
        with self._asking():
            answer = self._books.post(f"{self._root}/{kind.lower()}", to_json(body), params=dict(arguments),
                                      request_id=request_id or None)  # fmt: skip
        found: Entity = answer[kind]
        return found

    def batch(self, items: Sequence[Item], request_id: str) -> list[Entity | Fault]:
        """Do up to 30 things at once, each by itself; what became of each, in their order."""
        listed = [{"bId": one.key, "operation": one.operation, one.kind: one.body} for one in items]
        with self._asking(batch=True):
            answer = self._books.post(f"{self._root}/batch", to_json({"BatchItemRequest": listed}), request_id=request_id)
        answers = {one["bId"]: one for one in answer["BatchItemResponse"]}
        return [_result(answers.get(one.key), one.kind) for one in items]

    def changes(self, kinds: Sequence[str], since: str) -> tuple[str, dict[str, list[Entity]]]:
        """What changed since a time, by kind, and the time of the answer."""
        with self._asking():
            answer = self._books.change_data_capture(",".join(kinds), since)
        parts = answer["CDCResponse"][0].get("QueryResponse", [])
        return answer["time"], {kind: [row for part in parts for row in part.get(kind, [])] for kind in kinds}

    @contextmanager
    def _asking(self, *, batch: bool = False) -> Iterator[None]:
        from quickbooks.exceptions import QuickbooksException

        self._pace.take(batch=batch)
        try:
            yield
        except QuickbooksException as error:
            if error.error_code == _SENSELESS:
                raise Unavailable("QuickBooks answered something that is no answer.", retry_after=DOWN_SECONDS) from error
            raise Fault(int(error.error_code or 0), error.detail or error.message) from error


def _result(answer: Entity | None, kind: str) -> Entity | Fault:
    if answer is None:
        return Fault(0, "QuickBooks answered nothing about it.")
    if fault := answer.get("Fault"):
        error = fault["Error"][0]
        return Fault(int(error.get("code") or 0), error.get("Detail") or error.get("Message") or "")
    found: Entity = answer[kind]
    return found


@cache
def _library() -> type[Any]:
    """The library's client, whose calls go out by ours."""
    from quickbooks import QuickBooks

    class Books(QuickBooks):  # type: ignore[misc]
        place: Place
        token: str

        def process_request(self, request_type: str, url: str, headers: Any = None, params: Any = None, data: Any = None) -> Any:
            sent = {**(headers or {}), "Authorization": f"Bearer {self.token}"}
            content = data.encode() if isinstance(data, str) else b""
            asked = f"{url}?{urlencode(params)}" if params else url
            return _usable(_call(self.place, request_type, asked, sent, content))

    return Books


def _usable(response: _Response) -> _Response:
    """An answer that says something of the books. Raises Unavailable and ConsentWithdrawn for the others."""
    if response.status_code == 429:
        raise Unavailable("QuickBooks asks to wait: too many requests at once.", retry_after=_wait(response, BUSY_SECONDS))
    if response.status_code >= 500:
        said = f"QuickBooks is not available now (HTTP {response.status_code})."
        raise Unavailable(said, retry_after=_wait(response, DOWN_SECONDS))
    if response.status_code in (401, 403):
        raise ConsentWithdrawn("QuickBooks does not take the token for this company. Connect it anew.")
    return response


def _wait(response: _Response, otherwise: int) -> int:
    said = response.headers.get("retry-after", "")
    return int(said) if said.isdecimal() else otherwise


class OAuthTokens(NamedTuple):
    """What Intuit gave; both hold for as many seconds."""

    access: str
    refresh: str
    seconds: int
    refresh_seconds: int | None


def consent_url(client: OAuthClient, state: str, redirect: str) -> str:
    """Where a person consents to the use of a company's books."""
    from intuitlib.enums import Scopes

    asked = {"client_id": client.client_id, "response_type": "code", "scope": Scopes.ACCOUNTING.value,
             "redirect_uri": redirect, "state": state}  # fmt: skip
    return f"{place_of(client.environment).consent}?{urlencode(asked)}"


def exchange_code(client: OAuthClient, redirect: str, code: str, company: str) -> OAuthTokens:
    """Tokens for a code. Raises Unavailable, Unlinked and ClientRefused."""
    with _authorizing(client, redirect) as auth:
        auth.get_bearer_token(code, realm_id=company)
        return _tokens(auth)


def refresh_tokens(client: OAuthClient, refresh: str) -> OAuthTokens:
    """Other tokens. Raises Unavailable, Unlinked and ClientRefused."""
    with _authorizing(client) as auth:
        auth.refresh(refresh_token=refresh)
        return _tokens(auth)


def revoke_tokens(client: OAuthClient, refresh: str) -> None:
    """End a consent. Raises Unavailable, Unlinked and ClientRefused."""
    with _authorizing(client) as auth:
        auth.revoke(token=refresh)


def _tokens(auth: Any) -> OAuthTokens:
    return OAuthTokens(auth.access_token, auth.refresh_token, int(auth.expires_in), auth.x_refresh_token_expires_in)


@contextmanager
def _authorizing(client: OAuthClient, redirect: str = "") -> Iterator[Any]:
    from intuitlib.exceptions import AuthClientError

    place = place_of(client.environment)
    try:
        with _auth_library()(place)(client.client_id, client.client_secret, redirect, place.discovery) as auth:
            yield auth
    except AuthClientError as error:
        raise _refusal(error) from error


def _refusal(error: Any) -> Exception:
    if error.status_code == 429 or error.status_code >= 500:
        return Unavailable(f"Intuit is not available now (HTTP {error.status_code}).", retry_after=DOWN_SECONDS)
    said = json.loads(error.content or b"{}") if error.content[:1] == b"{" else {}
    if error.status_code == 401 or said.get("error") == "invalid_client":
        return ClientRefused("Intuit does not know this client id with this secret.")
    return Unlinked(f"Intuit refused: {said.get('error') or error.status_code}.")


@cache
def _auth_library() -> Any:
    """The library's OAuth client, whose calls go out by ours."""
    from intuitlib.client import AuthClient

    def at(place: Place) -> type[Any]:
        class Auth(AuthClient):  # type: ignore[misc]
            def request(self, method: str, url: str, headers: Any = None, data: Any = None, **_: Any) -> Any:
                content = data.encode() if isinstance(data, str) else b""
                return _call(place, method, url, headers or {}, content)

        return Auth

    return at
