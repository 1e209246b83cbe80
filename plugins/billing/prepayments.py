"""Prepayments: asking a client for money in advance, which becomes a credit that later invoices use.

A prepayment carries no tax. It pays for nothing in particular yet, and where it is open what will be supplied, value added tax
does not fall due on the payment (Court of Justice of the EU, C-419/02 BUPA Hospitals); sales taxes fall due on the sale. So the
invoice of the supply is taxed in full, and the credit pays it with its tax. Who takes money in advance for one certain supply
writes an ordinary invoice instead, which is taxed.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

from kernel import audit
from kernel.directory.clients import get_client
from kernel.errors import DeskhandError, InvalidInput
from plugins.billing.days import check_days
from plugins.billing.drafts import Draft, manual_line
from plugins.billing.funnel import write_invoices
from plugins.billing.invoices import claimed, get_invoice
from plugins.billing.manual import AMOUNT_ABOVE_ZERO, LONGEST, MOST_AMOUNT
from plugins.billing.models import Invoice
from plugins.billing.pricing import explain
from plugins.billing.receivables.terms import agree
from plugins.billing.reckoning import assemble
from plugins.billing.said import check_currency
from plugins.billing.settings import billing_settings

if TYPE_CHECKING:
    from kernel.context import CallContext


def create_prepayment(ctx: CallContext, *, client_id: UUID, amount: int, description: str, currency: str | None = None,
                      invoice_date: date | None = None, due_date: date | None = None, notes: str = "",
                      idempotency_key: str | None = None) -> Invoice:  # fmt: skip
    """Draft a prepayment over an amount in minor units. The same key of the same author gives what it gave first.

    Raises ClientNotFound, CurrencyUnknown, and InvalidInput by field.
    """
    if idempotency_key is not None and (known := claimed(ctx, idempotency_key)) is not None:
        return known
    client = get_client(ctx, client_id)
    code = currency or client.currency
    check_currency(code)
    check_days(invoice_date=invoice_date, due_date=due_date)
    _check(amount, description)
    day = invoice_date or ctx.today()
    due = agree(ctx, client_id, day, None, due_date).due_date
    if due < day:
        raise InvalidInput(errors={"due_date": "The due date is before the invoice date."})
    mode = billing_settings(ctx)["rounding_mode"]
    line = manual_line(description=description.strip(), quantity=Decimal(1), unit_price=amount, amount=amount, tax_category=None,
                       trace=explain("prepayment", {"asked_for": amount}, [["prepayment", "", amount]], mode))  # fmt: skip
    draft = Draft(client_id=client_id, currency=code, invoice_date=day, due_date=due, lines=[line], notes=notes,
                  kind="prepayment", idempotency_key=idempotency_key)  # fmt: skip
    [one] = assemble(ctx, [draft])
    if isinstance(one, DeskhandError):
        raise one
    [written] = write_invoices(ctx, [one])
    audit.record(ctx, "invoice.created", kind="invoice", row_id=written.id, label=written.number)
    return get_invoice(ctx, written.id)


def _check(amount: int, description: str) -> None:
    errors = {}
    if not 0 < amount <= MOST_AMOUNT:
        errors["amount"] = AMOUNT_ABOVE_ZERO
    if not 1 <= len(description.strip()) <= LONGEST:
        errors["description"] = f"Write 1 to {LONGEST} characters."
    if errors:
        raise InvalidInput(errors=errors)
