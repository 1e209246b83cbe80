"""Several people, and the night's work, reach for the same credit at once: nothing is spent twice, nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import func, select

from kernel.context import Actor
from kernel.directory.clients import add_client
from kernel.errors import Conflict, DeskhandError
from kernel.tenancy import change_settings
from plugins.billing import finalizing, payments, refunds, reopening
from plugins.billing.credits import applying, checking, expiring, giving
from plugins.billing.models import Credit, CreditApplication, Invoice, Payment
from tests.plugins.billing.invoice_desk import draft, final, lay_out_taxes, taxed_client

Act = Callable[[Any], Any]


@pytest.fixture
def hill(acme: Any) -> Any:
    with acme.call("alice") as ctx:
        change_settings(ctx, "billing", {"credit_auto_apply": False})
        return taxed_client(ctx, lay_out_taxes(ctx))


def _at_once(world: Any, *acts: Act) -> list[str]:
    """Let each act in a transaction of its own, all from one barrier; what came of each, `done` or the error's code."""
    barrier, came = Barrier(len(acts)), [""] * len(acts)

    def run(at: int) -> None:
        try:
            with world.call("carol") as ctx:
                ctx.session.execute(select(1))
                barrier.wait(10)
                acts[at](ctx)
            came[at] = "done"
        except DeskhandError as error:
            came[at] = error.code

    threads = [Thread(target=run, args=(at,)) for at in range(len(acts))]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    return came


def _laid_out(world: Any, hill: Any, count: int = 1, **facts: Any) -> tuple[Any, list[Any]]:
    with world.call("carol") as ctx:
        credit = giving.grant_credit(ctx, hill, amount=12000, reason="Sorry", **facts)
        return credit.id, [final(ctx, hill).id for _ in range(count)]


def _sums(world: Any, credit_id: Any) -> tuple[int, int]:
    """What is left of the credit, and what it pays now; and the check finds nothing."""
    with world.call() as ctx:
        assert checking.find_differences(ctx) == []
        live = CreditApplication.credit_id == credit_id, CreditApplication.reversed_at.is_(None)
        paid = ctx.session.scalar(select(func.coalesce(func.sum(CreditApplication.amount), 0)).where(*live))
        return giving.get_credit(ctx, credit_id).remaining, int(paid or 0)


def test_two_invoices_share_what_there_is(acme: Any, hill: Any) -> None:
    credit_id, ids = _laid_out(acme, hill, 6)
    came = _at_once(acme, *(lambda ctx, one=one: applying.apply_credit(ctx, one, credit_id, 5000) for one in ids))
    assert sorted(came) == ["credit_too_large"] * 4 + ["done"] * 2
    assert _sums(acme, credit_id) == (2000, 10000)


def test_applying_twice_to_one_invoice_never_overpays_it(acme: Any, hill: Any) -> None:
    credit_id, [invoice_id] = _laid_out(acme, hill)
    _at_once(acme, *(lambda ctx: applying.apply_credits(ctx, invoice_id) for _ in range(5)))
    assert _sums(acme, credit_id) == (0, 12000)


def test_applying_while_the_invoice_is_voided(acme: Any, hill: Any) -> None:
    for _ in range(4):
        credit_id, [invoice_id] = _laid_out(acme, hill)
        came = _at_once(acme, lambda ctx, c=credit_id, i=invoice_id: applying.apply_credit(ctx, i, c),
                        lambda ctx, i=invoice_id: finalizing.void_invoice(ctx, i, "Wrong"))  # fmt: skip
        assert came[1] == "done"
        assert came[0] in ("done", "invoice_void")
        assert _sums(acme, credit_id) == (12000, 0)


def test_applying_while_the_credit_ends(acme: Any, hill: Any, clock: Any) -> None:
    credit_id, [invoice_id] = _laid_out(acme, hill)
    came = _at_once(acme, lambda ctx: applying.apply_credit(ctx, invoice_id, credit_id),
                    lambda ctx: giving.expire_credit(ctx, credit_id, reason="Ended"))  # fmt: skip
    assert sorted(came) in (["credit_not_movable", "done"], ["credit_too_large", "done"])
    left, paid = _sums(acme, credit_id)
    assert (left, paid) in ((0, 0), (0, 12000))


def test_the_night_ends_a_credit_once(acme: Any, hill: Any, clock: Any) -> None:
    with acme.call() as ctx:
        ends = ctx.today()
    credit_id, _ = _laid_out(acme, hill, expires_on=ends)
    clock.advance(timedelta(days=1))
    assert _at_once(acme, *[expiring.expire_next] * 4) == ["done"] * 4
    with acme.call() as ctx:
        assert [one.kind for one in giving.list_movements(ctx, credit_id)] == ["given", "expired"]
    assert _sums(acme, credit_id) == (0, 0)


def test_a_reversal_happens_once(acme: Any, hill: Any) -> None:
    credit_id, [invoice_id] = _laid_out(acme, hill)
    with acme.call("carol") as ctx:
        done = applying.apply_credit(ctx, invoice_id, credit_id).id
    came = _at_once(acme, *(lambda ctx: applying.reverse_application(ctx, done) for _ in range(4)))
    assert sorted(came) == ["credit_application_reversed"] * 3 + ["done"]
    assert _sums(acme, credit_id) == (12000, 0)


def test_refund_transfer_and_application_never_exceed_the_credit(acme: Any, hill: Any) -> None:
    credit_id, [invoice_id] = _laid_out(acme, hill)
    with acme.call(Actor.system()) as ctx:
        other = add_client(ctx, name="Beech Ltd").id
    came = _at_once(acme, lambda ctx: refunds.refund_credit(ctx, credit_id, amount=7000),
                    lambda ctx: giving.transfer_credit(ctx, credit_id, client_id=other, amount=7000, reason="Move"),
                    lambda ctx: applying.apply_credit(ctx, invoice_id, credit_id, 7000))  # fmt: skip
    assert sorted(came) == ["credit_too_large", "credit_too_large", "done"]
    assert _sums(acme, credit_id)[0] == 5000


def test_finalizing_many_invoices_at_once_spends_the_credit_once(acme: Any, hill: Any) -> None:
    with acme.call("alice") as ctx:
        change_settings(ctx, "billing", {"credit_auto_apply": True})
        credit_id = giving.grant_credit(ctx, hill, amount=30000, reason="Sorry").id
        ids = [draft(ctx, hill).id for _ in range(6)]
    came = _at_once(acme, *(lambda ctx, two=ids[at : at + 2]: finalizing.finalize_invoices(ctx, two) for at in (0, 2, 4)))
    assert came == ["done"] * 3
    assert _sums(acme, credit_id) == (0, 30000)


def test_payments_from_both_ends_meet_without_a_deadlock(acme: Any, hill: Any) -> None:
    _, ids = _laid_out(acme, hill, 4)

    def pay(order: list[Any]) -> Act:
        shares = [payments.Allocation(one, 2000) for one in order]
        return lambda ctx: payments.record_client_payment(ctx, hill, amount=8000, currency="EUR", allocations=shares)

    assert _at_once(acme, pay(ids), pay(ids[::-1]), pay(ids), pay(ids[::-1])) == ["done"] * 4
    with acme.call() as ctx:
        assert [one.settled for one in ctx.session.scalars(select(Invoice))] == [8000] * 4


def test_a_form_sent_twice_at_once_is_one_payment_and_one_credit(acme: Any, hill: Any) -> None:
    pay: Act = lambda ctx: payments.record_client_payment(ctx, hill, amount=100, currency="EUR", idempotency_key="k")  # noqa: E731
    grant: Act = lambda ctx: giving.grant_credit(ctx, hill, amount=100, reason="Sorry", idempotency_key="k")  # noqa: E731
    came = _at_once(acme, pay, pay, grant, grant)
    assert set(came) <= {"done", Conflict.code}
    with acme.call() as ctx:
        assert ctx.session.scalar(select(func.count()).select_from(Payment)) == 1
        assert ctx.session.scalar(select(func.count()).where(Credit.origin == "grant")) == 1


def test_taking_back_and_refunding_a_payment_exclude_each_other(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        paid = payments.record_payment(ctx, final(ctx, hill).id, amount=13000).id
    came = _at_once(
        acme, lambda ctx: payments.take_back_payment(ctx, paid), lambda ctx: refunds.refund_payment(ctx, paid, amount=500)
    )
    assert sorted(came) in (["done", "payment_refunded"], ["done", "payment_taken_back"])
    with acme.call() as ctx:
        assert checking.find_differences(ctx) == []


def test_making_a_draft_again_while_it_is_paid(acme: Any, hill: Any) -> None:
    for _ in range(3):
        with acme.call("carol") as ctx:
            one = final(ctx, hill).id
        came = _at_once(acme, lambda ctx, one=one: reopening.unfinalize_invoice(ctx, one),
                        lambda ctx, one=one: payments.record_payment(ctx, one, amount=100))  # fmt: skip
        assert sorted(came) in (["done", "invoice_not_final"], ["done", "not_unfinalizable"])
