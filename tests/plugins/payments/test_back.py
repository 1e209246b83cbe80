"""Money that goes back: refunds from here and from Stripe's dashboard, refunds that fail, disputes lost and won."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from kernel.jobs import enqueue
from kernel.tenancy import change_settings
from plugins.payments import refunding
from plugins.payments.errors import NotRefundable
from plugins.payments.models import Attempt, Dispute
from tests.plugins.billing.invoice_desk import balances
from tests.plugins.payments.conftest import Desk


def _paid(desk: Desk, card: str = "4242424242424242") -> tuple[UUID, Attempt]:
    invoice = desk.owe()
    desk.stripe.pay(desk.click(desk.link(invoice)), card)
    desk.tell()
    return invoice, desk.attempts()[-1]


def _refund(desk: Desk, attempt: Attempt, amount: int) -> None:
    with desk.world.call("carol") as ctx:
        refunding.ask_refund(ctx, attempt.id, amount=amount)
    desk.drain()


def _refunds(desk: Desk, attempt: Attempt) -> list[tuple[str, int, bool]]:
    with desk.world.call("carol") as ctx:
        return [(one.state, one.amount, one.noted) for one in refunding.list_refunds(ctx, attempt.id)]


def test_a_refund_from_here_comes_back_by_notice_and_is_noted_once(desk: Desk) -> None:
    invoice, attempt = _paid(desk)
    _refund(desk, attempt, 5000)
    desk.tell(twice=True)
    assert (desk.settled(invoice), _refunds(desk, attempt)) == (7000, [("done", 5000, True)])
    assert desk.stripe.balance() == {"eur": 7000}


def test_a_refund_at_the_dashboard_is_noted_once(desk: Desk) -> None:
    invoice, attempt = _paid(desk)
    desk.stripe.refund(attempt.payment, 2000)
    desk.tell(twice=True, backwards=True)
    assert (desk.settled(invoice), _refunds(desk, attempt)) == (10000, [("done", 2000, True)])


@pytest.mark.parametrize("how", ["dropped", "after", 429, 500])
def test_a_lost_answer_refunds_once(desk: Desk, how: Any) -> None:
    _, attempt = _paid(desk)
    desk.stripe.fail("POST", "/v1/refunds", how)
    _refund(desk, attempt, 5000)
    desk.tell(twice=True)
    desk.wait(minutes=2)
    assert _refunds(desk, attempt) == [("done", 5000, True)]
    assert [one["amount"] for one in desk.stripe.of("refund")] == [5000]


def test_a_refund_that_never_arrived_is_given_up_after_a_day(desk: Desk) -> None:
    invoice, attempt = _paid(desk)
    desk.stripe.fail("POST", "/v1/refunds", 500, times=50)
    _refund(desk, attempt, 5000)
    desk.wait(hours=21)
    desk.stripe.faults.clear()
    with desk.world.call("alice") as ctx:
        enqueue(ctx, "payments.watch")
    desk.drain()
    assert (_refunds(desk, attempt), desk.settled(invoice)) == ([("failed", 5000, False)], 12000)


def test_a_refund_that_the_bank_sends_back_is_taken_back(desk: Desk) -> None:
    invoice, attempt = _paid(desk)
    _refund(desk, attempt, 5000)
    desk.tell()
    desk.stripe.fail_refund(desk.stripe.of("refund")[0]["id"])
    desk.tell(twice=True)
    assert (desk.settled(invoice), _refunds(desk, attempt)) == (12000, [("failed", 5000, False)])


def test_no_more_goes_back_than_came(desk: Desk) -> None:
    _, attempt = _paid(desk)
    with desk.world.call("carol") as ctx:
        refunding.ask_refund(ctx, attempt.id, amount=12000)
        with pytest.raises(NotRefundable):
            refunding.ask_refund(ctx, attempt.id, amount=1)
    with desk.world.call("carol") as ctx, pytest.raises(NotRefundable):
        refunding.ask_refund(ctx, attempt.id, amount=0)


def test_a_credit_that_is_spent_is_not_sent_back(desk: Desk) -> None:
    from plugins.billing import payments

    invoice = desk.owe()
    session = desk.click(desk.link(invoice))
    with desk.world.call("carol") as ctx:
        payments.record_payment(ctx, invoice, amount=12000)
    desk.stripe.pay(session)
    desk.tell()
    with desk.world.call("alice") as ctx:
        change_settings(ctx, "billing", {"credit_auto_apply": True})
    desk.owe()
    with desk.world.call("carol") as ctx, pytest.raises(NotRefundable):
        refunding.ask_refund(ctx, desk.attempts()[-1].id, amount=12000)
    desk.stripe.refund(desk.attempts()[-1].payment, 12000)  # somebody does it at the dashboard all the same
    desk.tell()
    assert _refunds(desk, desk.attempts()[-1]) == [("done", 12000, False)]
    assert "Needs a look" in desk.world.client("carol").get("/online-payments?stuck=true").text


@pytest.mark.parametrize("won", [True, False])
def test_a_dispute_takes_the_payment_back_until_it_is_won(desk: Desk, won: bool) -> None:
    invoice, _ = _paid(desk, "4000000000000259")
    assert desk.settled(invoice) == 0
    [dispute] = desk.stripe.of("dispute")
    desk.stripe.close_dispute(dispute["id"], won=won)
    desk.tell(twice=True, backwards=True)
    assert desk.settled(invoice) == (12000 if won else 0)
    with desk.world.call("carol") as ctx:
        assert balances(ctx).get("cash", 0) == (12000 if won else 0) == desk.stripe.balance()["eur"]
        assert ctx.session.query(Dispute).one().booked == ("returned" if won else "taken_back")


def test_a_dispute_after_a_refund_takes_the_rest(desk: Desk) -> None:
    invoice, attempt = _paid(desk)
    _refund(desk, attempt, 5000)
    dispute = desk.stripe.dispute(attempt.payment)
    desk.tell(twice=True)
    assert desk.settled(invoice) == 0
    desk.stripe.close_dispute(dispute["id"], won=True)
    desk.tell()
    assert desk.settled(invoice) == 7000
    with desk.world.call("carol") as ctx:
        assert balances(ctx)["cash"] == 7000 == desk.stripe.balance()["eur"]


def test_a_bank_that_only_asks_moves_nothing(desk: Desk) -> None:
    invoice, attempt = _paid(desk)
    desk.stripe.dispute(attempt.payment, asked=True)
    desk.tell()
    assert desk.settled(invoice) == 12000


@pytest.mark.parametrize("later", [400, 401])
def test_a_refusal_after_a_lost_answer_of_a_refund_is_looked_into(desk: Desk, later: int) -> None:
    _, attempt = _paid(desk)
    desk.stripe.fail("POST", "/v1/refunds", "after", times=1)
    desk.stripe.fail("POST", "/v1/refunds", later, times=1)
    _refund(desk, attempt, 5000)
    desk.wait(minutes=10)
    desk.wait(minutes=10)
    assert _refunds(desk, attempt) == [("done", 5000, True)]
    assert [one["amount"] for one in desk.stripe.of("refund")] == [5000]


def test_money_that_the_books_do_not_have_is_not_asked_for_again(desk: Desk) -> None:
    invoice = desk.owe()
    path = desk.link(invoice)
    desk.stripe.pay(desk.click(path))
    for one in desk.stripe.of("payment_intent"):
        one["currency"] = "usd"
    desk.tell()
    assert (desk.settled(invoice), "Needs a look" in desk.world.client("carol").get("/online-payments").text) == (0, True)
    assert "under way" in desk.world.app.test_client().get(path).text
    assert desk.click(path).startswith("409")
