"""Late fees: what paying late costs, by currency; charged by billing runs, each late month of an invoice at most once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import exists, select

from kernel import audit
from kernel.directory.clients import apply_changes
from kernel.errors import InvalidInput
from kernel.money import Rounding, multiply
from plugins.billing.models import LateFeeRule
from plugins.billing.pricing import Step, Trace, explain, plain
from plugins.billing.receivables.errors import LateFeeRuleNotFound
from plugins.billing.said import check_currency

if TYPE_CHECKING:
    from kernel.context import CallContext


def list_rules(ctx: CallContext) -> list[LateFeeRule]:
    """The rules by currency; without any nobody is charged."""
    return list(ctx.session.scalars(select(LateFeeRule).order_by(LateFeeRule.currency)))


def get_rule(ctx: CallContext, rule_id: UUID) -> LateFeeRule:
    """One rule. Raises LateFeeRuleNotFound."""
    found = ctx.session.scalar(select(LateFeeRule).where(LateFeeRule.id == rule_id))
    if found is None:
        raise LateFeeRuleNotFound("There is no late fee with this id.")
    return found


def add_rule(ctx: CallContext, *, currency: str, kind: str, percent: Decimal | None = None, amount: int | None = None,
             minimum: int = 0, grace_days: int = 0, starts_on: date | None = None,
             tax_category: str = "exempt") -> LateFeeRule:  # fmt: skip
    """Charge late fees in a currency from a day on, by default today. Raises InvalidInput by field."""
    check_currency(currency)
    if ctx.session.scalar(select(exists().where(LateFeeRule.currency == currency))):
        raise InvalidInput(errors={"currency": f"There is a late fee in {currency} already."})
    _check(kind, percent, amount)
    rule = LateFeeRule(currency=currency, kind=kind, percent=percent, amount=amount, minimum=minimum, grace_days=grace_days,
                       starts_on=starts_on or ctx.today(), tax_category=tax_category)  # fmt: skip
    ctx.session.add(rule)
    ctx.session.flush()
    audit.record(ctx, "late_fee.added", kind="late_fee", row_id=rule.id, label=currency)
    return rule


def change_rule(ctx: CallContext, rule_id: UUID, changes: Mapping[str, Any], version: int | None = None) -> LateFeeRule:
    """Change a rule; what was charged stays. Raises InvalidInput by field, PreconditionFailed."""
    rule = get_rule(ctx, rule_id)
    wanted = {name: changes.get(name, getattr(rule, name)) for name in ("kind", "percent", "amount")}
    _check(**wanted)
    apply_changes(ctx, rule, changes, version, kind="late_fee", label=rule.currency)
    return rule


def delete_rule(ctx: CallContext, rule_id: UUID) -> None:
    """Charge no late fees in a currency any more; what was charged stays."""
    rule = get_rule(ctx, rule_id)
    audit.record(ctx, "late_fee.deleted", kind="late_fee", row_id=rule_id, label=rule.currency)
    ctx.session.delete(rule)
    ctx.session.flush()


def _check(kind: str, percent: Decimal | None, amount: int | None) -> None:
    wanted, other = ("percent", "amount") if kind == "percent" else ("amount", "percent")
    given = {"percent": percent, "amount": amount}
    if given[wanted] is None:
        raise InvalidInput(errors={wanted: "Say how much."})
    if given[other] is not None:
        raise InvalidInput(errors={other: f"A late fee is either a percentage or an amount; this one has a {wanted}."})
    if percent is not None and not (0 < percent <= 100 and percent == round(percent, 6)):
        raise InvalidInput(errors={"percent": "Above 0 and at most 100, with at most six decimals."})


def fee_of(rule: LateFeeRule, open_amount: int, mode: Rounding, number: str) -> tuple[int, Trace]:
    """What one late month of an invoice costs while so much of it is open, and why."""
    inputs: dict[str, Any] = {"invoice": number, "open_amount": open_amount}
    if rule.percent is None:
        amount = rule.amount or 0
        return amount, explain("late_fee", inputs, [["fixed_amount", "", amount]], mode)
    amount = multiply(open_amount, rule.percent / 100, mode)
    steps: list[Step] = [["percent_of_open", f"{open_amount} × {plain(rule.percent)}/100", amount]]
    if amount < rule.minimum:
        amount = rule.minimum
        steps.append(["minimum_fee", "", amount])
    return amount, explain("late_fee", inputs, steps, mode)
