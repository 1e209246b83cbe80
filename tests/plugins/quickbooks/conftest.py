"""QuickBooks Online with the books of Acme's company, over real HTTP, and a gateway to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from quickbooks_fake import Company, QuickBooksFake, running

from house.stage import START
from kernel.hookspecs.connections import Access
from plugins.quickbooks.client import BooksClient
from plugins.quickbooks.gateway import QuickBooksGateway
from plugins.quickbooks.pace import Pace

REALM = "9130350000000001"


@pytest.fixture
def quickbooks(monkeypatch: pytest.MonkeyPatch) -> Iterator[QuickBooksFake]:
    fake = QuickBooksFake(START)
    fake.register("client", "secret", verifier="intuit-verifier")
    with running(fake):
        monkeypatch.setenv("DESKHAND_QUICKBOOKS_URL", fake.url)
        yield fake


@pytest.fixture
def company(quickbooks: QuickBooksFake) -> Company:
    return quickbooks.company(REALM, "Acme MSP Inc.")


@pytest.fixture
def pace(quickbooks: QuickBooksFake) -> Pace:
    """QuickBooks' clock is ours: whoever waits lets it go on."""
    return Pace(lambda: quickbooks.clock.now().timestamp(), lambda seconds: quickbooks.clock.advance(timedelta(seconds=seconds)))


@pytest.fixture
def open_gateway(quickbooks: QuickBooksFake, pace: Pace) -> Callable[[str], QuickBooksGateway]:
    def opened(realm: str) -> QuickBooksGateway:
        token = str(quickbooks.token_for("client", realm)["access_token"])
        access = Access(UUID(int=1), "quickbooks", "production", realm, "", token, START)
        return QuickBooksGateway(BooksClient(access, pace), realm)

    return opened


@pytest.fixture
def gateway(open_gateway: Callable[[str], QuickBooksGateway], company: Company) -> QuickBooksGateway:
    return open_gateway(company.realm)
