"""Documents and money of Acme's, to be delivered to QuickBooks Online."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from quickbooks_fake import Company

from kernel.hookspecs.accounting import Document, DocumentLine, DocumentTax, Money, MoneyShare, NewCustomer
from plugins.quickbooks.gateway import QuickBooksGateway

DAY = date(2026, 9, 30)


def customer(gateway: QuickBooksGateway, name: str = "Globex", currency: str = "USD") -> str:
    """A client that QuickBooks has by now: its id there."""
    [done] = gateway.put_customers([NewCustomer(uuid4(), str(uuid4()), name, currency, "ap@globex.example")])
    return done.external.id


def item(company: Company) -> str:
    return str(company.rows("Item")[0]["Id"])


def tax_code(company: Company, name: str) -> str:
    return next(str(row["Id"]) for row in company.rows("TaxCode") if row["Name"] == name)


def line(net: int, tax: int = 0, *, item: str, code: str | None = None, quantity: str = "1", price: int | None = None,
         position: int = 1) -> DocumentLine:  # fmt: skip
    return DocumentLine(position, f"Line {position}", item, Decimal(quantity), net if price is None else price, net, tax, code)


def document(customer: str, number: str, *lines: DocumentLine, kind: str = "invoice", row_id: UUID | None = None,
             code: str | None = None, percent: str = "0", **more: Any) -> Document:  # fmt: skip
    net, tax = sum(one.net for one in lines), sum(one.tax for one in lines)
    row_id = row_id or uuid4()
    facts: dict[str, Any] = {"currency": "USD", "exponent": 2, "term": None} | more
    taxes = (DocumentTax(code, "Tax", Decimal(percent), net, tax),) if code else ()
    return Document(id=row_id, kind=kind, request_id=f"put-{row_id}", number=number, customer=customer, issued_on=DAY,
                    due_on=date(2026, 10, 30), lines=lines, taxes=taxes, net=net, tax=tax, total=net + tax, **facts)  # fmt: skip


def money(customer: str, amount: int, *shares: tuple[str, str, int], **more: Any) -> Money:
    row_id = uuid4()
    return Money(id=row_id, request_id=f"pay-{row_id}", customer=customer, currency="USD", exponent=2, amount=amount,
                 received_on=DAY, reference="TRX-1", shares=tuple(MoneyShare(*one) for one in shares), **more)  # fmt: skip
