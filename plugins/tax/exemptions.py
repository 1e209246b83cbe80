"""Exemptions of clients and their locations: reason, certificate, and the days on which they hold."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from kernel import audit
from kernel.context import CallContext
from kernel.directory.clients import apply_changes, get_client, get_location
from kernel.errors import InvalidInput
from plugins.tax.errors import TaxExemptionNotFound
from plugins.tax.models import ExemptionRow


def get_exemption(ctx: CallContext, exemption_id: UUID) -> ExemptionRow:
    """One exemption. Raises TaxExemptionNotFound."""
    found = ctx.session.scalar(select(ExemptionRow).where(ExemptionRow.id == exemption_id))
    if found is None:
        raise TaxExemptionNotFound("There is no tax exemption with this id.")
    return found


def list_exemptions(ctx: CallContext, client_id: UUID) -> list[ExemptionRow]:
    """A client's exemptions with their history, the newest first."""
    get_client(ctx, client_id)
    wanted = select(ExemptionRow).where(ExemptionRow.client_id == client_id)
    return list(ctx.session.scalars(wanted.order_by(ExemptionRow.starts.desc().nulls_last(), ExemptionRow.id)))


def add_exemption(ctx: CallContext, client_id: UUID, *, reason: str, certificate: str = "", location_id: UUID | None = None,
                  starts: date | None = None, ends: date | None = None) -> ExemptionRow:  # fmt: skip
    """Exempt a client, or one of its locations. Raises InvalidInput by field; LocationNotFound."""
    client = get_client(ctx, client_id)
    if location_id is not None and get_location(ctx, location_id).client_id != client_id:
        raise InvalidInput(errors={"location_id": "This client has no such location."})
    _check_days(starts, ends)
    exemption = ExemptionRow(client_id=client_id, location_id=location_id, reason=reason, certificate=certificate,
                             starts=starts, ends=ends)  # fmt: skip
    ctx.session.add(exemption)
    ctx.session.flush()
    audit.record(ctx, "tax_exemption.added", kind="client", row_id=client_id, label=client.name,
                 changes={"reason": reason, "certificate": certificate})  # fmt: skip
    return exemption


def change_exemption(ctx: CallContext, exemption_id: UUID, changes: Mapping[str, Any],
                     version: int | None = None) -> ExemptionRow:  # fmt: skip
    """Correct the words of an exemption or set its days; invoices that were written by it stay."""
    exemption = get_exemption(ctx, exemption_id)
    _check_days(changes.get("starts", exemption.starts), changes.get("ends", exemption.ends))
    apply_changes(ctx, exemption, changes, version, kind="tax.exemption", label=exemption.reason)
    return exemption


def delete_exemption(ctx: CallContext, exemption_id: UUID) -> None:
    """Remove an exemption; invoices that were written by it stay."""
    exemption = get_exemption(ctx, exemption_id)
    ctx.session.delete(exemption)
    audit.record(ctx, "tax_exemption.deleted", kind="client", row_id=exemption.client_id, label=exemption.reason)


def _check_days(starts: date | None, ends: date | None) -> None:
    if starts and ends and ends <= starts:
        raise InvalidInput(errors={"ends": "The first day it no longer holds must come after the day it starts."})
