"""Fees for invoices that are void by now, taken back at what was paid, and taxed, for them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from kernel.directory.clients import get_clients
from kernel.web.i18n import gettext as _
from kernel.web.i18n import speaking
from plugins.billing.due.late import AFTER_ALL, KIND
from plugins.billing.due.values import DueLine, Findings, Found, Source
from plugins.billing.fees_back import FEE_BACK, FeeBack, waiting_fees
from plugins.billing.periods import Period
from plugins.billing.pricing import explain

if TYPE_CHECKING:
    from kernel.context import CallContext
    from plugins.billing.due.book import Book


def find_fees_back(ctx: CallContext, book: Book, findings: Findings) -> None:
    """Add what clients were charged for invoices that are void."""
    waiting = waiting_fees(ctx, book.currencies)
    clients = get_clients(ctx, sorted({one.invoice.client_id for one in waiting})) if waiting else {}
    for one in waiting:
        client = clients[one.invoice.client_id]
        with speaking(client.locale or ctx.tenant.locale):
            findings.lines.append(Found(client.id, one.invoice.currency, None, None, _line(book, one)))


def _line(book: Book, one: FeeBack) -> DueLine:
    inputs = {"invoice": one.void_number, "line_amount": one.line.net - one.line.discount}
    trace = explain("fee_back", inputs, [["fee_back", "", -one.amount]], book.mode)
    first, end = one.line.period_start, one.line.period_end
    return DueLine(
        description=_("%(name)s, taken back", name=one.line.description), item_id=None, quantity=Decimal(1),
        unit_price=-one.amount, amount=-one.amount, unit="each", tax_category=one.line.tax_category, location_id=None,
        contract_line_id=None, kind=KIND, service_period=Period(first, end) if first and end else None,
        tax_point=one.line.tax_point or one.invoice.invoice_date, trace=trace,
        sources=[Source(FEE_BACK, one.source.id, "", -one.amount)],
        order=(AFTER_ALL, 1, first or date.min, 0, one.line.description), exemption=one.line.exemption,
    )  # fmt: skip
