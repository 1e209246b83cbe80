"""Sending finalized invoices and credit notes by mail, as PDF, in the client's language."""

from __future__ import annotations

from collections.abc import Sequence
from email.utils import parseaddr
from typing import TYPE_CHECKING, Any
from uuid import UUID

from babel import dates
from sqlalchemy import case, select, update

from kernel import audit
from kernel.directory.clients import get_client
from kernel.errors import InvalidInput
from kernel.jobs.models import LIVE, Job
from kernel.mail import Attachment, Mail, MailNotConfigured, queue_mail
from kernel.money import format_minor
from kernel.web.i18n import babel_locale, speaking
from kernel.web.i18n import gettext as _
from plugins.billing.errors import BillingAddressMissing, InvoiceNotFinal
from plugins.billing.invoices import get_invoice, lock_invoice
from plugins.billing.models import Invoice, Sending
from plugins.billing.paper import print_invoice
from plugins.billing.parties import find_parties
from plugins.billing.settings import billing_settings

if TYPE_CHECKING:
    from kernel.context import CallContext
    from kernel.hookspecs.notify import Event

MOST = 10
_JOB = (Job.tenant_id == Sending.tenant_id) & (Job.id == Sending.job_id)
_STATE = case(
    (Sending.sent_at.is_not(None) | (Job.state == "succeeded"), "sent"),
    (Job.state.in_(LIVE), "waiting"),
    (Job.id.is_(None), "unknown"),
    else_="failed",
)


def send_invoice(ctx: CallContext, invoice_id: UUID, *, to: Sequence[str] = (), message: str = "") -> list[dict[str, Any]]:
    """Send an invoice to these addresses, by default to the client's billing address; returns all its sendings.

    The mail is in the job ledger when this transaction commits, and tried until the server takes it. Raises InvoiceNotFinal,
    BillingAddressMissing, MailNotConfigured, MailInvalid and InvalidInput by field, PdfFailed.
    """
    lock_invoice(ctx, invoice_id)  # so that it does not become a draft again while it is sent
    if not ctx.kernel.mail.host:
        raise MailNotConfigured
    invoice = _sendable(ctx, invoice_id)
    addresses = list(dict.fromkeys(one.strip() for one in to)) or [billing_address(ctx, invoice)]
    if len(addresses) > MOST:
        raise InvalidInput(errors={"to": f"At most {MOST} addresses."})
    mail = _mail(ctx, invoice, addresses, message.strip())
    for recipient, job_id in queue_mail(ctx, mail).items():
        ctx.session.add(Sending(invoice_id=invoice.id, mail_id=mail.id, recipient=recipient, job_id=job_id,
                                    asked_by=ctx.actor.name, created_at=ctx.now()))  # fmt: skip
    ctx.session.flush()
    audit.record(ctx, "invoice.sent", kind="invoice", row_id=invoice.id, label=invoice.number, changes={"to": addresses})
    return list_sendings(ctx, invoice.id)


def list_sendings(ctx: CallContext, invoice_id: UUID) -> list[dict[str, Any]]:
    """To whom an invoice was sent, the latest first; `state` is waiting, sent, failed, or unknown where neither job nor answer
    is left."""
    wanted = (
        select(
            Sending.id, Sending.recipient, _STATE.label("state"), Job.error["detail"].astext.label("error"), Sending.job_id,
            Sending.asked_by, Sending.created_at, Sending.sent_at,
        )
        .outerjoin(Job, _JOB).where(Sending.invoice_id == invoice_id).order_by(Sending.id.desc())
    )  # fmt: skip
    rows = [dict(row) for row in ctx.session.execute(wanted).mappings()]
    return [row | ({"error": None} if row["state"] == "sent" else {}) for row in rows]


def note_sent(ctx: CallContext, event: Event) -> None:
    """The mail server took a mail; if it carried an invoice, note when."""
    mine = (Sending.mail_id == event.payload["mail_id"]) & (Sending.recipient == event.payload["recipient"])
    ctx.session.execute(
        update(Sending).where(mine, Sending.sent_at.is_(None)).values(sent_at=event.occurred_at),
        execution_options={"synchronize_session": False},
    )


def billing_address(ctx: CallContext, invoice: Invoice) -> str:
    """Where the client wants invoices: the billing address of today, else the one that was on the invoice when it was
    finalized. Raises BillingAddressMissing."""
    client = get_client(ctx, invoice.client_id)
    address = client.billing_email or client.email or (invoice.parties or {}).get("buyer", {}).get("email")
    if not address:
        raise BillingAddressMissing(
            f"{client.name} has no billing address.",
            errors={"to": "Write an address here, or give the client a billing address."},
        )
    return str(address)


def first_words(ctx: CallContext, invoice_id: UUID) -> dict[str, str]:
    """What the form for sending begins with: `to` and `message`. Raises InvoiceNotFinal."""
    invoice = _sendable(ctx, invoice_id)
    try:
        address = billing_address(ctx, invoice)
    except BillingAddressMissing:
        address = ""
    parties = find_parties(ctx, [invoice])[invoice.id]
    with speaking(parties["buyer"]["locale"] or ctx.tenant.locale):
        return {"to": address, "message": _words(invoice, parties["seller"]["name"])}


def _sendable(ctx: CallContext, invoice_id: UUID) -> Invoice:
    invoice = get_invoice(ctx, invoice_id)
    if invoice.status != "finalized":
        raise InvoiceNotFinal(f"{invoice.number} is {invoice.status}; only finalized invoices are sent.")
    return invoice


def _mail(ctx: CallContext, invoice: Invoice, addresses: Sequence[str], message: str) -> Mail:
    parties = find_parties(ctx, [invoice])[invoice.id]
    seller = parties["seller"]["name"]
    with speaking(parties["buyer"]["locale"] or ctx.tenant.locale):
        credit = invoice.kind == "credit_note"
        subject = _("Credit note %(number)s from %(seller)s", number=invoice.number, seller=seller) if credit else _(
            "Invoice %(number)s from %(seller)s", number=invoice.number, seller=seller)  # fmt: skip
        answers = ctx.hooks.collect_mail_lines(ctx=ctx, invoice_id=invoice.id)
        text = "\n\n".join([message or _words(invoice, seller), *(line for lines in answers for line in lines)])
    return Mail(to=tuple(addresses), subject=subject, text=f"{text}\n", sender=sender_of(ctx, seller),
                reply_to=billing_settings(ctx)["reply_to"], attachments=_attachments(ctx, invoice))  # fmt: skip


def _attachments(ctx: CallContext, invoice: Invoice) -> tuple[Attachment, ...]:
    """The PDF, and what other rooms give in its place or beside it."""
    pdf = print_invoice(ctx, invoice)
    answers = ctx.hooks.collect_attachments(ctx=ctx, invoice_id=invoice.id, pdf=pdf)
    more = sorted(one for answer in answers for one in answer)
    own = [Attachment(f"{invoice.number.replace('/', '-')}.pdf", "application/pdf", pdf)]
    given = [Attachment(one.name, one.content_type, one.content) for one in more]
    return tuple(given if any(one.replaces_pdf for one in more) else own + given)


def print_by_id(ctx: CallContext, invoice_id: UUID) -> bytes:
    """The PDF of an invoice. Raises InvoiceNotFound and PdfFailed."""
    return print_invoice(ctx, get_invoice(ctx, invoice_id))


def sender_of(ctx: CallContext, seller: str) -> str:
    """The installation's address under the seller's name."""
    name = "".join(one for one in seller if one.isprintable() and one not in '<>"\\')
    return f'"{name}" <{parseaddr(ctx.kernel.mail.sender)[1]}>'


def _words(invoice: Invoice, seller: str) -> str:
    facts = {"number": invoice.number, "day": _day(invoice.invoice_date), "due": _day(invoice.due_date), "seller": seller,
             "total": format_minor(invoice.total, invoice.currency, babel_locale())}  # fmt: skip
    if invoice.kind == "credit_note":
        says = _("attached is credit note %(number)s of %(day)s over %(total)s.", **facts)
    else:
        says = _("attached is invoice %(number)s of %(day)s over %(total)s, due on %(due)s.", **facts)
    return "\n\n".join([_("Good day,"), says, _("Kind regards"), seller])


def _day(day: Any) -> str:
    return dates.format_date(day, "long", locale=babel_locale())
