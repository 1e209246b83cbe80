"""Clients who agreed are charged when invoices are due: once each, tried again where a card is refused, never in the dark."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from kernel.jobs import enqueue
from kernel.tenancy import change_settings
from plugins.billing import payments
from plugins.payments.charging import tries_of
from plugins.payments.mandates import end_mandate, holding_mandate, list_mandates
from tests.plugins.payments.conftest import Desk

DUE = {"due_date": date(2026, 10, 1)}
REFUSED_LATER = "4000000000000341"


def _charge(desk: Desk) -> None:
    with desk.world.call("carol") as ctx:
        enqueue(ctx, "payments.charge_all")
    desk.drain()


def test_dana_agrees_and_is_charged_when_invoices_are_due(desk: Desk) -> None:
    desk.agree()
    with desk.world.call("carol") as ctx:
        [mandate] = list_mandates(ctx, desk.client_id)
        assert (mandate.given_by, mandate.label) == ("Dana", "Visa •••• 4242, 12/2034")
    due, later = desk.owe(**DUE), desk.owe(5000, due_date=date(2026, 10, 15))
    for _ in range(3):
        _charge(desk)
    assert (desk.settled(due), desk.settled(later)) == (12000, 0)
    desk.wait(days=15)
    _charge(desk)
    assert desk.due() == {}
    assert len(desk.stripe.of("charge")) == 2


def test_agreeing_while_paying_charges_the_next_one(desk: Desk) -> None:
    desk.stripe.pay(desk.click(desk.link(desk.owe()), keep="1", agreed_by="Dana"))
    desk.tell()
    with desk.world.call("alice") as ctx:
        change_settings(ctx, "payments", {"charge_on": "finalized"})
    next_one = desk.owe(due_date=date(2026, 12, 1))
    desk.deliver_events()
    assert desk.settled(next_one) == 12000
    assert desk.click(desk.link(desk.owe()), keep="1").startswith("422")


def test_a_refused_card_is_tried_again_and_then_given_up(desk: Desk) -> None:
    desk.agree(REFUSED_LATER)
    invoice = desk.owe(**DUE)
    for tried, days in ((1, 1), (2, 2), (3, 4), (4, 15)):
        _charge(desk)
        _charge(desk)  # at once again: too early
        assert len(desk.attempts()) == 1 + tried
        with desk.world.call("carol") as ctx:
            tries = tries_of(ctx, holding_mandate(ctx, desk.client_id), [invoice])[invoice]
            assert (tries.count, tries.words, tries.next_at is None) == (tried, "Your card was declined.", tried == 4)
        desk.wait(days=days)
    _charge(desk)
    assert len(desk.attempts()) == 5
    assert "given up" in desk.world.client("carol").get(f"/online-payments/of-invoice/{invoice}").text
    desk.agree()  # another card, another consent
    _charge(desk)
    assert desk.settled(invoice) == 12000


@pytest.mark.parametrize("how", ["dropped", "after", 429, 500])
def test_a_lost_answer_charges_once(desk: Desk, how: Any) -> None:
    desk.agree()
    invoice = desk.owe(**DUE)
    desk.stripe.fail("POST", "/v1/payment_intents", how, times=2)
    _charge(desk)
    for seconds in (10, 30, 100):
        desk.wait(seconds=seconds)
    assert (desk.settled(invoice), len(desk.stripe.of("charge"))) == (12000, 1)


def test_a_day_of_silence_is_looked_up_not_charged_again(desk: Desk) -> None:
    desk.agree()
    invoice = desk.owe(**DUE)
    desk.stripe.fail("POST", "/v1/payment_intents", "after", times=1)
    desk.stripe.fail("POST", "/v1/payment_intents", 500, times=50)
    _charge(desk)
    for hours in (1, 1, 22):
        desk.wait(hours=hours)
    desk.stripe.kept.clear()  # Stripe forgot the keys
    desk.stripe.faults.clear()
    with desk.world.call("alice") as ctx:
        enqueue(ctx, "payments.watch")
    desk.drain()
    assert (desk.settled(invoice), len(desk.stripe.of("charge"))) == (12000, 1)


def test_who_paid_otherwise_or_is_paying_is_not_charged(desk: Desk) -> None:
    desk.agree()
    paid, typing = desk.owe(**DUE), desk.owe(5000, **DUE)
    page = desk.click(desk.link(typing))
    with desk.world.call("carol") as ctx:
        enqueue(ctx, "payments.charge_all")
        payments.record_payment(ctx, paid, amount=12000)
    desk.drain()
    assert len(desk.stripe.of("charge")) == 0
    desk.stripe.pay(page)
    desk.tell()
    assert desk.due() == {}


def test_consent_ends_with_a_word(desk: Desk) -> None:
    desk.agree()
    with desk.world.call("carol") as ctx:
        end_mandate(ctx, holding_mandate(ctx, desk.client_id).id)
    desk.owe(**DUE)
    _charge(desk)
    assert len(desk.stripe.of("charge")) == 0


def test_yen_are_charged_without_decimals(desk: Desk) -> None:
    desk.agree()
    with desk.world.call("carol") as ctx:
        from plugins.billing import by_hand, finalizing
        from tests.plugins.billing.invoice_desk import line

        invoice = by_hand.create_invoice(ctx, client_id=desk.client_id, lines=(line(rate=500),), currency="JPY", **DUE)
        finalizing.finalize_invoice(ctx, invoice.id)
    _charge(desk)
    assert [(one["amount"], one["currency"]) for one in desk.stripe.of("charge")] == [(600, "jpy")]
    assert desk.due() == {}


@pytest.mark.parametrize("later", [400, 401, 403])
def test_a_refusal_after_a_lost_answer_is_looked_into(desk: Desk, later: int) -> None:
    desk.agree()
    invoice = desk.owe(**DUE)
    desk.stripe.fail("POST", "/v1/payment_intents", "after", times=1)
    desk.stripe.fail("POST", "/v1/payment_intents", later, times=2)
    _charge(desk)
    for hours in (1, 1, 1, 24, 24):
        desk.wait(hours=hours)
        with desk.world.call("alice") as ctx:
            enqueue(ctx, "payments.watch")
        _charge(desk)
    assert (desk.settled(invoice), len(desk.stripe.of("charge"))) == (12000, 1)


@pytest.mark.parametrize("how", ["refund", "dispute"])
def test_what_went_back_is_not_charged_by_itself_again(desk: Desk, how: str) -> None:
    desk.agree()
    invoice = desk.owe(**DUE)
    _charge(desk)
    payment = desk.attempts()[-1].payment
    desk.stripe.refund(payment, 12000) if how == "refund" else desk.stripe.dispute(payment)
    desk.tell()
    assert desk.settled(invoice) == 0
    desk.wait(days=2)
    _charge(desk)
    assert len(desk.stripe.of("charge")) == 1
    assert "not charged by itself again" in desk.world.client("carol").get(f"/online-payments/of-invoice/{invoice}").text
    desk.stripe.pay(desk.click(desk.link(invoice)))
    desk.tell()
    assert desk.settled(invoice) == 12000


def test_another_account_knows_no_customer_of_the_one_before(desk: Desk) -> None:
    desk.agree()
    invoice = desk.owe()
    old = desk.link(invoice)
    desk.click(old)
    for row in [one for one in desk.stripe.rows.values() if one["object"] != "event"]:  # as if live mode came after test mode
        del desk.stripe.rows[row["id"]]
    desk.stripe.pay(desk.click(desk.link(invoice), keep="1", agreed_by="Dana"))
    desk.tell()
    assert desk.settled(invoice) == 12000
    desk.owe(5000, **DUE)
    _charge(desk)
    assert desk.due() == {}
