"""Cycles in words."""

from __future__ import annotations

from typing import Any

from babel.dates import get_day_names, get_month_names

from kernel.web import formats
from kernel.web.i18n import babel_locale
from kernel.web.i18n import gettext as _


def begins(cycle: dict[str, Any]) -> str:
    """Where the periods of a cycle begin, in words."""
    if cycle["cycle"] == "weekly":
        return str(get_day_names("wide", locale=babel_locale())[cycle["weekday"] - 1])
    if cycle["cycle"] == "bi_weekly" and cycle["reference_on"]:
        return formats.format_date(cycle["reference_on"])
    if cycle["cycle"] == "monthly":
        return _("day %(day)s of the month", day=cycle["day"])
    month = get_month_names("wide", "stand-alone", locale=babel_locale())[cycle["month"]]
    return f"{cycle['day']}. {month}"
