"""What contracts' discounts take off what is due, each within its scope and only once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

from sqlalchemy import select

from kernel.context import CallContext
from kernel.db import among
from kernel.money import allocate
from plugins.billing.contracts.agreed import AgreedLine
from plugins.billing.contracts.billed import read_billed
from plugins.billing.due.values import GOODS, Due, DueDiscount, DueInvoice, DueLine, Source
from plugins.billing.models.agreements import ContractDiscount

CONTRACT_DISCOUNT = "billing.contract_discount"
Place = tuple[int, DueLine, AgreedLine, date]
"""A line's position on the invoice, the line, what was agreed, and the first day that it bills."""


def take_discounts(ctx: CallContext, lines: Sequence[AgreedLine], due: Due) -> Due:
    """What is due, with the discounts of its contracts.

    A discount counts for the service periods that begin between its first and last day. A percentage is of each line; a
    fixed amount is taken once for each period of its line, or, of a whole contract, once for each month in which periods
    begin, and leaves a source behind, so that nothing billed later takes it again. It is money of the contract's currency, and
    comes off no work that has a rate in another one.
    """
    by_contract = _offered(ctx, {one.contract.id.int: one.contract.id for one in lines}.values())
    if not by_contract:
        return due
    agreed = {one.line.id: one for one in lines if one.contract.id in by_contract}
    fixed = [one.id for several in by_contract.values() for one in several if one.fixed is not None]
    billed = read_billed(ctx, {CONTRACT_DISCOUNT: fixed}).get(CONTRACT_DISCOUNT, {})
    taken = {(UUID(int=discount), key) for discount, keys in billed.items() for key in keys}
    return Due([_with_discounts(one, agreed, by_contract, taken) for one in due.invoices], due.problems)


def _offered(ctx: CallContext, contract_ids: Iterable[UUID]) -> Mapping[UUID, Sequence[ContractDiscount]]:
    found: defaultdict[UUID, list[ContractDiscount]] = defaultdict(list)
    rows = select(ContractDiscount).where(among(ContractDiscount.contract_id, contract_ids))
    for one in ctx.session.scalars(rows.order_by(ContractDiscount.start_on, ContractDiscount.id)):
        found[one.contract_id].append(one)
    return found


def _with_discounts(invoice: DueInvoice, agreed: Mapping[UUID, AgreedLine], offered: Mapping[UUID, Sequence[ContractDiscount]],
                    taken: set[tuple[UUID, str]]) -> DueInvoice:  # fmt: skip
    lines, discounts = list(invoice.lines), list[DueDiscount]()
    places: defaultdict[UUID, list[Place]] = defaultdict(list)
    for at, line in enumerate(lines, 1):
        if (one := agreed.get(line.contract_line_id)) and line.kind not in GOODS and line.amount > 0:
            places[one.contract.id].append((at, line, one, _first_day(line, one)))
    for contract_id, held in places.items():
        for discount in offered[contract_id]:
            inside = [place for place in held if _holds(discount, place)]
            if discount.fixed is None:
                discounts += [DueDiscount(discount.description, discount.percent, None, at) for at, *_ in inside]
                continue
            payable = [place for place in inside if place[2].contract.currency == invoice.currency]
            for key, period in _by_period(discount, payable).items():
                if (discount.id, key) not in taken:
                    taken.add((discount.id, key))
                    discounts += _fixed(discount, period)
                    at = period[0][0] - 1
                    lines[at] = replace(lines[at], sources=[*lines[at].sources, Source(CONTRACT_DISCOUNT, discount.id, key, 0)])
    return replace(invoice, lines=lines, discounts=tuple(discounts)) if discounts else invoice


def _first_day(line: DueLine, agreed: AgreedLine) -> date:
    begun = agreed.agreement.active.start
    return max(line.service_period.start, begun) if line.service_period else begun


def _holds(discount: ContractDiscount, place: Place) -> bool:
    _, line, _, first = place
    of_line = discount.line_id in (None, line.contract_line_id)
    return of_line and discount.start_on <= first and (discount.end_on is None or first <= discount.end_on)


def _by_period(discount: ContractDiscount, places: Sequence[Place]) -> Mapping[str, list[Place]]:
    periods: defaultdict[str, list[Place]] = defaultdict(list)
    for place in places:
        _, _, agreed, first = place
        month = f"{first:%Y-%m}"
        periods[agreed.agreement.schedule.period_containing(first).key if discount.line_id else month].append(place)
    return periods


def _fixed(discount: ContractDiscount, places: Sequence[Place]) -> Iterator[DueDiscount]:
    amounts = [line.amount for _, line, *_ in places]
    shares = allocate(min(discount.fixed or 0, sum(amounts)), amounts)
    for (at, *_), share in zip(places, shares, strict=True):
        yield DueDiscount(discount.description, None, share, at)
