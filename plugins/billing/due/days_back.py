"""Days that were billed and are not served, taken back at the price, and the taxes, at which they were billed."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from kernel.db import among
from kernel.directory.clients import get_clients
from kernel.web.i18n import gettext as _
from kernel.web.i18n import speaking
from plugins.billing.contracts.agreed import AgreedLine
from plugins.billing.contracts.ends import DAYS_BACK, waiting_days
from plugins.billing.due.recurring import found_on
from plugins.billing.due.values import DueLine, Findings, Source
from plugins.billing.models import Invoice, InvoiceLine
from plugins.billing.models.contracts import DaysBack
from plugins.billing.periods import ONE_DAY, Period
from plugins.billing.pricing import explain

if TYPE_CHECKING:
    from kernel.context import CallContext
    from plugins.billing.due.book import Book


def find_days_back(ctx: CallContext, book: Book, findings: Findings) -> None:
    """Add what lines that ended before the last day they are billed for take back, also of those that go on by now: what they
    serve after all is billed anew.
    """
    places = {one.line.id: (place, one) for place, one in enumerate(book.lines)}
    waiting = waiting_days(among(DaysBack.client_id, book.currencies))
    found = [row for row in ctx.session.execute(waiting) if row[0].contract_line_id in places]
    clients = get_clients(ctx, sorted({back.client_id for back, *_rest in found})) if found else {}
    for back, line, invoice in found:
        place, agreed = places[back.contract_line_id]
        with speaking(clients[back.client_id].locale or ctx.tenant.locale):
            findings.lines.append(found_on(agreed, _line(book, place, agreed, (back, line, invoice)), invoice.currency))


def _line(book: Book, place: int, agreed: AgreedLine, row: tuple[DaysBack, InvoiceLine, Invoice]) -> DueLine:
    back, line, invoice = row
    days = Period(back.starts_on, back.ends_on + ONE_DAY)
    return DueLine(
        description=_("%(name)s, taken back", name=line.description),
        item_id=line.item_id,
        quantity=Decimal(1),
        unit_price=-back.amount,
        amount=-back.amount,
        unit="each",
        tax_category=line.tax_category,
        location_id=line.location_id,
        contract_line_id=line.contract_line_id,
        kind=line.kind,
        service_period=days,
        tax_point=line.tax_point or invoice.invoice_date,
        trace=_trace(book, agreed, row, days),
        sources=[Source(DAYS_BACK, back.id, "", -back.amount)],
        order=(0, place, days.start, 950, ""),
        exemption=line.exemption,
    )


def _trace(book: Book, agreed: AgreedLine, row: tuple[DaysBack, InvoiceLine, Invoice], days: Period) -> dict[str, Any]:
    back, line, invoice = row
    inputs = {"invoice": invoice.number, "line_amount": line.net - line.discount}
    return {
        **explain("days_back", inputs, [["days_back", "", -back.amount]], book.mode),
        "contract_line": agreed.words,
        "period": days.key,
    }
