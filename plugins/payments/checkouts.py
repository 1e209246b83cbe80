"""From a link to the page of the payment service: a row first, then the service, then what it answered.

The row is there before the service is asked, so a lost answer or a dead process leaves an attempt that the next click takes up
with the same request id, never a second one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from kernel.directory.clients import get_client
from kernel.errors import InvalidInput
from kernel.hookspecs.paying import CheckoutAsked, PaymentGateway, PaymentRefused, Seen
from kernel.ids import uuid7
from kernel.money import exponent
from plugins.payments.applying import apply_seen
from plugins.payments.errors import NothingToPay, PaymentUnderWay
from plugins.payments.links import PATH, Shown, find_link, look_up, require_payable, tenant_of
from plugins.payments.mandates import holding_mandate
from plugins.payments.models import Attempt, AttemptInvoice
from plugins.payments.services import end_attempt, find_provider, get_attempt, open_gateway, shares_of, sought

if TYPE_CHECKING:
    from kernel.app import Kernel
    from kernel.context import CallContext

OPEN_FOR = timedelta(minutes=45)
"""How long the service's page waits; Stripe allows no less than half an hour."""
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class _Begun:
    """An attempt whose page is to be opened, or which is in the way of another one."""

    attempt_id: UUID
    gateway: PaymentGateway
    asked: CheckoutAsked | None
    url: str
    fits: bool


def open_checkout(kernel: Kernel, token: str, *, agreed_by: str = "") -> str:
    """The address of the service's page on which what a link asks for is paid. `agreed_by` names who consents to later
    payments by the same way, and is empty where nobody does.

    Raises LinkUnknown, NothingToPay, PaymentUnderWay, InvalidInput, PaymentRefused and Unavailable.
    """
    tenant_id = tenant_of(token)
    for _ in range(_ROUNDS):
        with kernel.call(tenant_id) as ctx:
            begun = _begin(ctx, token, agreed_by.strip()[:200])
        if begun.asked is not None:
            return _start(kernel, tenant_id, begun, begun.asked)
        if begun.fits:
            return begun.url
        _clear_the_way(kernel, tenant_id, begun)
    raise PaymentUnderWay("Somebody else is paying at this moment. Try again in a minute.")


def _begin(ctx: CallContext, token: str, agreed_by: str) -> _Begun:
    shown = look_up(ctx, find_link(ctx, token))
    require_payable(shown)
    if shown.state == "setup" and not agreed_by:
        raise InvalidInput(errors={"agreed_by": "Write who agrees to automatic payments."})
    known = shown.attempt
    if known is not None and known.state == "open":
        fits = known.amount == shown.due and known.keep_method == bool(agreed_by) and _until(known) > ctx.now()
        return _Begun(known.id, open_gateway(ctx, known.provider), None, known.url, fits)
    attempt = known if known is not None and known.live else _new_attempt(ctx, shown, agreed_by)
    return _Begun(attempt.id, open_gateway(ctx, attempt.provider), _asked(ctx, attempt, shown.link.id, token), "", False)


def _until(attempt: Attempt) -> datetime:
    return attempt.until - timedelta(minutes=1) if attempt.until else attempt.started_at


def _new_attempt(ctx: CallContext, shown: Shown, agreed_by: str) -> Attempt:
    provider = find_provider(ctx)
    if provider is None:
        raise NothingToPay("No payment service is connected.")
    owed = [one for one in shown.papers if one.status == "finalized" and one.due > 0]
    attempt = Attempt(
        id=uuid7(), client_id=shown.link.client_id, link_id=shown.link.id, kind="checkout" if owed else "setup",
        provider=provider.key, currency=shown.currency, amount=shown.due, keep_method=bool(agreed_by), agreed_by=agreed_by,
        until=ctx.now() + OPEN_FOR, called_at=ctx.now(), looked_at=ctx.now(), started_at=ctx.now(),
    )  # fmt: skip
    ctx.session.add(attempt)
    ctx.session.flush()
    for one in owed:
        claim_invoice(ctx, attempt, one.id, one.number, one.due)
    return attempt


def claim_invoice(ctx: CallContext, attempt: Attempt, invoice_id: UUID, number: str, amount: int) -> None:
    """Let no other attempt pay this invoice as long as this one lives. Raises PaymentUnderWay where one does."""
    row = {"tenant_id": ctx.tenant_id, "id": uuid7(), "attempt_id": attempt.id, "invoice_id": invoice_id, "number": number,
           "amount": amount, "live": True}  # fmt: skip
    fresh = insert(AttemptInvoice).values(row).on_conflict_do_nothing().returning(AttemptInvoice.id)
    if ctx.session.scalar(fresh) is None:
        raise PaymentUnderWay(f"A payment of {number} is under way already.")


def _asked(ctx: CallContext, attempt: Attempt, link_id: UUID, token: str) -> CheckoutAsked:
    """What the service shall show. Another link to the same invoice sends its payer back to itself: another request."""
    here = f"{ctx.kernel.settings.url}{PATH}/{token}"
    client, mandate = get_client(ctx, attempt.client_id), holding_mandate(ctx, attempt.client_id)
    numbers = ", ".join(one.number for one in shares_of(ctx, attempt.id)[:10])
    return CheckoutAsked(
        request_id=f"{attempt.id}:{link_id}", attempt_id=attempt.id, currency=attempt.currency,
        exponent=exponent(attempt.currency), amount=attempt.amount, words=numbers or ctx.tenant.name, client_name=client.name,
        email=client.billing_email or client.email or "", keep_method=attempt.keep_method,
        customer=mandate.customer if mandate and mandate.provider == attempt.provider else "",
        done_url=f"{here}/done", back_url=here, until=attempt.until or ctx.now(),
    )  # fmt: skip


def _start(kernel: Kernel, tenant_id: UUID, begun: _Begun, asked: CheckoutAsked) -> str:
    try:
        page = begun.gateway.start_checkout(asked)
    except PaymentRefused as refusal:
        with kernel.call(tenant_id) as ctx:
            end_attempt(ctx, get_attempt(ctx, begun.attempt_id, lock=True), "failed", code="refused", words=refusal.detail)
        raise
    with kernel.call(tenant_id) as ctx:
        attempt = get_attempt(ctx, begun.attempt_id, lock=True)
        if attempt.state == "starting":
            attempt.state = "open"
        attempt.checkout, attempt.url = page.id, page.url
    return page.url


def _clear_the_way(kernel: Kernel, tenant_id: UUID, begun: _Begun) -> None:
    """Close a page that asks for another amount, or is about to close; or learn that it was paid just now."""
    with kernel.call(tenant_id) as ctx:
        wanted = sought(get_attempt(ctx, begun.attempt_id))
    closed = begun.gateway.close_checkout(wanted.checkout)
    seen = Seen("expired") if closed else begun.gateway.look(wanted)
    with kernel.call(tenant_id) as ctx:
        apply_seen(ctx, begun.attempt_id, seen)
