"""A refund comes back while others are at work on the same money."""

from __future__ import annotations

from threading import Event, Thread
from typing import Any

import pytest

from kernel.errors import Conflict, DeskhandError
from kernel.tenancy import change_settings
from plugins.billing import payments, refunds
from plugins.billing.credits import giving
from plugins.billing.credits.listing import state_of
from plugins.billing.invoices import get_invoice
from tests.plugins.billing.invoice_desk import balances, final, lay_out_taxes, taxed_client


@pytest.fixture
def hill(acme: Any) -> Any:
    with acme.call("alice") as ctx:
        change_settings(ctx, "billing", {"credit_auto_apply": False})
        return taxed_client(ctx, lay_out_taxes(ctx))


def _while_a_refund_comes_back(world: Any, monkeypatch: pytest.MonkeyPatch, hill: Any, act: Any) -> tuple[Any, list[str]]:
    """A payment that was refunded whole; `act` on it begins before the refund is taken back, and goes on afterwards."""
    with world.call("carol") as ctx:
        invoice = final(ctx, hill)
        payment = payments.record_payment(ctx, invoice.id, amount=invoice.total)
        refund = refunds.refund_payment(ctx, payment.id, amount=invoice.total)
    looked, came, lock = Event(), list[str](), payments.lock_payment

    def note_and_lock(ctx: Any, payment_id: Any) -> Any:
        looked.set()
        return lock(ctx, payment_id)

    def other() -> None:
        try:
            with world.call("carol") as ctx:
                act(ctx, payment.id)
            came.append("done")
        except DeskhandError as error:
            came.append(error.code)

    with world.call("carol") as ctx:
        refunds.take_back_refund(ctx, refund.id)
        monkeypatch.setattr(payments, "lock_payment", note_and_lock)
        thread = Thread(target=other)
        thread.start()
        assert looked.wait(10)
    thread.join(30)
    return invoice.id, came


def test_a_payment_is_not_taken_back_without_the_invoice_that_it_pays_again(
    acme: Any, hill: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice_id, came = _while_a_refund_comes_back(acme, monkeypatch, hill, payments.take_back_payment)
    assert came == [Conflict.code]
    with acme.call("carol") as ctx:
        assert get_invoice(ctx, invoice_id).settled == 12000
        assert balances(ctx) == {"cash": 12000, "revenue": -10000, "tax": -2000}


def test_a_refund_that_meets_it_says_so(acme: Any, hill: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def again(ctx: Any, payment_id: Any) -> None:
        refunds.refund_payment(ctx, payment_id, amount=5000)

    assert _while_a_refund_comes_back(acme, monkeypatch, hill, again)[1] == [Conflict.code]


def test_a_credit_that_has_something_again_is_no_longer_called_expired(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        credit = giving.grant_credit(ctx, hill, amount=1000, reason="Sorry")
        refund = refunds.refund_credit(ctx, credit.id, amount=400)
        giving.expire_credit(ctx, credit.id, reason="Enough")
        refunds.take_back_refund(ctx, refund.id)
        assert (credit.remaining, state_of(credit, ctx.today())) == (400, "partly_used")
