"""Terms of payment in the reader's words, for pages, mails and paper."""

from __future__ import annotations

from decimal import Decimal

from babel import dates, numbers

from kernel.hookspecs.papers import PaperEarly
from kernel.money import format_minor
from kernel.web.i18n import babel_locale, ngettext
from kernel.web.i18n import gettext as _
from plugins.billing.models import Terms


def terms_in_words(terms: Terms) -> str:
    """When an invoice is due, such as "30 days after the invoice date, 2% off within 10 days"."""
    said = _due(terms.counted_from, terms.days)
    if terms.early_percent is None or terms.early_days is None:
        return said
    off = ngettext("%(percent)s off within %(num)d day", "%(percent)s off within %(num)d days", terms.early_days,
                   percent=percent_in_words(terms.early_percent))  # fmt: skip
    return f"{said}, {off}"


def _due(counted_from: str, days: int) -> str:
    if counted_from == "month_end":
        return ngettext("%(num)d day after the end of the month", "%(num)d days after the end of the month", days)
    if days == 0:
        return _("Due on receipt")
    return ngettext("%(num)d day after the invoice date", "%(num)d days after the invoice date", days)


def percent_in_words(percent: Decimal) -> str:
    """A percentage with as many decimals as it has."""
    return numbers.format_percent(percent / 100, locale=babel_locale(), decimal_quantization=False)


def early_in_words(early: PaperEarly | None, currency: str, due: int) -> str:
    """What who pays early keeps and pays of an invoice of which `due` (minor units) is open; nothing where it cannot."""
    if early is None or due <= early.amount:
        return ""
    kept, pays = (format_minor(one, currency, babel_locale()) for one in (early.amount, due - early.amount))
    day = dates.format_date(early.until, "medium", locale=babel_locale())
    return _("%(percent)s discount (%(kept)s) if %(pays)s is paid by %(day)s.", percent=percent_in_words(early.percent),
             kept=kept, pays=pays, day=day)  # fmt: skip
