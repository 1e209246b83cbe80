"""REST of contracts' price schedules and discounts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kernel.api.rest import Rest
from kernel.context import CallContext
from plugins.billing.agreements import discounts, price_schedules
from plugins.billing.agreements import term_schemas as schemas

rest = Rest("billing")
_PRICES = "/contracts/<uuid:contract_id>/scheduled-prices"
_PRICE = f"{_PRICES}/<uuid:scheduled_price_id>"
_DISCOUNTS = "/contracts/<uuid:contract_id>/discounts"
_DISCOUNT = f"{_DISCOUNTS}/<uuid:discount_id>"


@rest.get(_PRICES, permission="contract.read", out=schemas.PriceList)
def list_scheduled_prices(ctx: CallContext, contract_id: UUID) -> Any:
    """List the dated prices of a contract's lines"""
    return {"items": price_schedules.list_prices(ctx, contract_id)}


@rest.post(_PRICES, permission="contract.manage", body=schemas.PriceIn, out=schemas.PriceOut)
def schedule_price(ctx: CallContext, contract_id: UUID, body: dict[str, Any]) -> Any:
    """Let a contract line cost something else from a day on"""
    return price_schedules.add_price(ctx, contract_id, **body)


@rest.get(_PRICE, permission="contract.read", out=schemas.PriceOut)
def get_scheduled_price(ctx: CallContext, contract_id: UUID, scheduled_price_id: UUID) -> Any:
    """Read a dated price"""
    return price_schedules.get_price(ctx, contract_id, scheduled_price_id)


@rest.patch(_PRICE, permission="contract.manage", body=schemas.PricePatch, out=schemas.PriceOut, if_match=True)
def change_scheduled_price(
    ctx: CallContext, contract_id: UUID, scheduled_price_id: UUID, body: dict[str, Any], version: int | None
) -> Any:
    """Change a dated price"""
    return price_schedules.change_price(ctx, contract_id, scheduled_price_id, body, version)


@rest.delete(_PRICE, permission="contract.manage")
def delete_scheduled_price(ctx: CallContext, contract_id: UUID, scheduled_price_id: UUID) -> None:
    """Take a dated price back"""
    price_schedules.delete_price(ctx, contract_id, scheduled_price_id)


@rest.get(_DISCOUNTS, permission="contract.read", out=schemas.DiscountList)
def list_contract_discounts(ctx: CallContext, contract_id: UUID) -> Any:
    """List a contract's discounts"""
    return {"items": discounts.list_discounts(ctx, contract_id)}


@rest.post(_DISCOUNTS, permission="contract.manage", body=schemas.DiscountIn, out=schemas.DiscountOut)
def add_contract_discount(ctx: CallContext, contract_id: UUID, body: dict[str, Any]) -> Any:
    """Give a contract or one of its lines a discount"""
    return discounts.add_discount(ctx, contract_id, **body)


@rest.get(_DISCOUNT, permission="contract.read", out=schemas.DiscountOut)
def get_contract_discount(ctx: CallContext, contract_id: UUID, discount_id: UUID) -> Any:
    """Read a discount of a contract"""
    return discounts.get_discount(ctx, contract_id, discount_id)


@rest.patch(_DISCOUNT, permission="contract.manage", body=schemas.DiscountPatch, out=schemas.DiscountOut, if_match=True)
def change_contract_discount(
    ctx: CallContext, contract_id: UUID, discount_id: UUID, body: dict[str, Any], version: int | None
) -> Any:
    """Change a discount of a contract"""
    return discounts.change_discount(ctx, contract_id, discount_id, body, version)


@rest.delete(_DISCOUNT, permission="contract.manage")
def delete_contract_discount(ctx: CallContext, contract_id: UUID, discount_id: UUID) -> None:
    """Take a discount of a contract back"""
    discounts.delete_discount(ctx, contract_id, discount_id)
