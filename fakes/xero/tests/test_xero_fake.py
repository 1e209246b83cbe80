"""The fake, as the public client sees it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from xero_fake import Organisation, XeroFake, running
from xero_fake.webhooks import sign
from xero_python.accounting import AccountingApi
from xero_python.accounting.models import (
    Account,
    Allocation,
    Allocations,
    Contact,
    Contacts,
    CreditNote,
    CreditNotes,
    Invoice,
    Invoices,
    LineItem,
    Payment,
    PaymentDelete,
    Payments,
)
from xero_python.api_client import ApiClient
from xero_python.api_client.configuration import Configuration
from xero_python.api_client.oauth2 import OAuth2Token
from xero_python.exceptions import AccountingBadRequestException, HTTPStatusException, RateLimitException
from xero_python.identity import IdentityApi

NOW = datetime(2026, 10, 1, 8, tzinfo=UTC)


@pytest.fixture
def fake() -> Iterator[XeroFake]:
    fake = XeroFake(NOW)
    fake.register("client", "secret")
    with running(fake):
        yield fake


@pytest.fixture
def books(fake: XeroFake) -> Organisation:
    books = fake.organisation("Acme MSP Ltd", currency="GBP", country="GB")
    books.tax_rate("OUTPUT2", "20% (VAT on Income)", Decimal(20))
    return books


def _client(token: str) -> ApiClient:
    told = {"access_token": token, "token_type": "Bearer", "expires_in": 1800, "scope": []}
    return ApiClient(
        Configuration(oauth2_token=OAuth2Token()), oauth2_token_getter=lambda: told, oauth2_token_saver=lambda _: None
    )


@pytest.fixture
def api(fake: XeroFake, books: Organisation) -> AccountingApi:
    return AccountingApi(_client(fake.token_for("client", books.tenant)), f"{fake.url}/api.xro/2.0")


def _lines(amount: str = "10.00", tax: str = "2.00") -> list[LineItem]:
    return [LineItem(description="Help", quantity=Decimal(1), unit_amount=Decimal(amount), account_code="200", tax_type="OUTPUT2",
                     tax_amount=Decimal(tax))]  # fmt: skip


def _invoice(api: AccountingApi, tenant: str, number: str, **more: object) -> Invoice:
    contact = api.update_or_create_contacts(tenant, Contacts(contacts=[Contact(name="Globex", contact_number="1")])).contacts[0]
    row = Invoice(type="ACCREC", invoice_number=number, contact=Contact(contact_id=contact.contact_id), date=date(2026, 10, 1),
                  due_date=date(2026, 10, 15), status="AUTHORISED", line_items=_lines(), **more)  # fmt: skip
    return api.create_invoices(tenant, Invoices(invoices=[row])).invoices[0]


def test_an_invoice_is_paid_and_open_again(api: AccountingApi, books: Organisation) -> None:
    made = _invoice(api, books.tenant, "INV-1")
    assert (made.total, made.total_tax, made.amount_due, made.date) == (Decimal(12), Decimal(2), Decimal(12), date(2026, 10, 1))
    paying = Payment(invoice=Invoice(invoice_id=made.invoice_id), account=Account(code="090"), amount=Decimal(12),
                     date=date(2026, 10, 2))  # fmt: skip
    paid = api.create_payments(books.tenant, Payments(payments=[paying])).payments[0]
    assert api.get_invoice(books.tenant, made.invoice_id).invoices[0].status == "PAID"
    with pytest.raises(AccountingBadRequestException, match="payments or credits"):
        api.update_invoice(
            books.tenant, made.invoice_id, Invoices(invoices=[Invoice(invoice_id=made.invoice_id, status="VOIDED")])
        )
    api.delete_payment(books.tenant, paid.payment_id, PaymentDelete(status="DELETED"))
    api.update_invoice(books.tenant, made.invoice_id, Invoices(invoices=[Invoice(invoice_id=made.invoice_id, status="VOIDED")]))
    assert api.get_invoice(books.tenant, "INV-1").invoices[0].status == "VOIDED"


def test_a_credit_note_pays_an_invoice(api: AccountingApi, books: Organisation) -> None:
    made = _invoice(api, books.tenant, "INV-1")
    note = CreditNote(type="ACCRECCREDIT", credit_note_number="CN-1", contact=Contact(contact_id=made.contact.contact_id),
                      date=date(2026, 10, 1), status="AUTHORISED", line_items=_lines("5.00", "1.00"))  # fmt: skip
    note = api.create_credit_notes(books.tenant, CreditNotes(credit_notes=[note])).credit_notes[0]
    use = Allocations(
        allocations=[Allocation(invoice=Invoice(invoice_id=made.invoice_id), amount=Decimal(6), date=date(2026, 10, 1))]
    )
    api.create_credit_note_allocation(books.tenant, note.credit_note_id, use)
    found = api.get_invoice(books.tenant, made.invoice_id).invoices[0]
    assert (found.amount_due, found.amount_credited) == (Decimal(6), Decimal(6))
    with pytest.raises(AccountingBadRequestException):
        api.create_credit_note_allocation(books.tenant, note.credit_note_id, use)


def test_mistakes_are_told_one_by_one(api: AccountingApi, books: Organisation) -> None:
    made = _invoice(api, books.tenant, "INV-1")
    with pytest.raises(AccountingBadRequestException, match="must be unique"):
        _invoice(api, books.tenant, "INV-1")
    whose = Contact(contact_id=made.contact.contact_id)
    rows = [Invoice(type="ACCREC", invoice_number=number, contact=whose, line_items=_lines()) for number in ("INV-1", "INV-2")]
    told = api.create_invoices(books.tenant, Invoices(invoices=rows), summarize_errors=False).invoices
    assert [(one.has_errors, one.status_attribute_string) for one in told] == [(True, "ERROR"), (False, "OK")]
    assert told[0].validation_errors[0].message == "Invoice # must be unique."


def test_an_idempotency_key_writes_once(fake: XeroFake, api: AccountingApi, books: Organisation) -> None:
    """The public client sends a request by itself again whose answer was lost."""
    made = _invoice(api, books.tenant, "INV-1")
    row = Invoice(type="ACCREC", invoice_number="INV-2", contact=Contact(contact_id=made.contact.contact_id), line_items=_lines())
    fake.mishaps.plan("lost_answer", path="/Invoices")
    first = api.create_invoices(books.tenant, Invoices(invoices=[row]), idempotency_key="key-1")
    assert fake.mishaps.happened == [("lost_answer", "/api.xro/2.0/Invoices")]
    again = api.create_invoices(books.tenant, Invoices(invoices=[row]), idempotency_key="key-1").invoices[0]
    assert again.invoice_id == first.invoices[0].invoice_id
    assert len(books.rows["Invoices"]) == 2


def _ask_often(api: AccountingApi, books: Organisation) -> None:
    api.api_client.rest_client.pool_manager.connection_pool_kw["retries"] = False  # else it waits
    for _ in range(61):
        api.get_organisations(books.tenant)


def test_changes_since_an_instant_and_limits(fake: XeroFake, api: AccountingApi, books: Organisation) -> None:
    _invoice(api, books.tenant, "INV-1")
    fake.clock.advance(timedelta(minutes=20))
    _invoice(api, books.tenant, "INV-2")
    since = api.get_invoices(books.tenant, if_modified_since=NOW + timedelta(minutes=10)).invoices
    assert [one.invoice_number for one in since] == ["INV-2"]
    with pytest.raises(RateLimitException) as refused:
        _ask_often(api, books)
    assert (refused.value.rate_limit, int(refused.value.headers["Retry-After"]) <= 61) == ("minute", True)
    assert fake.throttle.busiest == 60


def test_tokens_connections_and_signatures(fake: XeroFake, books: Organisation) -> None:
    app = fake.consents.apps["client"]
    first = fake.consents.exchange(app, fake.consents.consent("client", [books.tenant], "https://back"), "https://back")
    second = fake.consents.refresh(app, str(first["refresh_token"]))
    assert fake.consents.refresh(app, str(first["refresh_token"]))["refresh_token"] == second["refresh_token"]
    client = _client(str(second["access_token"]))
    [found] = IdentityApi(client, fake.url).get_connections()
    assert (str(found.tenant_id), found.tenant_name) == (books.tenant, "Acme MSP Ltd")
    fake.consents.disconnect(books.tenant)
    with pytest.raises(HTTPStatusException) as refused:
        AccountingApi(client, f"{fake.url}/api.xro/2.0").get_organisations(books.tenant)
    assert refused.value.status == 403
    assert len(sign("key", b"{}")) == 44
