"""The one place that speaks with Stripe: its library behind the port of paying online. No transaction is open meanwhile."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from kernel.errors import Unavailable
from kernel.hookspecs.paying import (
    AttemptSought,
    ChargeAsked,
    Checkout,
    CheckoutAsked,
    PaidBack,
    PaymentRefused,
    RefundAsked,
    Seen,
)
from plugins.stripe.amounts import to_stripe
from plugins.stripe.errors import KeyRefused
from plugins.stripe.reading import ATTEMPT, REFUND, paid_back, seen_of, seen_set_up

SECONDS = 25
ADDRESS = "DESKHAND_STRIPE_URL"
"""The operator's variable for another address of the API: a sandbox, or a fake."""
_API = "https://api.stripe.com"
_MOST = 100


class StripeGateway:
    """An account with Stripe."""

    def __init__(self, secret_key: str) -> None:
        self._secret_key = secret_key

    def account_name(self) -> str:
        """What the account is called there. Raises KeyRefused where the key is none."""
        found = self._ask(lambda api: api.accounts.retrieve_current())
        profile = found.get("business_profile") or {}
        return str(profile.get("name") or found["id"])

    def start_checkout(self, asked: CheckoutAsked) -> Checkout:
        """A checkout session, or one in which a way to pay is only saved. A customer of another account is left out."""
        try:
            return self._page(asked)
        except PaymentRefused as refusal:
            if not (asked.customer and _is_missing(refusal)):
                raise
        return self._page(asked._replace(customer="", request_id=f"{asked.request_id}:anew"))

    def _page(self, asked: CheckoutAsked) -> Checkout:
        params: dict[str, Any] = {
            "client_reference_id": str(asked.attempt_id), "metadata": {ATTEMPT: str(asked.attempt_id)},
            "success_url": asked.done_url, "cancel_url": asked.back_url, "expires_at": int(asked.until.timestamp()),
        }  # fmt: skip
        if asked.customer:
            params["customer"] = asked.customer
        elif asked.email:
            params["customer_email"] = asked.email
        params |= self._to_pay(asked) if asked.amount else self._to_set_up(asked)
        made = self._ask(lambda api: api.checkout.sessions.create(params, {"idempotency_key": asked.request_id}))
        return Checkout(made["id"], made["url"])

    def _to_pay(self, asked: CheckoutAsked) -> dict[str, Any]:
        amount = to_stripe(asked.amount, asked.currency, asked.exponent)
        price = {"currency": asked.currency.lower(), "unit_amount": amount, "product_data": {"name": asked.words}}
        intent: dict[str, Any] = {"metadata": {ATTEMPT: str(asked.attempt_id)}, "description": asked.words}
        params: dict[str, Any] = {"mode": "payment", "line_items": [{"price_data": price, "quantity": 1}]}
        if asked.keep_method:
            intent["setup_future_usage"] = "off_session"
            if not asked.customer:
                params["customer_creation"] = "always"
        return params | {"payment_intent_data": intent}

    def _to_set_up(self, asked: CheckoutAsked) -> dict[str, Any]:
        return {"mode": "setup", "currency": asked.currency.lower(),
                "setup_intent_data": {"metadata": {ATTEMPT: str(asked.attempt_id)}}}  # fmt: skip

    def close_checkout(self, checkout: str) -> bool:
        """Expire a session; False where it is complete or expired. One of another account is none that anybody pays here."""
        try:
            found = self._ask(lambda api: api.checkout.sessions.retrieve(checkout))
        except PaymentRefused as refusal:
            if _is_missing(refusal):
                return True
            raise
        if found["status"] != "open":
            return False
        try:
            self._ask(lambda api: api.checkout.sessions.expire(checkout))
        except PaymentRefused:  # paid between the two
            return False
        return True

    def charge(self, asked: ChargeAsked) -> Seen:
        """A payment intent, confirmed at once without its payer."""
        from stripe import CardError

        params: dict[str, Any] = {
            "amount": to_stripe(asked.amount, asked.currency, asked.exponent), "currency": asked.currency.lower(),
            "customer": asked.customer, "payment_method": asked.method, "description": asked.words, "confirm": True,
            "off_session": True, "metadata": {ATTEMPT: str(asked.attempt_id)}, "expand": ["latest_charge", "payment_method"],
        }  # fmt: skip
        try:
            intent = self._ask(lambda api: api.payment_intents.create(params, {"idempotency_key": asked.request_id}))
        except CardError as error:
            refused: dict[str, Any] = (error.json_body or {}).get("error", {})
            payment = (refused.get("payment_intent") or {}).get("id", "")
            code = refused.get("decline_code") or error.code or "refused"
            return Seen("failed", payment, refused_code=code, refused_words=error.user_message or "")
        return seen_of(intent, asked.exponent, present=False)

    def look(self, sought: AttemptSought) -> Seen | None:
        """The attempt by what is known of it: its payment, its session, or the mark that both carry. None where this account has
        none of it, as after another account was connected.
        """
        try:
            return self._found(sought)
        except PaymentRefused as refusal:
            if _is_missing(refusal):
                return None
            raise

    def _found(self, sought: AttemptSought) -> Seen | None:
        if sought.payment:
            return self._intent(sought.payment, sought.exponent, present=bool(sought.checkout))
        if sought.checkout:
            return self._session(sought)
        return self._searched(sought) if sought.customer else None

    def _session(self, sought: AttemptSought) -> Seen:
        session = self._ask(lambda api: api.checkout.sessions.retrieve(sought.checkout))
        if session.get("payment_intent") and session["status"] == "complete":
            return self._intent(session["payment_intent"], sought.exponent, present=True)
        if session.get("setup_intent") and session["status"] == "complete":
            setup = self._ask(lambda api: api.setup_intents.retrieve(session["setup_intent"], {"expand": ["payment_method"]}))
            return seen_set_up(setup)
        return Seen("expired" if session["status"] == "expired" else "open", session.get("payment_intent") or "")

    def _searched(self, sought: AttemptSought) -> Seen | None:
        """The payment of a lost answer: one of this customer's since then."""
        since = int((sought.since - timedelta(minutes=10)).timestamp())
        params: dict[str, Any] = {"customer": sought.customer, "created": {"gte": since}, "limit": _MOST}
        for one in self._all(lambda api, more: api.payment_intents.list(params | more)):
            if (one.get("metadata") or {}).get(ATTEMPT) == str(sought.attempt_id):
                return self._intent(one["id"], sought.exponent, present=False)
        return None

    def _intent(self, intent_id: str, exponent: int, *, present: bool) -> Seen:
        wanted = {"expand": ["latest_charge", "payment_method"]}
        intent = self._ask(lambda api: api.payment_intents.retrieve(intent_id, wanted))
        of: dict[str, Any] = {"payment_intent": intent_id, "limit": _MOST}
        refunds = self._all(lambda api, more: api.refunds.list(of | more)) if intent["status"] == "succeeded" else []
        disputed = (intent.get("latest_charge") or {}).get("disputed")
        disputes = self._all(lambda api, more: api.disputes.list(of | more)) if disputed else []
        return seen_of(intent, exponent, present=present, refunds=refunds, disputes=disputes)

    def refund(self, asked: RefundAsked) -> PaidBack:
        """Money that goes back the way it came."""
        params: dict[str, Any] = {"payment_intent": asked.payment, "metadata": {REFUND: str(asked.refund_id)},
                                  "amount": to_stripe(asked.amount, asked.currency, asked.exponent)}  # fmt: skip
        made = self._ask(lambda api: api.refunds.create(params, {"idempotency_key": asked.request_id}))
        return paid_back(made, asked.exponent)

    def forget_method(self, method: str) -> None:
        """Detach a saved card; one that is detached stays so."""
        found = self._ask(lambda api: api.payment_methods.retrieve(method))
        if found.get("customer"):
            self._ask(lambda api: api.payment_methods.detach(method))

    def _all(self, page: Callable[[Any, dict[str, Any]], Any]) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        more: dict[str, Any] = {}
        while True:
            answer = self._ask(partial(_turned, page, more))
            rows += answer["data"]
            if not answer["has_more"]:
                return rows
            more = {"starting_after": answer["data"][-1]["id"]}

    def _ask(self, call: Callable[[Any], Any]) -> dict[str, Any]:
        """One call, its answer as plain data. Raises Unavailable, KeyRefused, PaymentRefused, and stripe.CardError."""
        import stripe

        try:
            answer: dict[str, Any] = call(self._api().v1).to_dict()
            return answer
        except (stripe.APIConnectionError, stripe.RateLimitError) as error:
            raise Unavailable("Stripe cannot be reached, or asks to wait.") from error
        except stripe.AuthenticationError as error:
            raise KeyRefused("Stripe does not take the secret key. Connect the account anew.") from error
        except stripe.PermissionError as error:
            raise KeyRefused(error.user_message or "Stripe does not let this key do that.") from error
        except stripe.CardError:
            raise
        except (stripe.InvalidRequestError, stripe.IdempotencyError) as error:
            raise PaymentRefused(error.user_message or "Stripe refused this.", provider_code=error.code) from error
        except stripe.APIError as error:
            raise Unavailable("Stripe has trouble of its own.") from error

    def _api(self) -> Any:
        """No tries by the library: the job that asks tries again, with the same key."""
        import stripe

        return stripe.StripeClient(
            self._secret_key, base_addresses={"api": os.environ.get(ADDRESS, _API)}, max_network_retries=0,
            http_client=stripe.RequestsClient(timeout=SECONDS),
        )  # fmt: skip


def _is_missing(refusal: PaymentRefused) -> bool:
    return refusal.extra.get("provider_code") == "resource_missing"


def _turned(page: Callable[[Any, dict[str, Any]], Any], more: dict[str, Any], api: Any) -> Any:
    return page(api, more)
