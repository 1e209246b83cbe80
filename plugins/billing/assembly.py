"""From priced lines to totals: discounts in their scope, then tax, then sums that hold to the minor unit. Pure.

Amounts are minor units of the document's one currency.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from kernel.hookspecs.tax import TaxLine, TaxResult
from kernel.money import Rounding, allocate, in_range, multiply
from plugins.billing.errors import DiscountInvalid, DiscountTargetNotFound, TaxAnswerInvalid
from plugins.billing.pricing import explain, plain


class DiscountKind(StrEnum):
    """A percentage of its scope (0 to 100), or a fixed amount in minor units."""

    PERCENTAGE = "percentage"
    FIXED = "fixed"


class Scope(StrEnum):
    """What a discount is taken from: one line, the lines of a catalog item, of a contract line, or the whole invoice."""

    LINE = "line"
    ITEM = "item"
    CONTRACT_LINE = "contract_line"
    INVOICE = "invoice"


class Line(NamedTuple):
    """One line before discounts and tax. `net` below zero is a credit, from which no discount is taken.

    `discountable` is False where the trade forbids line discounts; such a line takes part in none at all.
    """

    key: str
    net: int
    item_id: UUID | None = None
    contract_line_id: UUID | None = None
    tax_category: str | None = "standard"
    tax_region: str | None = None
    location_id: UUID | None = None
    exemption: str | None = None
    discountable: bool = True


class Discount(NamedTuple):
    """A discount asked for. `value` is a percentage or minor units; `target` names the line, item or contract line."""

    key: str
    kind: DiscountKind
    value: Decimal | int
    scope: Scope = Scope.INVOICE
    target: Hashable = None


class AppliedDiscount(NamedTuple):
    """What a discount takes off: `amount` (zero or more) in all, and how much of it from each line, in line order."""

    key: str
    amount: int
    shares: tuple[int, ...]
    trace: dict[str, Any]


class Discounted(NamedTuple):
    """Lines with the discounts taken off them; `taken` is the sum of discounts on each line."""

    lines: Sequence[Line]
    discounts: Sequence[AppliedDiscount]
    taken: Sequence[int]


class LineTotal(NamedTuple):
    """One line at the end: before discounts, what they take, its tax, and what remains to pay for it."""

    net: int
    discount: int
    tax: int
    total: int


class Totals(NamedTuple):
    """The sums of a document: `subtotal` (net of discounts) + `tax` = `total`, and the lines add up to each of them."""

    lines: Sequence[LineTotal]
    net: int
    discount: int
    subtotal: int
    tax: int
    total: int


def apply_discounts(lines: Sequence[Line], discounts: Sequence[Discount], mode: Rounding) -> Discounted:
    """Take discounts off their scopes, in the order given, each reckoned on the gross of its scope.

    A discount is spread over its lines by largest remainder. No line is discounted below zero: what does not fit on
    one line of the scope goes to the others, and what fits on none is not given (the trace shows it).

    Raises DiscountInvalid or DiscountTargetNotFound with `discounts[i]` as the field.

    >>> lines = [Line("a", 10000), Line("b", 5000), Line("refund", -2000)]
    >>> done = apply_discounts(lines, [Discount("spring", DiscountKind.PERCENTAGE, Decimal(10))], Rounding.HALF_UP)
    >>> done.taken, done.discounts[0].amount
    ((1000, 500, 0), 1500)
    """
    taken = [0] * len(lines)
    applied = []
    for index, discount in enumerate(discounts):
        check_discount(discount, f"discounts[{index}]")
        inside = _in_scope(lines, discount, f"discounts[{index}]")
        one = _apply(discount, lines, inside, taken, mode)
        taken = [before + share for before, share in zip(taken, one.shares, strict=True)]
        applied.append(one)
    return Discounted(lines, tuple(applied), tuple(taken))


def check_discount(discount: Discount, field: str = "value") -> None:
    """Raise DiscountInvalid unless the value is a percentage from 0 to 100, or whole minor units from 0."""
    value = discount.value
    if not isinstance(value, int | Decimal) or not Decimal(value).is_finite() or value < 0:
        raise DiscountInvalid("A discount is a number from 0.", errors={field: "Enter a number from 0."})
    if discount.kind is DiscountKind.PERCENTAGE and value > 100:
        raise DiscountInvalid("A percentage is from 0 to 100.", errors={field: "Enter a percentage from 0 to 100."})
    if discount.kind is DiscountKind.FIXED and value != int(value):
        raise DiscountInvalid(
            "A fixed discount has no more decimals than its currency.",
            errors={field: "Enter no more decimals than the currency has."},
        )


def _in_scope(lines: Sequence[Line], discount: Discount, field: str) -> list[int]:
    """The positions of the lines a discount may be taken from; its target must be there, even if nothing is due on it."""
    named = [position for position, line in enumerate(lines) if _named(line, discount)]
    if not named and discount.scope is not Scope.INVOICE:
        sentence = f"There is no {discount.scope.value.replace('_', ' ')} {discount.target} on this invoice."
        raise DiscountTargetNotFound(sentence, errors={field: sentence})
    return [position for position in named if lines[position].discountable and lines[position].net > 0]


def _named(line: Line, discount: Discount) -> bool:
    match discount.scope:
        case Scope.LINE:
            return line.key == discount.target
        case Scope.ITEM:
            return line.item_id == discount.target
        case Scope.CONTRACT_LINE:
            return line.contract_line_id == discount.target
    return True


def _apply(
    discount: Discount, lines: Sequence[Line], inside: Sequence[int], taken: Sequence[int], mode: Rounding
) -> AppliedDiscount:
    gross = [lines[position].net for position in inside]
    room = [lines[position].net - taken[position] for position in inside]
    wanted, step = _wanted(discount, sum(gross), mode)
    given = min(wanted, sum(room))
    steps = [step] if given == wanted else [step, ["never_below_zero", f"min({wanted}, {sum(room)})", given]]
    shares = [0] * len(lines)
    for position, share in zip(inside, _fit(given, gross, room), strict=True):
        shares[position] = share
    inputs = {"kind": discount.kind.value, "scope": discount.scope.value, "value": plain(discount.value)}
    return AppliedDiscount(discount.key, given, tuple(shares), explain("discount", inputs, steps, mode))


def _wanted(discount: Discount, gross: int, mode: Rounding) -> tuple[int, list[Any]]:
    if discount.kind is DiscountKind.FIXED:
        return int(discount.value), ["fixed_amount", "", int(discount.value)]
    amount = multiply(gross, discount.value, mode, per=100)
    return amount, ["percent_of_gross", f"{gross} × {plain(discount.value)}/100", amount]


def _fit(amount: int, gross: Sequence[int], room: Sequence[int]) -> list[int]:
    """Spread by gross; what a line has no room for goes to the others in proportion to the room they have left."""
    if not gross:
        return []
    shares = [min(share, space) for share, space in zip(allocate(amount, gross), room, strict=True)]
    over = amount - sum(shares)
    if not over:
        return shares
    left = [space - share for space, share in zip(room, shares, strict=True)]
    return [share + more for share, more in zip(shares, allocate(over, left), strict=True)]


def tax_lines(discounted: Discounted) -> list[TaxLine]:
    """The lines as the tax hook takes them; whether discounts lower the taxed amount is the tax policy's to say."""
    return [
        TaxLine(key, net, category, region, taken, location_id, exemption)
        for (key, net, _, _, category, region, location_id, exemption, _), taken in zip(
            discounted.lines, discounted.taken, strict=True
        )
    ]


def total_up(discounted: Discounted, taxes: TaxResult) -> Totals:
    """The sums of the document. Raises the tax provider's error, or TaxAnswerInvalid if its parts do not add up.

    >>> from kernel.hookspecs.tax import TaxedLine, TaxGroup
    >>> done = apply_discounts([Line("a", 10000)], [Discount("d", DiscountKind.FIXED, 1000)], Rounding.HALF_UP)
    >>> vat = TaxGroup("VAT", "S", Decimal(19), 9000, 1710)
    >>> total_up(done, TaxResult([TaxedLine(1710, ((0, 1710),))], [vat], 1710, [], {}))[1:]
    (10000, 1000, 9000, 1710, 10710)
    """
    if taxes.error is not None:
        raise taxes.error
    check_taxes(len(discounted.lines), taxes)
    nets = [line.net for line in discounted.lines]
    lines = [
        LineTotal(net, taken, tax, net - taken + tax)
        for net, taken, (tax, _) in zip(nets, discounted.taken, taxes.lines, strict=True)
    ]
    net, discount = sum(nets), sum(discounted.taken)
    subtotal = net - discount
    return Totals(lines, in_range(net), discount, subtotal, taxes.tax, in_range(subtotal + taxes.tax))


def check_taxes(count: int, taxes: TaxResult) -> None:
    """Raise TaxAnswerInvalid unless there is a tax for each of `count` lines and lines, parts and groups add up."""
    groups = [0] * len(taxes.groups)
    fits = len(taxes.lines) == count
    for tax, parts in taxes.lines:
        left = tax
        for position, amount in parts:
            if not 0 <= position < len(groups):
                raise TaxAnswerInvalid("A line names a tax group that is not there.")
            groups[position] += amount
            left -= amount
        fits = fits and not left
    if not (fits and groups == [group.tax for group in taxes.groups] and sum(groups) == taxes.tax):
        raise TaxAnswerInvalid("The taxes of lines and groups do not add up to the tax of the document.")
