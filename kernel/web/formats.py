"""Numbers, money and times as the reader writes them; the template filters. Times are shown in the tenant's zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from babel import dates, numbers
from flask import g

from kernel.clock import zone_info
from kernel.money import as_major, format_minor, parse_amount
from kernel.web.i18n import babel_locale, gettext

NOTHING = "–"


def money(minor: int | None, currency: str) -> str:
    """Minor units as an amount with its currency."""
    return NOTHING if minor is None else format_minor(int(minor), currency, babel_locale())


def money_entry(minor: int, currency: str) -> str:
    """Minor units as one types them: decimals of the currency, no sign of it, no groups."""
    return f"{as_major(minor, currency):f}".replace(".", numbers.get_decimal_symbol(babel_locale()))


def read_money(text: str, currency: str) -> int:
    """What was typed, in minor units. Raises AmountInvalid."""
    spoken = babel_locale()
    bare = text.strip().replace("\u202f", "\u00a0").replace("'", "’").removesuffix(currency).strip()
    group = numbers.get_group_symbol(spoken).replace("\u202f", "\u00a0")
    return parse_amount(bare, currency, decimal=numbers.get_decimal_symbol(spoken), group=group)


def decimal(value: Decimal | int | str | None, places: int | None = None) -> str:
    """A decimal with the reader's separators; `places` fixes the decimals, else as many as needed up to four."""
    if value is None:
        return NOTHING
    pattern = "#,##0.####" if places is None else f"#,##0.{'0' * places}" if places else "#,##0"
    return numbers.format_decimal(Decimal(value), format=pattern, locale=babel_locale())


def decimal_entry(value: Any) -> str:
    """A decimal as one types it: no groups, no closing zeros."""
    text = f"{Decimal(value):f}"
    plain = text.rstrip("0").rstrip(".") if "." in text else text
    return plain.replace(".", numbers.get_decimal_symbol(babel_locale()))


def read_decimal(text: str) -> str:
    """What was typed, as plain decimal text. Raises babel.numbers.NumberFormatError."""
    return f"{numbers.parse_decimal(text.strip(), locale=babel_locale(), strict=True):f}"


def percent(value: Decimal | int | str | None, places: int = 2) -> str:
    """A rate in percent: 20 is 20 %."""
    if value is None:
        return NOTHING
    return numbers.format_percent(Decimal(value) / 100, format=f"#,##0.{'#' * places}%", locale=babel_locale())


def format_date(value: date | None) -> str:
    """A business date; an instant becomes its date in the tenant's zone."""
    if value is None:
        return NOTHING
    if isinstance(value, datetime):
        value = local(value).date()
    return dates.format_date(value, "medium", locale=babel_locale())


def format_datetime(value: datetime | None) -> str:
    """An instant to the second, in the tenant's zone."""
    if value is None:
        return NOTHING
    return dates.format_datetime(local(value), "medium", tzinfo=zone_info(zone()), locale=babel_locale())


def ago(value: datetime | None) -> str:
    """An instant relative to now: "3 hours ago", "in 2 days"."""
    if value is None:
        return NOTHING
    distance = value.astimezone(UTC) - g.ctx.now()
    if abs(distance) < timedelta(seconds=45):
        return gettext("just now")
    return dates.format_timedelta(distance, add_direction=True, locale=babel_locale())


def minutes(value: int | None) -> str:
    """Minutes as hours and minutes: 95 is 1:35."""
    return NOTHING if value is None else f"{'-' if value < 0 else ''}{abs(value) // 60}:{abs(value) % 60:02d}"


def local(value: datetime) -> datetime:
    """An instant in the tenant's zone."""
    return value.astimezone(zone_info(zone()))


def zone() -> str:
    """The IANA zone of the tenant whose page this is."""
    return g.ctx.tenant.zone if "ctx" in g else "UTC"


def typed(value: Any) -> str:
    """A value as the text of an input field; of several typed under one name the last counts."""
    if isinstance(value, list):
        value = value[-1] if value else None
    if value is None or value is False:
        return ""
    if value is True:
        return "true"
    if isinstance(value, datetime):
        return local(value).strftime("%Y-%m-%dT%H:%M")
    return decimal_entry(value) if isinstance(value, Decimal) else str(value)
