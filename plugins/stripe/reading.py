"""What Stripe's objects say, in the port's words. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from kernel.hookspecs.paying import Disputed, PaidBack, SavedMethod, Seen
from plugins.stripe.amounts import from_stripe

ATTEMPT, REFUND = "deskhand_attempt", "deskhand_refund"
"""Marks that our payments and refunds carry there, in their metadata."""
Row = Mapping[str, Any]
_DEBITS = frozenset({"acss_debit", "au_becs_debit", "bacs_debit", "sepa_debit", "us_bank_account"})
_REFUNDS = {"succeeded": "done", "failed": "failed", "canceled": "failed"}
_DISPUTES = {"won": "won", "lost": "lost", "warning_needs_response": "asked", "warning_under_review": "asked",
             "warning_closed": "asked", "prevented": "asked"}  # fmt: skip


def seen_of(intent: Row, exponent: int, *, present: bool, refunds: Sequence[Row] = (), disputes: Sequence[Row] = ()) -> Seen:
    """A payment intent with its charge and method expanded; `present` where its payer can still do something."""
    status, error = intent["status"], intent.get("last_payment_error") or {}
    if status == "processing":
        return Seen("processing", intent["id"])
    if status == "canceled":
        return Seen("expired", intent["id"])
    if status != "succeeded":
        code = error.get("decline_code") or error.get("code") or status
        return Seen("open" if present else "failed", intent["id"], refused_code=code, refused_words=error.get("message") or "")
    currency, charge = intent["currency"].upper(), intent.get("latest_charge") or {}
    return Seen(
        "paid", intent["id"], from_stripe(intent["amount_received"], currency, exponent), currency,
        _instant(charge.get("created") or intent["created"]), _by(intent.get("payment_method")),
        saved_method(intent.get("payment_method"), intent.get("customer")),
        refunds=tuple(paid_back(one, exponent) for one in refunds),
        disputes=tuple(_disputed(one, exponent) for one in disputes),
    )  # fmt: skip


def seen_set_up(setup: Row) -> Seen:
    """A setup intent with its method expanded: a way to pay that was left."""
    method = saved_method(setup.get("payment_method"), setup.get("customer"))
    return Seen("paid" if setup["status"] == "succeeded" and method else "open", method=method)


def saved_method(method: Row | None, customer: str | None) -> SavedMethod | None:
    """A way to pay that belongs to a customer, if it does."""
    if not method or not customer or not method.get("customer"):
        return None
    facts = method.get(method["type"]) or {}
    name = str(facts.get("brand") or facts.get("bank_name") or method["type"]).replace("_", " ").title()
    last = f" •••• {facts['last4']}" if facts.get("last4") else ""
    until = f", {facts['exp_month']:02}/{facts['exp_year']}" if facts.get("exp_month") else ""
    return SavedMethod(customer, method["id"], f"{name}{last}{until}")


def paid_back(refund: Row, exponent: int) -> PaidBack:
    """A refund; `refund_id` where it carries our mark."""
    amount = from_stripe(refund["amount"], refund["currency"].upper(), exponent)
    state = _REFUNDS.get(refund["status"], "pending")
    return PaidBack(refund["id"], amount, state, _instant(refund["created"]), mark(refund, REFUND))


def mark(row: Row, name: str) -> UUID | None:
    """A mark of ours in the metadata, if it is one."""
    try:
        return UUID((row.get("metadata") or {}).get(name, ""))
    except (ValueError, TypeError, AttributeError):
        return None


def _disputed(dispute: Row, exponent: int) -> Disputed:
    amount = from_stripe(dispute["amount"], dispute["currency"].upper(), exponent)
    return Disputed(dispute["id"], amount, _DISPUTES.get(dispute["status"], "open"), dispute["reason"] or "",
                    _instant(dispute["created"]))  # fmt: skip


def _by(method: Row | None) -> str:
    kind = (method or {}).get("type", "card")
    return "card" if kind == "card" else "direct_debit" if kind in _DEBITS else (
        "bank_transfer" if kind == "customer_balance" else "other")  # fmt: skip


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
