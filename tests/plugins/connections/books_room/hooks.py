"""Names the service, and keeps what it is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import httpx

from kernel.errors import InvalidInput, Unavailable
from kernel.hookspecs import hookimpl
from kernel.hookspecs.connections import Connection, ConnectionProvider, ConsentWithdrawn, Granted, OAuthClient, Tokens
from kernel.hookspecs.directory import Blocker, Ref

ADDRESS: list[str] = [""]
TOLD: list[str] = []
HELD: set[Any] = set()


def _authorize(client: OAuthClient, state: str, redirect: str) -> str:
    return f"{ADDRESS[0]}/authorize?" + urlencode({"client_id": client.client_id, "state": state, "redirect_uri": redirect})


def _post(path: str, **sent: str) -> Any:
    try:
        answer = httpx.post(ADDRESS[0] + path, json=sent, timeout=5, verify=False)  # no certificates to read: it is plain HTTP
    except httpx.HTTPError as error:
        raise Unavailable(f"Books cannot be reached: {error}") from error
    if answer.status_code == 503:
        raise Unavailable("Books are under maintenance.")
    if answer.status_code == 401:
        raise InvalidInput("Books do not know the application.", errors={"client_secret": "Wrong."})
    if answer.status_code != 200:
        raise ConsentWithdrawn(f"Books said {answer.json()['error']}.")
    return answer.json()


def _tokens(told: Any) -> Tokens:
    return Tokens(told["access"], told["refresh"], timedelta(seconds=told["seconds"]), timedelta(days=60))


def _exchange(client: OAuthClient, redirect: str, arguments: dict[str, str]) -> Granted:
    told = _post("/token", grant="code", secret=client.client_secret, code=arguments["code"], verifier=arguments["code_verifier"])
    return Granted(_tokens(told), told["account_id"], told["account_name"])


def _refresh(client: OAuthClient, granted: Granted) -> Tokens:
    return _tokens(_post("/token", grant="refresh", secret=client.client_secret, refresh=granted.tokens.refresh))


def _revoke(client: OAuthClient, granted: Granted) -> None:
    _post("/revoke", refresh=granted.tokens.refresh)


@hookimpl
def register_connection_providers() -> list[ConnectionProvider]:
    return [
        ConnectionProvider(
            "books", "Books", "Books outside.", ("production", "sandbox"), _authorize, _exchange, _refresh, _revoke, pkce=True
        )
    ]


@hookimpl
def connection_changed(ctx: Any, connection: Connection) -> None:
    TOLD.append(f"{connection.account_name} {connection.state}")


@hookimpl
def collect_blockers(ctx: Any, refs: Sequence[Ref]) -> list[Blocker]:
    return [Blocker(ref, "batch", 2, "2 batches") for ref in refs if ref.kind == "connection" and ref.id in HELD]
