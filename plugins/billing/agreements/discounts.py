"""Discounts of contracts: a percentage or a fixed amount, of one line or of all but goods, from one day to another."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from kernel import audit
from kernel.context import CallContext
from kernel.directory.clients import apply_changes
from kernel.errors import InvalidInput
from plugins.billing.agreements.errors import ContractDiscountNotFound, NoDiscountOnProducts
from plugins.billing.contracts import lines
from plugins.billing.contracts.services import get_contract
from plugins.billing.contracts.turns import begin_change
from plugins.billing.days import check_days
from plugins.billing.due.values import GOODS
from plugins.billing.models.agreements import ContractDiscount


def list_discounts(ctx: CallContext, contract_id: UUID) -> list[ContractDiscount]:
    """A contract's discounts by day. Raises ContractNotFound."""
    get_contract(ctx, contract_id)
    found = select(ContractDiscount).where(ContractDiscount.contract_id == contract_id)
    return list(ctx.session.scalars(found.order_by(ContractDiscount.start_on, ContractDiscount.id)))


def get_discount(ctx: CallContext, contract_id: UUID, discount_id: UUID) -> ContractDiscount:
    """One discount of a contract. Raises ContractDiscountNotFound."""
    mine = (ContractDiscount.id == discount_id) & (ContractDiscount.contract_id == contract_id)
    found = ctx.session.scalar(select(ContractDiscount).where(mine))
    if found is None:
        raise ContractDiscountNotFound("There is no discount with this id on the contract.")
    return found


def add_discount(ctx: CallContext, contract_id: UUID, *, description: str, start_on: date, percent: Decimal | None = None,
                 fixed: int | None = None, line_id: UUID | None = None, end_on: date | None = None,
                 ) -> ContractDiscount:  # fmt: skip
    """Take something off the service periods that begin from the first day to the last: `percent` of each line, or `fixed`
    minor units once for each period. With `line_id` off this line, else off every line but products and licenses.

    Raises ContractNotFound, ContractLineNotFound, NoDiscountOnProducts, InvalidInput.
    """
    begin_change(ctx)
    contract = get_contract(ctx, contract_id)
    if line_id is not None and lines.get_line(ctx, contract_id, line_id).line.kind in GOODS:
        words = "Products and licenses have no discount. Give the line another price, or put it on the price schedule."
        raise NoDiscountOnProducts(words, errors={"line_id": words})
    _check(percent, fixed, start_on, end_on)
    discount = ContractDiscount(contract_id=contract_id, line_id=line_id, description=description, percent=percent, fixed=fixed,
                                start_on=start_on, end_on=end_on)  # fmt: skip
    ctx.session.add(discount)
    ctx.session.flush()
    audit.record(ctx, "contract.discount_added", kind="contract", row_id=contract_id, label=f"{contract.name}: {description}")
    return discount


def change_discount(ctx: CallContext, contract_id: UUID, discount_id: UUID, changes: Mapping[str, Any],
                    version: int | None = None) -> ContractDiscount:  # fmt: skip
    """Change words, value or days; what is billed stays as it is. Raises InvalidInput, PreconditionFailed."""
    begin_change(ctx)
    discount = get_discount(ctx, contract_id, discount_id)
    after = {name: changes.get(name, getattr(discount, name)) for name in ("percent", "fixed", "start_on", "end_on")}
    _check(**after)
    apply_changes(ctx, discount, changes, version, kind="contract", label=discount.description)
    return discount


def delete_discount(ctx: CallContext, contract_id: UUID, discount_id: UUID) -> None:
    """Take a discount back for what is not billed."""
    begin_change(ctx)
    discount = get_discount(ctx, contract_id, discount_id)
    audit.record(ctx, "contract.discount_deleted", kind="contract", row_id=contract_id, label=discount.description)
    ctx.session.delete(discount)
    ctx.session.flush()


def _check(percent: Decimal | None, fixed: int | None, start_on: date, end_on: date | None) -> None:
    check_days(start_on=start_on)
    if (percent is None) == (fixed is None):
        raise InvalidInput(errors={"percent": "Give a percentage or a fixed amount, one of them."})
    if percent is not None and not (0 <= percent <= 100 and percent == round(percent, 6)):
        raise InvalidInput(errors={"percent": "A percentage is from 0 to 100, with at most six decimals."})
    if end_on is not None and end_on < start_on:
        raise InvalidInput(errors={"end_on": "The last day is before the first."})
