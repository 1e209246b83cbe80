"""Lines written by hand: checked, priced where no rate is given, each trouble named at its field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from kernel.directory import clients
from kernel.errors import DeskhandError, InvalidInput
from kernel.hookspecs.pricing import ItemFacts
from kernel.money import Rounding
from plugins.billing.drafts import DraftDiscount, manual_line
from plugins.billing.due.values import DueLine
from plugins.billing.errors import PriceMissingInCurrency
from plugins.billing.pricing import Item, price_items

if TYPE_CHECKING:
    from kernel.context import CallContext

LONGEST = 500
MOST_LINES = 1000
MOST_AMOUNT = 10**15
"""Minor units; what is larger is mistyped, and sums of such could not be stored."""
_FOUR_PLACES = -4


class LineAsked(NamedTuple):
    """A line asked for; `field` is its path in the request. Without `rate` the catalog's price counts.

    `tax_category` counts for free text only; an item has its own.
    """

    field: str
    description: str
    quantity: Decimal
    rate: int | None = None
    item_id: UUID | None = None
    tax_category: str | None = "standard"
    location_id: UUID | None = None
    unit: str | None = None


class DiscountAsked(NamedTuple):
    """A discount asked for, of one line (counted from 1), of an item's lines, or of the whole invoice."""

    field: str
    description: str
    percent: Decimal | None = None
    amount: int | None = None
    line: int | None = None
    item_id: UUID | None = None


def resolve_lines(ctx: CallContext, client_id: UUID, currency: str, asked: Sequence[LineAsked],
                  mode: Rounding) -> list[DueLine]:  # fmt: skip
    """Check and price lines. Raises InvalidInput or PriceMissingInCurrency by field."""
    if not asked:
        raise InvalidInput(errors={"lines": "An invoice needs at least one line."})
    if len(asked) > MOST_LINES:
        raise InvalidInput(errors={"lines": f"At most {MOST_LINES} lines fit on one invoice."})
    items = _items(ctx, asked)
    places = _places(ctx, client_id, asked)
    errors = {path: words for one in asked for path, words in _line_errors(one, items, places).items()}
    if errors:
        raise InvalidInput(errors=errors)
    _require_prices(asked, items, currency)
    return [_priced(one, items.get(one.item_id) if one.item_id else None, currency, mode) for one in asked]


def _items(ctx: CallContext, asked: Sequence[LineAsked]) -> Mapping[UUID, ItemFacts]:
    wanted = sorted({one.item_id for one in asked if one.item_id is not None})
    found: Mapping[UUID, ItemFacts] = ctx.hooks.get_items(ctx=ctx, item_ids=wanted) if wanted else {}
    return found


def _places(ctx: CallContext, client_id: UUID, asked: Sequence[LineAsked]) -> set[UUID]:
    if not any(one.location_id for one in asked):
        return set()
    return {one.id for one in clients.list_locations(ctx, client_id)}


def _line_errors(one: LineAsked, items: Mapping[UUID, ItemFacts], places: set[UUID]) -> dict[str, str]:
    errors = {}
    if one.item_id is not None and one.item_id not in items:
        errors["item_id"] = "There is no catalog item with this id."
    if not 1 <= len(one.description) <= LONGEST and not (one.item_id and not one.description):
        errors["description"] = f"Write 1 to {LONGEST} characters."
    if not _is_quantity(one.quantity):
        errors["quantity"] = "Write a number above zero, with at most four decimals."
    if one.rate is None and one.item_id is None:
        errors["rate"] = "Free text needs a rate."
    if one.rate is not None and one.rate < 0:
        errors["rate"] = "A rate is not below zero; use a discount."
    if one.rate is not None and one.rate > MOST_AMOUNT:
        errors["rate"] = f"At most {MOST_AMOUNT} minor units."
    if one.location_id is not None and one.location_id not in places:
        errors["location_id"] = "This client has no such location."
    return {f"{one.field}.{name}": words for name, words in errors.items()}


def _is_quantity(value: Decimal) -> bool:
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= _FOUR_PLACES and 0 < value < 10**12


def _require_prices(asked: Sequence[LineAsked], items: Mapping[UUID, ItemFacts], currency: str) -> None:
    missing = [one for one in asked if one.rate is None and one.item_id and currency not in items[one.item_id].prices]
    if missing:
        names = ", ".join(items[one.item_id].name for one in missing if one.item_id)
        raise PriceMissingInCurrency(
            f"No price in {currency} for: {names}. Give a rate, or a price in the catalog.",
            errors={f"{one.field}.rate": f"The catalog has no price in {currency}. Give a rate." for one in missing},
        )


def _priced(one: LineAsked, facts: ItemFacts | None, currency: str, mode: Rounding) -> DueLine:
    listed = facts.prices.get(currency) if facts else None
    try:
        [priced] = price_items([Item(one.field, one.quantity, one.rate, listed)], currency, mode)
    except DeskhandError as error:
        raise InvalidInput(error.detail, errors={f"{one.field}.rate": error.detail}) from error
    rate = one.rate if one.rate is not None else listed or 0
    return manual_line(
        description=one.description or (facts.name if facts else ""), quantity=one.quantity, unit_price=rate,
        amount=priced.amount, trace=priced.trace, item_id=one.item_id, unit=one.unit or (facts.unit if facts else "each"),
        tax_category=facts.tax_category if facts else one.tax_category, location_id=one.location_id,
    )  # fmt: skip


def resolve_discounts(asked: Sequence[DiscountAsked], lines: Sequence[DueLine]) -> tuple[DraftDiscount, ...]:
    """Check discounts against the lines they name. Raises InvalidInput by field."""
    items = {line.item_id for line in lines}
    errors = {path: words for one in asked for path, words in _discount_errors(one, len(lines), items).items()}
    if errors:
        raise InvalidInput(errors=errors)
    return tuple(DraftDiscount(one.description, one.percent, one.amount, one.line, one.item_id) for one in asked)


def _discount_errors(one: DiscountAsked, count: int, items: set[UUID | None]) -> dict[str, str]:
    errors = {}
    if not 1 <= len(one.description) <= LONGEST:
        errors["description"] = f"Write 1 to {LONGEST} characters."
    if (one.percent is None) == (one.amount is None):
        errors["percent"] = "Give a percentage or an amount, one of them."
    if one.percent is not None and not (0 <= one.percent <= 100 and one.percent == round(one.percent, 6)):
        errors["percent"] = "A percentage is from 0 to 100, with at most six decimals."
    if one.amount is not None and not 0 <= one.amount <= MOST_AMOUNT:
        errors["amount"] = f"An amount is from 0 to {MOST_AMOUNT} minor units."
    if one.line is not None and one.item_id is not None:
        errors["line"] = "Name a line or an item, not both."
    if one.line is not None and not 1 <= one.line <= count:
        errors["line"] = f"There is no line {one.line}."
    if one.item_id is not None and one.item_id not in items:
        errors["item_id"] = "This item is on no line of the invoice."
    return {f"{one.field}.{name}": words for name, words in errors.items()}
