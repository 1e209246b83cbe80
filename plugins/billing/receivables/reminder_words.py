"""The words of reminders: those of the house in the client's language, and filling in places."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from babel import dates

from kernel.money import format_minor
from kernel.web.i18n import babel_locale, ngettext
from kernel.web.i18n import gettext as _
from plugins.billing.receivables.letters import seller_name
from plugins.billing.receivables.levels import Words

if TYPE_CHECKING:
    from kernel.context import CallContext
    from kernel.directory.models import Client
    from plugins.billing.models import DunningLevel


class Reminded(NamedTuple):
    """A late invoice and the level it has reached; `new` if its client was not reminded at that level yet, for a `fee` or none.
    Amounts in minor units.
    """

    invoice_id: UUID
    client_id: UUID
    number: str
    invoice_date: date
    due_date: date
    days_late: int
    level: int
    new: bool
    currency: str
    open_amount: int
    fee: int | None


def house_words(level: int, last: int) -> Words:
    """What is sent where the tenant wrote nothing of its own: friendly first, firm at the last level."""
    if level == 1:
        subject = _("Reminder: open invoices of %(seller)s", seller="{seller}")
        asks = _("perhaps it escaped your notice: these invoices are open.")
    elif level < last:
        subject = _("Second reminder: open invoices of %(seller)s", seller="{seller}")
        asks = _("we have not received your payment of these invoices yet.")
    else:
        subject = _("Final notice: open invoices of %(seller)s", seller="{seller}")
        asks = _("in spite of our reminders these invoices are still open.")
    wants = _("Please pay %(total)s within a week. If you paid meanwhile, take no notice of this letter.", total="{total}")
    return Words("", subject, "\n\n".join([_("Good day,"), asks, "{invoices}", wants + "{fee}", _("Kind regards"), "{seller}"]))


def fill_words(ctx: CallContext, words: Words, client: Client, level: DunningLevel, found: Sequence[Reminded]) -> Words:
    """Subject and body with their places filled in, in the language that is spoken now."""
    fees = _sums((one.currency, one.fee) for one in found if one.fee)
    places = {
        "client": client.name,
        "seller": seller_name(ctx),
        "invoices": "\n".join(_line(one) for one in found),
        "total": _sums((one.currency, one.open_amount) for one in found),
        "fee": " " + _("A fee of %(fee)s will be on your next invoice.", fee=fees) if fees else "",
        "level": level.name,
    }
    subject = " ".join(words.subject.format_map(places).split())
    return Words(words.locale, subject, words.body.format_map(places))


def _line(one: Reminded) -> str:
    late = ngettext("%(num)d day late", "%(num)d days late", one.days_late)
    return _("%(number)s of %(day)s, due %(due)s: %(amount)s (%(late)s)", number=one.number, day=_day(one.invoice_date),
             due=_day(one.due_date), amount=format_minor(one.open_amount, one.currency, babel_locale()), late=late)  # fmt: skip


def _sums(amounts: Iterable[tuple[str, int]]) -> str:
    sums: dict[str, int] = {}
    for currency, amount in amounts:
        sums[currency] = sums.get(currency, 0) + amount
    return ", ".join(format_minor(amount, currency, babel_locale()) for currency, amount in sorted(sums.items()))


def _day(day: date) -> str:
    return dates.format_date(day, "medium", locale=babel_locale())
