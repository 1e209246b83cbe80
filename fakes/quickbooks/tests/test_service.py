"""Tokens, limits, queries, change data capture, request ids, webhooks and mishaps."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from intuitlib.client import AuthClient
from intuitlib.enums import Scopes
from intuitlib.exceptions import AuthClientError
from quickbooks import QuickBooks
from quickbooks.cdc import change_data_capture
from quickbooks.exceptions import AuthorizationException, QuickbooksException
from quickbooks.objects import Customer, Invoice, Item, Payment, TaxCode, Term
from quickbooks.objects.companycurrency import CompanyCurrency
from quickbooks.objects.preferences import Preferences
from quickbooks_fake import BROKEN, LOST_ANSWER, LOST_REQUEST, Company, QuickBooksFake

BACK = "https://desk.example/back"


@pytest.fixture
def auth(fake: QuickBooksFake) -> Iterator[AuthClient]:
    with AuthClient("client", "secret", BACK, f"{fake.url}/.well-known/openid_configuration/") as auth:
        yield auth


def consented(auth: AuthClient, realm: str) -> AuthClient:
    url = auth.get_authorization_url([Scopes.ACCOUNTING], state_token="s")
    back = requests.get(f"{url}&realmId={realm}", allow_redirects=False, timeout=5).headers["Location"]
    told = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}
    assert (told["state"], told["realmId"]) == ("s", realm)
    auth.get_bearer_token(told["code"], realm_id=told["realmId"])
    return auth


def globex(company: Company, number: str = "1", amount: int = 10) -> dict[str, object]:
    found = next((row for row in company.rows("Customer") if row["DisplayName"] == "Globex"), None)
    payer = found or company.create("Customer", {"DisplayName": "Globex"})
    line = {"Amount": amount, "DetailType": "SalesItemLineDetail"}
    return company.create("Invoice", {"CustomerRef": {"value": payer["Id"]}, "DocNumber": number, "Line": [line]})


def test_a_person_consents_and_tokens_are_rotated(fake: QuickBooksFake, company: Company, auth: AuthClient) -> None:
    consented(auth, company.realm)
    first = auth.refresh_token
    auth.refresh()
    second = auth.refresh_token
    assert second != first
    auth.refresh(refresh_token=first)
    assert auth.refresh_token == second
    fake.clock.advance(timedelta(hours=25))
    with pytest.raises(AuthClientError) as refused:
        auth.refresh(refresh_token=first)
    assert (refused.value.status_code, json.loads(refused.value.content)) == (400, {"error": "invalid_grant"})
    auth.refresh(refresh_token=second)
    auth.revoke()
    with pytest.raises(AuthClientError):
        auth.refresh()


def test_a_code_holds_once_and_for_its_program(fake: QuickBooksFake, company: Company, auth: AuthClient) -> None:
    code = fake.consents.consent("client", company.realm, BACK)
    auth.get_bearer_token(code)
    with pytest.raises(AuthClientError):
        auth.get_bearer_token(code)
    auth.client_secret = "wrong"
    with pytest.raises(AuthClientError) as refused:
        auth.refresh()
    assert refused.value.status_code == 401


def test_tokens_open_one_company_for_an_hour(fake: QuickBooksFake, client: QuickBooks) -> None:
    fake.company("2", "Beta MSP")
    assert Term.all(qb=client)
    client.company_id = "2"
    with pytest.raises(QuickbooksException, match="403"):
        Term.all(qb=client)
    client.company_id = next(iter(fake.companies))
    fake.clock.advance(timedelta(hours=1))
    with pytest.raises(AuthorizationException):
        Term.all(qb=client)


def test_what_a_company_is(client: QuickBooks) -> None:
    about = client.get(f"{client.api_url}/company/{client.company_id}/companyinfo/{client.company_id}", params={})
    assert (about["CompanyInfo"]["CompanyName"], about["CompanyInfo"]["Country"]) == ("Acme MSP Inc.", "US")
    assert Preferences.get(qb=client).CurrencyPrefs.HomeCurrency.value == "USD"
    assert [one.Id for one in TaxCode.all(qb=client)][:2] == ["TAX", "NON"]
    assert [one.Name for one in Item.all(qb=client)] == ["Services"]


@pytest.mark.parametrize(("where", "found"), [
    ("DocNumber = '3'", ["3"]),
    ("DocNumber in ('2', '4') and TotalAmt > '2'", ["4"]), ("DocNumber like '%'", ["1", "2", "3", "4"]),
    ("TxnDate >= '2026-10-01'", ["1", "2", "3", "4"]), ("MetaData.LastUpdatedTime >= '2026-10-01T00:20:00-08:00'", ["3", "4"]),
    ("Metadata.LastUpdatedTime > '2026-10-01T08:20:00Z' orderby DocNumber desc", ["4"]),
    ("Balance > '0' startposition 2 maxresults 2", ["2", "3"]),
])  # fmt: skip
def test_queries(fake: QuickBooksFake, company: Company, client: QuickBooks, where: str, found: list[str]) -> None:
    for number in range(1, 5):
        globex(company, str(number), number)
        fake.clock.advance(timedelta(minutes=10))
    assert [one.DocNumber for one in Invoice.query(f"select * from Invoice where {where}", qb=client)] == found


@pytest.mark.parametrize(("text", "code"), [
    ("select * from Nothing", 4000), ("select * from Invoice where Colour = 'red'", 4001), ("select from", 4000),
    ("select * from Invoice where DocNumber = '1' or DocNumber = '2'", 4000), ("select * from Term maxresults 1001", 4001),
])  # fmt: skip
def test_queries_that_are_refused(client: QuickBooks, text: str, code: int) -> None:
    with pytest.raises(QuickbooksException) as refused:
        client.query(text)
    assert refused.value.error_code == code


def test_names_with_an_apostrophe_and_inactive_ones(company: Company, client: QuickBooks) -> None:
    made = company.create("Customer", {"DisplayName": "O'Brien \\ Söhne"})
    assert Customer.filter(DisplayName="O'Brien \\\\ Söhne", qb=client)[0].Id == made["Id"]
    company.update("Customer", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "Active": False})
    assert Customer.count(qb=client) == 0
    assert Customer.count("Active in (true, false)", qb=client) == 1


def test_change_data_capture(fake: QuickBooksFake, company: Company, client: QuickBooks) -> None:
    old = globex(company, "1")
    fake.clock.advance(timedelta(minutes=30))
    since = fake.clock.now().isoformat()
    new = globex(company, "2")
    company.delete("Invoice", {"Id": old["Id"], "SyncToken": "0"})
    answer = change_data_capture([Invoice, Payment], since, qb=client)
    assert {one.Id: getattr(one, "status", "") for one in answer.Invoice} == {new["Id"]: "", old["Id"]: "Deleted"}
    assert not hasattr(answer, "Payment")
    fake.clock.advance(timedelta(days=31))
    client.session.token["access_token"] = fake.token_for("client", company.realm)["access_token"]
    with pytest.raises(QuickbooksException):
        change_data_capture([Invoice], since, qb=client)


def test_a_request_id_has_its_effect_once(company: Company, client: QuickBooks) -> None:
    made = Customer()
    made.DisplayName = "Globex"
    first = made.save(qb=client, request_id="r-1")
    made.Id = None
    assert made.save(qb=client, request_id="r-1").Id == first.Id
    assert len(company.rows("Customer")) == 1
    made.Id = None
    with pytest.raises(QuickbooksException):
        made.save(qb=client, request_id="x" * 51)


def test_a_batch_with_a_request_id_has_its_effect_once(company: Company, client: QuickBooks) -> None:
    def send(*names: str) -> list[dict[str, object]]:
        items = [{"bId": name, "operation": "create", "Customer": {"DisplayName": name}} for name in names]
        url = f"{client.api_url}/company/{client.company_id}/batch"
        answer = client.post(url, json.dumps({"BatchItemRequest": items}), request_id="b-1")
        return [one["Customer"]["Id"] for one in answer["BatchItemResponse"]]

    assert send("a", "b") == send("a", "b")
    assert len(company.rows("Customer")) == 2
    with pytest.raises(QuickbooksException):
        send("longer than ten")


def test_limits_are_counted_for_each_company(fake: QuickBooksFake, client: QuickBooks) -> None:
    fake.throttle.most["request"] = 3
    for _ in range(3):
        Term.all(qb=client)
    with pytest.raises(QuickbooksException, match="429"):
        Term.all(qb=client)
    fake.clock.advance(timedelta(minutes=1))
    assert Term.all(qb=client)


def test_an_answer_is_lost_after_the_work_was_done(fake: QuickBooksFake, company: Company, client: QuickBooks) -> None:
    made = Customer()
    made.DisplayName = "Globex"
    for mishap, rows in ((LOST_REQUEST, 0), (LOST_ANSWER, 1)):
        fake.mishaps.plan(mishap, path="/customer")
        with pytest.raises(requests.ConnectionError):
            made.save(qb=client, request_id="r-1")
        assert len(company.rows("Customer")) == rows
    fake.mishaps.plan(BROKEN)
    with pytest.raises(QuickbooksException):
        made.save(qb=client, request_id="r-1")
    assert made.save(qb=client, request_id="r-1").Id == company.rows("Customer")[0]["Id"]


def test_mishaps_come_by_chance_and_the_same_for_the_same_seed(fake: QuickBooksFake) -> None:
    drawn = []
    for _ in range(2):
        fake.mishaps.at_random(7, 0.5)
        drawn.append([fake.mishaps.draw("1", "/x") for _ in range(20)])
    assert drawn[0] == drawn[1]
    assert 0 < drawn[0].count("") < 20


@contextmanager
def desk(status: list[int]) -> Iterator[tuple[str, list[tuple[bytes, str]]]]:
    """A program that takes webhooks, answering as `status` says, one after the other."""
    got: list[tuple[bytes, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append((self.rfile.read(int(self.headers["Content-Length"])), self.headers["intuit-signature"]))
            self.send_response(status.pop(0) if len(status) > 1 else status[0])
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", got
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_webhooks_tell_of_several_companies_at_least_once(fake: QuickBooksFake, connect: Callable[[str], QuickBooks]) -> None:
    for realm in ("1", "2", "3"):
        globex(fake.company(realm, f"Company {realm}"))
    connect("1"), connect("2")
    with desk([500, 200]) as (url, got):
        fake.consents.apps["client"].webhook_url = url
        assert [one.status for one in fake.deliver_webhooks()] == [500]
        assert [one.status for one in fake.deliver_webhooks(shuffle=1)] == [200]
        assert fake.deliver_webhooks() == []
    assert len(got) == 2
    body, signature = got[1]
    assert base64.b64decode(signature) == hmac.digest(b"verifier", body, hashlib.sha256)
    events = json.loads(body)
    assert {(one["intuitaccountid"], one["type"]) for one in events} == {
        (realm, f"qbo.{kind}.created.v1") for realm in ("1", "2") for kind in ("customer", "invoice")
    }
    assert all(one["specversion"] == "1.0" and one["intuitentityid"] for one in events)


def test_each_program_of_a_company_hears(fake: QuickBooksFake, company: Company) -> None:
    for client_id in ("client", "other"):
        fake.register(client_id, "secret", verifier=client_id)
        fake.token_for(client_id, company.realm)
    globex(company)
    with desk([200]) as (url, got):
        for app in fake.consents.apps.values():
            app.webhook_url = url
        assert [one.status for one in fake.deliver_webhooks()] == [200, 200]
        assert fake.deliver_webhooks() == []
    assert len(got) == 2


def test_webhooks_are_dropped(fake: QuickBooksFake, company: Company, connect: Callable[[str], QuickBooks]) -> None:
    connect(company.realm)
    globex(company)
    assert fake.drop_webhooks() == 2
    assert fake.deliver_webhooks() == []


def test_unknown_kinds_are_not_supported(client: QuickBooks) -> None:
    with pytest.raises(QuickbooksException):
        CompanyCurrency.all(qb=client)
