"""A machine that does to a small MSP whatever people do with money, in any order, while the auditor looks on.

Deeds that the engine refuses by name (DeskhandError) change nothing; any other error, and any finding, is a defect.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule
from sqlalchemy import select

from kernel import jobs
from kernel.errors import DeskhandError
from kernel.tenancy import change_settings
from plugins.billing import by_hand, finalizing, invoices, runs
from plugins.billing.agreements import price_schedules
from plugins.billing.contracts import lines, services
from plugins.billing.cycles import services as cycles
from plugins.billing.manual import DiscountAsked, LineAsked
from plugins.billing.models import Invoice
from plugins.billing.models.contracts import Contract, ContractItem, ContractLine
from plugins.billing.previewing import shown_preview
from plugins.tax import services as taxes
from plugins.timesheets import approval
from tests.audit.again import check_preview, contents
from tests.audit.books import read_books
from tests.audit.complete import check_complete
from tests.audit.desk import PICK, PRICE, hold
from tests.audit.msp import KINDS, fit, line_of, morning, sign, use, work
from tests.audit.paying import PayingDeeds

DAYS_AGO = st.integers(0, 45)
CYCLES = st.sampled_from(["monthly", "monthly", "weekly", "bi_weekly", "quarterly", "semi_annual", "annual"])
CADENCES = st.sampled_from(["calendar", "anniversary", "client"])
SETTINGS = {
    "rounding_mode": ["half_up", "half_even", "up", "down"], "rounding_level": ["line", "tax_group", "invoice"],
    "discount_rule": ["reduce_taxable_base", "ignore"], "number_at": ["draft", "finalize"],
    "invoice_pattern": ["INV-{n:06}", "A{year}-{n}"], "zero_invoices": ["normal", "finalize"],
    "below_zero": ["park", "credit_note"], "prepayment_credit": ["payment", "finalize"], "credit_auto_apply": [True, False],
    "credit_expiry_days": [0, 15], "largest_jump": [0, 10], "credit_expiry_covers": ["granted", "all"],
}  # fmt: skip


class MoneyMachine(PayingDeeds):
    """Contracts, work, invoices, runs, taxes and settings, on top of all that pays."""

    @initialize(kinds=st.lists(st.sampled_from(KINDS), min_size=2, max_size=4), price=PRICE)
    def begin(self, kinds: list[str], price: int) -> None:
        """Everybody has a contract, and work was done."""
        with self.msp.call() as ctx:
            change_settings(ctx, "billing", {"largest_jump": 0})
            for at, client_id in enumerate(self.msp.clients):
                agreed = [line_of(self.msp, kind, price) for kind in (kinds[at % len(kinds)], "hourly")]
                sign(ctx, client_id, date(2024, 1, 1), *agreed)
        work(self.msp, self.client(price), morning(self.today), 95)

    @rule(pick=PICK, kinds=st.lists(st.sampled_from(KINDS), min_size=1, max_size=4), price=PRICE, cycle=CYCLES, days_ago=DAYS_AGO,
          advance=st.booleans(), prorate=st.booleans(), cadence=CADENCES)  # fmt: skip
    def sign_contract(self, pick: int, kinds: list[str], price: int, cycle: str, days_ago: int, advance: bool, prorate: bool,
                      cadence: str) -> None:  # fmt: skip
        """A contract, perhaps since some weeks."""
        terms = {"cycle": cycle, "timing": "advance" if advance else "arrears", "prorate": prorate}
        with self.deed("sign") as ctx:
            agreed = [line_of(self.msp, one, price, **terms) for one in kinds]
            facts = {"cadence": cadence, "po_number": "PO 7" if pick % 5 == 0 else None}
            sign(ctx, self.client(pick), self.today - timedelta(days_ago), *agreed, **facts)

    @rule(pick=PICK, price=PRICE, prorate=st.booleans())
    def change_line(self, pick: int, price: int, prorate: bool) -> None:
        """Another price from the next period on."""
        with self.deed("change line") as ctx:
            line = self.pick(ctx, ContractLine, pick, ContractLine.kind == "fixed")
            if line is not None:
                lines.change_line(ctx, line.contract_id, line.id, {"price": price, "prorate": prorate})

    @rule(pick=PICK, cycle=CYCLES, weekday=st.integers(1, 7), month=st.integers(1, 12), day=st.integers(1, 28))
    def bill_otherwise(self, pick: int, **rule: Any) -> None:
        """A client is billed in another cycle, or from other days."""
        with self.deed("cycle") as ctx:
            cycles.set_cycle(ctx, self.client(pick), **rule)

    @rule(pick=PICK, price=PRICE, in_days=st.integers(-60, 60), days=st.integers(1, 90))
    def schedule_price(self, pick: int, price: int, in_days: int, days: int) -> None:
        """A line, or what is on it, costs something else for a while."""
        start = self.today + timedelta(in_days)
        with self.deed("schedule price") as ctx:
            line = self.pick(ctx, ContractLine, pick)
            if line is not None:
                held = ctx.session.scalar(
                    select(ContractItem.item_id).where(ContractItem.line_id == line.id).order_by(ContractItem.id)
                )
                item_id = held if line.kind in price_schedules.BY_PIECE else None
                price_schedules.add_price(ctx, line.contract_id, line_id=line.id, item_id=item_id, amount=price, start_on=start,
                                          end_on=start + timedelta(days))  # fmt: skip

    @rule(pick=PICK, in_days=st.integers(-40, 60), whole=st.booleans())
    def end(self, pick: int, in_days: int, whole: bool) -> None:
        """A contract, or one of its lines, ends, or goes on after all."""
        last = None if in_days == 60 else self.today + timedelta(in_days)
        with self.deed("end") as ctx:
            line = self.pick(ctx, ContractLine, pick)
            if line is not None and whole:
                services.change_contract(ctx, line.contract_id, {"end_on": last})
            elif line is not None:
                lines.change_line(ctx, line.contract_id, line.id, {"end_on": last})

    @rule(pick=PICK)
    def delete_contract(self, pick: int) -> None:
        """A contract goes, if it was never billed."""
        with self.deed("delete contract") as ctx:
            contract = self.pick(ctx, Contract, pick)
            if contract is not None and pick % 3 == 0:
                services.delete_contract(ctx, contract.id)

    @rule(pick=PICK, days_ago=DAYS_AGO, minutes=st.integers(1, 400), approved=st.booleans(), at=st.integers(0, 14))
    def log(self, pick: int, days_ago: int, minutes: int, approved: bool, at: int) -> None:
        """Bob works, and it is approved now or later."""
        try:
            item = "training" if pick % 4 == 0 else "support"
            work(
                self.msp, self.client(pick), morning(self.today - timedelta(days_ago), at), minutes, item=item, approved=approved
            )
            self.done["log"] += 1
        except DeskhandError as error:
            self.refused[f"log: {error.code}"] += 1

    @rule(days_ago=DAYS_AGO)
    def approve(self, days_ago: int) -> None:
        """What was submitted is approved, up to a day."""
        with self.deed("approve") as ctx:
            approval.approve_until(ctx, self.today - timedelta(days_ago))

    @rule(pick=PICK, days_ago=DAYS_AGO, hundredths=st.integers(-500, 3_000), item=st.sampled_from(["traffic", "backup"]))
    def use(self, pick: int, days_ago: int, hundredths: int, item: str) -> None:
        """Usage, or a correction of it."""
        with self.deed("use") as ctx:
            use(self.msp, ctx, self.client(pick), item, self.today - timedelta(days_ago), Decimal(hundredths) / 100)

    @rule(pick=PICK, days_ago=DAYS_AGO, hundredths=st.integers(1, 900), rate=PRICE)
    def fit(self, pick: int, days_ago: int, hundredths: int, rate: int) -> None:
        """A product is built in."""
        with self.deed("fit") as ctx:
            fit(self.msp, ctx, self.client(pick), self.today - timedelta(days_ago), Decimal(hundredths) / 100, rate)

    @rule(pick=PICK, prices=st.lists(PRICE, min_size=1, max_size=4), off=st.integers(0, 100), fixed=st.booleans())
    def write_invoice(self, pick: int, prices: list[int], off: int, fixed: bool) -> None:
        """An invoice by hand, with a discount."""
        asked = [LineAsked(f"lines[{at}]", "Work", Decimal(price % 300 + 1) / 4, price) for at, price in enumerate(prices)]
        with self.deed("write") as ctx:
            by_hand.create_invoice(ctx, client_id=self.client(pick), lines=asked, discounts=_off(off, fixed, pick))
            self.drafts = True

    @precondition(lambda self: self.drafts)
    @rule(pick=PICK, off=st.integers(0, 100), fixed=st.booleans(), days=st.integers(-30, 30))
    def change_draft(self, pick: int, off: int, fixed: bool, days: int) -> None:
        """Another date and discount on a draft."""
        day = self.today + timedelta(days)
        changes = {"invoice_date": day, "due_date": day + timedelta(14), "discounts": _off(off, fixed, 1)}
        with self.deed("change draft") as ctx:
            draft = self.pick(ctx, Invoice, pick, Invoice.status == "draft", Invoice.kind == "invoice")
            if draft is not None:
                invoices.change_invoice(ctx, draft.id, changes)

    @precondition(lambda self: self.drafts)
    @rule(pick=PICK)
    def delete_draft(self, pick: int) -> None:
        """A draft goes."""
        with self.deed("delete draft") as ctx:
            draft = self.pick(ctx, Invoice, pick, Invoice.status == "draft")
            if draft is not None and pick % 2:
                invoices.delete_invoice(ctx, draft.id)

    @rule(ahead=st.integers(-40, 40))
    def bill(self, ahead: int) -> None:
        """A run up to some day, which writes what its preview showed and leaves nothing out."""
        self.changed = True
        self._bill(self.today + timedelta(ahead))

    def _bill(self, until: date) -> UUID:
        window = {"window_start": until - timedelta(31), "window_end": until, "invoice_date": self.today}
        with self.msp.call() as ctx:
            preview = shown_preview(ctx, runs.preview_run(ctx, **window))
        with self.msp.call() as ctx:
            run_id = runs.start_run(ctx, **window).id
        jobs.drain(self.kernel, self.msp.tenant_id)
        with self.msp.call() as ctx:
            run = runs.describe_run(ctx, run_id)
            assert (run["state"], run["pending"]) == ("done", 0)
            parked = {
                one["client_id"]: one["reason_code"] for one in runs.list_run_clients(ctx, run_id, {"state": "parked"}).items
            }
        found = list(check_preview(read_books(self.auditor, self.msp.tenant_id), preview, run_id, parked))
        found += check_complete(self.auditor, self.msp.tenant_id, run_id)
        hold(found)
        self.done["run"] += 1
        self.done["invoices of runs"] += len(preview["invoices"])
        self.refused.update(f"run: {code}" for code in parked.values())
        self.drafts = self.drafts or bool(preview["invoices"])
        return run_id

    @rule(ahead=st.integers(-10, 40), pick=PICK)
    def bill_void_and_bill_again(self, ahead: int, pick: int) -> None:
        """What a run billed is voided or deleted, and the next run bills the very same."""
        self.changed = True
        until = self.today + timedelta(ahead)
        first = self._bill(until)
        before = contents(read_books(self.auditor, self.msp.tenant_id), lambda one: one.run_id == first)
        with self.msp.call() as ctx:
            ids = list(ctx.session.scalars(select(Invoice.id).where(Invoice.run_id == first).order_by(Invoice.id)))
            finalizing.finalize_invoices(ctx, ids[: pick % (len(ids) + 1)])
            for at, one in enumerate(ids):
                if at < pick % (len(ids) + 1):
                    finalizing.void_invoice(ctx, one, "Wrong address")
                else:
                    invoices.delete_invoice(ctx, one)
        second = self._bill(until)
        after = contents(read_books(self.auditor, self.msp.tenant_id), lambda one: one.run_id == second)
        hold([f"I8 not billed again: {one}" for one in before - after] + [f"I8 billed now only: {one}" for one in after - before])
        self.done["bill again"] += 1

    @precondition(lambda self: self.drafts)
    @rule(pick=PICK, many=st.booleans())
    def finalize(self, pick: int, many: bool) -> None:
        """Drafts become final, one or all."""
        with self.deed("finalize") as ctx:
            ids = list(ctx.session.scalars(select(Invoice.id).where(Invoice.status == "draft").order_by(Invoice.id)))
            if ids:
                finalizing.finalize_invoices(ctx, ids if many else [ids[pick % len(ids)]])
                self.finals = True

    @rule(hundredths=st.integers(0, 2_500), reduced=st.booleans())
    def tax_changes(self, hundredths: int, reduced: bool) -> None:
        """Austria taxes otherwise from tomorrow on."""
        with self.deed("tax") as ctx:
            taxes.add_rate(ctx, region_id=self.msp.regions["AT"], category="reduced" if reduced else "standard", name="VAT",
                           percent=Decimal(hundredths) / 100, starts=self.today + timedelta(1))  # fmt: skip

    @rule(name=st.sampled_from(sorted(SETTINGS)), pick=PICK)
    def settings_change(self, name: str, pick: int) -> None:
        """Alice changes how it is rounded or numbered."""
        with self.deed("settings") as ctx:
            change_settings(ctx, "billing", {name: SETTINGS[name][pick % len(SETTINGS[name])]})


def _off(off: int, fixed: bool, pick: int) -> list[DiscountAsked]:
    if off == 0:
        return []
    line = 1 if pick % 2 else None
    return [DiscountAsked("discounts[0]", "Discount", None if fixed else Decimal(off), off * 10 if fixed else None, line)]
