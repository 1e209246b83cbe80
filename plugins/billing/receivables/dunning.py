"""Dunning: who is to be reminded of which overdue invoices, and sending it. The preview is what is sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, cast, exists, func, or_, select, text

from kernel import audit, events
from kernel.db import among
from kernel.directory.clients import get_client, get_clients
from kernel.directory.models import Client
from kernel.errors import InvalidInput
from kernel.ids import uuid7
from kernel.mail import MailNotConfigured
from plugins.billing.bulk import insert_rows
from plugins.billing.models import DunningLevel, Hold, Invoice, Payer, Reminder
from plugins.billing.receivables.letters import NO_ADDRESS, address_of, in_language_of, send_letter
from plugins.billing.receivables.levels import Words, list_levels, texts_of, words_for
from plugins.billing.receivables.overdue import is_overdue
from plugins.billing.receivables.reminder_words import Reminded, fill_words, house_words
from plugins.billing.settings import billing_settings

if TYPE_CHECKING:
    from kernel.context import CallContext

_CLAIM = text("select pg_advisory_xact_lock(hashtextextended(:claim, 0))")
_REMINDER = ("id", "invoice_id", "letter_id", "level", "reminded_on", "open_amount", "fee")


class ReminderPlan(NamedTuple):
    """The one mail that a client gets: all its late invoices, each at the level it has reached, in the words of the highest.
    `problem` says why it cannot be sent.
    """

    client: Client
    recipient: str | None
    problem: str | None
    level: DunningLevel
    subject: str
    body: str
    invoices: list[Reminded]


def is_on(ctx: CallContext) -> bool:
    """Whether the tenant has its clients reminded each night."""
    return bool(billing_settings(ctx)["reminders"])


def clients_to_remind(ctx: CallContext) -> list[UUID]:
    """The clients with an invoice that has reached a level at which they were not reminded yet."""
    return [plan.client.id for plan in plan_reminders(ctx)]


def plan_reminders(ctx: CallContext, client_ids: Sequence[UUID] | None = None) -> list[ReminderPlan]:
    """What would be sent now, by client name; nothing is written."""
    levels = list_levels(ctx)
    by_client: dict[UUID, list[Reminded]] = {}
    for one in _late(ctx, levels, client_ids):
        by_client.setdefault(one.client_id, []).append(one)
    wanted = {client_id: found for client_id, found in by_client.items() if any(one.new for one in found)}
    clients, texts = get_clients(ctx, sorted(wanted)), texts_of(ctx)
    named = {one.level: one for one in levels}
    plans = (_plan(ctx, clients[client_id], found, named, texts) for client_id, found in wanted.items())
    return sorted(plans, key=lambda plan: (plan.client.name_key, plan.client.id))


def _late(ctx: CallContext, levels: Sequence[DunningLevel], client_ids: Sequence[UUID] | None) -> Iterable[Reminded]:
    """Every late invoice that has reached a level; neither held, nor of a client that is not reminded."""
    today = ctx.today()
    held = exists().where(Hold.tenant_id == Invoice.tenant_id, Hold.invoice_id == Invoice.id)
    payer = (Payer.tenant_id == Invoice.tenant_id) & (Payer.client_id == Invoice.client_id)
    last = (
        select(cast(func.max(Reminder.level), BigInteger))
        .where(Reminder.tenant_id == Invoice.tenant_id, Reminder.invoice_id == Invoice.id).scalar_subquery()
    )  # fmt: skip
    wanted = (
        select(Invoice, last, func.coalesce(Payer.late_fees, True)).outerjoin(Payer, payer)
        .where(is_overdue(today), ~held, or_(Payer.reminders.is_(None), Payer.reminders))
        .order_by(Invoice.due_date, Invoice.number)
    )  # fmt: skip
    if client_ids is not None:
        wanted = wanted.where(among(Invoice.client_id, client_ids))
    for invoice, reminded_at, fees in ctx.session.execute(wanted):
        late = (today - invoice.due_date).days
        reached = [one for one in levels if one.days <= late]
        if reached:
            yield _reminded(invoice, late, reached[-1], reminded_at or 0, fees)


def _reminded(invoice: Invoice, late: int, level: DunningLevel, reminded_at: int, fees: bool) -> Reminded:
    new = level.level > reminded_at
    fee = level.fee if new and fees and level.fee_currency == invoice.currency else None
    return Reminded(invoice.id, invoice.client_id, invoice.number, invoice.invoice_date, invoice.due_date, late, level.level,
                    new, invoice.currency, invoice.total - invoice.settled, fee)  # fmt: skip


def _plan(ctx: CallContext, client: Client, found: list[Reminded], levels: dict[int, DunningLevel],
          texts: dict[UUID, list[Words]]) -> ReminderPlan:  # fmt: skip
    level = levels[max(one.level for one in found)]
    own = words_for(texts.get(level.id, ()), (client.locale, ctx.tenant.locale))
    with in_language_of(ctx, client):
        said = fill_words(ctx, own or house_words(level.level, max(levels)), client, level, found)
    recipient = address_of(client)
    return ReminderPlan(client, recipient, None if recipient else NO_ADDRESS, level, said.subject, said.body, found)


def remind_client(ctx: CallContext, client_id: UUID) -> str | None:
    """Send a client the reminder that is due, if one is; returns why it could not be sent, if so.

    Two at once wait for each other, and the database refuses the same level of an invoice twice. Raises MailNotConfigured.
    """
    ctx.session.execute(_CLAIM, {"claim": f"{ctx.tenant_id}|reminder|{client_id}"})
    for plan in plan_reminders(ctx, [client_id]):
        if plan.recipient is None:
            return plan.problem
        _send(ctx, plan, plan.recipient)
    return None


def _send(ctx: CallContext, plan: ReminderPlan, recipient: str) -> None:
    letter = send_letter(ctx, plan.client.id, recipient, kind="reminder", subject=plan.subject, body=plan.body)
    new = [one for one in plan.invoices if one.new]
    insert_rows(ctx.session, Reminder, _REMINDER, [
        (uuid7(), one.invoice_id, letter.id, one.level, ctx.today(), one.open_amount, one.fee) for one in new
    ])  # fmt: skip
    for one in new:
        audit.record(ctx, "invoice.reminded", kind="invoice", row_id=one.invoice_id, label=one.number,
                     changes={"level": one.level})  # fmt: skip
    events.publish(ctx, "client.reminded", {"client_id": plan.client.id, "level": plan.level.level,
                                            "invoice_ids": [one.invoice_id for one in new]})  # fmt: skip


def remind_now(ctx: CallContext, client_ids: Sequence[UUID] | None = None) -> tuple[int, dict[UUID, str]]:
    """Send what is due by hand, to these clients or to all: how many mails, and for whom something was in the way.

    Raises InvalidInput for a client that is not there, and MailNotConfigured.
    """
    if client_ids is not None and len(get_clients(ctx, client_ids)) != len(set(client_ids)):
        raise InvalidInput(errors={"client_ids": "One of these clients is not there."})
    wanted = [plan.client.id for plan in plan_reminders(ctx, client_ids)]
    if wanted and not ctx.kernel.mail.host:
        raise MailNotConfigured
    outcomes = {client_id: remind_client(ctx, client_id) for client_id in wanted}
    problems = {client_id: words for client_id, words in outcomes.items() if words}
    return len(outcomes) - len(problems), problems


def list_reminders(ctx: CallContext, invoice_id: UUID) -> list[Reminder]:
    """When a client was reminded of an invoice, the first time first."""
    return list(ctx.session.scalars(select(Reminder).where(Reminder.invoice_id == invoice_id).order_by(Reminder.level)))


def plan_of_client(ctx: CallContext, client_id: UUID) -> ReminderPlan | None:
    """The reminder that a client would get now. Raises ClientNotFound."""
    get_client(ctx, client_id)
    return next(iter(plan_reminders(ctx, [client_id])), None)
