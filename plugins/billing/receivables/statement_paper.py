"""A statement on paper and by mail, in the client's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from babel import dates
from sqlalchemy import exists, select

from kernel import audit
from kernel.db import among
from kernel.directory.clients import get_client
from kernel.directory.models import Client
from kernel.errors import InvalidInput
from kernel.mail import Attachment, MailNotConfigured
from kernel.money import format_minor
from kernel.web.i18n import babel_locale
from kernel.web.i18n import gettext as _
from kernel.web.i18n import lazy_gettext as _l
from plugins.billing.layouts.sheet import (
    Band,
    Cell,
    Column,
    Columns,
    Facts,
    Group,
    Item,
    Page,
    Pair,
    Party,
    Sheet,
    Space,
    Table,
    Text,
)
from plugins.billing.models import LedgerEntry, Letter
from plugins.billing.parties import buyer_now, seller_now
from plugins.billing.pdf.render import render_invoice
from plugins.billing.receivables.letters import NO_ADDRESS, address_of, in_language_of, send_letter
from plugins.billing.receivables.statements import Statement, read_statements

if TYPE_CHECKING:
    from kernel.context import CallContext

KINDS = {
    "invoice": _l("Invoice"), "credit_note": _l("Credit note"), "prepayment": _l("Prepayment"), "payment": _l("Payment"),
    "early_discount": _l("Early-payment discount"), "refund": _l("Refund"), "credit_applied": _l("Credit applied"),
    "credit_granted": _l("Credit"), "credit_expired": _l("Credit expired"), "credit_transferred": _l("Credit transferred"),
    "adjustment": _l("Adjustment"), "reversal": _l("Taken back"),
}  # fmt: skip


def print_statement(ctx: CallContext, client_id: UUID, first_day: date | None = None, last_day: date | None = None) -> bytes:
    """The PDF of a client's statements, one after another by currency. Raises ClientNotFound, InvalidInput, PdfFailed."""
    statements = read_statements(ctx, client_id, first_day, last_day)
    with in_language_of(ctx, get_client(ctx, client_id)):
        sheet = _sheet(seller_now(ctx), buyer_now(ctx, client_id), statements)
    return render_invoice(sheet, created=ctx.now())


def _sheet(seller: Mapping[str, Any], buyer: Mapping[str, Any], statements: Sequence[Statement]) -> Sheet:
    title = _("Statement of account")
    return Sheet(
        title=title, author=seller["name"], language=babel_locale().split("_")[0],
        page=Page(paper="a4", margins=[20, 18, 24, 20], accent="#1f4b99", font_size=9), mark="",
        running_head=[seller["name"], title], footer=[seller["name"], *seller["footer"]][:4],
        page_words=_("Page {page} of {pages}"), images={},
        items=[_head(seller["name"], title), Space(of="space", height=6), _parties(seller, buyer, statements[0]),
               Space(of="space", height=3),
               *(item for one in statements for item in _account(one))],
    )  # fmt: skip


def _head(name: str, title: str) -> Item:
    return Columns(of="columns", widths=[1, 1], parts=[[_text(name, "large")], [_text(title, "title", "end")]])


def _text(words: str, size: Any, align: Any = "start") -> Text:
    return Text(of="text", text=words, size=size, tone="accent" if size == "title" else "plain", align=align, strong=True)


def _parties(seller: Mapping[str, Any], buyer: Mapping[str, Any], one: Statement) -> Item:
    facts = Facts(
        of="facts",
        rows=[Pair(label=_("First day"), value=_day(one.first_day)), Pair(label=_("Last day"), value=_day(one.last_day))],
    )
    to = Party(of="party", label=_("To"), name=buyer["name"], lines=buyer["address"])
    by = Party(of="party", label=_("From"), name=seller["name"], lines=seller["address"])
    return Columns(of="columns", widths=[5, 5, 5], parts=[[to], [by], [facts]])


def _account(one: Statement) -> list[Item]:
    closing = _money(one.closing, one.currency)
    note = _("you have to your credit") if one.closing < 0 else _("on %(day)s", day=_day(one.last_day))
    return [
        Band(of="band", label=_("Balance, %(currency)s", currency=one.currency), note=note, amount=closing),
        _table([_("Date"), _("Booking"), _("Charged"), _("Settled"), _("Balance")], _rows(one)),
        *_open(one),
    ]


def _rows(one: Statement) -> list[list[str]]:
    rows = [[_day(one.first_day), _("Opening balance"), "", "", _money(one.opening, one.currency)]]
    for row in one.rows:
        amount = _money(abs(row.amount), one.currency)
        charged, settled = (amount, "") if row.amount > 0 else ("", amount)
        said = f"{KINDS[row.kind]} {row.reference}".strip()
        rows.append([_day(row.booked_on), said, charged, settled, _money(row.balance, one.currency)])
    return [*rows, [_day(one.last_day), _("Closing balance"), _money(one.charged, one.currency),
                    _money(one.settled, one.currency), _money(one.closing, one.currency)]]  # fmt: skip


def _open(one: Statement) -> list[Item]:
    rows = [[_day(item["invoice_date"]), str(item["number"]), _day(item["due_date"]), _money(item["total"], one.currency),
             _money(item["open_amount"], one.currency)] for item in one.open_items]  # fmt: skip
    for words, amount in ((_("Credits not used yet"), one.credits), (_("Prepayments asked for, not counted"), one.prepaid)):
        if amount:
            rows.append(["", words, "", "", _money(-amount, one.currency)])
    if not rows:
        return []
    return [_table([_("Date"), _("Open on this day"), _("Due"), _("Total"), _("Open")], rows)]


def _table(labels: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    columns = [Column(label=label, align="start" if at < 2 else "end", grows=at == 1) for at, label in enumerate(labels)]
    cells = [[Cell(text=text) for text in row] for row in rows]
    return Table(of="table", columns=columns, groups=[Group(heading="", rows=cells)], small=True)


def _money(minor: int, currency: str) -> str:
    return format_minor(minor, currency, babel_locale())


def _day(day: date) -> str:
    return dates.format_date(day, "medium", locale=babel_locale())


def send_statement(ctx: CallContext, client_id: UUID, first_day: date | None = None, last_day: date | None = None, *,
                   to: str = "", period_key: str | None = None) -> Letter:  # fmt: skip
    """Send a client its statement as PDF, by default to its billing address. Raises ClientNotFound, MailNotConfigured,
    MailInvalid, PdfFailed, and InvalidInput by field.
    """
    client = get_client(ctx, client_id)
    if not ctx.kernel.mail.host:
        raise MailNotConfigured
    recipient = to.strip() or address_of(client)
    if not recipient:
        raise InvalidInput(NO_ADDRESS, errors={"to": "Write an address here, or give the client a billing address."})
    pdf = print_statement(ctx, client_id, first_day, last_day)
    subject, body = _words(ctx, client, read_statements(ctx, client_id, first_day, last_day))
    letter = send_letter(ctx, client_id, recipient, kind="statement", subject=subject, body=body, period_key=period_key,
                         attachments=[Attachment("statement.pdf", "application/pdf", pdf)])  # fmt: skip
    audit.record(ctx, "statement.sent", kind="client", row_id=client_id, label=client.name, changes={"to": recipient})
    return letter


def _words(ctx: CallContext, client: Client, statements: Sequence[Statement]) -> tuple[str, str]:
    seller = seller_now(ctx)["name"]
    with in_language_of(ctx, client):
        sums = ", ".join(_money(one.closing, one.currency) for one in statements)
        says = _("attached is your statement of account from %(first)s to %(last)s. Its balance is %(sums)s.",
                 first=_day(statements[0].first_day), last=_day(statements[0].last_day), sums=sums)  # fmt: skip
        subject = _("Statement of account from %(seller)s", seller=seller)
        return subject, "\n\n".join([_("Good day,"), says, _("Kind regards"), seller])


def last_month(ctx: CallContext) -> tuple[date, date]:
    """The first and the last day of the month before this one."""
    last = ctx.today().replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last


def clients_to_inform(ctx: CallContext, period_key: str) -> list[UUID]:
    """Clients with an account that were not sent the statement of a period yet."""
    told = exists().where(Letter.tenant_id == LedgerEntry.tenant_id, Letter.client_id == LedgerEntry.client_id,
                          Letter.period_key == period_key)  # fmt: skip
    return list(ctx.session.scalars(select(LedgerEntry.client_id).where(~told).distinct().order_by(LedgerEntry.client_id)))


def inform_client(ctx: CallContext, client_id: UUID, first_day: date, last_day: date, period_key: str) -> bool:
    """Send a client the statement of a period if something moved or is open, once; True if it was sent."""
    moved = any(one.rows or one.closing for one in read_statements(ctx, client_id, first_day, last_day))
    sent = select(exists().where(among(Letter.client_id, [client_id]), Letter.period_key == period_key))
    if not moved or ctx.session.scalar(sent) or address_of(get_client(ctx, client_id)) is None:
        return False
    send_statement(ctx, client_id, first_day, last_day, period_key=period_key)
    return True
