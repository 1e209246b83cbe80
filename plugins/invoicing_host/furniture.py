"""A charge of an extension, laid out for the house rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from kernel.context import Actor, CallContext
from kernel.ids import uuid7
from plugins.invoicing_host.charges import keep_charges

NEEDS = ("client_id", "item_id")


def furnish(ctx: CallContext, there: Mapping[str, UUID]) -> dict[str, UUID]:
    """A charge that waits for a run."""
    install = replace(ctx, actor=Actor("extension", uuid7(), "Demo", author="demo@1.0.0"))
    charge = {
        "client_id": there["client_id"], "service_id": there["item_id"], "description": "Backup", "quantity": "1",
        "rate": 500, "currency_code": "EUR", "charged_on": None, "idempotency_key": "furniture",
    }  # fmt: skip
    return {"charge_id": keep_charges(install, [charge])[0].id}
