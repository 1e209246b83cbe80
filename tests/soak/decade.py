"""Years of many small MSPs, month by month, from one seed: lived twice they are the same to the cent, and an auditor agrees."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from hashlib import sha256
from random import Random
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import select
from sqlalchemy.engine import make_url

from kernel import jobs
from kernel.app import Kernel
from kernel.clock import FixedClock
from kernel.context import CallContext
from kernel.errors import DeskhandError
from kernel.tenancy import change_settings
from local.postgres import EmbeddedPostgres
from plugins.billing import credit_notes, finalizing, payments, refunds, runs
from plugins.billing.contracts import lines, services
from plugins.billing.credits import applying
from plugins.billing.models import Credit, Invoice, Payment
from plugins.billing.models.contracts import Contract, ContractLine
from plugins.tax import services as taxes
from plugins.timesheets import approval
from tests.audit.auditor import audit, audit_whole, connect
from tests.audit.books import bind
from tests.audit.complete import check_complete
from tests.audit.msp import KINDS, Msp, copy_msp, fit, line_of, morning, open_msp, sign, use, work
from tests.ground import ground
from tests.soak.crew import share

FIRST_YEAR = 2024
CYCLES = ("monthly", "monthly", "monthly", "weekly", "bi_weekly", "quarterly", "semi_annual", "annual")
CHOICES = {
    "rounding_mode": ("half_up", "half_even", "up", "down"), "rounding_level": ("line", "tax_group", "invoice"),
    "discount_rule": ("reduce_taxable_base", "ignore"), "number_at": ("draft", "finalize"),
}  # fmt: skip
_BOOKS = """
select 'invoice', i.number, c.name, i.kind, i.status, i.currency, i.invoice_date, i.due_date, i.net, i.tax, i.total,
  i.settled, i.credited
from billing_invoices i join clients c on c.tenant_id = i.tenant_id and c.id = i.client_id order by 2
;
select 'line', i.number, l.position, l.kind, l.description, l.quantity, l.net, l.discount, l.tax, l.total, l.period_start,
  l.trace::text
from billing_invoice_lines l join billing_invoices i on i.tenant_id = l.tenant_id and i.id = l.invoice_id order by 2, 3
;
select 'tax', i.number, t.position, t.name, t.percent, t.base, t.tax, t.tax_date
from billing_invoice_taxes t join billing_invoices i on i.tenant_id = t.tenant_id and i.id = t.invoice_id order by 2, 3
;
select 'ledger', e.booked_on, e.kind, e.currency, e.words, p.account, p.amount
from billing_ledger_entries e join billing_postings p on p.tenant_id = e.tenant_id and p.entry_id = e.id order by 2, 3, 5, 6, 7
;
select 'credit', c.currency, c.amount, c.remaining, c.origin from billing_credits c order by 2, 3, 4, 5
;
select 'event', e.name, count(*) from events e group by 2 order by 2
"""
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}")


def clock() -> FixedClock:
    """A clock that is moved by hand."""
    return FixedClock(datetime(FIRST_YEAR, 1, 1, tzinfo=UTC))


def decade(notes: dict[str, Any], keep: Callable[[], None]) -> str:
    """Let `SOAK_TENANTS` (100) live `SOAK_YEARS` (10) twice; goes on where it was stopped. Returns the figures in words."""
    tenants, years = int(os.environ.get("SOAK_TENANTS", "100")), int(os.environ.get("SOAK_YEARS", "10"))
    lives: dict[str, list[str]] = notes.setdefault("lives", {})
    seen = Counter(notes.setdefault("seen", {}))
    left = [(notes["seed"], number, years) for number in range(tenants) for _ in range(2 - len(lives.get(str(number), [])))]
    for (seed, number, _), (digest, counts) in share(__name__, left):
        before = lives.setdefault(str(number), [])
        before.append(digest)
        if before[0] != digest:
            raise SystemExit(f"Tenant {number}, seed {seed}: the second life differs from the first.")
        seen += Counter(counts)
        notes["seen"] = dict(seen)
        keep()
        print(f"  tenant {number}, life {len(before)}: {digest[:16]}, {counts}", flush=True)
    whole = sha256("".join(lives[str(number)][0] for number in range(tenants)).encode()).hexdigest()
    figures = ", ".join(f"{count:,} {what}" for what, count in sorted(seen.items()))
    return f"{tenants} tenants lived {years} years twice with the same hash {whole[:16]}, auditor green ({figures})"


@contextmanager
def at_work() -> Iterator[Callable[[int, int, int], tuple[str, Counter[str]]]]:
    """What lets a tenant of a seed live some years, in a database of this process."""
    with ground(clock=clock()) as (kernel, postgres), histories(kernel, postgres) as live:
        yield lambda seed, number, years: live(seed * 1_000 + number, years)


@contextmanager
def histories(kernel: Kernel, postgres: EmbeddedPostgres) -> Iterator[Callable[[int, int], tuple[str, Counter[str]]]]:
    """What lets a tenant of a seed live some years: returns the hash of its books, and what happened."""
    name = make_url(kernel.settings.database_url).database or ""
    with connect(kernel.settings.database_url) as auditor, connect(postgres.admin_url_for(name)) as admin:
        pattern = open_msp(kernel, f"pattern-{name.replace('_', '-')[-20:]}")
        lived = 0

        def live(seed: int, years: int) -> tuple[str, Counter[str]]:
            nonlocal lived
            lived += 1
            life = Life(copy_msp(pattern, f"life-{lived}-{name.replace('_', '-')[-20:]}", admin), auditor, Random(seed))
            life.live(years)
            return digest_of(auditor, life.msp.tenant_id), life.seen

        yield live


def digest_of(database: psycopg.Connection[Any], tenant_id: UUID) -> str:
    """A hash over all that a tenant's books say, but for ids and instants."""
    whole = sha256()
    with database.transaction():
        bind(database, tenant_id)
        for query in _BOOKS.split(";"):
            for row in database.execute(query):
                whole.update(_ID.sub("id", "|".join(map(str, row))).encode())
    return whole.hexdigest()


@dataclass
class Life:
    """One tenant through the years. Whatever the engine refuses by name is refused again in the second life."""

    msp: Msp
    auditor: psycopg.Connection[Any]
    random: Random
    seen: Counter[str] = field(default_factory=Counter)

    def live(self, years: int) -> None:
        """Month after month; at the end of each year the books are audited, at the very end wholly."""
        clock = self.msp.kernel.clock
        assert isinstance(clock, FixedClock)
        for month in range(12 * years):
            clock.set(datetime.combine(_first(month), time(9), tzinfo=UTC))
            if month % 12 == 0:
                self._new_year(_first(month))
            self._work_a_month(_first(month))
            clock.set(datetime.combine(_first(month + 1), time(9), tzinfo=UTC))
            self._bill(_first(month), _first(month + 1))
            self._settle()
            if month % 12 == 11:
                _hold(audit(self.auditor, self.msp.tenant_id))
        jobs.drain(self.msp.kernel, self.msp.tenant_id)
        _hold(audit_whole(self.auditor, self.msp.tenant_id))

    @contextmanager
    def _try(self, what: str) -> Iterator[CallContext]:
        try:
            with self.msp.call() as ctx:
                yield ctx
            self.seen[what] += 1
        except DeskhandError:
            self.seen["refusals"] += 1

    def _new_year(self, day: date) -> None:
        """Rates change, settings change, everybody has a contract in the first year, and some get another one."""
        name = self.random.choice(sorted(CHOICES))
        with self.msp.call() as ctx:
            change_settings(ctx, "billing", {name: self.random.choice(CHOICES[name]), "largest_jump": 0})
        if day.year > FIRST_YEAR:
            with self._try("rates") as ctx:
                taxes.add_rate(ctx, region_id=self.msp.regions["AT"], category="standard", name="VAT", starts=day,
                               percent=Decimal(self.random.randint(0, 2_500)) / 100)  # fmt: skip
        for client_id in self.msp.clients:
            if day.year == FIRST_YEAR or self.random.random() < 0.5:
                self._sign(client_id, day + timedelta(self.random.randint(0, 200)) if day.year > FIRST_YEAR else day)

    def _sign(self, client_id: UUID, start: date) -> None:
        terms = {"cycle": self.random.choice(CYCLES), "timing": self.random.choice(("advance", "arrears")),
                 "prorate": self.random.random() < 0.5}  # fmt: skip
        kinds, price = self.random.sample(KINDS, 3), self.random.randint(1, 50_000)
        with self._try("contracts") as ctx:
            sign(ctx, client_id, start, *(line_of(self.msp, kind, price, **terms) for kind in kinds),
                 cadence=self.random.choice(("calendar", "anniversary")))  # fmt: skip

    def _work_a_month(self, first: date) -> None:
        for at, client_id in enumerate(self.msp.clients):
            if self.random.random() < 0.6:
                began = morning(first + timedelta(self.random.randint(0, 27)), 6 + 3 * at)
                with self._try("hours"):
                    work(self.msp, client_id, began, self.random.randint(1, 170), approved=self.random.random() < 0.7)
        client_id, day = self.random.choice(self.msp.clients), first + timedelta(self.random.randint(0, 27))
        with self._try("usage") as ctx:
            use(
                self.msp,
                ctx,
                client_id,
                self.random.choice(("traffic", "backup")),
                day,
                Decimal(self.random.randint(-99, 3_000)) / 100,
            )
        with self._try("materials") as ctx:
            fit(self.msp, ctx, client_id, day, Decimal(self.random.randint(1, 400)) / 100, self.random.randint(1, 9_999))
        if self.random.random() < 0.3:
            with self._try("approvals") as ctx:
                approval.approve_until(ctx, first)
        if self.random.random() < 0.2:
            self._change_a_contract(first)

    def _change_a_contract(self, first: date) -> None:
        with self._try("changes") as ctx:
            line = self._one(ctx, ContractLine, ContractLine.kind == "fixed")
            if line is not None:
                lines.change_line(ctx, line.contract_id, line.id, {"price": self.random.randint(1, 50_000)})
        with self._try("ends") as ctx:
            contract = self._one(ctx, Contract, Contract.end_on.is_(None))
            if contract is not None:
                services.end_contract(ctx, contract.id, end_on=first + timedelta(self.random.randint(0, 90)))

    def _one(self, ctx: CallContext, table: Any, *wanted: Any) -> Any:
        rows = ctx.session.scalars(select(table).where(*wanted).order_by(table.id)).all()
        return self.random.choice(rows) if rows else None

    def _bill(self, start: date, end: date) -> None:
        with self.msp.call() as ctx:
            run_id = runs.start_run(ctx, window_start=start, window_end=end, invoice_date=end).id
        jobs.drain(self.msp.kernel, self.msp.tenant_id)
        _hold(list(check_complete(self.auditor, self.msp.tenant_id, run_id)))
        with self.msp.call() as ctx:
            ids = list(ctx.session.scalars(select(Invoice.id).where(Invoice.status == "draft").order_by(Invoice.id)))
            finalizing.finalize_invoices(ctx, ids)
        self.seen["invoices"] += len(ids)
        self.seen["months"] += 1

    def _settle(self) -> None:
        """Clients pay, too much or too little; some invoices are voided or credited, credits are used or paid out."""
        with self.msp.call() as ctx:
            newest = select(Invoice.id, Invoice.total).where(Invoice.status == "finalized", Invoice.kind == "invoice")
            invoices = ctx.session.execute(newest.order_by(Invoice.id.desc()).limit(4)).all()
        for invoice_id, total in invoices:
            self._treat(invoice_id, total)
        if self.random.random() < 0.1:
            with self._try("bounced payments") as ctx:
                payment = self._one(ctx, Payment)
                if payment is not None:
                    payments.take_back_payment(ctx, payment.id)

    def _treat(self, invoice_id: UUID, total: int) -> None:
        fate = self.random.random()
        if fate < 0.6:
            with self._try("payments") as ctx:
                payments.record_payment(
                    ctx, invoice_id, amount=max(1, total * self.random.choice((50, 100, 100, 100, 120)) // 100)
                )
        elif fate < 0.7:
            with self._try("credit notes") as ctx:
                credit_notes.create_credit_note(ctx, invoice_id, reason="Too much", apply=fate < 0.65)
        elif fate < 0.75:
            with self._try("voids") as ctx:
                finalizing.void_invoice(ctx, invoice_id, "Mistake")
        elif fate < 0.85:
            with self._try("credits used") as ctx:
                applying.apply_credits(ctx, invoice_id)
        elif fate < 0.9:
            with self._try("refunds") as ctx:
                credit = self._one(ctx, Credit, Credit.remaining > 0)
                if credit is not None:
                    refunds.refund_credit(ctx, credit.id, amount=credit.remaining)


def _first(month: int) -> date:
    return date(FIRST_YEAR + month // 12, month % 12 + 1, 1)


def _hold(findings: Sequence[str]) -> None:
    if findings:
        raise AssertionError("\n".join(findings[:20]))
