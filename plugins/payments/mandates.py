"""Clients' consent to automatic payments: given on the service's page, by whom and when; ended by either side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select

from kernel import audit
from kernel.directory.clients import get_client
from kernel.hookspecs.paying import SavedMethod
from kernel.ids import uuid7
from plugins.payments.errors import MandateNotFound
from plugins.payments.models import Attempt, Mandate

if TYPE_CHECKING:
    from kernel.context import CallContext


def holding_mandate(ctx: CallContext, client_id: UUID) -> Mandate | None:
    """The consent that holds, if the client gave one."""
    return ctx.session.scalar(select(Mandate).where(Mandate.client_id == client_id, Mandate.ended_at.is_(None)))


def list_mandates(ctx: CallContext, client_id: UUID) -> Sequence[Mandate]:
    """What a client consented to, the latest first. Raises ClientNotFound."""
    get_client(ctx, client_id)
    return list(ctx.session.scalars(select(Mandate).where(Mandate.client_id == client_id).order_by(Mandate.id.desc())))


def keep_mandate(ctx: CallContext, attempt: Attempt, method: SavedMethod) -> Mandate:
    """Note the consent that came with an attempt; it takes the place of the one before."""
    client = get_client(ctx, attempt.client_id)
    ctx.session.refresh(client, with_for_update={"key_share": True})  # two pages of one client may end at the same moment
    before = holding_mandate(ctx, client.id)
    if before is not None and (before.provider, before.method) == (attempt.provider, method.id):
        return before
    if before is not None:
        _end(ctx, before)
    mandate = Mandate(id=uuid7(), client_id=client.id, provider=attempt.provider, customer=method.customer, method=method.id,
                      label=method.label, given_by=attempt.agreed_by, given_at=ctx.now())  # fmt: skip
    ctx.session.add(mandate)
    ctx.session.flush()
    audit.record(ctx, "client.automatic_payment_agreed", kind="client", row_id=client.id, label=client.name,
                 changes={"method": method.label, "by": attempt.agreed_by})  # fmt: skip
    return mandate


def end_mandate(ctx: CallContext, mandate_id: UUID) -> Mandate:
    """Charge a client automatically no more; what is under way ends as it does. Raises MandateNotFound."""
    mandate = ctx.session.scalar(select(Mandate).where(Mandate.id == mandate_id).with_for_update())
    if mandate is None:
        raise MandateNotFound("There is no consent with this id.")
    if mandate.ended_at is None:
        _end(ctx, mandate)
        audit.record(ctx, "client.automatic_payment_ended", kind="client", row_id=mandate.client_id,
                     label=get_client(ctx, mandate.client_id).name, changes={"method": mandate.label})  # fmt: skip
    return mandate


def _end(ctx: CallContext, mandate: Mandate) -> None:
    mandate.ended_at, mandate.ended_by = ctx.now(), ctx.actor.name
    ctx.session.flush()
