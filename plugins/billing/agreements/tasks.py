"""Background work of agreements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from plugins.billing.agreements import renewals

if TYPE_CHECKING:
    from kernel.context import CallContext


def renew_contracts(ctx: CallContext) -> dict[str, Any]:
    """One night's renewals, in one transaction."""
    done = renewals.renew_all(ctx)
    return {
        "url": "/contract-renewals",
        "says": f"{done['renewed']} renewed, {done['due']} newly due",
        **done,
    }
