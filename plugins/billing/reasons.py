"""The stored reckoning of an amount, put into words of the reader's language: rule, inputs, steps, rounding."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from babel import dates, numbers

from kernel.money import exponent, format_minor
from kernel.web import formats
from kernel.web.i18n import LazyText, babel_locale
from kernel.web.i18n import gettext as _
from kernel.web.i18n import lazy_gettext as _l
from plugins.billing.periods import Period

RULES: Mapping[str, LazyText] = {
    "fixed": _l("A fixed price for each period"),
    "hourly": _l("Time worked, by the hourly rate"),
    "usage": _l("What was used, by its price"),
    "usage_tiers": _l("What was used, by graduated prices"),
    "item": _l("Quantity times unit price"),
    "bucket": _l("What was drawn from what the contract includes"),
    "credit": _l("Taken back from an invoice"),
    "late_fee": _l("A month of late payment"),
    "reminder_fee": _l("A reminder of an invoice"),
    "discount": _l("A discount"),
    "days_back": _l("Days that were billed and are not served"),
    "fee_back": _l("A fee for an invoice that is void by now"),
}
STEPS: Mapping[str, LazyText] = {
    "line_price": _l("Price of a period"),
    "scheduled_price": _l("Price of a period, by the price schedule"),
    "sum_of_services": _l("Sum of the services"),
    "prorate": _l("For the days covered"),
    "fair_share": _l("Share of this service, by its price"),
    "minimum_minutes": _l("Minimum in minutes"),
    "round_up_minutes": _l("Rounded up, in minutes"),
    "hours_times_rate": _l("Hours times rate"),
    "minimum_quantity": _l("Minimum quantity"),
    "quantity_times_price": _l("Quantity times price"),
    "sum_of_tiers": _l("Sum of the tiers"),
    "percent_of_gross": _l("Percentage of the amount"),
    "fixed_amount": _l("Fixed amount"),
    "never_below_zero": _l("Never below zero"),
    "credited_amount": _l("Credited now"),
    "percent_of_open": _l("Percentage of what is open"),
    "minimum_fee": _l("At least"),
    "bucket_available": _l("Included and carried over"),
    "bucket_beyond": _l("Drawn beyond that"),
    "bucket_overage": _l("What goes beyond, by its price"),
    "days_back": _l("Taken back for these days"),
    "fee_back": _l("Taken back of this fee"),
    "hours_and_overtime": _l("Hours times rate, and overtime"),
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
    "minutes": _l("Time worked"),
    "unit_price": _l("Unit price"),
    "rate": _l("Hourly rate"),
    "rate_from": _l("Rate taken from"),
    "price_from": _l("Price taken from"),
    "invoice": _l("Invoice"),
    "line_amount": _l("Amount of the line"),
    "credited_before": _l("Credited before"),
    "open_amount": _l("Open then"),
    "role": _l("Role"),
    "included": _l("Included in the period"),
    "carried": _l("Carried over from the period before"),
    "drawn": _l("Drawn in the period"),
    "billed_before": _l("Of that billed before"),
    "overage_rate": _l("Price of one more"),
}
ORIGINS: Mapping[str, LazyText] = {
    "entry": _l("the time entry"),
    "role": _l("the worker's role, by contract"),
    "line": _l("the contract line"),
    "catalog": _l("the catalog"),
    "client": _l("the client's own price"),
    "schedule": _l("the price schedule of the contract line"),
    "agreed": _l("this line, as agreed"),
}
_MONEY_INPUTS = {"unit_price", "rate", "line_amount", "credited_before", "overage_rate", "open_amount"}
_PLAIN_RESULTS = {"minimum_minutes", "round_up_minutes", "minimum_quantity", "bucket_available", "bucket_beyond"}
_NUMBER = r"(-?\d+(?:\.\d+)?)"
_PAIR = re.compile(rf"{_NUMBER}, {_NUMBER}")
_FACTORS = re.compile(rf"^{_NUMBER} × {_NUMBER}$")
_HOURS = re.compile(rf"^(\d+)/60 × {_NUMBER}$")
_DAYS = re.compile(r"(-?\d+) × (\d+)/(\d+)")
_SHARE = re.compile(r"^(-?\d+) × (-?\d+)/(-?\d+)$")
_EQUAL = re.compile(r"^(-?\d+) / (\d+)$")
_PERCENT = re.compile(rf"^{_NUMBER} × {_NUMBER}/100$")


def rule_in_words(trace: Mapping[str, Any]) -> str:
    """The rule by which the amount was made."""
    return str(RULES.get(trace.get("rule", ""), trace.get("rule", "")))


def span(start: date, end: date) -> str:
    """A half-open period as people write it: first to last day, "Jul 1 – 31, 2026"."""
    return dates.format_interval(start, Period(start, end).last_day, "yMMMd", locale=babel_locale())


def trace_in_words(trace: Mapping[str, Any], currency: str) -> list[tuple[str, str]]:
    """Inputs, steps and rounding of a trace as (words, value)."""
    shown = _place(trace)
    shown += [_input(name, value, currency) for name, value in trace.get("inputs", {}).items() if value is not None]
    shown += _terms(trace) + [_entry(one, currency) for one in trace.get("entries", ())]
    shown += [(_("Used on %(day)s", day=_day(one["on"])), _plain(one["quantity"])) for one in trace.get("records", ())]
    shown += _steps(trace, currency)
    if trace.get("rounding"):
        shown.append((_("Fractions are rounded"), str(ROUNDINGS.get(trace["rounding"], trace["rounding"]))))
    return shown


def _place(trace: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What was agreed, and for when."""
    period, day = trace.get("period"), trace.get("on")
    spoken = span(*map(date.fromisoformat, period.split("/"))) if period else None
    named = ((_("Contract line"), trace.get("contract_line")), (_("Period"), spoken), (_("Date"), _day(day) if day else None))
    return [(words, str(value)) for words, value in named if value]


def _terms(trace: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What was agreed for every time entry, said once."""
    held = {step[0]: str(step[1]) for one in trace.get("entries", ()) for step in one["steps"]}
    found = []
    if "minimum_minutes" in held:
        least = held["minimum_minutes"].rpartition(" ")[2].rstrip(")")
        found.append((_("Each entry bills at least"), _("%(num)s min", num=least)))
    if "round_up_minutes" in held:
        grain = held["round_up_minutes"].rpartition(" ")[2]
        found.append((_("Each entry is rounded up to full"), _("%(num)s min", num=grain)))
    return found


def _entry(one: Mapping[str, Any], currency: str) -> tuple[str, str]:
    """A time entry: when, who and what; its minutes as billed, and its share of the amount."""
    worked, billed = formats.minutes(one["minutes"]), formats.minutes(one["billed_minutes"])
    spent = _("%(hours)s h", hours=worked)
    if billed != worked:
        spent = _("%(worked)s h, billed as %(billed)s h", worked=worked, billed=billed)
    if "drawn" in one:
        spent = _("%(worked)s h, drawn as %(drawn)s min", worked=worked, drawn=_plain(str(one["drawn"])))
    person = one.get("detail", {}).get("person")
    words = " · ".join(part for part in (_day(one["on"]), person, one["description"]) if part)
    return words, f"{spent} = {_money(str(one['amount']), currency)}"


def _input(name: str, value: Any, currency: str) -> tuple[str, str]:
    words = str(INPUTS.get(name, name.replace("_", " ")))
    if name in _MONEY_INPUTS:
        return words, _money(str(value), currency)
    if name == "minutes":
        return words, _("%(hours)s h", hours=formats.minutes(value))
    return words, str(ORIGINS.get(value, _plain(value))) if isinstance(value, str) else _plain(str(value))


def _steps(trace: Mapping[str, Any], currency: str) -> list[tuple[str, str]]:
    shown, tiers = [], 0
    for name, reckoning, result in trace.get("steps", ()):
        tiers += name == "tier"
        words = _("Tier %(num)s", num=tiers) if name == "tier" else str(STEPS.get(name, name.replace("_", " ")))
        amount = _plain(str(result)) if name in _PLAIN_RESULTS else _money(str(result), currency)
        spoken = _SPOKEN.get(name, _as_stored)(str(reckoning), currency)
        shown.append((words, f"{spoken} = {amount}" if spoken else amount))
    return shown


def _as_stored(text: str, _currency: str) -> str:
    return text


def _spoken_pair(text: str, _currency: str) -> str:
    return _PAIR.sub(lambda found: _("%(used)s, at least %(least)s", used=_plain(found[1]), least=_plain(found[2])),
                     text.removeprefix("max(").removesuffix(")"))  # fmt: skip


def _spoken_lesser(text: str, currency: str) -> str:
    said: Callable[[re.Match[str]], str] = lambda found: _(  # noqa: E731 - the words of one match
        "%(wanted)s, at most %(room)s", wanted=_money(found[1], currency), room=_money(found[2], currency)
    )
    return _PAIR.sub(said, text.removeprefix("min(").removesuffix(")"))


def _spoken_factors(text: str, currency: str) -> str:
    return _FACTORS.sub(lambda found: f"{_plain(found[1])} × {_money(found[2], currency)}", text)


def _spoken_hours(text: str, currency: str) -> str:
    return _HOURS.sub(lambda found: _("%(hours)s h × %(rate)s", hours=formats.minutes(int(found[1])),
                                      rate=_money(found[2], currency)), text)  # fmt: skip


def _spoken_sum(text: str, currency: str) -> str:
    return " + ".join(_spoken_hours(part, currency) for part in text.split(" + "))


def _spoken_days(text: str, currency: str) -> str:
    """Parts of a period; the whole of it needs no fraction."""
    whole: Callable[[re.Match[str]], str] = lambda found: (  # noqa: E731 - the words of one match
        _money(found[1], currency)
        if found[2] == found[3]
        else _("%(price)s × %(part)s of %(days)s days", price=_money(found[1], currency), part=found[2], days=found[3])
    )
    return _DAYS.sub(whole, text)


def _spoken_share(text: str, currency: str) -> str:
    said = _SHARE.sub(lambda found: "{} × {} ÷ {}".format(*(_money(one, currency) for one in found.groups())), text)
    return _EQUAL.sub(lambda found: f"{_money(found[1], currency)} ÷ {found[2]}", said)


def _spoken_percent(text: str, currency: str) -> str:
    return _PERCENT.sub(lambda found: f"{_money(found[1], currency)} × {formats.percent(found[2], 6)}", text)


_SPOKEN: Mapping[str, Callable[[str, str], str]] = {
    "minimum_minutes": _spoken_pair,
    "minimum_quantity": _spoken_pair,
    "never_below_zero": _spoken_lesser,
    "quantity_times_price": _spoken_factors,
    "bucket_overage": _spoken_factors,
    "hours_and_overtime": _spoken_sum,
    "tier": _spoken_factors,
    "hours_times_rate": _spoken_hours,
    "prorate": _spoken_days,
    "fair_share": _spoken_share,
    "percent_of_gross": _spoken_percent,
    "percent_of_open": _spoken_percent,
}


def _day(text: str) -> str:
    return formats.format_date(date.fromisoformat(text))


def _plain(text: str) -> str:
    """A decimal with the reader's separators; what is no number stays as it is."""
    try:
        return formats.decimal(Decimal(text))
    except InvalidOperation:
        return text


def _money(minor: str, currency: str) -> str:
    """Minor units, perhaps with a fraction, as an amount; what is no number stays as it is."""
    try:
        value = Decimal(minor)
    except InvalidOperation:
        return minor
    if value == value.to_integral_value():
        return format_minor(int(value), currency, babel_locale())
    exact = value.scaleb(-exponent(currency)).normalize()
    return numbers.format_currency(exact, currency, locale=babel_locale(), currency_digits=False, decimal_quantization=False)
