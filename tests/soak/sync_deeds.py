"""What people do here and there while the soak `accounting-sync` disturbs both: seeded documents of all kinds, and money."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any

from quickbooks_fake import Fault
from sqlalchemy import select

from kernel.context import CallContext
from kernel.errors import DeskhandError
from plugins.accounting import outgoing
from plugins.accounting.incoming.drift import NOT_TAKEN
from plugins.accounting.incoming.models import Discrepancy
from plugins.accounting.models import ExportDocument, Outgoing
from plugins.accounting.targets import get_target
from plugins.billing import credit_notes, finalizing, payments, refunds
from plugins.billing.credits import applying
from plugins.billing.models import Credit, CreditApplication, Invoice, Payment
from plugins.billing.payments import Allocation
from tests.plugins.billing.invoice_desk import final, line, off
from tests.soak.sync_judge import Drifted, essence
from tests.soak.sync_stage import Msp, Stage, connect_anew

HERE, THERE = 2, 1
"""Two of the three clients pay here, one there: money that is noted on both sides at once is for people to sort out."""
Row = dict[str, Any]


@dataclass
class Deeds:
    """One MSP and its accountant there, led by one seed. `drifted` is what the accountant changed of ours, on purpose."""

    stage: Stage
    msp: Msp
    random: Random
    drifted: Drifted = field(default_factory=Drifted)
    done: Counter[str] = field(default_factory=Counter)

    def some(self, count: int) -> None:
        """Do some things, mostly invoices; what the product or QuickBooks refuses is counted as refused."""
        for _ in range(count):
            [deed] = self.random.choices(list(DEEDS), [weight for weight, _ in DEEDS.values()])
            self._do(deed, DEEDS[deed][1])

    def _do(self, name: str, deed: Callable[[Deeds], bool]) -> None:
        try:
            self.done[name if deed(self) else f"no {name}"] += 1
        except (DeskhandError, Fault):
            self.done[f"refused {name}"] += 1

    # --- here ---

    def invoice(self) -> bool:
        lines = [self._line() for _ in range(self.random.randint(1, 4))]
        discounts = self.random.choice([(), (), (off("7.5"),), (off("100", line=1),), (off(amount=1),)])
        with self.msp.call() as ctx:
            final(ctx, self.random.choice(self.msp.clients), *lines, discounts=discounts)
        return True

    def _line(self) -> Any:
        rate, words = self.random.randint(1, 40_000), self.random.choice(["Work", "Größe 7 · “ab”", "a <b> & 'c' \\"])
        quantity = self.random.choice(["1", "3", "1.5", "0.333", "12.25"])
        if self.random.random() < 0.6:
            return line(words, quantity, rate, item_id=self.random.choice(self.msp.items))
        return line(words, quantity, rate, tax_category=self.random.choice(["standard", "reduced", None]))

    def credit_note(self) -> bool:
        with self.msp.call() as ctx:
            one = self._pick(ctx, Invoice.kind == "invoice", Invoice.credited < Invoice.total)
            if one is None:
                return False
            part = None
            if self.random.random() < 0.5:
                left, amount = self.random.choice(credit_notes.list_creditable(ctx, one.id) or [(None, 0)])
                part = [credit_notes.CreditAsked(left.id, self.random.randint(1, amount))] if left and amount > 0 else None
            credit_notes.create_credit_note(ctx, one.id, reason="Too much", lines=part, apply=self.random.random() < 0.5)
        return True

    def pay(self) -> bool:
        with self.msp.call() as ctx:
            one = self._pick(ctx, Invoice.kind == "invoice", Invoice.settled < Invoice.total)
            if one is None:
                return False
            due = one.total - one.settled
            amount = self.random.choice([due, due, max(1, due // 3), due + 777])
            words = self.random.choice(["", "Überweisung 4711, a very long reference of a bank"])
            payments.record_payment(ctx, one.id, amount=amount, reference=words)
        return True

    def pay_several(self) -> bool:
        with self.msp.call() as ctx:
            client_id = self.random.choice(self.msp.clients[:HERE])
            found = self._invoices(
                ctx, Invoice.kind == "invoice", Invoice.settled < Invoice.total, Invoice.client_id == client_id
            )
            if not found:
                return False
            shares = [Allocation(one.id, max(1, (one.total - one.settled) // self.random.randint(1, 2))) for one in found[:3]]
            amount = sum(one.amount for one in shares) + self.random.choice([0, 0, 500])
            payments.record_client_payment(ctx, client_id, amount=amount, currency=self.msp.currency, allocations=shares)
        return True

    def pay_ahead(self) -> bool:
        with self.msp.call() as ctx:
            payments.record_client_payment(ctx, self.msp.clients[0], amount=self.random.randint(1, 9_000), allocations=[],
                                           currency=self.msp.currency, reference="On account")  # fmt: skip
        return True

    def take_back(self) -> bool:
        with self.msp.call() as ctx:
            one = self._payment(ctx)
            if one is not None:
                payments.take_back_payment(ctx, one.id, reason="It bounced")
            return one is not None

    def refund(self) -> bool:
        with self.msp.call() as ctx:
            one = self._payment(ctx)
            if one is not None:
                most = refunds.refundable(ctx, one)
                refunds.refund_payment(ctx, one.id, amount=self.random.choice([most, max(1, most // 4)]))
            return one is not None

    def void(self) -> bool:
        with self.msp.call() as ctx:
            one = self._pick(ctx)
            if one is not None:
                finalizing.void_invoice(ctx, one.id, "A mistake")
            return one is not None

    def use_credits(self) -> bool:
        with self.msp.call() as ctx:
            one = self._pick(ctx, Invoice.kind == "invoice", Invoice.settled < Invoice.total)
            return one is not None and bool(applying.apply_credits(ctx, one.id))

    def unuse_credit(self) -> bool:
        with self.msp.call() as ctx:
            mine = [one.id for one in self._invoices(ctx)]
            wanted = CreditApplication.reversed_at.is_(None), CreditApplication.invoice_id.in_(mine)
            found = ctx.session.scalars(select(CreditApplication).where(*wanted).order_by(CreditApplication.id)).all()
            if found:
                applying.reverse_application(ctx, self.random.choice(found).id)
            return bool(found)

    def _invoices(self, ctx: CallContext, *wanted: Any) -> Sequence[Invoice]:
        """Of the clients who pay here, those that nobody changed there."""
        mine = Invoice.status == "finalized", Invoice.client_id.in_(self.msp.clients[:HERE])
        untouched = Invoice.number.not_in(self.drifted.numbers)
        return ctx.session.scalars(select(Invoice).where(*mine, untouched, *wanted).order_by(Invoice.serial, Invoice.kind)).all()

    def _pick(self, ctx: CallContext, *wanted: Any) -> Invoice | None:
        found = self._invoices(ctx, *wanted)
        return self.random.choice(found) if found else None

    def _payment(self, ctx: CallContext) -> Payment | None:
        mine = Payment.taken_back_at.is_(None), Payment.client_id.in_(self.msp.clients[:HERE])
        found = [one for one in ctx.session.scalars(select(Payment).where(*mine).order_by(Payment.id))
                 if str(one.id) not in self.drifted.payments]  # fmt: skip
        return self.random.choice(found) if found else None

    # --- there ---

    def pay_there(self) -> bool:
        with self.stage.fake.lock:
            found = [one for one in self._rows("Invoice") if one["Balance"] > 0 and self._pays_there(one)]
            self.random.shuffle(found)
            if not found:
                return False
            paid = found[: self.random.choice([1, 1, 2])]
            lines = [self._linked(one, self._part(one["Balance"])) for one in paid]
            more = self.random.choice([0, 0, 0, 50])
            self.msp.company.create("Payment", {"CustomerRef": paid[0]["CustomerRef"], "Line": lines,
                                                "TotalAmt": sum(one["Amount"] for one in lines) + more,
                                                "PaymentRefNum": self.random.choice(["", "4711", "Čáp"])})  # fmt: skip
        return True

    def edit_payment_there(self) -> bool:
        with self.stage.fake.lock:
            found = [one for one in self._payments_there() if len(one["Line"]) == 1]
            if not found:
                return False
            one = self.random.choice(found)
            share = max(self._cent(), self._part(one["Line"][0]["Amount"]))
            lines = [self._linked({"Id": one["Line"][0]["LinkedTxn"][0]["TxnId"]}, share)]
            self.msp.company.update("Payment", {**one, "sparse": True, "Line": lines, "TotalAmt": share})
        return True

    def end_payment_there(self) -> bool:
        with self.stage.fake.lock:
            found = self._payments_there()
            if not found:
                return False
            deed = self.random.choice([self.msp.company.void, self.msp.company.delete])
            deed("Payment", self.random.choice(found))
        return True

    def touch_there(self) -> bool:
        """Somebody writes a few words: another version of the same document."""
        with self.stage.fake.lock:
            found = self._rows("Invoice") + self._rows("CreditMemo")
            if not found:
                return False
            one = self.random.choice(found)
            kind = "CreditMemo" if "RemainingCredit" in one else "Invoice"
            named = {"Id": one["Id"], "SyncToken": one["SyncToken"], "sparse": True, "TxnTaxDetail": one["TxnTaxDetail"]}
            self.msp.company.update(kind, named | {"CustomerMemo": {"value": f"Seen {self.random.random()}"}})
        return True

    def drift_there(self) -> bool:
        """Somebody changes what we delivered; from then on it is theirs to keep, and nobody here touches it."""
        with self.msp.call() as ctx:
            open_work = select(Outgoing.label).where(Outgoing.state.in_(("waiting", "sending")))
            if any(True for _ in ctx.session.scalars(open_work)):
                return False
        with self.stage.fake.lock:
            found = [one for one in self._rows("Invoice") if one["Balance"] == one["TotalAmt"] > 0]
            if not found:
                return False
            one = self.random.choice(found)
            how = self.random.choice(["total", "number", "customer", "delete", "void"])
            self._change(one, how)
            left = self.msp.company.books.find("Invoice", one["Id"])
            self.drifted.numbers[one["DocNumber"]] = (one["Id"], essence(left) if left else None)
        return True

    def _change(self, one: Row, how: str) -> None:
        company, named = self.msp.company, {"Id": one["Id"], "SyncToken": one["SyncToken"], "sparse": True}
        if how in ("delete", "void"):
            getattr(company, how)("Invoice", one)
        elif how == "number":
            company.update("Invoice", named | {"DocNumber": f"X-{one['Id']}"})
        elif how == "customer":
            other = next((row for row in company.rows("Customer") if row["Id"] != one["CustomerRef"]["value"]), None)
            company.update("Invoice", named | {"CustomerRef": {"value": (other or company.create("Customer", {
                "DisplayName": f"Someone else {one['Id']}", "CurrencyRef": one["CurrencyRef"]}))["Id"]}})  # fmt: skip
        else:
            detail = one["Line"][0]["SalesItemLineDetail"] | {"Qty": None, "UnitPrice": None}
            lines = [{"DetailType": "SalesItemLineDetail", "Amount": one["TotalAmt"] + 7, "Description": "As agreed by phone",
                      "SalesItemLineDetail": detail}]  # fmt: skip
            company.update("Invoice", named | {"Line": lines})

    def squat_there(self) -> bool:
        """Somebody writes an invoice of their own under the number that ours has next."""
        with self.msp.call() as ctx:
            last = max(
                ctx.session.scalars(select(Invoice.serial).where(Invoice.kind == "invoice", Invoice.serial.is_not(None))),
                default=0,
            )
        number = f"INV-{(last or 0) + 1:06}"
        with self.stage.fake.lock:
            company = self.msp.company
            whose = next((row for row in company.rows("Customer") if row["DisplayName"] == "Walk-in"), None) or company.create(
                "Customer", {"DisplayName": "Walk-in"}
            )
            company.create("Invoice", {"DocNumber": number, "CustomerRef": {"value": whose["Id"]}, "Line": [
                {"DetailType": "SalesItemLineDetail", "Amount": Decimal(5), "SalesItemLineDetail": {"TaxCodeRef": {
                    "value": self._free_code()}}}]})  # fmt: skip
        return True

    def collide(self) -> bool:
        """The same invoice is paid here and there at once: for people to sort out, and neither side is written over."""
        with self.stage.fake.lock, self.msp.call() as ctx:
            found = {one["DocNumber"]: one for one in self._rows("Invoice") if one["Balance"] == one["TotalAmt"] > 0}
            mine = [one for one in self._invoices(ctx, Invoice.kind == "invoice", Invoice.settled == 0) if one.number in found]
            if not mine:
                return False
            one = self.random.choice(mine)
            there = found[one.number]
            payment = payments.record_payment(ctx, one.id, amount=one.total)
            row = self.msp.company.create("Payment", {"CustomerRef": there["CustomerRef"], "TotalAmt": there["TotalAmt"],
                                                      "Line": [self._linked(there, there["TotalAmt"])]})  # fmt: skip
            self.drifted.numbers[one.number] = (there["Id"], essence(there))
            self.drifted.payments |= {str(payment.id), row["Id"]}
        return True

    def mend(self) -> int:
        """A person connects anew where tokens were lost, and gives way: invoices there get other numbers where ours were refused,
        and ours are tried again; the rest of a payment that is no more there is not used here either.
        """
        with self.msp.call() as ctx:
            lost = get_target(ctx, self.msp.target_id).halted == "missing_connection"
        if lost:
            connect_anew(self.stage, self.msp)
            self.done["connected anew"] += 1
        with self.msp.call() as ctx:
            self._let_go(ctx)
            refused = select(ExportDocument.number, Outgoing.id).where(
                Outgoing.document_id == ExportDocument.id, Outgoing.state == "failed", Outgoing.code == "duplicate_number"
            )
            found = ctx.session.execute(refused).all()
            for number, work_id in found:
                for row in self.msp.company.rows("Invoice"):
                    if row["DocNumber"] == number and "Deskhand" not in str(row.get("PrivateNote")):
                        self.msp.company.update("Invoice", {"Id": row["Id"], "SyncToken": row["SyncToken"], "sparse": True,
                                                            "DocNumber": f"W-{row['Id']}"})  # fmt: skip
                outgoing.retry_work(ctx, work_id)
        return len(found)

    def _let_go(self, ctx: CallContext) -> None:
        spent = select(Discrepancy.our_id).where(Discrepancy.kind == NOT_TAKEN, Discrepancy.state == "open")
        used = select(CreditApplication.id).join(Credit, Credit.id == CreditApplication.credit_id).where(
            Credit.payment_id.in_(spent), CreditApplication.reversed_at.is_(None))  # fmt: skip
        for use_id in ctx.session.scalars(used.order_by(CreditApplication.id)).all():
            applying.reverse_application(ctx, use_id)

    def _rows(self, kind: str) -> list[Row]:
        """What stands there of ours, untouched and not void."""
        gone = {row_id for row_id, _ in self.drifted.numbers.values()}
        ours = [one for one in self.msp.company.rows(kind) if "Deskhand" in str(one.get("PrivateNote"))]
        return [one for one in ours if one["Id"] not in gone and not one["PrivateNote"].startswith("Voided")]

    def _payments_there(self) -> list[Row]:
        """Payments that people noted there and that count."""
        return [one for one in self.msp.company.rows("Payment") if one["TotalAmt"] > 0 and one["Id"] not in self.drifted.payments
                and "Deskhand" not in str(one.get("PrivateNote"))]  # fmt: skip

    def _pays_there(self, row: Row) -> bool:
        customer = self.msp.company.read("Customer", row["CustomerRef"]["value"])
        return str(customer.get("Notes")) == f"Deskhand {self.msp.clients[-THERE]}"

    def _part(self, amount: Decimal) -> Decimal:
        """All of an amount, or some of it, to the cent."""
        part = (Decimal(amount) / self.random.choice([1, 1, 3])).quantize(self._cent())
        return max(part, self._cent())

    def _cent(self) -> Decimal:
        return Decimal(1) if self.msp.currency == "JPY" else Decimal("0.01")

    def _linked(self, row: Row, amount: Decimal) -> Row:
        return {"Amount": amount, "LinkedTxn": [{"TxnId": row["Id"], "TxnType": "Invoice"}]}

    def _free_code(self) -> str:
        names = {row["Name"]: str(row["Id"]) for row in self.msp.company.rows("TaxCode")}
        return names.get("NON") or names["0.0% Z"]


DEEDS: dict[str, tuple[int, Callable[[Deeds], bool]]] = {
    "invoice": (30, Deeds.invoice), "credit note": (8, Deeds.credit_note), "payment": (12, Deeds.pay),
    "payment of several": (6, Deeds.pay_several), "payment ahead": (2, Deeds.pay_ahead),
    "payment taken back": (4, Deeds.take_back), "refund": (3, Deeds.refund), "void": (5, Deeds.void),
    "credit used": (8, Deeds.use_credits), "credit given back": (3, Deeds.unuse_credit), "payment there": (14, Deeds.pay_there),
    "payment edited there": (4, Deeds.edit_payment_there), "payment ended there": (3, Deeds.end_payment_there),
    "words there": (5, Deeds.touch_there), "change there": (3, Deeds.drift_there), "number taken there": (2, Deeds.squat_there),
    "paid on both sides": (1, Deeds.collide),
}  # fmt: skip
"""What happens, how often, and how."""
