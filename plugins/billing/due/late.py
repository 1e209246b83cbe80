"""Late fees and fees of reminders: what clients owe for paying late, found like any other charge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, cast, exists, func, or_, select

from kernel.db import among
from kernel.directory.clients import get_clients
from kernel.directory.models import Client
from kernel.web.i18n import gettext as _
from kernel.web.i18n import speaking
from plugins.billing.contracts.billed import read_billed
from plugins.billing.due.values import DueLine, Findings, Found, Source
from plugins.billing.fees_back import LATE_FEE, REMINDER_FEE
from plugins.billing.models import DunningLevel, Hold, Invoice, InvoiceLine, LateFeeRule, OverdueNote, Payer, Reminder
from plugins.billing.models import Source as Billed
from plugins.billing.periods import Period
from plugins.billing.pricing import explain
from plugins.billing.reasons import span
from plugins.billing.receivables.days import late_months
from plugins.billing.receivables.late_fees import fee_of, list_rules
from plugins.billing.receivables.open_items import Movement, open_on, read_movements
from plugins.billing.receivables.overdue import is_overdue

if TYPE_CHECKING:
    from kernel.context import CallContext
    from plugins.billing.due.book import Book

KIND = "late_fee"
AFTER_ALL = 9


class _Late(NamedTuple):
    """An invoice that was not paid in time: its movements, and what late fees on it come to, which bear none themselves."""

    invoice: Invoice
    movements: Sequence[Movement]
    fees: int


def find_late_fees(ctx: CallContext, book: Book, findings: Findings) -> None:
    """Add what clients owe for paying late, up to the window's end or today, whichever comes first: nobody knows yet what
    will be open tomorrow.
    """
    rules = {one.currency: one for one in list_rules(ctx)}
    reminders = _fees_of_reminders(ctx, book)
    late = _late(ctx, book, rules) if rules else []
    if not reminders and not late:
        return
    billed = read_billed(ctx, {LATE_FEE: [one.invoice.id for one in late]})
    clients = get_clients(ctx, sorted({one.invoice.client_id for one in late} | {row[1].client_id for row in reminders}))
    until = min(book.window.end, ctx.today() + timedelta(days=1))
    for one in late:
        with _language(ctx, clients[one.invoice.client_id]):
            findings.lines += _months(book, rules[one.invoice.currency], one, until, billed.get(LATE_FEE, {}))
    for reminder, invoice, level in reminders:
        with _language(ctx, clients[invoice.client_id]):
            findings.lines.append(_fee_of_reminder(book, reminder, invoice, level))


def _language(ctx: CallContext, client: Client) -> Any:
    return speaking(client.locale or ctx.tenant.locale)


def _chargeable(book: Book) -> list[Any]:
    held = exists().where(Hold.tenant_id == Invoice.tenant_id, Hold.invoice_id == Invoice.id)
    return [among(Invoice.client_id, book.currencies), Invoice.status == "finalized", ~held]


def _late(ctx: CallContext, book: Book, rules: Mapping[str, LateFeeRule]) -> list[_Late]:
    """Invoices that are late now, and those that were: who paid late owes for the time until then."""
    payer = (Payer.tenant_id == Invoice.tenant_id) & (Payer.client_id == Invoice.client_id)
    noted = exists().where(OverdueNote.tenant_id == Invoice.tenant_id, OverdueNote.invoice_id == Invoice.id)
    wanted = (
        select(Invoice).outerjoin(Payer, payer)
        .where(*_chargeable(book), Invoice.kind == "invoice", Invoice.currency.in_(rules), is_overdue(ctx.today()) | noted,
               or_(Payer.late_fees.is_(None), Payer.late_fees))
        .order_by(Invoice.client_id, Invoice.due_date, Invoice.id)
    )  # fmt: skip
    found = list(ctx.session.scalars(wanted))
    ids = [one.id for one in found]
    moved, fees = read_movements(ctx, ids), _fees_on(ctx, ids)
    return [_Late(one, moved[one.id], fees.get(one.id, 0)) for one in found]


def _fees_on(ctx: CallContext, invoice_ids: Sequence[UUID]) -> dict[UUID, int]:
    wanted = select(InvoiceLine.invoice_id, cast(func.sum(InvoiceLine.total), BigInteger))
    mine = among(InvoiceLine.invoice_id, invoice_ids), InvoiceLine.kind == KIND, InvoiceLine.total > 0
    return dict(ctx.session.execute(wanted.where(*mine).group_by(InvoiceLine.invoice_id)).all())


def _months(book: Book, rule: LateFeeRule, one: _Late, until: date, billed: Mapping[int, frozenset[str]]) -> Iterator[Found]:
    invoice, done = one.invoice, billed.get(one.invoice.id.int, frozenset())
    for month, charged in late_months(invoice.due_date, rule.grace_days, until):
        base = open_on(one.movements, charged - timedelta(days=1)) - one.fees
        if base <= 0 or month.start < rule.starts_on or month.key in done:
            continue
        amount, trace = fee_of(rule, base, book.mode, invoice.number)
        if amount:
            words = _("Late fee for %(number)s, %(days)s", number=invoice.number, days=span(month.start, month.end))
            source = Source(LATE_FEE, invoice.id, month.key, amount)
            yield _found(invoice, words, amount, rule.tax_category, {**trace, "period": month.key}, source, month)


def _fees_of_reminders(ctx: CallContext, book: Book) -> list[tuple[Reminder, Invoice, str]]:
    same = (Invoice.tenant_id == Reminder.tenant_id) & (Invoice.id == Reminder.invoice_id)
    billed = exists().where(Billed.tenant_id == Reminder.tenant_id, Billed.source_kind == REMINDER_FEE,
                            Billed.source_id == Reminder.id, Billed.live)  # fmt: skip
    named = (DunningLevel.tenant_id == Reminder.tenant_id) & (DunningLevel.level == Reminder.level)
    wanted = (
        select(Reminder, Invoice, func.coalesce(DunningLevel.name, "")).join(Invoice, same).outerjoin(DunningLevel, named)
        .where(*_chargeable(book), Reminder.fee.is_not(None), Reminder.reminded_on < book.window.end, ~billed)
        .order_by(Reminder.id)
    )  # fmt: skip
    return [(reminder, invoice, level) for reminder, invoice, level in ctx.session.execute(wanted)]


def _fee_of_reminder(book: Book, reminder: Reminder, invoice: Invoice, level: str) -> Found:
    amount = reminder.fee or 0
    words = _("Fee for a reminder of %(number)s (%(level)s)", number=invoice.number, level=level)
    trace = explain("reminder_fee", {"invoice": invoice.number, "open_amount": reminder.open_amount},
                    [["fixed_amount", "", amount]], book.mode) | {"on": reminder.reminded_on.isoformat()}  # fmt: skip
    return _found(invoice, words, amount, "exempt", trace, Source(REMINDER_FEE, reminder.id, "", amount), None)


def _found(invoice: Invoice, words: str, amount: int, tax: str, trace: dict[str, Any], source: Source,
           month: Period | None) -> Found:  # fmt: skip
    line = DueLine(
        description=words, item_id=None, quantity=Decimal(1), unit_price=amount, amount=amount, unit="each", tax_category=tax,
        location_id=None, contract_line_id=None, kind=KIND, service_period=month, tax_point=None, trace=trace, sources=[source],
        order=(AFTER_ALL, 0, month.start if month else date.min, 0, words),
    )  # fmt: skip
    return Found(invoice.client_id, invoice.currency, None, None, line)
