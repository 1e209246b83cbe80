"""Price schedules: what a contract line costs from one day to another, in place of its own price."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from kernel import audit
from kernel.context import CallContext
from kernel.directory.clients import apply_changes
from kernel.errors import InvalidInput
from plugins.billing.agreements.errors import PricesOverlap, ScheduledPriceNotFound
from plugins.billing.contracts import lines
from plugins.billing.contracts.agreed import AgreedLine
from plugins.billing.contracts.checks import FLAT
from plugins.billing.contracts.services import get_contract
from plugins.billing.contracts.turns import begin_change
from plugins.billing.days import check_days
from plugins.billing.models.agreements import ScheduledPrice
from plugins.billing.models.contracts import ContractLine
from plugins.billing.periods import ONE_DAY

BY_PIECE = ("product", "license", "usage")


def list_prices(ctx: CallContext, contract_id: UUID) -> list[ScheduledPrice]:
    """The dated prices of a contract's lines, by line, item and day. Raises ContractNotFound."""
    get_contract(ctx, contract_id)
    line = (ContractLine.tenant_id == ScheduledPrice.tenant_id) & (ContractLine.id == ScheduledPrice.line_id)
    found = (
        select(ScheduledPrice).join(ContractLine, line).where(ContractLine.contract_id == contract_id)
        .order_by(ContractLine.position, ContractLine.id, ScheduledPrice.item_id, ScheduledPrice.start_on)
    )  # fmt: skip
    return list(ctx.session.scalars(found))


def get_price(ctx: CallContext, contract_id: UUID, price_id: UUID) -> ScheduledPrice:
    """One dated price of a contract. Raises ScheduledPriceNotFound."""
    line = (ContractLine.tenant_id == ScheduledPrice.tenant_id) & (ContractLine.id == ScheduledPrice.line_id)
    mine = (ScheduledPrice.id == price_id) & (ContractLine.contract_id == contract_id)
    found = ctx.session.scalar(select(ScheduledPrice).join(ContractLine, line).where(mine))
    if found is None:
        raise ScheduledPriceNotFound("There is no scheduled price with this id on the contract.")
    return found


def add_price(ctx: CallContext, contract_id: UUID, *, line_id: UUID, amount: int, start_on: date, item_id: UUID | None = None,
              end_on: date | None = None, note: str = "") -> ScheduledPrice:  # fmt: skip
    """Let a line cost something else for the service periods that begin from a day on; one that was open until now ends
    the day before. `amount` in minor units: of a whole period of a fixed line or a bucket, of one hour of an hourly line (by the
    day of the work), else of one unit of the item.

    Raises ContractLineNotFound, PricesOverlap, InvalidInput.
    """
    begin_change(ctx)
    agreed = lines.get_line(ctx, contract_id, line_id)
    _check(agreed, item_id, start_on, end_on)
    price = ScheduledPrice(line_id=line_id, item_id=item_id, amount=amount, start_on=start_on, end_on=end_on, note=note)
    _make_room(ctx, price)
    ctx.session.add(price)
    ctx.session.flush()
    audit.record(ctx, "contract.price_scheduled", kind="contract", row_id=contract_id, label=agreed.line.name,
                 changes={"amount": amount, "start_on": start_on.isoformat(), "end_on": str(end_on or "")})  # fmt: skip
    return price


def change_price(ctx: CallContext, contract_id: UUID, price_id: UUID, changes: Mapping[str, Any],
                 version: int | None = None) -> ScheduledPrice:  # fmt: skip
    """Change amount, days or note; what is billed stays as it is. Raises PricesOverlap, InvalidInput, PreconditionFailed."""
    begin_change(ctx)
    price = get_price(ctx, contract_id, price_id)
    start_on, end_on = (changes.get(name, getattr(price, name)) for name in ("start_on", "end_on"))
    _check_days(start_on, end_on)
    _refuse_overlap(ctx, price.line_id, price.item_id, start_on, end_on, but=price_id)
    apply_changes(ctx, price, changes, version, kind="contract", label=lines.get_line(ctx, contract_id, price.line_id).words)
    return price


def delete_price(ctx: CallContext, contract_id: UUID, price_id: UUID) -> None:
    """Take a dated price back: for what is not billed, the line's own price counts again."""
    begin_change(ctx)
    price = get_price(ctx, contract_id, price_id)
    label = lines.get_line(ctx, contract_id, price.line_id).line.name
    audit.record(ctx, "contract.price_unscheduled", kind="contract", row_id=contract_id, label=label)
    ctx.session.delete(price)
    ctx.session.flush()


def _check(agreed: AgreedLine, item_id: UUID | None, start_on: date, end_on: date | None) -> None:
    _check_days(start_on, end_on)
    if found := misfit(agreed, item_id):
        raise InvalidInput(errors=dict([found]))


def misfit(agreed: AgreedLine, item_id: UUID | None) -> tuple[str, str] | None:
    """Why an item of a line takes no dated price: the field and words, or None if it does."""
    kind, item = agreed.line.kind, agreed.item(item_id)
    if kind == "hourly" and item_id is not None:
        return "item_id", "A rate by schedule is for all services of the line."
    if item_id is not None and item is None:
        return "item_id", "This item is not on the line."
    if kind in FLAT and item_id is not None and agreed.line.price is not None:
        return "item_id", "This line has one price for all services: schedule that one."
    if kind in BY_PIECE and item_id is None:
        return "item_id", "Name the item whose price changes."
    return ("item_id", "Tiers set the price of this item.") if item is not None and item.tiers else None


def _check_days(start_on: date, end_on: date | None) -> None:
    check_days(start_on=start_on)
    if end_on is not None and end_on < start_on:
        raise InvalidInput(errors={"end_on": "The last day is before the first."})


def _make_room(ctx: CallContext, price: ScheduledPrice) -> None:
    """End an open price of the same thing that began before."""
    open_one = ctx.session.scalar(select(ScheduledPrice).where(
        ScheduledPrice.line_id == price.line_id, ScheduledPrice.item_id.is_not_distinct_from(price.item_id),
        ScheduledPrice.end_on.is_(None), ScheduledPrice.start_on < price.start_on,
    ))  # fmt: skip
    if open_one is not None:
        open_one.end_on = price.start_on - ONE_DAY
        ctx.session.flush()
    _refuse_overlap(ctx, price.line_id, price.item_id, price.start_on, price.end_on)


def _refuse_overlap(ctx: CallContext, line_id: UUID, item_id: UUID | None, start_on: date, end_on: date | None,
                    but: UUID | None = None) -> None:  # fmt: skip
    wanted = select(ScheduledPrice).where(
        ScheduledPrice.line_id == line_id, ScheduledPrice.item_id.is_not_distinct_from(item_id),
        ScheduledPrice.id.is_distinct_from(but), ScheduledPrice.start_on <= (end_on or date.max),
        (ScheduledPrice.end_on.is_(None)) | (ScheduledPrice.end_on >= start_on),
    )  # fmt: skip
    with ctx.session.no_autoflush:
        other = ctx.session.scalar(wanted.limit(1))
    if other is not None:
        until = other.end_on.isoformat() if other.end_on else "further notice"
        words = f"Another price holds from {other.start_on.isoformat()} until {until}. Change that one, or choose other days."
        raise PricesOverlap(words, errors={"start_on": words})
