"""The public client of Stripe, unchanged, speaks with the stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import stripe
from stripe_fake import FakeStripe, running, sign
from stripe_fake.refusals import ApiError

SESSION: dict[str, Any] = {
    "mode": "payment", "success_url": "https://shop.example/done", "customer_creation": "always",
    "line_items": [{"price_data": {"currency": "eur", "unit_amount": 12000, "product_data": {"name": "INV-1"}}, "quantity": 1}],
    "payment_intent_data": {"metadata": {"order": "1"}, "setup_future_usage": "off_session"},
}  # fmt: skip


@pytest.fixture
def books() -> Iterator[FakeStripe]:
    with running() as one:
        yield one


@pytest.fixture
def api(books: FakeStripe) -> Any:
    return stripe.StripeClient("sk_test_1", base_addresses={"api": books.url}, max_network_retries=0).v1


def test_a_session_is_paid_refunded_and_disputed(books: FakeStripe, api: Any) -> None:
    session = api.checkout.sessions.create(SESSION)
    books.pay(session.id)
    paid = api.checkout.sessions.retrieve(session.id)
    intent = api.payment_intents.retrieve(paid.payment_intent, {"expand": ["latest_charge", "payment_method"]})
    assert (intent.status, intent.metadata["order"], intent.latest_charge.paid) == ("succeeded", "1", True)
    assert intent.payment_method.customer == intent.customer
    refund = api.refunds.create({"payment_intent": intent.id, "amount": 2000})
    assert [one.id for one in api.refunds.list({"payment_intent": intent.id}).data] == [refund.id]
    dispute = books.dispute(intent.id)
    assert (dispute["amount"], books.balance()) == (10000, {"eur": 0})
    books.close_dispute(dispute["id"], won=True)
    assert api.balance.retrieve().available[0].amount == 10000


def test_a_saved_card_is_charged_without_its_owner(books: FakeStripe, api: Any) -> None:
    setup = api.checkout.sessions.create({"mode": "setup", "success_url": "https://shop.example/done", "currency": "eur"})
    books.pay(setup.id, "4000000000000341")
    intent = api.setup_intents.retrieve(setup.setup_intent)
    charge = {"amount": 500, "currency": "jpy", "customer": intent.customer, "payment_method": intent.payment_method,
              "confirm": True, "off_session": True}  # fmt: skip
    with pytest.raises(stripe.CardError) as refused:
        api.payment_intents.create(charge)
    assert refused.value.code == "card_declined"
    api.payment_methods.detach(intent.payment_method)
    with pytest.raises(stripe.InvalidRequestError):
        api.payment_intents.create(charge)


def test_the_same_key_gives_the_same_answer(books: FakeStripe, api: Any) -> None:
    first = api.customers.create({"name": "Hill"}, {"idempotency_key": "k"})
    assert api.customers.create({"name": "Hill"}, {"idempotency_key": "k"}).id == first.id
    with pytest.raises(stripe.IdempotencyError):
        api.customers.create({"name": "Valley"}, {"idempotency_key": "k"})


def test_faults(books: FakeStripe, api: Any) -> None:
    for how, kind in ((429, stripe.RateLimitError), (500, stripe.APIError), ("dropped", stripe.APIConnectionError),
                      ("after", stripe.APIConnectionError)):  # fmt: skip
        books.fail("POST", "/v1/customers", how)
        with pytest.raises(kind):
            api.customers.create({"name": str(how)})
    assert [one["name"] for one in books.of("customer")] == ["after"]


@pytest.mark.parametrize(("currency", "amount"), [("kwd", 1234), ("isk", 550), ("eur", 49), ("eur", 10**9), ("eur", "x")])
def test_amounts_that_are_refused(api: Any, currency: str, amount: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        api.payment_intents.create({"amount": amount, "currency": currency})


def test_wrong_keys_ids_and_cards(books: FakeStripe, api: Any) -> None:
    stranger = stripe.StripeClient("sk_nobody", base_addresses={"api": books.url}, max_network_retries=0).v1
    with pytest.raises(stripe.AuthenticationError):
        stranger.customers.create({})
    with pytest.raises(stripe.InvalidRequestError, match="No such payment_intent"):
        api.payment_intents.retrieve("pi_nobody")
    session = api.checkout.sessions.create(SESSION)
    with pytest.raises(ApiError, match="declined"):
        books.pay(session.id, "4000000000000002")
    api.checkout.sessions.expire(session.id)
    with pytest.raises(stripe.InvalidRequestError):
        api.checkout.sessions.expire(session.id)


def test_webhooks_are_signed_as_the_client_checks_them(books: FakeStripe) -> None:
    body = b'{"id": "evt_1", "object": "event", "type": "x", "data": {"object": {}}}'
    header = sign(body, books.secret, books.now())
    assert stripe.Webhook.construct_event(body, header, books.secret).id == "evt_1"
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body, header, "whsec_other")
