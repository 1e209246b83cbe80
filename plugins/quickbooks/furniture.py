"""A verifier token, laid out for the house rules."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from kernel.context import CallContext
from plugins.quickbooks.services import set_verifier

NEEDS = ()


def furnish(ctx: CallContext, there: Mapping[str, UUID]) -> dict[str, UUID]:
    """The token that the tenant's webhooks are signed with."""
    set_verifier(ctx, "furniture-of-the-house-rules")
    return {}
