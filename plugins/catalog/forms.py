"""What the catalog's forms take and show; a browser types text where REST has strict numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from marshmallow import fields, validate

from plugins.catalog.margins import margin
from plugins.catalog.models import Price
from plugins.catalog.schemas import AMOUNT, ClientPriceIn, ClientPricePatch, ItemIn, ItemPatch, PriceIn


class PriceForm(PriceIn):
    """A price as typed."""

    amount = fields.Integer(required=True, validate=AMOUNT)


class ItemForm(ItemIn):
    """An item as typed."""

    cost = fields.Integer(allow_none=True, validate=AMOUNT)
    prices = fields.List(fields.Nested(PriceForm), validate=validate.Length(max=500))


class ItemPatchForm(ItemPatch):
    """An item as typed."""

    cost = fields.Integer(allow_none=True, validate=AMOUNT)
    prices = fields.List(fields.Nested(PriceForm), validate=validate.Length(max=500))


class ClientPriceForm(ClientPriceIn):
    """A client's price as typed."""

    amount = fields.Integer(required=True, validate=AMOUNT)


class ClientPricePatchForm(ClientPricePatch):
    """A client's price as typed."""

    amount = fields.Integer(validate=AMOUNT)


def as_item(data: Mapping[str, Any]) -> dict[str, Any]:
    """What was typed, as services take it: the currency of a cost is chosen beforehand and means nothing without one."""
    if "cost" in data and data["cost"] is None:
        return {**data, "cost_currency": None}
    return {name: value for name, value in data.items() if name != "cost_currency" or "cost" in data}


def standing(prices: Sequence[Price], today: date, item: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Prices, whether they are past, current or coming, and their margin if the cost may be seen."""
    rows: list[dict[str, Any]] = []
    for at, one in enumerate(prices):
        later = [next_one.start_on for next_one in prices[at + 1 :] if next_one.currency == one.currency]
        comparable = item.get("cost") is not None and item.get("cost_currency") == one.currency
        rows.append({
            "currency": one.currency, "amount": one.amount, "start_on": one.start_on,
            "standing": standing_on(one.start_on, later[0] - timedelta(days=1) if later else None, today),
            "margin": margin(one.amount, item["cost"]) if comparable else None,
        })  # fmt: skip
    return rows


def standing_on(start_on: date | None, end_on: date | None, today: date) -> str:
    """Whether a price from one day to another, both included, is past, current or coming."""
    if start_on is not None and start_on > today:
        return "coming"
    return "past" if end_on is not None and end_on < today else "current"
