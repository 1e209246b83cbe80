"""Why a line has its amount: the stored reckoning, put into words of the reader's language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from kernel.context import CallContext
from kernel.money import exponent, format_minor
from kernel.web.i18n import LazyText, babel_locale
from kernel.web.i18n import gettext as _
from kernel.web.i18n import lazy_gettext as _l
from plugins.billing import invoices
from plugins.billing.models import Invoice, InvoiceLine
from plugins.billing.sources import list_sources

RULES: Mapping[str, LazyText] = {
    "fixed": _l("A fixed price for each period"),
    "hourly": _l("Time worked, by the hourly rate"),
    "usage": _l("What was used, by its price"),
    "usage_tiers": _l("What was used, by graduated prices"),
    "item": _l("Quantity times unit price"),
    "credit": _l("Taken back from an invoice"),
    "discount": _l("A discount"),
}
STEPS: Mapping[str, LazyText] = {
    "line_price": _l("Price of a period"),
    "sum_of_services": _l("Sum of the services"),
    "prorate": _l("Part of the period that is covered"),
    "fair_share": _l("Share of this service"),
    "minimum_minutes": _l("Minimum in minutes"),
    "round_up_minutes": _l("Rounded up, in minutes"),
    "hours_times_rate": _l("Hours times rate"),
    "minimum_quantity": _l("Minimum quantity"),
    "quantity_times_price": _l("Quantity times price"),
    "tier": _l("Tier"),
    "sum_of_tiers": _l("Sum of the tiers"),
    "percent_of_gross": _l("Percentage of the amount"),
    "fixed_amount": _l("Fixed amount"),
    "never_below_zero": _l("Never below zero"),
    "credited_amount": _l("Credited now"),
}
ROUNDINGS: Mapping[str, LazyText] = {
    "half_up": _l("half up"),
    "half_even": _l("half to even"),
    "up": _l("up"),
    "down": _l("down"),
}
INPUTS: Mapping[str, LazyText] = {
    "quantity": _l("Quantity"),
    "used": _l("Used"),
    "minutes": _l("Minutes worked"),
    "unit_price": _l("Unit price"),
    "rate": _l("Hourly rate"),
    "rate_from": _l("The rate is that of"),
    "price_from": _l("The price is that of"),
    "invoice": _l("Invoice"),
    "line_amount": _l("Amount of the line"),
    "credited_before": _l("Credited before"),
    "role": _l("Role"),
}
ORIGINS: Mapping[str, LazyText] = {
    "entry": _l("the time entry"),
    "role": _l("the worker's role, by contract"),
    "line": _l("the contract line"),
    "catalog": _l("the catalog"),
    "agreed": _l("this line, as agreed"),
}
_MONEY_INPUTS = {"unit_price", "rate", "line_amount", "credited_before"}
_PLAIN_RESULTS = {"minimum_minutes", "round_up_minutes", "minimum_quantity"}
_EVERY = re.compile(r"-?\d+")
_PRICE = re.compile(r"(?<=× )-?[\d.]+$")
_MONEY_IN = {
    "prorate": re.compile(r"-?\d+(?= × )"),
    "fair_share": re.compile(r"-?\d+(?! *$)|(?<=/)-?\d+$"),
    "hours_times_rate": _PRICE,
    "quantity_times_price": _PRICE,
    "tier": _PRICE,
    "percent_of_gross": re.compile(r"^-?\d+"),
    "never_below_zero": _EVERY,
}


def explain_line(ctx: CallContext, invoice_id: UUID, line_id: UUID) -> dict[str, Any]:
    """The reckoning of a line with its words, its discount and taxes, and what it bills. Raises InvoiceLineNotFound."""
    invoice = invoices.get_invoice(ctx, invoice_id)
    line = invoices.get_line(ctx, invoice_id, line_id)
    return {
        "line_id": line.id,
        "amount": line.net,
        "currency": invoice.currency,
        "rule": rule_in_words(line.trace),
        "words": trace_in_words(line.trace, invoice.currency),
        "trace": line.trace,
        "discounts": {"taken": line.discount},
        "taxes": _taxes(ctx, invoice, line),
        "sources": [
            {"kind": one.source_kind, "id": str(one.source_id), "period": one.period_key, "amount": one.amount}
            for one in list_sources(ctx, line.id, invoice.id)
        ],
    }


def _taxes(ctx: CallContext, invoice: Invoice, line: InvoiceLine) -> list[dict[str, Any]]:
    by_position = {tax.position: tax for tax in invoices.list_taxes(ctx, invoice.id)}
    return [
        {"name": by_position[at].name, "percent": f"{by_position[at].percent.normalize():f}", "amount": amount}
        for at, amount in line.tax_parts
    ]


def rule_in_words(trace: Mapping[str, Any]) -> str:
    """The rule by which the amount was made."""
    return str(RULES.get(trace.get("rule", ""), trace.get("rule", "")))


def trace_in_words(trace: Mapping[str, Any], currency: str) -> list[tuple[str, str]]:
    """Inputs, steps and rounding of a trace as (words, value)."""
    shown = _place(trace)
    shown += [_input(name, value, currency) for name, value in trace.get("inputs", {}).items() if value is not None]
    shown += [_entry(one, currency) for one in trace.get("entries", ())]
    shown += [(_("Used on %(day)s", day=one["on"]), one["quantity"]) for one in trace.get("records", ())]
    shown += [_step(step, currency) for step in trace.get("steps", ())]
    if trace.get("rounding"):
        shown.append((_("Fractions are rounded"), str(ROUNDINGS.get(trace["rounding"], trace["rounding"]))))
    return shown


def _place(trace: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What was agreed, and for when."""
    period = str(trace.get("period") or "").replace("/", " – ")
    named = ((_("Contract line"), trace.get("contract_line")), (_("Period"), period), (_("Date"), trace.get("on")))
    return [(words, str(value)) for words, value in named if value]


def _entry(one: Mapping[str, Any], currency: str) -> tuple[str, str]:
    """A time entry: its minutes as billed, and its share of the amount."""
    minutes = _("%(num)s min", num=one["billed_minutes"])
    if one["billed_minutes"] != one["minutes"]:
        minutes = _("%(worked)s min, billed as %(billed)s min", worked=one["minutes"], billed=one["billed_minutes"])
    return f"{one['on']} {one['description']}", f"{minutes} = {_money(str(one['amount']), currency)}"


def _input(name: str, value: Any, currency: str) -> tuple[str, str]:
    words = str(INPUTS.get(name, name.replace("_", " ")))
    if name in _MONEY_INPUTS:
        return words, _money(str(value), currency)
    return words, str(ORIGINS.get(value, value)) if isinstance(value, str) else str(value)


def _step(step: list[Any], currency: str) -> tuple[str, str]:
    name, reckoning, result = step[0], str(step[1]), str(step[2])
    if name in _MONEY_IN:
        reckoning = _MONEY_IN[name].sub(lambda found: _money(found[0], currency), reckoning)
    if name not in _PLAIN_RESULTS:
        result = _money(result, currency)
    return str(STEPS.get(name, name.replace("_", " "))), f"{reckoning} = {result}" if reckoning else result


def _money(minor: str, currency: str) -> str:
    """Minor units, perhaps with a fraction, as an amount; what is no number stays as it is."""
    try:
        value = Decimal(minor)
    except InvalidOperation:
        return minor
    if value == value.to_integral_value():
        return format_minor(int(value), currency, babel_locale())
    return f"{value.scaleb(-exponent(currency)).normalize():f} {currency}"
