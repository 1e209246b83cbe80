"""What each address of the API does: functions of the books and what was sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stripe_fake.books import Books, Row
from stripe_fake.forms import truth
from stripe_fake.money import check_amount
from stripe_fake.refusals import invalid

Answer = Callable[..., Row]
ROUTES: dict[tuple[str, str], Answer] = {}
_HALF_HOUR, _DAY = 1800, 86_400


def _on(method: str, path: str) -> Callable[[Answer], Answer]:
    def note(answer: Answer) -> Answer:
        ROUTES[method, path] = answer
        return answer

    return note


def _list(rows: list[Row], sent: dict[str, Any], url: str) -> Row:
    limit = int(sent.get("limit", 10))
    if not 1 <= limit <= 100:
        raise invalid("limit must be between 1 and 100.", "limit")
    if after := sent.get("starting_after"):
        rows = rows[[one["id"] for one in rows].index(after) + 1 :]
    return {"object": "list", "url": url, "has_more": len(rows) > limit, "data": rows[:limit]}


def _need(sent: dict[str, Any], name: str) -> Any:
    if not sent.get(name):
        raise invalid(f"Missing required param: {name}.", name, "parameter_missing")
    return sent[name]


@_on("GET", "/v1/account")
def account(books: Books, sent: dict[str, Any]) -> Row:
    return {"id": "acct_fake", "object": "account", "charges_enabled": True, "country": "AT", "default_currency": "eur",
            "business_profile": {"name": "Fake account"}}  # fmt: skip


@_on("GET", "/v1/balance")
def balance(books: Books, sent: dict[str, Any]) -> Row:
    return {"object": "balance", "available": [{"currency": code, "amount": amount} for code, amount in books.balance().items()]}


@_on("POST", "/v1/customers")
def add_customer(books: Books, sent: dict[str, Any]) -> Row:
    return books.add("cus", name=sent.get("name"), email=sent.get("email"), metadata=sent.get("metadata", {}))


@_on("GET", "/v1/customers/<row_id>")
def get_customer(books: Books, sent: dict[str, Any], row_id: str) -> Row:
    return books.get(row_id, "customer")


@_on("GET", "/v1/customers/<row_id>/payment_methods")
def methods_of(books: Books, sent: dict[str, Any], row_id: str) -> Row:
    books.get(row_id, "customer")
    return _list(books.of("payment_method", customer=row_id), sent, f"/v1/customers/{row_id}/payment_methods")


@_on("POST", "/v1/checkout/sessions")
def add_session(books: Books, sent: dict[str, Any]) -> Row:
    mode = _need(sent, "mode")
    if mode not in ("payment", "setup"):
        raise invalid(f"Invalid mode: {mode}", "mode")
    until = int(sent.get("expires_at", books.now() + _DAY))
    if not books.now() + _HALF_HOUR - 60 <= until <= books.now() + _DAY + 60:
        raise invalid("The expires_at timestamp must be between 30 minutes and 24 hours from creation.", "expires_at")
    if sent.get("customer"):
        books.get(sent["customer"], "customer")
    facts = _to_pay(sent) if mode == "payment" else _to_set_up(books, sent)
    session = books.add("cs_test", **{
        "mode": mode, "status": "open", "payment_status": "unpaid", "expires_at": until,
        "success_url": _need(sent, "success_url"), "cancel_url": sent.get("cancel_url"),
        "client_reference_id": sent.get("client_reference_id"), "payment_intent": None,
        "setup_intent": None, "metadata": sent.get("metadata", {}), "customer_email": sent.get("customer_email"), **facts,
    })  # fmt: skip
    session["url"] = f"{books.url}/c/pay/{session['id']}"
    return session


def _to_pay(sent: dict[str, Any]) -> Row:
    prices = [one["price_data"] | {"quantity": one.get("quantity", "1")} for one in _need(sent, "line_items")]
    currency = prices[0]["currency"].lower()
    total = sum(int(one["unit_amount"]) * int(one["quantity"]) for one in prices)
    given = sent.get("payment_intent_data", {})
    intent = {name: given[name] for name in ("metadata", "description", "setup_future_usage") if name in given}
    return {"amount_total": check_amount(currency, total), "currency": currency, "customer": sent.get("customer"),
            "_intent": intent, "_creates": sent.get("customer_creation") == "always"}  # fmt: skip


def _to_set_up(books: Books, sent: dict[str, Any]) -> Row:
    customer = sent.get("customer") or books.add("cus", name=None, email=sent.get("customer_email"), metadata={})["id"]
    given = sent.get("setup_intent_data", {})
    intent = books.add("seti", customer=customer, status="requires_payment_method", payment_method=None, usage="off_session",
                       metadata=given.get("metadata", {}))  # fmt: skip
    return {"setup_intent": intent["id"], "customer": customer, "amount_total": None, "currency": sent.get("currency")}


@_on("GET", "/v1/checkout/sessions")
def list_sessions(books: Books, sent: dict[str, Any]) -> Row:
    facts = {name: sent[name] for name in ("payment_intent", "customer", "status") if name in sent}
    return _list(books.of("checkout.session", **facts), sent, "/v1/checkout/sessions")


@_on("GET", "/v1/checkout/sessions/<row_id>")
def get_session(books: Books, sent: dict[str, Any], row_id: str) -> Row:
    session = books.get(row_id, "checkout.session")
    if session["status"] == "open" and session["expires_at"] < books.now():
        books.expire(row_id)
    return session


@_on("POST", "/v1/checkout/sessions/<row_id>/expire")
def expire_session(books: Books, sent: dict[str, Any], row_id: str) -> Row:
    return books.expire(row_id)


@_on("POST", "/v1/payment_intents")
def add_intent(books: Books, sent: dict[str, Any]) -> Row:
    facts = {name: sent[name] for name in ("customer", "metadata", "description") if name in sent}
    intent = books.add_intent(_need(sent, "amount"), _need(sent, "currency").lower(), **facts)
    if truth(sent.get("confirm")):
        return _confirm(books, intent, sent)
    return intent


@_on("POST", "/v1/payment_intents/<row_id>/confirm")
def confirm_intent(books: Books, sent: dict[str, Any], row_id: str) -> Row:
    return _confirm(books, books.get(row_id, "payment_intent"), sent)


def _confirm(books: Books, intent: Row, sent: dict[str, Any]) -> Row:
    method = books.get(_need(sent, "payment_method"), "payment_method")
    if method["customer"] != intent["customer"]:
        raise invalid("The provided PaymentMethod does not belong to the Customer.", "payment_method")
    return books.confirm(intent, method, present=not truth(sent.get("off_session")))


@_on("GET", "/v1/payment_intents")
def list_intents(books: Books, sent: dict[str, Any]) -> Row:
    rows = books.of("payment_intent", **({"customer": sent["customer"]} if "customer" in sent else {}))
    since = int((sent.get("created") or {}).get("gte", 0))
    return _list([one for one in rows if one["created"] >= since], sent, "/v1/payment_intents")


@_on("GET", "/v1/payment_intents/<row_id>")
def get_intent(books: Books, sent: dict[str, Any], row_id: str) -> Row:
    return books.get(row_id, "payment_intent")


@_on("POST", "/v1/payment_intents/<row_id>/cancel")
def cancel_intent(books: Books, sent: dict[str, Any], row_id: str) -> Row:
    intent = books.get(row_id, "payment_intent")
    if intent["status"] == "succeeded":
        raise invalid("You cannot cancel this PaymentIntent because it has a status of succeeded.",
                      code="payment_intent_unexpected_state")  # fmt: skip
    intent["status"] = "canceled"
    books.say("payment_intent.canceled", intent)
    return intent


@_on("GET", "/v1/setup_intents/<row_id>")
def get_setup(books: Books, sent: dict[str, Any], row_id: str) -> Row:
    return books.get(row_id, "setup_intent")


@_on("GET", "/v1/payment_methods/<row_id>")
def get_method(books: Books, sent: dict[str, Any], row_id: str) -> Row:
    return books.get(row_id, "payment_method")


@_on("POST", "/v1/payment_methods/<row_id>/detach")
def detach_method(books: Books, sent: dict[str, Any], row_id: str) -> Row:
    method = books.get(row_id, "payment_method")
    if method["customer"] is None:
        raise invalid("The payment method you provided is not attached to a customer so detachment is impossible.")
    method["customer"] = None
    return method


@_on("GET", "/v1/charges/<row_id>")
def get_charge(books: Books, sent: dict[str, Any], row_id: str) -> Row:
    return books.get(row_id, "charge")


@_on("POST", "/v1/refunds")
def add_refund(books: Books, sent: dict[str, Any]) -> Row:
    return books.refund(_need(sent, "payment_intent"), sent.get("amount"), metadata=sent.get("metadata", {}))


@_on("GET", "/v1/refunds")
def list_refunds(books: Books, sent: dict[str, Any]) -> Row:
    facts = {name: sent[name] for name in ("payment_intent", "charge") if name in sent}
    return _list(books.of("refund", **facts), sent, "/v1/refunds")


@_on("GET", "/v1/refunds/<row_id>")
def get_refund(books: Books, sent: dict[str, Any], row_id: str) -> Row:
    return books.get(row_id, "refund")


@_on("GET", "/v1/disputes")
def list_disputes(books: Books, sent: dict[str, Any]) -> Row:
    facts = {name: sent[name] for name in ("payment_intent", "charge") if name in sent}
    return _list(books.of("dispute", **facts), sent, "/v1/disputes")


@_on("GET", "/v1/disputes/<row_id>")
def get_dispute(books: Books, sent: dict[str, Any], row_id: str) -> Row:
    return books.get(row_id, "dispute")


@_on("GET", "/v1/events")
def list_events(books: Books, sent: dict[str, Any]) -> Row:
    facts = {"type": sent["type"]} if "type" in sent else {}
    return _list(books.of("event", **facts), sent, "/v1/events")


@_on("GET", "/v1/events/<row_id>")
def get_event(books: Books, sent: dict[str, Any], row_id: str) -> Row:
    return books.get(row_id, "event")
