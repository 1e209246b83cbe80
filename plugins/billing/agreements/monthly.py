"""What contracts' discounts take off in a month of the usual kind: for lists, where no period is reckoned."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from sqlalchemy import select

from kernel.context import CallContext
from kernel.db import among
from kernel.money import Rounding, as_ratio, round_ratio
from plugins.billing.contracts.agreed import AgreedLine
from plugins.billing.due.values import GOODS
from plugins.billing.models.agreements import ContractDiscount

A_MONTH: Mapping[str, tuple[int, int]] = {
    "weekly": (52, 12), "bi_weekly": (26, 12), "monthly": (1, 1), "quarterly": (1, 3), "semi_annual": (1, 6), "annual": (1, 12),
}  # fmt: skip
"""How many periods of a cycle a month has."""
Valued = tuple[AgreedLine, int]
"""A line with what it comes to in a month, in minor units."""


def monthly_discounts(ctx: CallContext, lines: Sequence[Valued]) -> dict[UUID, int]:
    """What the discounts that hold today take off these lines in a month, by contract; never more than the lines come to.

    A fixed amount of a whole contract is taken once for each month in which periods begin.
    """
    by_contract: defaultdict[UUID, list[Valued]] = defaultdict(list)
    for one in lines:
        if one[0].line.kind not in GOODS:
            by_contract[one[0].contract.id].append(one)
    today = ctx.today()
    rows = ctx.session.scalars(
        select(ContractDiscount).where(
            among(ContractDiscount.contract_id, by_contract), ContractDiscount.start_on <= today,
            ContractDiscount.end_on.is_(None) | (ContractDiscount.end_on >= today),
        )
    ) if by_contract else []  # fmt: skip
    held: defaultdict[UUID, list[ContractDiscount]] = defaultdict(list)
    for row in rows:
        held[row.contract_id].append(row)
    return {key: _taken(by_contract[key], several) for key, several in held.items()}


def _taken(lines: Sequence[Valued], discounts: Sequence[ContractDiscount]) -> int:
    exact = Fraction(0)
    for one in discounts:
        inside = [line for line in lines if one.line_id in (None, line[0].line.id)]
        exact += _of(one, inside) if inside else 0
    return min(round_ratio(exact.numerator, exact.denominator, Rounding.HALF_UP), sum(value for _, value in lines))


def _of(discount: ContractDiscount, lines: Sequence[Valued]) -> Fraction:
    whole = sum(value for _, value in lines)
    if discount.fixed is None:
        return Fraction(*as_ratio(discount.percent or Decimal(0))) * whole / 100
    often = max(Fraction(*A_MONTH[agreed.line.cycle]) for agreed, _ in lines)
    return min(discount.fixed * (often if discount.line_id else min(often, Fraction(1))), Fraction(whole))
