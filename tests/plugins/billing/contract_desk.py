"""A desk where tests draw up catalogs, contracts and usage in few words. Amounts are minor units."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from kernel.context import CallContext
from kernel.directory.clients import add_client
from kernel.hookspecs.charging import ChargeWindow
from kernel.ids import uuid7
from plugins.billing.contracts import services, usage_records
from plugins.billing.due import Due, DueLine, collect_due
from plugins.billing.models import Invoice, InvoiceLine, Source
from plugins.billing.models.contracts import Contract
from plugins.catalog.services import add_item


def day(text: str) -> date:
    """2026-07-31 as a date."""
    return date.fromisoformat(text)


class Desk:
    """One client with a catalog, in one transaction."""

    def __init__(self, ctx: CallContext, client: str = "Hill & Sons", currency: str = "EUR") -> None:
        self.ctx = ctx
        self.client_id = add_client(ctx, name=client, currency=currency).id

    @classmethod
    def of(cls, ctx: CallContext, client_id: UUID) -> Desk:
        """The desk of a client that is there."""
        desk = cls.__new__(cls)
        desk.ctx, desk.client_id = ctx, client_id
        return desk

    def item(self, name: str, unit: str = "each", kind: str = "service", tax: str | None = "standard", **prices: int) -> UUID:
        """A catalog item with prices such as EUR=9500."""
        listed = [{"currency": code, "amount": amount} for code, amount in prices.items()]
        return add_item(self.ctx, name=name, kind=kind, unit=unit, tax_category=tax, prices=listed).id

    def contract(self, *lines: dict[str, Any], start: str = "2026-01-01", **facts: Any) -> Contract:
        """An active contract of the client."""
        named = [{"name": line["kind"].title(), **line} for line in lines]
        values: dict[str, Any] = {"client_id": self.client_id, "name": "Care", "status": "active", **facts}
        return services.create_contract(self.ctx, start_on=day(start), lines=named, **values)

    def use(self, item_id: UUID, on: str, quantity: str, line_id: UUID | None = None) -> UUID:
        """A usage record of the client."""
        return usage_records.add_usage(
            self.ctx, client_id=self.client_id, item_id=item_id, used_on=day(on), quantity=Decimal(quantity),
            contract_line_id=line_id,
        ).id  # fmt: skip

    def line_id(self, contract: Contract, at: int = 0) -> UUID:
        """One of a contract's lines."""
        return services.list_lines(self.ctx, contract.id)[at].line.id

    def due(self, until: str, clients: Sequence[UUID] = ()) -> Due:
        """What is due before a day."""
        return collect_due(self.ctx, ChargeWindow(day("2026-01-01"), day(until)), clients or [self.client_id])

    def lines(self, until: str) -> list[DueLine]:
        """The lines of the one invoice that is due."""
        due = self.due(until)
        assert not due.problems, due.problems
        assert len(due.invoices) <= 1
        return [line for invoice in due.invoices for line in invoice.lines]

    def bill(self, lines: Sequence[DueLine], number: str = "T-1") -> UUID:
        """Put lines on an invoice, as far as billing's memory of what was billed is concerned."""
        ctx, total = self.ctx, sum(line.amount for line in lines)
        invoice = Invoice(
            origin="run", series="invoice", number=number, client_id=self.client_id, currency="EUR",
            invoice_date=ctx.today(), due_date=ctx.today(), net=total, discount=0, subtotal=total, tax=0, total=total,
            created_by_kind="system", created_by_name="Deskhand", author_key="system",
        )  # fmt: skip
        ctx.session.add(invoice)
        ctx.session.flush()
        for position, line in enumerate(lines):
            row = InvoiceLine(
                id=uuid7(), invoice_id=invoice.id, position=position, kind=line.kind, description=line.description,
                quantity=line.quantity, unit=line.unit, net=line.amount, discount=0, tax=0, total=line.amount, tax_parts=[],
                contract_line_id=line.contract_line_id, trace=line.trace,
                period_start=line.service_period and line.service_period.start,
                period_end=line.service_period and line.service_period.end,
            )  # fmt: skip
            ctx.session.add(row)
            ctx.session.add_all(
                Source(source_kind=one.kind, source_id=one.id, period_key=one.period_key, invoice_id=invoice.id,
                       line_id=row.id, amount=one.amount)
                for one in line.sources
            )  # fmt: skip
        ctx.session.flush()
        return invoice.id


def amounts(lines: Sequence[DueLine]) -> list[tuple[str, int]]:
    """What lines say and cost."""
    return [(line.description, line.amount) for line in lines]


def periods(lines: Sequence[DueLine]) -> list[str]:
    """The service periods of lines."""
    return [line.service_period.key if line.service_period else "" for line in lines]


def check_sources(lines: Sequence[DueLine]) -> None:
    """Every line's sources add up to it, and no thing is billed twice."""
    seen = [(one.kind, one.id, one.period_key) for line in lines for one in line.sources]
    assert len(seen) == len(set(seen))
    assert all(sum(one.amount for one in line.sources) == line.amount for line in lines)
