"""Carol keeps the credits of clients: granted, applied, taken back, transferred, refunded, expired, checked."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from kernel import jobs
from kernel.context import Actor
from kernel.directory.clients import add_client
from kernel.errors import DeskhandError, InvalidInput, PreconditionFailed
from kernel.tenancy import change_settings
from plugins.billing import credit_notes, finalizing, payments, refunds
from plugins.billing.credits import applying, checking, expiring, giving, rules
from plugins.billing.errors import (
    ApplicationReversed,
    CreditExpired,
    CreditNotFound,
    CreditNotMovable,
    CreditTooLarge,
    FindingClosed,
    FindingNeedsAPerson,
    PrepaymentNeedsMoney,
)
from plugins.billing.models import Credit, CreditApplication, CreditFinding, Invoice
from plugins.billing.prepayments import create_prepayment
from tests.plugins.billing.invoice_desk import balances, final, lay_out_taxes, line, taxed_client


@pytest.fixture
def hill(acme: Any) -> Any:
    with acme.call(Actor.system()) as ctx:
        return taxed_client(ctx, lay_out_taxes(ctx))


@pytest.fixture
def beech(acme: Any, hill: Any) -> Any:
    with acme.call(Actor.system()) as ctx:
        return taxed_client(ctx, ctx.session.scalars(text("select id from tax_regions limit 1")).one(), "Beech Ltd")


def _by_hand(world: Any, **more: Any) -> None:
    with world.call("alice") as ctx:
        change_settings(ctx, "billing", {"credit_auto_apply": False, **more})


def _grant(ctx: Any, client_id: Any, amount: int = 1000, **more: Any) -> Credit:
    return giving.grant_credit(ctx, client_id, amount=amount, reason="Two days without service", **more)


def _history(ctx: Any, credit: Credit) -> list[tuple[str, int]]:
    return [(one.kind, one.amount) for one in giving.list_movements(ctx, credit.id)]


def test_a_grant_is_an_expense_until_it_pays_an_invoice(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        credit = _grant(ctx, hill, 20000)
        assert balances(ctx) == {"goodwill": 20000, "credit": -20000}
        one = final(ctx, hill)
        assert (one.settled, credit.remaining) == (12000, 8000)
        assert balances(ctx) == {"goodwill": 20000, "credit": -8000, "revenue": -10000, "tax": -2000}
        assert _history(ctx, credit) == [("given", 20000), ("applied", -12000)]
        with pytest.raises(InvalidInput) as refused:
            giving.grant_credit(ctx, hill, amount=5, reason=" ")
        assert set(refused.value.errors) == {"reason"}


def test_credits_are_used_in_the_order_that_is_set(acme: Any, hill: Any, clock: Any) -> None:
    _by_hand(acme)
    with acme.call("carol") as ctx:
        old, ending, new = _grant(ctx, hill), _grant(ctx, hill, expires_on=ctx.today() + timedelta(days=5)), _grant(ctx, hill)
        one = final(ctx, hill)
        assert one.settled == 0
        for order, names in (
            ("expiration_first", [ending, old, new]), ("oldest_first", [old, ending, new]), ("newest_first", [new, ending, old])
        ):  # fmt: skip
            rules.set_rule(ctx, hill, apply_order=order)
            assert [credit.id for credit in applying.usable_credits(ctx, one)] == [credit.id for credit in names]
        rules.set_rule(ctx, hill, auto_apply=True)
        assert final(ctx, hill, line(rate=1250)).settled == 1500
        assert (ending.remaining, old.remaining, new.remaining) == (0, 500, 1000)


def test_an_application_is_taken_back_exactly_once(acme: Any, hill: Any) -> None:
    _by_hand(acme)
    with acme.call("carol") as ctx:
        one, credit = final(ctx, hill), _grant(ctx, hill, 5000)
        done = applying.apply_credit(ctx, one.id, credit.id, 700)
        before = balances(ctx)
        applying.apply_credit(ctx, one.id, credit.id, 300)
        with pytest.raises(CreditTooLarge):
            applying.apply_credit(ctx, one.id, credit.id, 4001)
        second = applying.list_applications(ctx, one.id)[1]
        applying.reverse_application(ctx, second.id)
        assert (one.settled, credit.remaining, balances(ctx)) == (700, 4300, before)
        with pytest.raises(ApplicationReversed):
            applying.reverse_application(ctx, second.id)
        finalizing.void_invoice(ctx, one.id, "Wrong month")
        assert (one.status, one.settled, credit.remaining, done.reversed_at is not None) == ("void", 0, 5000, True)
        assert balances(ctx) == {"goodwill": 5000, "credit": -5000}


def test_a_transfer_keeps_where_it_came_from_and_its_last_day(acme: Any, hill: Any, beech: Any) -> None:
    with acme.call("carol") as ctx:
        last = ctx.today() + timedelta(days=30)
        credit = _grant(ctx, hill, 1000, expires_on=last)
        new = giving.transfer_credit(ctx, credit.id, client_id=beech, amount=400, reason="Sister company")
        assert (new.client_id, new.amount, new.transferred_from_id, new.expires_on) == (beech, 400, credit.id, last)
        assert (credit.remaining, balances(ctx)) == (600, {"goodwill": 1000, "credit": -1000})
        assert checking.find_differences(ctx) == []
        with pytest.raises(CreditTooLarge):
            giving.transfer_credit(ctx, credit.id, client_id=beech, amount=601, reason="More")
        with pytest.raises(CreditNotMovable):
            giving.transfer_credit(ctx, credit.id, client_id=hill, reason="To itself")
        with pytest.raises(PreconditionFailed):
            giving.transfer_credit(ctx, credit.id, client_id=beech, amount=1, reason="Twice", version=1)


def test_credits_end_after_their_last_day_and_are_earned(acme: Any, hill: Any, clock: Any) -> None:
    with acme.call("carol") as ctx:
        credit = _grant(ctx, hill, 1000, expires_on=ctx.today())
        one = final(ctx, hill, line(rate=500))
        assert (one.settled, credit.remaining) == (600, 400)
    clock.advance(timedelta(days=1))
    with acme.call("carol") as ctx:
        other = final(ctx, hill)
        with pytest.raises(CreditExpired):
            applying.apply_credit(ctx, other.id, credit.id)
        jobs.enqueue(ctx, "billing.expire_credits", {})
    jobs.drain(acme.kernel, acme.tenant_id)
    with acme.call("carol") as ctx:
        credit = giving.get_credit(ctx, credit.id)
        assert (credit.remaining, credit.expired_at is not None, balances(ctx)["credit_expired"]) == (0, True, -400)
        assert expiring.expire_next(ctx) == 0
        applying.reverse_application(ctx, applying.list_applications(ctx, one.id)[0].id)
        assert (credit.remaining, credit.expired_at) == (600, None)
        giving.change_expiry(ctx, credit.id, expires_on=ctx.today() + timedelta(days=9))
        assert applying.apply_credit(ctx, one.id, credit.id).amount == 600
        assert _history(ctx, credit) == [("given", 1000), ("applied", -600), ("expired", -400), ("unapplied", 600),
                                         ("applied", -600)]  # fmt: skip


def test_only_gifts_end_by_rule_unless_all_shall(acme: Any, hill: Any) -> None:
    _by_hand(acme, credit_expiry_days=90)
    with acme.call("carol") as ctx:
        one = final(ctx, hill)
        granted, day = _grant(ctx, hill), ctx.today()
        paid = payments.record_payment(ctx, one.id, amount=12100)
        over = ctx.session.scalars(select(Credit).where(Credit.payment_id == paid.id)).one()
        assert (granted.expires_on, over.expires_on) == (day + timedelta(days=90), None)
        rules.set_rule(ctx, hill, expiry_days=0)
        assert _grant(ctx, hill).expires_on is None
        giving.expire_credit(ctx, granted.id, reason="Moved away")
        assert granted.remaining == 0
        with pytest.raises(CreditNotMovable):
            giving.expire_credit(ctx, granted.id, reason="Again")


def test_notices_are_given_once_for_each_step(acme: Any, hill: Any, clock: Any) -> None:
    with acme.call("carol") as ctx:
        _grant(ctx, hill, expires_on=ctx.today() + timedelta(days=7))
        assert (expiring.give_notices(ctx), expiring.give_notices(ctx)) == (1, 0)
    clock.advance(timedelta(days=6))
    with acme.call("carol") as ctx:
        assert (expiring.give_notices(ctx), expiring.give_notices(ctx)) == (1, 0)


def test_a_credit_is_refunded_to_the_client(acme: Any, hill: Any) -> None:
    _by_hand(acme)
    with acme.call("carol") as ctx:
        one = final(ctx, hill)
        payments.record_payment(ctx, one.id, amount=one.total)
        credit_notes.create_credit_note(ctx, one.id, reason="Not delivered")
        [credit] = ctx.session.scalars(select(Credit))
        refunds.refund_credit(ctx, credit.id, amount=12000, reference="Bank 9")
        assert balances(ctx) == {}
        with pytest.raises(CreditTooLarge):
            refunds.refund_credit(ctx, credit.id, amount=1)


def test_a_prepayment_is_a_credit_once_it_is_paid(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        asked = create_prepayment(ctx, client_id=hill, amount=24000, description="Hours in advance")
        finalizing.finalize_invoice(ctx, asked.id)
        assert (asked.number, asked.kind, asked.tax, balances(ctx)) == (
            "PRE-000001", "prepayment", 0, {"receivable": 24000, "prepayment": -24000})  # fmt: skip
        payments.record_payment(ctx, asked.id, amount=10000)
        assert balances(ctx) == {"cash": 10000, "credit": -10000, "prepayment": -14000, "receivable": 14000}
        one = final(ctx, hill)
        assert one.settled == 10000
        payments.record_payment(ctx, asked.id, amount=14100)
        origins = dict(ctx.session.execute(select(Credit.origin, Credit.amount).where(Credit.remaining > 0)).all())
        assert origins == {"prepayment": 14000, "payment": 100}
        with pytest.raises(PrepaymentNeedsMoney):
            applying.apply_credits(ctx, asked.id)


def test_the_payment_of_a_prepayment_goes_back_out_of_the_credit_it_gave(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        asked = create_prepayment(ctx, client_id=hill, amount=24000, description="Hours in advance")
        finalizing.finalize_invoice(ctx, asked.id)
        paid = payments.record_payment(ctx, asked.id, amount=24000)
        refunds.refund_payment(ctx, paid.id, amount=20000)
        assert (refunds.refundable(ctx, paid), paid.refunded, balances(ctx)) == (4000, 20000, {"cash": 4000, "credit": -4000})
        refunds.refund_payment(ctx, paid.id, amount=4000)
        with pytest.raises(CreditTooLarge):
            refunds.refund_payment(ctx, paid.id, amount=1)
        assert balances(ctx) == {}


def test_a_prepayment_may_give_its_credit_at_once(acme: Any, hill: Any) -> None:
    _by_hand(acme, prepayment_credit="finalize")
    with acme.call("carol") as ctx:
        asked = create_prepayment(ctx, client_id=hill, amount=5000, description="Hours in advance")
        finalizing.finalize_invoice(ctx, asked.id)
        assert balances(ctx) == {"receivable": 5000, "credit": -5000}
        finalizing.void_invoice(ctx, asked.id, "Not wanted")
        assert balances(ctx) == {}
        again = create_prepayment(ctx, client_id=hill, amount=5000, description="Hours in advance")
        finalizing.finalize_invoice(ctx, again.id)
        payments.record_payment(ctx, again.id, amount=5000)
        assert balances(ctx) == {"cash": 5000, "credit": -5000}


def test_another_tenants_credit_is_not_there(acme: Any, beta: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        credit, one = _grant(ctx, hill), final(ctx, hill)
    with beta.call("carol") as ctx:
        for act in (
            lambda: giving.get_credit(ctx, credit.id), lambda: refunds.refund_credit(ctx, credit.id, amount=1),
            lambda: giving.expire_credit(ctx, credit.id, reason="x"),
            lambda: giving.change_expiry(ctx, credit.id, expires_on=None),
            lambda: giving.transfer_credit(ctx, credit.id, client_id=hill, reason="x"),
        ):  # fmt: skip
            with pytest.raises(CreditNotFound):
                act()
        assert applying.list_applications(ctx, one.id) == []


@pytest.mark.parametrize("forgery", [
    "update billing_credits set remaining = remaining - 1",
    "update billing_credits set remaining = amount + 1",
    "update billing_credit_movements set amount = 5",
    "delete from billing_credit_movements",
    "update billing_payment_allocations set amount = 5",
])  # fmt: skip
def test_the_database_itself_keeps_credits_right(acme: Any, hill: Any, forgery: str) -> None:
    with acme.call("carol") as ctx:
        _grant(ctx, hill)
        payments.record_payment(ctx, final(ctx, hill).id, amount=100)
    with pytest.raises(DBAPIError) as refused, acme.call("carol") as ctx:
        ctx.session.execute(text(forgery))
    assert isinstance(refused.value.orig, psycopg.errors.RestrictViolation | psycopg.errors.CheckViolation)


def _forge(acme: Any, settings: Any, table: str, statement: str) -> None:
    with psycopg.connect(settings.owner_url.replace("+psycopg", ""), autocommit=True) as owner:
        owner.execute("select set_config('app.tenant_id', %s, false)", [str(acme.tenant_id)])
        owner.execute(f"alter table {table} disable trigger user")
        owner.execute(statement)
        owner.execute(f"alter table {table} enable trigger user")


@pytest.mark.forged_books
def test_the_check_finds_what_is_wrong_and_a_person_books_it(acme: Any, hill: Any, settings: Any) -> None:
    with acme.call("carol") as ctx:
        credit = _grant(ctx, hill)
        assert checking.check_credits(ctx) == []
    _forge(acme, settings, "billing_credits", "update billing_credits set remaining = 900")
    with acme.call("carol") as ctx:
        assert len(checking.check_credits(ctx)) == 2
        assert checking.check_credits(ctx) == []
        found = {one.kind: one for one in ctx.session.scalars(select(CreditFinding))}
        assert {kind: (one.expected, one.actual) for kind, one in found.items()} == {
            "remaining": (1000, 900), "ledger": (1000, 900)}  # fmt: skip
        checking.resolve_finding(ctx, found["remaining"].id, how="adjusted", reason="Paid out in cash in May")
        assert (balances(ctx), checking.find_differences(ctx)) == ({"goodwill": 1000, "credit": -900, "adjustment": -100}, [])
        with pytest.raises(FindingClosed):
            checking.resolve_finding(ctx, found["remaining"].id, how="no_action", reason="Again")
        assert checking.check_credits(ctx) == []
        assert found["ledger"].state == "gone"
        assert _history(ctx, credit)[-1] == ("adjusted", -100)


@pytest.mark.forged_books
def test_what_no_booking_mends_is_closed_with_a_reason(acme: Any, hill: Any, settings: Any) -> None:
    with acme.call("carol") as ctx:
        final(ctx, hill)
    _forge(acme, settings, "billing_invoices", "update billing_invoices set settled = 7")
    with acme.call("carol") as ctx:
        [finding_id] = checking.check_credits(ctx)
        with pytest.raises(FindingNeedsAPerson):
            checking.resolve_finding(ctx, finding_id, how="adjusted", reason="Book it")
        assert checking.resolve_finding(ctx, finding_id, how="no_action", reason="Mended by support").state == "no_action"


ACTS = ("grant", "invoice", "apply", "reverse", "refund", "transfer", "expire", "overpay", "void")


@hypothesis_settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["EUR", "JPY", "KWD"]), st.lists(st.tuples(st.sampled_from(ACTS), st.integers(1, 9999)), max_size=14))
def test_whatever_is_done_credits_movements_and_ledger_agree(acme: Any, currency: str, acts: list[tuple[str, int]]) -> None:
    with acme.call(Actor.system()) as ctx:
        change_settings(ctx, "billing", {"credit_auto_apply": bool(len(acts) % 2)})
        mine, other = (add_client(ctx, name=name, currency=currency).id for name in ("Hill & Sons", "Beech Ltd"))
        for act, amount in acts:
            with suppress(DeskhandError), ctx.session.begin_nested():
                _act(ctx, act, amount, mine, other, currency)
        assert checking.find_differences(ctx) == []
        left = sum(one.remaining for one in ctx.session.scalars(select(Credit).where(Credit.currency == currency)))
        assert left == -balances(ctx, currency).get("credit", 0)


def _act(ctx: Any, act: str, amount: int, mine: Any, other: Any, currency: str) -> None:
    credits = list(ctx.session.scalars(select(Credit).where(Credit.client_id == mine).order_by(Credit.id)))
    sold = list(ctx.session.scalars(select(Invoice).where(Invoice.client_id == mine).order_by(Invoice.id)))
    applied = list(ctx.session.scalars(select(CreditApplication).order_by(CreditApplication.id)))
    match act:
        case "grant":
            giving.grant_credit(ctx, mine, amount=amount, reason="Sorry")
        case "invoice":
            final(ctx, mine, line(rate=amount, tax_category="exempt"))
        case "apply" if credits and sold:
            applying.apply_credit(ctx, sold[amount % len(sold)].id, credits[amount % len(credits)].id)
        case "reverse" if applied:
            applying.reverse_application(ctx, applied[amount % len(applied)].id)
        case "refund" if credits:
            refunds.refund_credit(ctx, credits[amount % len(credits)].id, amount=amount)
        case "transfer" if credits:
            giving.transfer_credit(ctx, credits[amount % len(credits)].id, client_id=other, amount=amount, reason="Move")
        case "expire" if credits:
            giving.expire_credit(ctx, credits[amount % len(credits)].id, reason="Ended")
        case "overpay":
            payments.record_client_payment(ctx, mine, amount=amount, currency=currency)
        case "void" if sold:
            finalizing.void_invoice(ctx, sold[amount % len(sold)].id, "Wrong")
