"""The books: every object by its id, what happened in their order, and what payers and banks do."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable
from threading import RLock
from typing import Any

from stripe_fake.money import CARDS, WORDS, check_amount
from stripe_fake.refusals import ApiError, invalid, missing

Row = dict[str, Any]
KINDS = {"cus": "customer", "cs_test": "checkout.session", "pi": "payment_intent", "seti": "setup_intent", "pm": "payment_method",
         "ch": "charge", "re": "refund", "dp": "dispute", "evt": "event"}  # fmt: skip


class Books:
    """One account. Callers hold `lock` while they change it."""

    def __init__(self, url: str = "http://127.0.0.1") -> None:
        self.url = url
        self.lock = RLock()
        self.clock: Callable[[], float] = time.time
        self.rows: dict[str, Row] = {}
        self.secret = "whsec_" + secrets.token_hex(16)

    def now(self) -> int:
        """Seconds since 1970."""
        return int(self.clock())

    def add(self, prefix: str, **facts: Any) -> Row:
        """A new object of the kind that its id begins with."""
        row_id = f"{prefix}_{secrets.token_hex(12)}"
        row = {"id": row_id, "object": KINDS[prefix], "created": self.now(), "livemode": False, **facts}
        self.rows[row_id] = row
        return row

    def get(self, row_id: str, kind: str) -> Row:
        """Raises ApiError for an id that is none of this kind."""
        row = self.rows.get(row_id)
        if row is None or row["object"] != kind:
            raise missing(kind, row_id)
        return row

    def of(self, kind: str, **facts: Any) -> list[Row]:
        """All of a kind with these facts, the newest first."""
        found = [one for one in self.rows.values() if one["object"] == kind]
        return [one for one in reversed(found) if all(one.get(name) == value for name, value in facts.items())]

    def say(self, name: str, row: Row) -> Row:
        """Note that something happened; `deliver` tells it to others."""
        data = {"object": {key: value for key, value in row.items() if not key.startswith("_")}}
        return self.add("evt", type=name, data=data, api_version="2025-09-30.clover", pending_webhooks=1)

    def add_method(self, number: str, customer: str | None) -> Row:
        """A card as it is typed. Raises ApiError for a number that is no card's."""
        digits = "".join(one for one in number if one.isdigit())
        if digits not in CARDS:
            raise ApiError(402, "card_error", "Your card number is incorrect.", code="incorrect_number", param="number")
        card = {"brand": CARDS[digits].brand, "last4": digits[-4:], "exp_month": 12, "exp_year": 2034}
        return self.add("pm", type="card", card=card, customer=customer, _number=digits)

    def add_intent(self, amount: object, currency: str, **facts: Any) -> Row:
        """A payment intent that waits for its payer."""
        checked = check_amount(currency, amount)
        return self.add("pi", **{
            "amount": checked, "amount_received": 0, "currency": currency, "status": "requires_payment_method", "customer": None,
            "metadata": {}, "payment_method": None, "latest_charge": None, "last_payment_error": None, "description": None,
            "setup_future_usage": None, **facts,
        })  # fmt: skip

    def confirm(self, intent: Row, method: Row, *, present: bool) -> Row:
        """Try to pay. Raises ApiError (402) for a card that its bank refuses."""
        if intent["status"] in ("succeeded", "canceled"):
            raise invalid(f"This PaymentIntent's status is {intent['status']}.", code="payment_intent_unexpected_state")
        card = CARDS[method["_number"]]
        code, detail = card.declines, card.detail
        if card.needs_owner and not present:
            code = detail = "authentication_required"
        intent["payment_method"] = method["id"]
        charge = self.add("ch", amount=intent["amount"], currency=intent["currency"], payment_intent=intent["id"], paid=not code,
                          status="failed" if code else "succeeded", amount_refunded=0, refunded=False, disputed=False,
                          payment_method_details={"type": "card", "card": method["card"]})  # fmt: skip
        intent["latest_charge"] = charge["id"]
        if code:
            self._refuse(intent, code, detail)
        intent |= {"status": "succeeded", "amount_received": intent["amount"], "last_payment_error": None}
        self.say("payment_intent.succeeded", intent)
        if card.disputed:
            self.dispute(intent["id"])
        return intent

    def _refuse(self, intent: Row, code: str, detail: str) -> None:
        facts = {"type": "card_error", "code": code, "decline_code": detail, "message": WORDS[code]}
        intent |= {"status": "requires_payment_method", "last_payment_error": facts}
        self.say("payment_intent.payment_failed", intent)
        more = {"decline_code": detail, "payment_intent": {key: value for key, value in intent.items() if key[0] != "_"}}
        raise ApiError(402, "card_error", WORDS[code], code=code, **more)

    def pay(self, session_id: str, number: str = "4242424242424242") -> Row:
        """What a payer does on the page of a session: pay, or leave a card. Raises ApiError."""
        with self.lock:
            session = self.get(session_id, "checkout.session")
            if session["status"] != "open" or session["expires_at"] < self.now():
                raise invalid(f"This Checkout Session is {session['status']}.")
            method = self.add_method(number, session["customer"])
            if session["mode"] == "setup":
                self._set_up(session, method)
            else:
                self._pay_session(session, method)
            session |= {"status": "complete", "payment_status": "no_payment_required" if session["mode"] == "setup" else "paid"}
            self.say("checkout.session.completed", session)
            return session

    def _set_up(self, session: Row, method: Row) -> None:
        card = CARDS[method["_number"]]
        if card.declines and not card.on_charge:
            raise ApiError(402, "card_error", WORDS[card.declines], code=card.declines, decline_code=card.detail)
        intent = self.get(session["setup_intent"], "setup_intent")
        method["customer"] = intent["customer"] = session["customer"]
        intent |= {"status": "succeeded", "payment_method": method["id"]}
        self.say("setup_intent.succeeded", intent)

    def _pay_session(self, session: Row, method: Row) -> None:
        if session["_creates"] and session["customer"] is None:
            session["customer"] = self.add("cus", name=None, email=session["customer_email"], metadata={})["id"]
        if session["payment_intent"] is None:
            intent = self.add_intent(session["amount_total"], session["currency"], customer=session["customer"],
                                     **session["_intent"])  # fmt: skip
            session["payment_intent"] = intent["id"]
        intent = self.get(session["payment_intent"], "payment_intent")
        self.confirm(intent, method, present=True)
        if intent["setup_future_usage"]:
            method["customer"] = intent["customer"]

    def expire(self, session_id: str) -> Row:
        """Close a session that nobody paid. Raises ApiError."""
        session = self.get(session_id, "checkout.session")
        if session["status"] != "open":
            raise invalid(f"Only Checkout Sessions with a status in ['open'] can be expired. This is {session['status']}.")
        session["status"] = "expired"
        self.say("checkout.session.expired", session)
        return session

    def refund(self, intent_id: str, amount: object = None, **facts: Any) -> Row:
        """Give money back, as the API or somebody at the dashboard does. Raises ApiError."""
        with self.lock:
            intent = self.get(intent_id, "payment_intent")
            charge = self.rows.get(intent["latest_charge"] or "")
            if charge is None or not charge["paid"]:
                raise invalid("This PaymentIntent does not have a successful charge to refund.", "payment_intent")
            left = charge["amount"] - charge["amount_refunded"]
            if not left:
                raise invalid(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
            wanted = left if amount is None else int(str(amount))
            if not 0 < wanted <= left:
                raise invalid(f"Refund amount ({wanted}) is greater than unrefunded amount on charge ({left}).", "amount")
            charge["amount_refunded"] += wanted
            charge["refunded"] = charge["amount_refunded"] == charge["amount"]
            refund = self.add("re", amount=wanted, currency=charge["currency"], charge=charge["id"], payment_intent=intent_id,
                              status="succeeded", metadata=facts.pop("metadata", {}), **facts)  # fmt: skip
            self.say("charge.refunded", charge)
            return refund

    def fail_refund(self, refund_id: str) -> Row:
        """A bank sends a refund back: the money is ours again."""
        with self.lock:
            refund = self.get(refund_id, "refund")
            refund |= {"status": "failed", "failure_reason": "lost_or_stolen_card"}
            charge = self.rows[refund["charge"]]
            charge["amount_refunded"] -= refund["amount"]
            charge["refunded"] = False
            self.say("refund.failed", refund)
            return refund

    def dispute(self, intent_id: str, *, asked: bool = False) -> Row:
        """A payer's bank takes a payment back, or only asks about it."""
        with self.lock:
            intent = self.get(intent_id, "payment_intent")
            charge = self.rows[intent["latest_charge"]]
            charge["disputed"] = True
            status = "warning_needs_response" if asked else "needs_response"
            dispute = self.add("dp", amount=charge["amount"] - charge["amount_refunded"], currency=charge["currency"],
                               charge=charge["id"], payment_intent=intent_id, status=status, reason="fraudulent")  # fmt: skip
            self.say("charge.dispute.created", dispute)
            return dispute

    def close_dispute(self, dispute_id: str, *, won: bool) -> Row:
        """A dispute ends; what was won is ours again."""
        with self.lock:
            dispute = self.get(dispute_id, "dispute")
            dispute["status"] = "won" if won else "lost"
            self.say("charge.dispute.closed", dispute)
            return dispute

    def balance(self) -> dict[str, int]:
        """What the account has, by currency: paid less refunded less disputed."""
        sums: dict[str, int] = {}
        for row in self.rows.values():
            if row["object"] == "charge" and row["paid"]:
                sums[row["currency"]] = sums.get(row["currency"], 0) + row["amount"] - row["amount_refunded"]
            if row["object"] == "dispute" and row["status"] in ("needs_response", "lost"):
                sums[row["currency"]] = sums.get(row["currency"], 0) - row["amount"]
        return sums

    def events(self, after: int = 0) -> Iterable[Row]:
        """What happened, the oldest first, from a place on."""
        return [one for one in self.rows.values() if one["object"] == "event"][after:]
