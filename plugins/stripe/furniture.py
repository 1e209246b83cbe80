"""A connected account, laid out for the house rules."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from kernel.context import CallContext
from plugins.stripe.services import connect_account


def furnish(ctx: CallContext, there: Mapping[str, UUID]) -> dict[str, UUID]:
    """An account in test mode; nobody asks Stripe about it."""
    connect_account(ctx, secret_key="sk_test_house", webhook_secret="whsec_house")  # noqa: S106 - keys of nobody
    return {}
