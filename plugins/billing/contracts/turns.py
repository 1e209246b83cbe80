"""Billing runs and changes of contracts take turns, so that what a run has read still holds when it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from kernel.context import CallContext

TURNS = 4
"""How many may bill one run side by side. Each holds a turn of its own, which no other has; a change waits for all turns."""
_HOLD = text("select pg_advisory_xact_lock(hashtextextended(:what, 0))")
_CHANGE = text("select pg_advisory_xact_lock_shared(hashtextextended(:what || turn, 0)) from generate_series(0, :last) turn")


def hold_contracts(ctx: CallContext, turn: int = 0) -> None:
    """Keep the tenant's contracts as they are until this transaction ends; waits for changes that are under way."""
    ctx.session.execute(_HOLD, {"what": f"{_what(ctx)}{turn}"})


def begin_change(ctx: CallContext) -> None:
    """Begin to change contracts, beside others who do; waits for the batches that a run is billing."""
    ctx.session.execute(_CHANGE, {"what": _what(ctx), "last": TURNS - 1})


def _what(ctx: CallContext) -> str:
    return f"{ctx.tenant_id}|contracts|"
