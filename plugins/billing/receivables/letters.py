"""Letters: mails to clients about their account, kept with their words, and how they stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import Select, case, select, update

from kernel.api.listing import Page, paginate
from kernel.directory.models import Client
from kernel.jobs.models import LIVE, Job
from kernel.mail import Attachment, Mail, queue_mail
from kernel.web.i18n import speaking
from plugins.billing.models import Letter
from plugins.billing.sending import sender_of
from plugins.billing.settings import billing_settings

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from kernel.context import CallContext
    from kernel.hookspecs.notify import Event

_JOB = (Job.tenant_id == Letter.tenant_id) & (Job.id == Letter.job_id)
_STATE = case(
    (Letter.sent_at.is_not(None) | (Job.state == "succeeded"), "sent"),
    (Job.state.in_(LIVE), "waiting"),
    (Job.id.is_(None), "unknown"),
    else_="failed",
)
NO_ADDRESS = "The client has no billing address."


def address_of(client: Client) -> str | None:
    """Where a client wants its bills."""
    return client.billing_email or client.email


def in_language_of(ctx: CallContext, client: Client) -> AbstractContextManager[None]:
    """Speak the client's language, else the tenant's, inside the block."""
    return speaking(client.locale or ctx.tenant.locale)


def seller_name(ctx: CallContext) -> str:
    """How the MSP signs."""
    return str(billing_settings(ctx)["seller_name"] or ctx.tenant.name)


def send_letter(ctx: CallContext, client_id: UUID, recipient: str, *, kind: str, subject: str, body: str,
                attachments: Sequence[Attachment] = (), period_key: str | None = None) -> Letter:  # fmt: skip
    """Send a mail to a client once the caller's transaction has committed, and keep its words. The database refuses a second
    letter of a kind for the same `period_key`.

    Raises MailNotConfigured and MailInvalid.
    """
    mail = Mail(to=(recipient,), subject=subject, text=f"{body}\n", sender=sender_of(ctx, seller_name(ctx)),
                reply_to=billing_settings(ctx)["reply_to"], attachments=tuple(attachments))  # fmt: skip
    [job_id] = queue_mail(ctx, mail).values()
    letter = Letter(client_id=client_id, kind=kind, subject=subject, body=body, recipient=recipient, mail_id=mail.id,
                    job_id=job_id, asked_by=ctx.actor.name, period_key=period_key, created_at=ctx.now())  # fmt: skip
    ctx.session.add(letter)
    ctx.session.flush()
    return letter


def note_sent(ctx: CallContext, event: Event) -> None:
    """The mail server took a mail; if it was a letter, note when."""
    mine = (Letter.mail_id == event.payload["mail_id"]) & (Letter.recipient == event.payload["recipient"])
    ctx.session.execute(
        update(Letter).where(mine, Letter.sent_at.is_(None)).values(sent_at=event.occurred_at),
        execution_options={"synchronize_session": False},
    )


def list_letters(ctx: CallContext, query: Mapping[str, Any]) -> Page:
    """One page of letters with client names and how they stand, the latest first."""
    return paginate(ctx, _letters(), query, sortable={"created_at": Letter.created_at}, default="-created_at")


def letter_row(ctx: CallContext, letter_id: UUID) -> dict[str, Any]:
    """One letter as lists show it."""
    return dict(ctx.session.execute(_letters().where(Letter.id == letter_id)).mappings().one())


def _letters() -> Select[Any]:
    client = (Client.tenant_id == Letter.tenant_id) & (Client.id == Letter.client_id)
    return select(
        Letter.id, Letter.client_id, Client.name.label("client_name"), Letter.kind, Letter.subject, Letter.body,
        Letter.recipient, _STATE.label("state"), Letter.asked_by, Letter.created_at, Letter.sent_at,
    ).join(Client, client).outerjoin(Job, _JOB)  # fmt: skip
