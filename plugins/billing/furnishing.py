"""What a tenant starts with in this room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plugins.billing import numbering
from plugins.billing.layouts.store import lay_out_known
from plugins.billing.receivables import levels, terms

if TYPE_CHECKING:
    from kernel.context import CallContext


def furnish_tenant(ctx: CallContext) -> None:
    """Series of numbers, terms of payment, levels of reminders, the layouts of the house."""
    numbering.lay_out_series(ctx)
    terms.lay_out_terms(ctx)
    levels.lay_out_levels(ctx)
    lay_out_known(ctx)
