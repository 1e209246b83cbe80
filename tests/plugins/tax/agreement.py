"""Asks the engine and the slow reference about the same random documents."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any
from uuid import UUID

from kernel.hookspecs.tax import DiscountRule, TaxDocument, TaxLevel, TaxLine, TaxPolicy, TaxResult
from kernel.money import Rounding
from plugins.tax.calculator import ClientTax, Exemption, compute
from plugins.tax.rates import Bracket, Component, Holiday, Rate, RateBook
from tests.plugins.tax.reference import REVERSE, Case, random_case, reckon

DANA = UUID(int=1)
PLACES = {None: None, 1: UUID(int=11), 2: UUID(int=12)}


def compare(count: int, seed: int) -> Counter[str]:
    """How many documents were taxed and refused, all alike; raises AssertionError with the first that differs."""
    dice, seen = Random(seed), Counter[str]()
    for number in range(count):
        case = random_case(dice)
        wanted, got = reckon(case), ask_engine(case)
        assert got == wanted, f"document {number} of seed {seed}:\n{case}\nengine    {got}\nreference {wanted}"
        seen[wanted[0] if wanted[0] == "taxed" else wanted[1]] += 1
    return seen


def ask_engine(case: Case) -> tuple[Any, ...]:
    """The engine's answer in the words of the reference."""
    ids = {"seller_tax_id": "DE136695976", "buyer_tax_id": "ATU12345675"} if case["tax_ids"] else {}
    lines = [
        TaxLine(
            one["key"], one["net"], one["category"], one["region"], one["discount"], PLACES[one["location"]], one["exemption"]
        )
        for one in case["lines"]
    ]
    rule = DiscountRule.REDUCE_TAXABLE_BASE if case["reduce"] else DiscountRule.IGNORE
    policy = TaxPolicy(Rounding(case["mode"]), TaxLevel(case["level"]), rule)
    document = TaxDocument(DANA, case["date"], case["currency"], lines, policy, **ids)
    return _plain(compute([document], RateBook(_rate(one) for one in case["rates"]), {DANA: _client(case)})[0])


def _client(case: Case) -> ClientTax:
    exemptions = [
        Exemption(one["reason"], one["starts"], one["ends"], one["certificate"], PLACES[one["location"]])
        for one in case["exemptions"]
    ]
    return ClientTax(tuple(exemptions), case["reverse_charge"], REVERSE)


def _rate(one: dict[str, Any]) -> Rate:
    return Rate(
        one["key"], one["region"], one["category"], one["name"], one["starts"], one["ends"], _decimal(one["percent"]),
        tuple(Component(part["key"], part["name"], _sure(part["percent"]), part["compound"], part["starts"], part["ends"])
              for part in one["components"]),
        tuple(Bracket(low, high, _sure(percent)) for low, high, percent in one["brackets"]),
        tuple(Holiday("Holiday", off["starts"], off["ends"], off["component"]) for off in one["holidays"]),
        one["currency"],
    )  # fmt: skip


def _decimal(percent: Fraction | None) -> Decimal | None:
    return None if percent is None else _sure(percent)


def _sure(percent: Fraction) -> Decimal:
    return Decimal(int(percent * 10**6)).scaleb(-6)


def _plain(result: TaxResult) -> tuple[Any, ...]:
    if result.error is not None:
        return "refused", result.error.code, set(result.error.errors)
    assert sum(one.tax for one in result.lines) == sum(group.tax for group in result.groups) == result.tax
    groups = [
        (one.name, one.code, Fraction(one.percent), one.base, one.tax, one.region, one.note) for one in result.groups
    ]  # fmt: skip
    return "taxed", groups, [one.tax for one in result.lines]
