"""What fixed lines, products, licenses and materials cost, each with the reason why. Pure: no database, no clock.

Amounts are minor units of one currency. Prices may have fractions of a minor unit; every amount is rounded once.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from kernel.hookspecs.pricing import PriceMissingInCurrency
from kernel.money import Rounding, allocate, in_range, multiply, round_ratio
from plugins.billing.periods import Coverage

Price = int | Decimal
Trace = dict[str, Any]
Step = list[Any]

ONE = Decimal(1)


class Priced(NamedTuple):
    """An amount owed. `unit_price` is that of one unit of `quantity`; None where no single price made the amount.

    `trace` is plain JSON for "why this amount": the rule, its inputs, the steps (name, reckoning, result), rounding.
    """

    key: Hashable
    quantity: Decimal
    unit_price: Price | None
    amount: int
    trace: Trace


def explain(rule: str, inputs: Mapping[str, Any], steps: Sequence[Step], mode: Rounding) -> Trace:
    """The reason of an amount; money in minor units, other decimals as text. Words are codes, for pages to translate.

    Rules: fixed, hourly, usage, usage_tiers, item. Steps: line_price, scheduled_price, sum_of_services, prorate, fair_share,
    minimum_minutes, round_up_minutes, hours_times_rate, minimum_quantity, quantity_times_price, tier, sum_of_tiers.
    """
    return {"rule": rule, "inputs": inputs, "steps": steps, "rounding": mode._value_}  # a tenth of what `value` takes


def plain(number: Price) -> int | str:
    """A number as the trace shows it.

    >>> plain(1250), plain(Decimal("2.500"))
    (1250, '2.5')
    """
    return number if type(number) is int else plain_text(number)


@lru_cache(maxsize=16384)  # hours, pieces and prices are few: most were asked for before
def plain_text(number: Decimal) -> str:
    """A decimal without zeros at its end."""
    return f"{number.normalize():f}"


def prorate(amount: int, coverage: Coverage, mode: Rounding) -> int:
    """The part of a period's amount that falls on the covered days, by calendar days.

    It is what is due up to the last covered day less what is due up to the first, so that any split of a period adds
    up to the whole amount.

    >>> prorate(10100, Coverage(0, 15, 31), Rounding.HALF_UP), prorate(10100, Coverage(15, 16, 31), Rounding.HALF_UP)
    (4887, 5213)
    """
    before, covered, total = coverage
    until = round_ratio(amount * (before + covered), total, mode)
    return until - round_ratio(amount * before, total, mode)


def _prorated(amount: int, coverage: Coverage | None, mode: Rounding, steps: list[Step]) -> int:
    if coverage is None or coverage.whole:
        return amount
    part = prorate(amount, coverage, mode)
    before, covered, total = coverage
    how = f"{amount} × {before + covered}/{total} − {amount} × {before}/{total}" if before else f"{amount} × {covered}/{total}"
    steps.append(["prorate", how, part])
    return part


class FixedPart(NamedTuple):
    """A service within a fixed line. `unit_price` is its own price or the catalog's, in the contract's currency."""

    key: Hashable
    quantity: Decimal
    unit_price: Price | None


def price_fixed(
    price: int | None, parts: Sequence[FixedPart], coverage: Coverage | None, currency: str, mode: Rounding,
    *, scheduled: bool = False,
) -> list[Priced]:  # fmt: skip
    """Price a fixed line and split it over its services, so that each can be taxed and credited on its own.

    `price` is the price of a whole period (`scheduled`: by a price schedule); None takes the sum of the services' prices.
    The split is by fair value
    (unit price x quantity; all zero means equal shares), by largest remainder. `coverage` set prorates. A line without
    services is one part with the key None.

    Raises PriceMissingInCurrency if there is no price, or none by which to weigh one of several services.

    >>> seats, backup = FixedPart("seats", Decimal(10), 2000), FixedPart("backup", Decimal(1), 4000)
    >>> [(p.key, p.amount) for p in price_fixed(20000, [seats, backup], None, "EUR", Rounding.HALF_UP)]
    [('seats', 16667), ('backup', 3333)]
    """
    if not parts:
        parts = [FixedPart(None, ONE, price)]
    agreed = "scheduled_price" if scheduled else "line_price"
    if price is not None and coverage is None and len(parts) == 1:  # most lines of a run: nothing to work out
        [(key, quantity, each)] = parts
        shown = {"quantity": plain(quantity), "unit_price": each if each is None else plain(each)}
        return [Priced(key, ONE, price, price, explain("fixed", shown, [[agreed, "", price]], mode))]
    if price is None or len(parts) > 1:
        require_prices([(part.key, part.unit_price) for part in parts], currency)
    values = [multiply(part.unit_price or 0, part.quantity, mode) for part in parts]
    whole = in_range(sum(values)) if price is None else price
    steps: list[Step] = [[agreed, "", whole] if price is not None else ["sum_of_services", "", whole]]
    due = _prorated(whole, coverage, mode, steps)
    shares = allocate(due, values)
    return [
        Priced(
            part.key,
            ONE,
            share,
            share,
            explain("fixed", _shown_part(part), [*steps, *_fair_share(share, value, due, values)], mode),
        )
        for part, value, share in zip(parts, values, shares, strict=True)
    ]


def _shown_part(part: FixedPart) -> dict[str, Any]:
    price = part.unit_price
    return {"quantity": plain(part.quantity), "unit_price": None if price is None else plain(price)}


def _fair_share(share: int, value: int, due: int, values: Sequence[int]) -> list[Step]:
    if len(values) == 1:
        return []
    return [["fair_share", f"{due} × {value}/{sum(values)}" if any(values) else f"{due} / {len(values)}", share]]


def require_prices(prices: Iterable[tuple[Hashable, Price | None]], currency: str) -> None:
    """Raise PriceMissingInCurrency, listing every item without a price."""
    missing = [key for key, price in prices if price is None]
    if missing:
        names = ["the contract line" if key is None else str(key) for key in missing]
        ids = [str(item_id) for key in missing if (item_id := getattr(key, "item_id", None))]
        raise PriceMissingInCurrency(
            f"No price in {currency} for: {', '.join(names)}. Add one in the catalog or on the contract line.",
            items=names,
            currency=currency,
            **({"item_ids": list(dict.fromkeys(ids))} if ids else {}),
        )


def choose_price(
    client: Price | None, agreed: Price | None, listed: Price | None, scheduled: Price | None = None
) -> tuple[Price | None, str]:
    """The price that counts and where it is from: what the client was promised, else what the contract line's price
    schedule says, else the contract line's own (which a template gave it, perhaps), else the list's.

    >>> choose_price(None, 120, 150), choose_price(100, 120, 150), choose_price(None, 120, 150, 125)
    ((120, 'agreed'), (100, 'client'), (125, 'schedule'))
    """
    if client is not None:
        return client, "client"
    if scheduled is not None:
        return scheduled, "schedule"
    return (listed, "catalog") if agreed is None else (agreed, "agreed")


class Item(NamedTuple):
    """Something sold by the piece. `unit_price` is agreed for it, `catalog_price` its list price in the currency,
    `client_price` what the client was promised whatever the contract, `scheduled_price` that of the line's schedule.
    """

    key: Hashable
    quantity: Decimal
    unit_price: Price | None = None
    catalog_price: Price | None = None
    coverage: Coverage | None = None
    client_price: Price | None = None
    scheduled_price: Price | None = None


def price_items(items: Sequence[Item], currency: str, mode: Rounding) -> list[Priced]:
    """Price products, licenses and materials: quantity x price (`choose_price`); prorated where coverage is set.

    Raises PriceMissingInCurrency listing every item without a price.

    >>> items = [Item("disk", Decimal(3), catalog_price=4999), Item("cable", Decimal("2.5"), 120, 150)]
    >>> [(p.key, p.unit_price, p.amount) for p in price_items(items, "EUR", Rounding.HALF_UP)]
    [('disk', 4999, 14997), ('cable', 120, 300)]
    """
    chosen = [choose_price(one.client_price, one.unit_price, one.catalog_price, one.scheduled_price) for one in items]
    if any(price is None for price, _ in chosen):
        require_prices(((item.key, price) for item, (price, _) in zip(items, chosen, strict=True)), currency)
    return [_price_item(item, price or 0, source, mode) for item, (price, source) in zip(items, chosen, strict=True)]


def _price_item(item: Item, price: Price, source: str, mode: Rounding) -> Priced:
    whole = multiply(price, item.quantity, mode)
    quantity, each = plain(item.quantity), plain(price)
    steps: list[Step] = [["quantity_times_price", f"{quantity} × {each}", whole]]
    amount = _prorated(whole, item.coverage, mode, steps)
    inputs = {"quantity": quantity, "unit_price": each, "price_from": source}
    return Priced(item.key, item.quantity, price, amount, explain("item", inputs, steps, mode))
