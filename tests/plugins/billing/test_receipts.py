"""Other rooms bring money, take it back, and ask what is open, by the hooks of receipts."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from kernel.errors import DeskhandError, InvalidInput
from kernel.hookspecs.receipts import NewReceipt, OpenInvoiceQuery, Receipt, ReceiptShare
from kernel.ids import uuid7
from kernel.tenancy import change_settings
from plugins.billing import finalizing
from plugins.billing.errors import (
    CreditTooLarge,
    CreditUsed,
    InvoiceVoid,
    PaymentRefunded,
    PaymentTaken,
    RefundNotFound,
)
from plugins.billing.invoices import get_invoice
from tests.plugins.billing.invoice_desk import balances, final, lay_out_taxes, line, taxed_client

TODAY = date(2026, 10, 1)


@pytest.fixture
def hill(acme: Any) -> UUID:
    with acme.call("alice") as ctx:
        change_settings(ctx, "billing", {"credit_auto_apply": False})
        return taxed_client(ctx, lay_out_taxes(ctx))


def _came_in(client_id: UUID, amount: int, *shares: tuple[UUID, int], **facts: Any) -> NewReceipt:
    given = {"currency": "EUR", "received_on": TODAY, "method": "card", "reference": "ch_1", "key": "stripe:pi_1"} | facts
    return NewReceipt(client_id=client_id, amount=amount, shares=tuple(ReceiptShare(*one) for one in shares), **given)


def _record(ctx: Any, receipt: NewReceipt) -> Receipt:
    return ctx.hooks.record_receipt(ctx=ctx, receipt=receipt)


def _refund(ctx: Any, payment_id: UUID, amount: int, key: str) -> Receipt:
    return ctx.hooks.refund_receipt(ctx=ctx, payment_id=payment_id, amount=amount, refunded_on=TODAY, method="card",
                                    reference="re_1", key=key)  # fmt: skip


def _at_once(*acts: Callable[[], Any]) -> list[str]:
    def told(act: Callable[[], Any]) -> str:
        try:
            act()
        except DeskhandError as error:
            return error.code
        return "done"

    with ThreadPoolExecutor(len(acts)) as pool:
        return sorted(pool.map(told, acts))


def test_money_for_two_invoices_is_noted_once_under_its_key(acme: Any, hill: UUID) -> None:
    with acme.call("carol") as ctx:
        first, second = final(ctx, hill), final(ctx, hill, line(rate=5000))
        money = _came_in(hill, 19000, (first.id, 12000), (second.id, 6000))
        noted = _record(ctx, money)
        assert set(noted.shares) == {ReceiptShare(first.id, 12000), ReceiptShare(second.id, 6000)}
        assert _record(ctx, money) == noted
        assert ctx.hooks.get_receipts(ctx=ctx, payment_ids=[noted.id, uuid4()]) == {noted.id: noted}
        assert balances(ctx) == {"cash": 19000, "revenue": -15000, "tax": -3000, "credit": -1000}


def test_money_that_is_here_is_noted_whatever_happened_to_its_invoices(acme: Any, hill: UUID) -> None:
    with acme.call("carol") as ctx:
        paid, part, void = final(ctx, hill), final(ctx, hill), final(ctx, hill)
        _record(ctx, _came_in(hill, 20000, (paid.id, 12000), (part.id, 8000), key="bank:1"))
        finalizing.void_invoice(ctx, void.id, "Twice")
        shares = (paid.id, 12000), (part.id, 12000), (void.id, 12000)
        with pytest.raises(InvoiceVoid):
            _record(ctx, _came_in(hill, 36000, *shares))
        noted = _record(ctx, _came_in(hill, 36000, *shares, at_most=True))
        assert noted.shares == (ReceiptShare(part.id, 4000),)
        assert balances(ctx)["credit"] == -32000


def test_without_shares_those_due_first_are_paid_first(acme: Any, hill: UUID) -> None:
    with acme.call("carol") as ctx:
        final(ctx, hill, due_date=date(2026, 12, 1))
        early = final(ctx, hill, due_date=date(2026, 11, 1))
        found = ctx.hooks.find_open_invoices(ctx=ctx, query=OpenInvoiceQuery(client_id=hill))
        assert found[0].id == early.id
        noted = _record(ctx, _came_in(hill, 5000)._replace(shares=None))
        assert noted.shares == (ReceiptShare(early.id, 5000),)
        [left] = ctx.hooks.find_open_invoices(ctx=ctx, query=OpenInvoiceQuery(numbers=(early.number,)))
        assert (left.due, left.total, left.exponent) == (7000, 12000, 2)
        assert ctx.hooks.find_open_invoices(ctx=ctx, query=OpenInvoiceQuery(currency="JPY")) == []
        assert ctx.hooks.find_open_invoices(ctx=ctx, query=OpenInvoiceQuery(ids=())) == []


def test_a_refund_goes_back_once_and_can_come_back(acme: Any, hill: UUID) -> None:
    with acme.call("carol") as ctx:
        invoice = final(ctx, hill)
        noted = _record(ctx, _came_in(hill, 12000, (invoice.id, 12000)))
        assert _refund(ctx, noted.id, 5000, "stripe:re_1").refunded == 5000
        assert _refund(ctx, noted.id, 5000, "stripe:re_1").refunded == 5000
        with pytest.raises(CreditTooLarge):
            _refund(ctx, noted.id, 7001, "stripe:re_2")
        with pytest.raises(PaymentRefunded):
            ctx.hooks.take_back_receipt(ctx=ctx, payment_id=noted.id, reason="Disputed")
        for _ in range(2):
            assert ctx.hooks.take_back_receipt_refund(ctx=ctx, key="stripe:re_1").refunded == 0
        with pytest.raises(RefundNotFound):
            ctx.hooks.take_back_receipt_refund(ctx=ctx, key="stripe:re_9")
        taken = ctx.hooks.take_back_receipt(ctx=ctx, payment_id=noted.id, reason="Disputed")
        assert (taken.taken_back, taken.shares) == (True, ())
        with pytest.raises(PaymentTaken):
            _refund(ctx, noted.id, 1, "stripe:re_3")


def test_the_same_refund_by_two_at_once_is_one(acme: Any, hill: UUID) -> None:
    with acme.call("carol") as ctx:
        noted = _record(ctx, _came_in(hill, 12000))

    def refund() -> None:
        with acme.call("carol") as ctx:
            _refund(ctx, noted.id, 4000, "stripe:re_1")

    assert _at_once(refund, refund, refund) == ["done", "done", "done"]
    with acme.call("carol") as ctx:
        assert ctx.hooks.get_receipts(ctx=ctx, payment_ids=[noted.id])[noted.id].refunded == 4000


def test_a_credit_that_is_spent_keeps_its_payment(acme: Any, hill: UUID) -> None:
    with acme.call("carol") as ctx:
        change_settings(ctx, "billing", {"credit_auto_apply": True})
        noted = _record(ctx, _came_in(hill, 6000))
        assert get_invoice(ctx, final(ctx, hill).id).settled == 6000
        with pytest.raises(CreditUsed):
            ctx.hooks.take_back_receipt(ctx=ctx, payment_id=noted.id, reason="Bounced")


def test_strangers_and_nonsense(acme: Any, beta: Any, hill: UUID) -> None:
    with acme.call("carol") as ctx:
        invoice = final(ctx, hill)
        noted = _record(ctx, _came_in(hill, 100, (invoice.id, 100)))
    with beta.call("alice") as ctx:
        assert ctx.hooks.get_receipts(ctx=ctx, payment_ids=[noted.id]) == {}
        assert ctx.hooks.find_open_invoices(ctx=ctx, query=OpenInvoiceQuery(ids=(invoice.id,))) == []
        with pytest.raises(DeskhandError, match="no client"):
            _record(ctx, _came_in(hill, 100, (invoice.id, 100)))
    for wrong in ({"amount": 0}, {"currency": "XXQ"}, {"method": "magic"}, {"key": ""}):
        with acme.call("carol") as ctx, pytest.raises(InvalidInput):
            _record(ctx, _came_in(hill, 100, key=str(uuid7()))._replace(**wrong))
