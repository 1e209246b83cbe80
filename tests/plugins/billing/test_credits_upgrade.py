"""Payments and credits from before there were allocations and movements are told in them; nothing changes its amount."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from alembic import command
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from kernel.ids import uuid7
from kernel.migrations.runner import configuration
from kernel.plugins import Plugins
from local.postgres import EmbeddedPostgres

_BIND = "select set_config('app.tenant_id', cast(:tenant as text), true)"
_INVOICE = """
insert into billing_invoices (tenant_id, id, kind, origin, status, series, serial, number, client_id, currency, invoice_date,
  due_date, net, discount, subtotal, tax, total, settled, credited, credit_of_id, created_by_kind, created_by_name, author_key,
  finalized_at)
values (:tenant, :id, :kind, :origin, 'finalized', :kind, :serial, :number, :client, 'EUR', '2026-01-01', '2026-01-15', 1000, 0,
  1000, 0, 1000, :settled, :credited, :of, 'system', 'Deskhand', 'system', now())
"""
_ENTRY = """
insert into billing_ledger_entries (tenant_id, id, booked_on, kind, currency, client_id, source_id, words, reverses_id,
  created_at, actor_name)
values (:tenant, :id, '2026-01-02', :kind, 'EUR', :client, :source, 'x', :reverses, now(), 'Carol')
"""
_PAYMENT = """
insert into billing_payments (tenant_id, id, invoice_id, amount, applied, currency, received_on, method, entry_id, recorded_at,
  recorded_by, taken_back_at)
values (:tenant, :id, :invoice, :amount, :applied, 'EUR', '2026-01-02', 'cash', :entry, now(), 'Carol', :taken)
"""
_CREDIT = """
insert into billing_credits (tenant_id, id, client_id, currency, amount, remaining, invoice_id, payment_id, created_at)
values (:tenant, :id, :client, 'EUR', :amount, :remaining, :invoice, :payment, now())
"""
_APPLIED = """
insert into billing_credit_applications (tenant_id, id, credit_id, invoice_id, amount, applied_on, entry_id, applied_at)
values (:tenant, :id, :credit, :invoice, :amount, '2026-01-03', :entry, now())
"""


class _Before:
    """A tenant as it was left by the version before: two invoices, a credit note, payments, and credits."""

    def __init__(self, connection: Connection) -> None:
        self.connection, self.tenant, self.client = connection, uuid7(), uuid7()
        self.do("insert into tenants (id, slug, name, data_key) values (:tenant, 'acme', 'Acme', '')")
        self.do(_BIND)
        self.do("insert into clients (tenant_id, id, name, currency) values (:tenant, :client, 'Hill', 'EUR')")
        one, other = self.invoice("INV-1", settled=1000), self.invoice("INV-2", settled=300)
        self.paid(one, 1200, 1000, remaining=100)
        note = self.invoice("CN-1", kind="credit_note", origin="credit_note", of=one)
        self.credit(self.entry("credit_note", note), 1000, 800, invoice=note)
        self.paid(other, 500, 400, remaining=0, taken=True)
        for credit, amount in self.connection.execute(text("select id, amount from billing_credits order by id")).all()[:2]:
            spent = {1000: 200, 200: 100}[amount]
            self.do(_APPLIED, id=uuid7(), credit=credit, invoice=other, amount=spent, entry=self.entry("credit_applied", uuid7()))

    def do(self, statement: str, **values: Any) -> None:
        self.connection.execute(text(statement), {"tenant": self.tenant, "client": self.client, **values})

    def invoice(self, number: str, *, kind: str = "invoice", origin: str = "manual", settled: int = 0,
                of: UUID | None = None) -> UUID:  # fmt: skip
        row = uuid7()
        self.do(
            _INVOICE, id=row, kind=kind, origin=origin, serial=int(number[-1]), number=number, settled=settled, credited=0, of=of
        )
        return row

    def entry(self, kind: str, source: UUID, reverses: UUID | None = None) -> UUID:
        row = uuid7()
        self.do(_ENTRY, id=row, kind=kind, source=source, reverses=reverses)
        return row

    def paid(self, invoice: UUID, amount: int, applied: int, *, remaining: int, taken: bool = False) -> None:
        row = uuid7()
        entry = self.entry("payment", row)
        when = "2026-01-04T00:00:00Z" if taken else None
        self.do(_PAYMENT, id=row, invoice=invoice, amount=amount, applied=applied, entry=entry, taken=when)
        self.credit(entry, amount - applied, remaining, payment=row)
        if taken:
            self.entry("reversal", row, reverses=entry)

    def credit(
        self, entry: UUID, amount: int, remaining: int, *, invoice: UUID | None = None, payment: UUID | None = None
    ) -> None:
        self.do(_CREDIT, id=uuid7(), amount=amount, remaining=remaining, invoice=invoice, payment=payment)


def test_what_was_paid_and_credited_before_is_told_in_allocations_and_movements(postgres: EmbeddedPostgres) -> None:
    name = f"upgrade_{uuid7().hex}"
    postgres.create_database(name)
    engine = create_engine(postgres.owner_url_for(name), poolclass=NullPool)
    try:
        with engine.begin() as connection:
            command.upgrade(configuration(Plugins.discover(), connection), "billing_0001")
        with engine.begin() as connection:
            before = _Before(connection)
        with engine.begin() as connection:
            command.upgrade(configuration(Plugins.discover(), connection), "billing_0003")
        with engine.begin() as connection:
            connection.execute(text(_BIND), {"tenant": before.tenant})
            shares = connection.execute(text("select amount from billing_payment_allocations")).scalars().all()
            payments = connection.execute(text("select amount, applied, client_id from billing_payments order by id")).all()
            moved = connection.execute(text(
                "select c.origin, c.amount, c.remaining, array_agg(m.kind || ' ' || m.amount order by m.amount desc)"
                " from billing_credits c join billing_credit_movements m on m.credit_id = c.id"
                " group by c.id, c.origin, c.amount, c.remaining order by c.amount"
            )).all()  # fmt: skip
    finally:
        engine.dispose()
        postgres.drop_database(name)
    assert shares == [1000]
    assert [tuple(one) for one in payments] == [(1200, 1000, before.client), (500, 0, before.client)]
    assert [tuple(one) for one in moved] == [
        ("payment", 100, 0, ["given 100", "withdrawn -100"]),
        ("payment", 200, 100, ["given 200", "applied -100"]),
        ("credit_note", 1000, 800, ["given 1000", "applied -200"]),
    ]
