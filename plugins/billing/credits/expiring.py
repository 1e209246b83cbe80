"""What time does to credits: notices before their last day, and their end after it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from babel import dates
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from kernel import events
from kernel.directory.clients import get_clients
from kernel.directory.models import Client
from kernel.ids import uuid7
from kernel.mail import Mail, MailInvalid, queue_mail
from kernel.money import format_minor
from kernel.web.i18n import babel_locale, speaking
from kernel.web.i18n import gettext as _
from plugins.billing.credits.giving import end_credit
from plugins.billing.credits.moving import said_of
from plugins.billing.models import Credit, CreditNotice
from plugins.billing.settings import billing_settings

if TYPE_CHECKING:
    from kernel.context import CallContext

BATCH = 200
_log = logging.getLogger("deskhand.billing")


def expire_next(ctx: CallContext) -> int:
    """End the next credits whose last day is over, in the tenant's zone; returns how many. Each ends once: nothing is left."""
    over = (Credit.remaining > 0) & (Credit.expires_on < ctx.today())
    wanted = select(Credit).where(over).order_by(Credit.id).limit(BATCH).with_for_update()
    ended = list(ctx.session.scalars(wanted, execution_options={"populate_existing": True}))
    for credit in ended:
        end_credit(ctx, credit, "")
    return len(ended)


def give_notices(ctx: CallContext) -> int:
    """Say which credits end soon, once for each of the days that the tenant has set; by mail too if it says so.

    Returns how many notices.
    """
    settings = billing_settings(ctx)
    steps = sorted({int(one) for one in settings["credit_notice_days"].split(",") if one.strip()})
    if not steps:
        return 0
    last = ctx.today() + timedelta(days=steps[-1])
    soon = (Credit.remaining > 0) & Credit.expires_on.between(ctx.today(), last)
    fresh = [one for one in ctx.session.scalars(select(Credit).where(soon).order_by(Credit.id)) if _note(ctx, one, steps)]
    for credit in fresh:
        events.publish(ctx, "credit.expiring", {**said_of(credit), "amount": credit.remaining, "expires_on": credit.expires_on,
                                                "days_left": _days_left(ctx, credit)})  # fmt: skip
    if settings["credit_notice_mail"] and ctx.kernel.mail.host:
        _write_mails(ctx, fresh, settings["reply_to"])
    return len(fresh)


def _days_left(ctx: CallContext, credit: Credit) -> int:
    return 0 if credit.expires_on is None else (credit.expires_on - ctx.today()).days


def _note(ctx: CallContext, credit: Credit, steps: Sequence[int]) -> bool:
    """Whether the notice of the nearest step is a new one."""
    row = {
        "tenant_id": ctx.tenant_id, "id": uuid7(), "credit_id": credit.id, "expires_on": credit.expires_on,
        "days_before": next(step for step in steps if step >= _days_left(ctx, credit)), "noticed_at": ctx.now(),
    }  # fmt: skip
    once = insert(CreditNotice).values(row).on_conflict_do_nothing().returning(CreditNotice.id)
    return ctx.session.scalar(once) is not None


def _write_mails(ctx: CallContext, credits: Sequence[Credit], reply_to: str) -> None:
    """One mail to each client with all of its credits; who has no address gets none, and the event says it all the same."""
    of_client: dict[UUID, list[Credit]] = {}
    for credit in credits:
        of_client.setdefault(credit.client_id, []).append(credit)
    for client_id, client in get_clients(ctx, sorted(of_client)).items():
        address = client.billing_email or client.email
        if address:
            _write_mail(ctx, client, address, of_client[client_id], reply_to)


def _write_mail(ctx: CallContext, client: Client, address: str, credits: Sequence[Credit], reply_to: str) -> None:
    with speaking(client.locale or ctx.tenant.locale):
        rows = [
            _("%(amount)s until %(day)s", amount=format_minor(one.remaining, one.currency, babel_locale()),
              day=dates.format_date(one.expires_on, "long", locale=babel_locale()))
            for one in credits
        ]  # fmt: skip
        mail = Mail(
            to=(address,), subject=_("Your credit with %(seller)s ends soon", seller=ctx.tenant.name), reply_to=reply_to,
            text="\n\n".join([_("Good day,"), _("these credits can still be used:"), "\n".join(rows), _("Kind regards"),
                              ctx.tenant.name]),
        )  # fmt: skip
    try:
        queue_mail(ctx, mail)
    except MailInvalid:  # the client's address is no address; the other clients are told all the same
        _log.warning("The notice of expiring credits could not be mailed to client %s", client.id, exc_info=True)
        return
    told = CreditNotice.credit_id.in_([one.id for one in credits]) & (CreditNotice.mailed_to == "")
    ctx.session.execute(update(CreditNotice).where(told).values(mailed_to=address),
                        execution_options={"synchronize_session": False})  # fmt: skip
