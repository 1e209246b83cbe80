"""What tenant and client have decided about credits: whether they apply by themselves, in which order, and when they end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from sqlalchemy import select

from kernel import audit
from kernel.db import among
from kernel.directory.clients import get_client
from kernel.errors import PreconditionFailed
from plugins.billing.models import Credit, CreditRule
from plugins.billing.settings import billing_settings

if TYPE_CHECKING:
    from kernel.context import CallContext

ORDERS = ("expiration_first", "oldest_first", "newest_first")
FREELY = ("grant", "prepayment", "transfer")
"""Origins of credits that end by rule unless the tenant says that all do: what a client paid too much is its own money."""


class Rule(NamedTuple):
    """How the credits of a client are used: `expiry_days` 0 means never."""

    auto_apply: bool
    apply_order: str
    expiry_days: int


def rules_of(ctx: CallContext, client_ids: Sequence[UUID]) -> dict[UUID, Rule]:
    """The rules that hold for clients: their own, else the tenant's."""
    settings = billing_settings(ctx)
    own = {one.client_id: one for one in ctx.session.scalars(select(CreditRule).where(among(CreditRule.client_id, client_ids)))}
    return {one: _merged(settings, own.get(one)) for one in client_ids}


def _merged(settings: dict[str, Any], own: CreditRule | None) -> Rule:
    usual = Rule(settings["credit_auto_apply"], settings["credit_order"], settings["credit_expiry_days"])
    if own is None:
        return usual
    return usual._replace(**{name: getattr(own, name) for name in Rule._fields if getattr(own, name) is not None})


def expiry_of(ctx: CallContext, client_id: UUID, origin: str) -> date | None:
    """The last day of a credit given today, by rule; None: it never ends."""
    if origin not in FREELY and billing_settings(ctx)["credit_expiry_covers"] != "all":
        return None
    days = rules_of(ctx, [client_id])[client_id].expiry_days
    return ctx.today() + timedelta(days=days) if days else None


def in_order(credits: Sequence[Credit], order: str) -> list[Credit]:
    """Credits in the order in which they are used: those that end first (never: last), the oldest, or the newest."""
    match order:
        case "newest_first":
            return sorted(credits, key=lambda one: (one.created_at, one.id), reverse=True)
        case "oldest_first":
            return sorted(credits, key=lambda one: (one.created_at, one.id))
    return sorted(credits, key=lambda one: (one.expires_on or date.max, one.created_at, one.id))


def get_rule(ctx: CallContext, client_id: UUID) -> CreditRule:
    """What a client has of its own; a fresh one where it has nothing. Raises ClientNotFound."""
    get_client(ctx, client_id)
    known = ctx.session.scalar(select(CreditRule).where(CreditRule.client_id == client_id))
    return known or CreditRule(client_id=client_id, version=0, auto_apply=None, expiry_days=None, apply_order=None)


def set_rule(ctx: CallContext, client_id: UUID, *, auto_apply: bool | None = None, expiry_days: int | None = None,
             apply_order: str | None = None, version: int | None = None) -> CreditRule:  # fmt: skip
    """Replace a client's own rules; None means as the tenant has it. Credits that are there keep their last day.

    Raises ClientNotFound and PreconditionFailed.
    """
    rule = get_rule(ctx, client_id)
    if version is not None and rule.version != version:
        raise PreconditionFailed("Somebody else changed this meanwhile. Load it again and repeat the change.")
    if rule not in ctx.session:
        rule = CreditRule(client_id=client_id)
        ctx.session.add(rule)
    rule.auto_apply, rule.expiry_days, rule.apply_order = auto_apply, expiry_days, apply_order
    ctx.session.flush()
    changes = {"auto_apply": auto_apply, "expiry_days": expiry_days, "apply_order": apply_order}
    audit.record(ctx, "credit_rule.changed", kind="client", row_id=client_id, changes=changes)
    return rule
