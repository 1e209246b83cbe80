"""Lines written by hand: checked, priced where no rate is given, each trouble named at its field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from kernel.directory import clients
from kernel.errors import DeskhandError, InvalidInput
from kernel.hookspecs.pricing import ItemFacts, PriceMissingInCurrency, price_on
from kernel.money import Rounding
from plugins.billing.drafts import DraftDiscount, manual_line
from plugins.billing.due.values import GOODS, DueLine
from plugins.billing.pricing import Item, price_items

if TYPE_CHECKING:
    from kernel.context import CallContext

LONGEST = 500
LONGEST_REASON = 200
MOST_LINES = 1000
MOST_AMOUNT = 10**15
AMOUNT_ABOVE_ZERO = "Enter an amount above zero, and not more than any invoice comes to."
AMOUNT_FROM_ZERO = "Enter an amount that is not below zero, and not more than any invoice comes to."
"""Minor units; what is larger is mistyped, and sums of such could not be stored."""
_FOUR_PLACES = -4


class LineAsked(NamedTuple):
    """A line asked for; `field` is its path in the request. Without `quantity` the item's usual one counts, without `rate`
    the client's price for it, else the list price of the invoice's day.

    `tax_category` counts for free text only; an item has its own. `exemption` is the printed reason why this line alone is
    exempt.
    """

    field: str
    description: str
    quantity: Decimal | None
    rate: int | None = None
    item_id: UUID | None = None
    tax_category: str | None = "standard"
    location_id: UUID | None = None
    unit: str | None = None
    exemption: str | None = None


class DiscountAsked(NamedTuple):
    """A discount asked for, of one line (counted from 1), of an item's lines, or of the whole invoice."""

    field: str
    description: str
    percent: Decimal | None = None
    amount: int | None = None
    line: int | None = None
    item_id: UUID | None = None


class Offer(NamedTuple):
    """What the catalog says of an item, and its prices for one client on one day in one currency."""

    facts: ItemFacts
    promised: int | None
    listed: int | None


def resolve_lines(ctx: CallContext, client_id: UUID, currency: str, asked: Sequence[LineAsked], mode: Rounding,
                  on: date) -> list[DueLine]:  # fmt: skip
    """Check and price lines at the prices of a day. Raises InvalidInput or PriceMissingInCurrency by field."""
    if not asked:
        raise InvalidInput(errors={"lines": "An invoice needs at least one line."})
    if len(asked) > MOST_LINES:
        raise InvalidInput(errors={"lines": f"At most {MOST_LINES} lines fit on one invoice."})
    offers = _offers(ctx, client_id, currency, {one.item_id for one in asked if one.item_id}, on)
    lines = [_with_quantity(one, offers) for one in asked]
    places = _places(ctx, client_id, lines)
    errors = {path: words for one in lines for path, words in _line_errors(one, offers, places).items()}
    if errors:
        raise InvalidInput(errors=errors)
    _require_prices(lines, offers, currency)
    return [_priced(one, offers.get(one.item_id) if one.item_id else None, currency, mode) for one in lines]


def _offers(ctx: CallContext, client_id: UUID, currency: str, wanted: set[UUID], on: date) -> dict[UUID, Offer]:
    if not wanted:
        return {}
    items = ctx.hooks.get_items(ctx=ctx, item_ids=sorted(wanted))
    promised = ctx.hooks.get_client_prices(ctx=ctx, client_ids=[client_id], item_ids=sorted(wanted))
    return {
        item_id: Offer(facts, price_on(promised.get((client_id, item_id, currency), ()), on), facts.list_price(currency, on))
        for item_id, facts in items.items()
    }


def _with_quantity(one: LineAsked, offers: Mapping[UUID, Offer]) -> LineAsked:
    if one.quantity is not None:
        return one
    offer = offers.get(one.item_id) if one.item_id else None
    return one._replace(quantity=offer.facts.default_quantity if offer else Decimal(1))


def _places(ctx: CallContext, client_id: UUID, asked: Sequence[LineAsked]) -> set[UUID]:
    if not any(one.location_id for one in asked):
        return set()
    return {one.id for one in clients.list_locations(ctx, client_id)}


def _line_errors(one: LineAsked, offers: Mapping[UUID, Offer], places: set[UUID]) -> dict[str, str]:
    errors = {}
    if one.item_id is not None and one.item_id not in offers:
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
        errors["rate"] = "This is more than any invoice comes to."
    if one.exemption is not None and not 1 <= len(one.exemption) <= LONGEST_REASON:
        errors["exemption"] = f"Say in 1 to {LONGEST_REASON} characters why it is exempt."
    if one.location_id is not None and one.location_id not in places:
        errors["location_id"] = "This client has no such location."
    return {f"{one.field}.{name}": words for name, words in errors.items()}


def _is_quantity(value: Decimal | None) -> bool:
    if value is None:
        return False
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= _FOUR_PLACES and 0 < value < 10**12


def _require_prices(asked: Sequence[LineAsked], offers: Mapping[UUID, Offer], currency: str) -> None:
    missing = {one.field: offers[one.item_id] for one in asked if one.rate is None and one.item_id
               and offers[one.item_id].promised is None and offers[one.item_id].listed is None}  # fmt: skip
    if missing:
        items = {str(offer.facts.id): offer.facts.name for offer in missing.values()}
        raise PriceMissingInCurrency(
            f"No price in {currency} for: {', '.join(items.values())}. Give a rate here, or the item a price in {currency}.",
            errors={f"{field}.rate": f"The catalog has no price in {currency}. Give a rate." for field in missing},
            items=list(items.values()), item_ids=list(items), currency=currency,
        )  # fmt: skip


def _priced(one: LineAsked, offer: Offer | None, currency: str, mode: Rounding) -> DueLine:
    """A rate that was typed counts; else the client's own price, else the list price."""
    facts = offer.facts if offer else None
    quantity, listed = one.quantity or Decimal(0), offer.listed if offer else None
    promised = offer.promised if offer and one.rate is None else None
    try:
        [priced] = price_items([Item(one.field, quantity, one.rate, listed, client_price=promised)], currency, mode)
    except DeskhandError as error:
        raise InvalidInput(error.detail, errors={f"{one.field}.rate": error.detail}) from error
    return manual_line(
        description=one.description or (facts.name if facts else ""), quantity=quantity, unit_price=int(priced.unit_price or 0),
        kind=facts.kind if facts and facts.kind in GOODS else "manual",
        amount=priced.amount, trace=priced.trace, item_id=one.item_id, unit=one.unit or (facts.unit if facts else "each"),
        tax_category=facts.tax_category if facts else one.tax_category, location_id=one.location_id,
        exemption=one.exemption,
    )  # fmt: skip


def resolve_discounts(asked: Sequence[DiscountAsked], lines: Sequence[DueLine]) -> tuple[DraftDiscount, ...]:
    """Check discounts against the lines they name; products and licenses take part in those of the whole invoice only.

    Raises InvalidInput by field.
    """
    items = {line.item_id for line in lines}
    errors = {path: words for one in asked for path, words in _discount_errors(one, len(lines), items).items()}
    errors = {path: words for one in asked for path, words in _goods_errors(one, lines).items()} | errors
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
        errors["amount"] = "An amount is not below zero, and not more than any invoice comes to."
    if one.line is not None and one.item_id is not None:
        errors["line"] = "Name a line or an item, not both."
    if one.line is not None and not 1 <= one.line <= count:
        errors["line"] = f"There is no line {one.line}."
    if one.item_id is not None and one.item_id not in items:
        errors["item_id"] = "This item is on no line of the invoice."
    return {f"{one.field}.{name}": words for name, words in errors.items()}


def _goods_errors(one: DiscountAsked, lines: Sequence[DueLine]) -> dict[str, str]:
    goods = {at for at, line in enumerate(lines, 1) if line.kind in GOODS}
    words = "A product or license has no discount of its own: lower its rate, or discount the whole invoice."
    if one.line in goods:
        return {f"{one.field}.line": words}
    if one.item_id is not None and any(lines[at - 1].item_id == one.item_id for at in goods):
        return {f"{one.field}.item_id": words}
    return {}
