"""QuickBooks Online as a service that tenants connect to by consent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

from kernel.errors import InvalidInput
from kernel.hookspecs.connections import Access, ConnectionProvider, ConsentWithdrawn, Granted, NextStep, OAuthClient, Tokens
from plugins.quickbooks import client as intuit
from plugins.quickbooks.addresses import ENVIRONMENTS

KEY = "quickbooks"
_NOBODY = UUID(int=0)


def exchange(client: OAuthClient, redirect: str, arguments: dict[str, str]) -> Granted:
    """What came of a consent: tokens, and the company that the person chose."""
    company = arguments.get("realmId", "")
    if not company.isdecimal() or not arguments.get("code"):
        raise ConsentWithdrawn("QuickBooks named no company. Connect again, and choose one.")
    with _refusing():
        tokens = _tokens(intuit.exchange_code(client, redirect, arguments["code"], company))
    access = Access(_NOBODY, KEY, client.environment, company, "", tokens.access, datetime.now(UTC) + tokens.lasts)
    return Granted(tokens, company, str(intuit.BooksClient(access).company_info().get("CompanyName") or company))


def refresh(client: OAuthClient, granted: Granted) -> Tokens:
    """Other tokens in place of those that are about to end."""
    with _refusing():
        return _tokens(intuit.refresh_tokens(client, granted.tokens.refresh))


def revoke(client: OAuthClient, granted: Granted) -> None:
    """End the consent for this company."""
    with _refusing():
        intuit.revoke_tokens(client, granted.tokens.refresh)


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except intuit.Unlinked as error:
        raise ConsentWithdrawn(f"{error} Connect QuickBooks Online anew.") from error
    except intuit.ClientRefused as error:
        raise InvalidInput(str(error), errors={"client_secret": str(error)}) from error


def _tokens(got: intuit.OAuthTokens) -> Tokens:
    later = None if got.refresh_seconds is None else timedelta(seconds=int(got.refresh_seconds))
    return Tokens(got.access, got.refresh, timedelta(seconds=got.seconds), later)


PROVIDER = ConnectionProvider(
    key=KEY,
    title="QuickBooks Online",
    says="At developer.intuit.com, make an app for QuickBooks Online and Payments with the scope Accounting. Its client id and"
    " secret stand under Keys & credentials: those for development open sandbox companies only.",
    environments=ENVIRONMENTS,
    authorize=intuit.consent_url,
    exchange=exchange,
    refresh=refresh,
    revoke=revoke,
    then=NextStep("Deliver documents to it", "/accounting/targets/new"),
)
