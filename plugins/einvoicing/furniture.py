"""A seller and a buyer of whom all is known, laid out for the house rules."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import update

from kernel.context import CallContext
from kernel.directory.models import Location
from plugins.einvoicing.services import change_seller, set_client_facts

NEEDS = ("location_id",)


def furnish(ctx: CallContext, there: Mapping[str, UUID]) -> dict[str, UUID]:
    """The tenant's profile, and a client that wants its own reference."""
    change_seller(ctx, {"country": "AT", "city": "Graz", "registration": "FN 4711", "iban": "AT611904300234573201"})
    set_client_facts(ctx, there["client_id"], reference="04011000-1234512345-06")
    ctx.session.execute(update(Location).where(Location.id == there["location_id"]).values(is_default=True))
    return {}
