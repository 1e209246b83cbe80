"""Billing runs and changes of contracts take turns, so that what a run has read still holds when it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from kernel.context import CallContext

_HOLD = text("select pg_advisory_xact_lock(hashtextextended(:what, 0))")
_CHANGE = text("select pg_advisory_xact_lock_shared(hashtextextended(:what, 0))")


def hold_contracts(ctx: CallContext) -> None:
    """Keep the tenant's contracts as they are until this transaction ends; waits for changes that are under way."""
    ctx.session.execute(_HOLD, {"what": _what(ctx)})


def begin_change(ctx: CallContext) -> None:
    """Begin to change contracts, beside others who do; waits for the batch that a run is billing."""
    ctx.session.execute(_CHANGE, {"what": _what(ctx)})


def _what(ctx: CallContext) -> str:
    return f"{ctx.tenant_id}|contracts"
