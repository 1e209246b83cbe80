"""A target with delivered invoices, laid out row by row, and what stands on the other side as its gateway would tell it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from kernel.context import CallContext
from kernel.hookspecs.accounting import CUSTOMER, INVOICE, PAYMENT, Change, External, MoneyShare
from plugins.accounting.links import put_link
from plugins.accounting.models import Batch, ExportDocument, Target
from plugins.billing.models import Invoice

THEN = datetime(2026, 10, 1, 8, 30, tzinfo=UTC)
DAY = date(2026, 10, 1)


def add_books(ctx: CallContext, account_id: str = "9130") -> Target:
    """Books of a company, as a target that a connection opens."""
    target = Target(system="quickbooks", name="QuickBooks", connection_id=UUID(int=1), account_id=account_id,
                    starts_on=date(2026, 1, 1), created_at=ctx.now())  # fmt: skip
    ctx.session.add(target)
    ctx.session.flush()
    return target


def delivered(ctx: CallContext, target: Target, invoice: Invoice, external_id: str, kind: str = INVOICE) -> Change:
    """Note that an invoice was delivered, and tell how it stands there."""
    batch = Batch(
        target_id=target.id, filters={}, filter_key=external_id, started_by="Carol", state="delivered", created_at=ctx.now()
    )
    ctx.session.add(batch)
    ctx.session.flush()
    ctx.session.add(ExportDocument(
        target_id=target.id, batch_id=batch.id, invoice_id=invoice.id, kind=kind, number=invoice.number,
        client_id=invoice.client_id, issued_on=invoice.invoice_date, currency=invoice.currency, total=invoice.total,
        snapshot={}, state="delivered", created_at=ctx.now(),
    ))  # fmt: skip
    customer = f"c-{invoice.client_id}"
    put_link(ctx, target.id, CUSTOMER, invoice.client_id, External(customer))
    external = External(external_id, "0", invoice.number)
    put_link(ctx, target.id, kind, invoice.id, external, number=invoice.number, currency=invoice.currency,
             total=invoice.total, tax=invoice.tax)  # fmt: skip
    return Change(
        kind, external, THEN, customer, invoice.number, invoice.currency, DAY, invoice.total, invoice.tax, invoice.total
    )


def paid(external_id: str, amount: int, *shares: tuple[str, int], version: str = "0", **facts: Any) -> Change:
    """A payment that somebody noted there, with what of it goes to which invoice."""
    split = tuple(MoneyShare(INVOICE, one, much) for one, much in shares)
    change = Change(PAYMENT, External(external_id, version), THEN, currency="EUR", on=DAY, total=amount,
                    balance=amount - sum(much for _, much in shares), shares=split, reference=f"ref {external_id}")  # fmt: skip
    return change._replace(**facts)
