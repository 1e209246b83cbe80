"""A running fake, and the public client pointed at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from quickbooks import QuickBooks
from quickbooks_fake import Company, QuickBooksFake, running
from requests_oauthlib import OAuth2Session

REALM = "9130350000000001"


@pytest.fixture
def fake() -> Iterator[QuickBooksFake]:
    fake = QuickBooksFake(datetime(2026, 10, 1, 8, tzinfo=UTC))
    fake.register("client", "secret", redirects=("https://desk.example/back",), verifier="verifier")
    with running(fake):
        yield fake


@pytest.fixture
def company(fake: QuickBooksFake) -> Company:
    return fake.company(REALM, "Acme MSP Inc.")


@pytest.fixture
def connect(fake: QuickBooksFake, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], QuickBooks]:
    """The public client for a company, unchanged but for its address."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # oauthlib refuses plain HTTP otherwise

    class Here(QuickBooks):  # type: ignore[misc]
        api_url_v3 = f"{fake.url}/v3"

    def client(realm: str) -> QuickBooks:
        here = Here(company_id=realm, minorversion=75, use_decimal=True)
        here.session = OAuth2Session("client", token={"access_token": fake.token_for("client", realm)["access_token"]})
        return here

    return client


@pytest.fixture
def client(connect: Callable[[str], QuickBooks], company: Company) -> QuickBooks:
    return connect(company.realm)
