"""Cycles in words."""

from __future__ import annotations

from typing import Any

from kernel.web import formats
from kernel.web.i18n import gettext as _
from kernel.web.i18n import lazy_gettext as _l

WEEKDAYS = {
    "1": _l("Monday"), "2": _l("Tuesday"), "3": _l("Wednesday"), "4": _l("Thursday"), "5": _l("Friday"), "6": _l("Saturday"),
    "7": _l("Sunday"),
}  # fmt: skip
MONTHS = {
    "1": _l("January"), "2": _l("February"), "3": _l("March"), "4": _l("April"), "5": _l("May"), "6": _l("June"),
    "7": _l("July"), "8": _l("August"), "9": _l("September"), "10": _l("October"), "11": _l("November"), "12": _l("December"),
}  # fmt: skip


def begins(cycle: dict[str, Any]) -> str:
    """Where the periods of a cycle begin, in words."""
    if cycle["cycle"] == "weekly":
        return str(WEEKDAYS[str(cycle["weekday"])])
    if cycle["cycle"] == "bi_weekly" and cycle["reference_on"]:
        return formats.format_date(cycle["reference_on"])
    if cycle["cycle"] == "bi_weekly":
        return str(WEEKDAYS[str(cycle["weekday"])])
    if cycle["cycle"] == "monthly":
        return _("day %(day)s of the month", day=cycle["day"])
    return _("day %(day)s of %(month)s", day=cycle["day"], month=str(MONTHS[str(cycle["month"])]))
