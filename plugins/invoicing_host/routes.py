"""REST of extensions' charges."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kernel.api.listing import Page
from kernel.api.rest import Rest
from kernel.context import CallContext
from plugins.invoicing_host import charges, schemas

rest = Rest("invoicing_host")


@rest.get("/extension-charges", permission="extension_charge.read", query=schemas.ExtensionChargeQuery,
          out=schemas.ExtensionChargePage)  # fmt: skip
def list_charges(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List what extensions charge clients"""
    return charges.list_charges(ctx, query)


@rest.delete("/extension-charges/<uuid:charge_id>", permission="extension_charge.remove")
def remove_charge(ctx: CallContext, charge_id: UUID) -> None:
    """Remove a charge that is not billed"""
    charges.remove_charge(ctx, charge_id)
