"""What people do with invoices once they are final: pay, take back, credit, refund, and all that credits can do."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from sqlalchemy import select

from kernel.context import CallContext
from plugins.billing import credit_notes, finalizing, invoices, payments, prepayments, refunds, reopening
from plugins.billing.credits import applying, expiring, giving
from plugins.billing.models import Credit, CreditApplication, Invoice, Payment, Refund
from plugins.billing.receivables import terms
from tests.audit.desk import PICK, PRICE, Desk

SHARE = st.integers(1, 120)


def _part(amount: int, share: int) -> int:
    return max(1, amount * share // 100)


class PayingDeeds(Desk):
    """Deeds on final invoices, payments and credits."""

    def final(self, ctx: CallContext, pick: int, *wanted: Any) -> Any:
        """A final invoice."""
        return self.pick(ctx, Invoice, pick, Invoice.status == "finalized", *wanted)

    @precondition(lambda self: self.finals)
    @rule(pick=PICK, share=st.integers(1, 130), whole=st.booleans(), apply=st.booleans())
    def credit(self, pick: int, share: int, whole: bool, apply: bool) -> None:
        """A credit note over all that is left, or a share of some lines."""
        with self.deed("credit") as ctx:
            invoice = self.final(ctx, pick, Invoice.kind == "invoice")
            if invoice is not None:
                asked = [credit_notes.CreditAsked(line.id, (line.net - line.discount) * share // 100)
                         for line in invoices.list_lines(ctx, invoice.id)[: pick % 3 + 1]]  # fmt: skip
                credit_notes.create_credit_note(ctx, invoice.id, reason="Too much", lines=None if whole else asked, apply=apply)

    @precondition(lambda self: self.finals)
    @rule(pick=PICK)
    def void(self, pick: int) -> None:
        """A final invoice or credit note is taken back."""
        with self.deed("void") as ctx:
            if (invoice := self.final(ctx, pick)) is not None:
                finalizing.void_invoice(ctx, invoice.id, "Mistake")

    @precondition(lambda self: self.finals)
    @rule(pick=PICK)
    def void_and_copy(self, pick: int) -> None:
        """A final invoice becomes a draft with the same lines."""
        with self.deed("void and copy") as ctx:
            if (invoice := self.final(ctx, pick)) is not None:
                reopening.void_and_copy(ctx, invoice.id, "Mistake")
                self.drafts = True

    @precondition(lambda self: self.finals)
    @rule(last=st.booleans(), pick=PICK)
    def unfinalize(self, last: bool, pick: int) -> None:
        """The last invoice becomes a draft again; earlier ones are refused."""
        with self.deed("unfinalize") as ctx:
            newest = select(Invoice).where(Invoice.status == "finalized").order_by(Invoice.serial.desc()).limit(1)
            invoice = ctx.session.scalar(newest) if last else self.final(ctx, pick)
            if invoice is not None:
                reopening.unfinalize_invoice(ctx, invoice.id)

    @precondition(lambda self: self.finals)
    @rule(pick=PICK, share=st.integers(1, 150), late=st.booleans())
    def pay(self, pick: int, share: int, late: bool) -> None:
        """A payment: a part, all, or more than is owed."""
        with self.deed("pay") as ctx:
            if (invoice := self.final(ctx, pick, Invoice.kind != "credit_note")) is not None:
                amount = _part(invoice.total - invoice.settled, 98 if late else share)
                payments.record_payment(ctx, invoice.id, amount=amount)
                self.payments = True

    @precondition(lambda self: self.finals)
    @rule(pick=PICK, amount=st.integers(1, 500_000))
    def pay_several(self, pick: int, amount: int) -> None:
        """A client pays what is due first, perhaps more than all of it."""
        currency = "JPY" if pick % 3 == 2 else "EUR"
        with self.deed("pay several") as ctx:
            payments.record_client_payment(ctx, self.client(pick), amount=amount, currency=currency)
            self.payments = True

    @precondition(lambda self: self.payments)
    @rule(pick=PICK)
    def take_back(self, pick: int) -> None:
        """A payment bounces."""
        with self.deed("take back") as ctx:
            if (payment := self.pick(ctx, Payment, pick)) is not None:
                payments.take_back_payment(ctx, payment.id)

    @precondition(lambda self: self.payments)
    @rule(pick=PICK, share=SHARE)
    def refund_payment(self, pick: int, share: int) -> None:
        """A client gets back what it paid, or a part."""
        with self.deed("refund payment") as ctx:
            if (payment := self.pick(ctx, Payment, pick)) is not None:
                refunds.refund_payment(ctx, payment.id, amount=_part(payment.amount, share))

    @precondition(lambda self: self.payments)
    @rule(pick=PICK)
    def refund_comes_back(self, pick: int) -> None:
        """The client's bank sends a refund back."""
        with self.deed("take back refund") as ctx:
            if (refund := self.pick(ctx, Refund, pick)) is not None:
                refunds.take_back_refund(ctx, refund.id)

    @rule(pick=PICK, amount=PRICE)
    def prepay(self, pick: int, amount: int) -> None:
        """A prepayment is asked for and final."""
        with self.deed("prepay") as ctx:
            draft = prepayments.create_prepayment(ctx, client_id=self.client(pick), amount=amount, description="In advance")
            finalizing.finalize_invoice(ctx, draft.id)
            self.finals = True

    @rule(pick=PICK, amount=PRICE)
    def grant(self, pick: int, amount: int) -> None:
        """A credit out of goodwill."""
        with self.deed("grant") as ctx:
            giving.grant_credit(ctx, self.client(pick), amount=amount, reason="Sorry")

    @precondition(lambda self: self.finals)
    @rule(pick=PICK, other=PICK, share=SHARE)
    def apply(self, pick: int, other: int, share: int) -> None:
        """A credit pays an invoice."""
        with self.deed("apply") as ctx:
            invoice = self.final(ctx, other, Invoice.kind == "invoice", Invoice.settled < Invoice.total)
            mine = (Credit.remaining > 0,) if invoice is None else (Credit.remaining > 0, Credit.client_id == invoice.client_id)
            if (credit := self.pick(ctx, Credit, pick, *mine)) is not None and invoice is not None:
                applying.apply_credit(ctx, invoice.id, credit.id, _part(credit.remaining, share))

    @precondition(lambda self: self.finals)
    @rule(pick=PICK)
    def reverse_application(self, pick: int) -> None:
        """A credit is taken back from an invoice."""
        with self.deed("reverse application") as ctx:
            if (application := self.pick(ctx, CreditApplication, pick)) is not None:
                applying.reverse_application(ctx, application.id)

    @rule(pick=PICK, share=SHARE, deed=st.sampled_from(["transfer", "refund", "end"]))
    def move_credit(self, pick: int, share: int, deed: str) -> None:
        """What is left of a credit goes to another client, is paid out, or ends."""
        with self.deed(f"{deed} credit") as ctx:
            if (credit := self.pick(ctx, Credit, pick, Credit.remaining > 0)) is None:
                return
            amount = _part(credit.remaining, share)
            if deed == "transfer":
                giving.transfer_credit(ctx, credit.id, client_id=self.client(pick), reason="Moved", amount=amount)
            elif deed == "refund":
                refunds.refund_credit(ctx, credit.id, amount=amount)
            else:
                giving.expire_credit(ctx, credit.id, reason="Over")

    @rule(early=st.booleans())
    def terms_change(self, early: bool) -> None:
        """From now on who pays early may keep something back, or may not."""
        with self.deed("terms") as ctx:
            wanted = next(one for one in terms.list_terms(ctx) if (one.early_percent is not None) == early)
            terms.make_default(ctx, wanted.id)

    @rule(days=st.integers(1, 40))
    def time_passes(self, days: int) -> None:
        """Days go by, and the credits whose last day is over end."""
        self.clock.advance(days=days)
        with self.deed("expire") as ctx:
            expiring.expire_next(ctx)
