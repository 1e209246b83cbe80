"""Links to pay by: what their pages show, and who may see them: whoever has the address, and nobody else.

The secret part of an address names the tenant and 24 random bytes; the SHA-256 of all is kept.
"""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select

from kernel import audit
from kernel.directory.clients import get_client
from kernel.hookspecs.papers import InvoicePaper, Letterhead
from plugins.payments.errors import InvoiceUnknown, LinkUnknown, NothingToPay, PaymentUnderWay
from plugins.payments.models import MOST_INVOICES, Attempt, PaymentLink
from plugins.payments.services import find_provider, live_attempts, unbooked_attempt
from plugins.payments.settings import payment_settings

if TYPE_CHECKING:
    from kernel.context import CallContext

PATH = "/pay"
_RANDOM = 24
_LENGTH = 16 + _RANDOM


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page of a link shows. `state` is `open`, `paid`, `void`, `late` (the link holds no longer), `under_way`, `setup`,
    `agreed` or `closed` (no payment service is connected).
    """

    link: PaymentLink
    state: str
    letterhead: Letterhead
    locale: str
    client_name: str
    papers: tuple[InvoicePaper, ...]
    currency: str
    due: int
    attempt: Attempt | None


def make_link(ctx: CallContext, invoice_ids: Sequence[UUID]) -> str:
    """A new address to pay these invoices of one client and currency at. Raises InvoiceUnknown and NothingToPay."""
    if not 1 <= len(invoice_ids) <= MOST_INVOICES:
        raise NothingToPay(f"Choose 1 to {MOST_INVOICES} invoices.")
    papers = list(ctx.hooks.get_invoice_papers(ctx=ctx, invoice_ids=list(invoice_ids)).values())
    if len(papers) != len(set(invoice_ids)):
        raise InvoiceUnknown("There is no invoice with this id.")
    if any(one.due <= 0 or one.status != "finalized" for one in papers):
        raise NothingToPay("Choose final invoices that are not paid.")
    if len({(one.client_id, one.currency) for one in papers}) != 1:
        raise NothingToPay("Choose invoices of one client in one currency.")
    for one in papers:
        audit.record(ctx, "invoice.payment_link_made", kind="invoice", row_id=one.id, label=one.number)
    return _new_link(ctx, papers[0].client_id, [one.id for one in papers])


def make_setup_link(ctx: CallContext, client_id: UUID) -> str:
    """A new address at which a client leaves a way to pay its invoices by. Raises ClientNotFound."""
    client = get_client(ctx, client_id)
    audit.record(ctx, "client.payment_link_made", kind="client", row_id=client.id, label=client.name)
    return _new_link(ctx, client.id, [])


def _new_link(ctx: CallContext, client_id: UUID, invoice_ids: Sequence[UUID]) -> str:
    raw = ctx.tenant_id.bytes + secrets.token_bytes(_RANDOM)
    until = ctx.now() + timedelta(days=payment_settings(ctx)["link_days"])
    ids, digest = [str(one) for one in invoice_ids], hashlib.sha256(raw).digest()
    ctx.session.add(PaymentLink(client_id=client_id, token_hash=digest, invoice_ids=ids, made_by=ctx.actor.name,
                                made_at=ctx.now(), expires_at=until))  # fmt: skip
    ctx.session.flush()
    return f"{ctx.kernel.settings.url}{PATH}/{urlsafe_b64encode(raw).decode().rstrip('=')}"


def tenant_of(token: str) -> UUID:
    """The tenant that an address names. Raises LinkUnknown for what is no address."""
    return UUID(bytes=_raw(token)[:16])


def _raw(token: str) -> bytes:
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        raw = b""
    if len(raw) != _LENGTH:
        raise LinkUnknown("This payment link is incomplete. Copy the whole address.")
    return raw


def find_link(ctx: CallContext, token: str) -> PaymentLink:
    """The link of an address. Raises LinkUnknown."""
    digest = hashlib.sha256(_raw(token)).digest()
    link = ctx.session.scalar(select(PaymentLink).where(PaymentLink.token_hash == digest))
    if link is None:
        raise LinkUnknown("There is no such payment link.")
    return link


def look_up(ctx: CallContext, link: PaymentLink) -> Shown:
    """What the page of a link shows now."""
    client, ids = get_client(ctx, link.client_id), [UUID(one) for one in link.invoice_ids]
    found = ctx.hooks.get_invoice_papers(ctx=ctx, invoice_ids=ids) if ids else {}
    papers = tuple(sorted(found.values(), key=lambda one: (one.due_date, one.number)))
    owed = [one for one in papers if one.status == "finalized" and one.due > 0]
    attempt = next(iter(live_attempts(ctx, [one.id for one in owed])), None) if papers else _last_set_up(ctx, link)
    return Shown(
        link, _state(ctx, link, papers, bool(owed), attempt), ctx.hooks.get_letterhead(ctx=ctx, client_id=client.id),
        client.locale or ctx.tenant.locale, client.name, papers, papers[0].currency if papers else client.currency,
        sum(one.due for one in owed), attempt,
    )  # fmt: skip


def _last_set_up(ctx: CallContext, link: PaymentLink) -> Attempt | None:
    mine = select(Attempt).where(Attempt.link_id == link.id, Attempt.kind == "setup")
    return ctx.session.scalar(mine.order_by(Attempt.id.desc()).limit(1))


def _state(ctx: CallContext, link: PaymentLink, papers: Sequence[InvoicePaper], owed: bool, attempt: Attempt | None) -> str:
    if papers and not owed:
        return "paid" if any(one.status == "finalized" for one in papers) else "void"
    if not papers and attempt is not None and attempt.state == "paid":
        return "agreed"
    if link.expires_at <= ctx.now():
        return "late"
    if attempt is not None and (attempt.kind == "auto" or attempt.state == "processing"):
        return "under_way"
    if owed and unbooked_attempt(ctx, [one.id for one in papers]) is not None:
        return "under_way"
    if find_provider(ctx) is None:
        return "closed"
    return "open" if papers else "setup"


def require_payable(shown: Shown) -> None:
    """Raises PaymentUnderWay or NothingToPay unless somebody can pay here now."""
    if shown.state == "under_way":
        raise PaymentUnderWay("A payment of this invoice is under way already.")
    if shown.state not in ("open", "setup"):
        raise NothingToPay("There is nothing to pay here any more. Load the page again.")


def mail_lines(ctx: CallContext, invoice_id: UUID) -> list[str]:
    """The line of an invoice's mail that names its payment page, where it can be paid online."""
    from kernel.web.i18n import gettext as _

    if not payment_settings(ctx)["link_in_mail"] or find_provider(ctx) is None:
        return []
    paper = ctx.hooks.get_invoice_papers(ctx=ctx, invoice_ids=[invoice_id]).get(invoice_id)
    if paper is None or paper.status != "finalized" or paper.due <= 0:
        return []
    return [_("Pay online: %(url)s", url=make_link(ctx, [invoice_id]))]
