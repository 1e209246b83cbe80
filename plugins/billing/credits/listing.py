"""Lists of credits, and how each stands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Select, case, cast, func, select

from kernel.api.listing import Page, paginate
from kernel.db import fetch_rows
from kernel.directory.models import Client
from plugins.billing.models import Credit

if TYPE_CHECKING:
    from kernel.context import CallContext

STATES = ("available", "partly_used", "used", "expired")
_SORTABLE: dict[str, ColumnElement[Any]] = {
    "created_at": Credit.created_at.expression,
    "expires_on": Credit.expires_on.expression,
    "remaining": Credit.remaining.expression,
}


def state_of(credit: Credit, today: date) -> str:
    """How a credit stands: one of `STATES`. What a person or the night has ended is expired."""
    if credit.expired_at is not None or (credit.remaining and credit.expires_on is not None and credit.expires_on < today):
        return "expired"
    if not credit.remaining:
        return "used"
    return "available" if credit.remaining == credit.amount else "partly_used"


def _state(today: date) -> ColumnElement[str]:
    """`state_of` as the database reckons it."""
    over = Credit.expired_at.is_not(None) | ((Credit.remaining > 0) & (Credit.expires_on < today))
    return case(
        (over, "expired"), (Credit.remaining == 0, "used"), (Credit.remaining == Credit.amount, "available"), else_="partly_used"
    ).label("state")


@lru_cache(maxsize=8)
def _rows(today: date) -> Select[Any]:
    client = (Client.tenant_id == Credit.tenant_id) & (Client.id == Credit.client_id)
    return select(
        Credit.id, Credit.version, Credit.client_id, Client.name.label("client_name"), _state(today), Credit.origin,
        Credit.currency, Credit.amount, Credit.remaining, Credit.invoice_id, Credit.payment_id, Credit.transferred_from_id,
        Credit.reason, Credit.expires_on, Credit.created_at,
    ).join(Client, client)  # fmt: skip


def list_credits(ctx: CallContext, query: Mapping[str, Any]) -> Page:
    """One page of credits with what is left of them and how they stand."""
    return paginate(ctx, _rows(ctx.today()), query, sortable=_SORTABLE, default="-created_at")


def balances_of(ctx: CallContext, client_id: UUID) -> list[dict[str, Any]]:
    """What a client can use today, by currency: `available`, `expiring` of it, and the `first_day` on which some ends."""
    usable = (Credit.remaining > 0) & (Credit.expires_on.is_(None) | (Credit.expires_on >= ctx.today()))
    expiring = func.coalesce(func.sum(Credit.remaining).filter(Credit.expires_on.is_not(None)), 0)
    wanted = (
        select(
            Credit.currency, cast(func.sum(Credit.remaining), BigInteger).label("available"),
            cast(expiring, BigInteger).label("expiring"), func.min(Credit.expires_on).label("first_day"),
        )
        .where(usable, Credit.client_id == client_id).group_by(Credit.currency).order_by(Credit.currency)
    )  # fmt: skip
    return fetch_rows(ctx.session, wanted)
