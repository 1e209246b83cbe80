"""A sample invoice, for previews before there are real ones: hours, a fee, a product, a license, two taxes and a discount."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from kernel.hookspecs.papers import (
    InvoicePaper,
    PaperAccount,
    PaperDiscount,
    PaperLine,
    PaperParty,
    PaperSettled,
    PaperTax,
)
from kernel.money import exponent
from kernel.web.i18n import gettext as _
from kernel.web.i18n import speaking

_ID = UUID(int=0)
_OCTOBER = (date(2026, 10, 1), date(2026, 11, 1))
_ISSUED = datetime(2026, 11, 2, 9, tzinfo=UTC)
Seller = tuple[PaperParty, PaperAccount, tuple[str, ...]]


def sample_paper(locale: str, currency: str = "EUR", seller: Seller | None = None) -> InvoicePaper:
    """The sample, in the words of a locale and of this seller (without one: of a sample seller)."""
    with speaking(locale):
        return _paper(locale, currency, seller or _seller())


def _seller() -> Seller:
    party = PaperParty(_("Example IT"), (_("1 Example Street"), _("1010 Exampletown")), tax_id="ATU12345675")
    return party, PaperAccount(("IBAN: AT61 1904 3002 3457 3201", "BIC: GIBAATWWXXX"), "AT611904300234573201", "GIBAATWWXXX"), ()


def _paper(locale: str, currency: str, seller: Seller) -> InvoicePaper:
    unit = 10 ** exponent(currency)
    lines, net = _lines(unit), 1425 * unit
    discount, settled = 50 * unit, 200 * unit
    taxes = (PaperTax(_("VAT"), "S", Decimal(20), net - discount - 120 * unit, (net - discount - 120 * unit) // 5),
             PaperTax(_("VAT"), "S", Decimal(10), 120 * unit, 12 * unit))  # fmt: skip
    tax = sum(one.tax for one in taxes)
    return InvoicePaper(
        id=_ID, kind="invoice", status="finalized", number="INV-000042", currency=currency, exponent=exponent(currency),
        locale=locale, invoice_date=date(2026, 11, 2), due_date=date(2026, 11, 16), po_number="PO-7781",
        notes=_("Thank you for your order."), tax_notes=(), client_id=_ID, seller=seller[0], buyer=_buyer(), account=seller[1],
        footer=seller[2], lines=lines, discounts=(PaperDiscount(_("Loyalty discount"), discount),), taxes=taxes,
        settlements=(PaperSettled("credit", date(2026, 11, 2), settled),), net=net, discount=discount, subtotal=net - discount,
        tax=tax, total=net - discount + tax, settled=settled, period_start=_OCTOBER[0], period_end=_OCTOBER[1], corrects_id=None,
        corrects_number=None, corrects_date=None, finalized_at=_ISSUED, updated_at=_ISSUED,
    )  # fmt: skip


def _buyer() -> PaperParty:
    return PaperParty(_("Sample Client Ltd"), (_("22 Harbour Road"), _("4020 Sampleville")), tax_id="ATU87654329")


def _lines(unit: int) -> tuple[PaperLine, ...]:
    hours = {"minutes": 450, "rate": str(90 * unit), "rate_from": "line"}
    worked = {"rule": "hourly", "inputs": hours, "steps": [["hours_times_rate", f"450/60 × {90 * unit}", 675 * unit]]}
    fee = {"rule": "fixed", "inputs": {"unit_price": str(400 * unit)}, "steps": [["line_price", "", 400 * unit]]}
    return (
        _line(1, "fixed", _("Managed care, head office"), "1", "month", 400 * unit, unit, fee, location=_("Head office"),
              contract=_("Managed care")),
        _line(2, "hourly", _("Remote support"), "7.5", "hour", 90 * unit, unit, worked, contract=_("Support by the hour")),
        _line(3, "product", _("Docking station with two displays"), "2", "each", 115 * unit, unit, {}, ticket="1042"),
        _line(4, "license", _("Office suite, monthly"), "10", "user", 12 * unit, unit, {}, reduced=True),
    )  # fmt: skip


def _line(position: int, kind: str, words: str, quantity: str, of: str, price: int, unit: int, trace: Any, *,
          reduced: bool = False, location: str = "", contract: str = "", ticket: str = "") -> PaperLine:  # fmt: skip
    net = int(Decimal(quantity) * price)
    discount = 50 * unit if position == 1 else 0
    tax = (net - discount) // (10 if reduced else 5)
    period = (None, None) if kind == "product" else _OCTOBER
    return PaperLine(
        _ID, position, kind, words, Decimal(quantity), of, price, net, discount, tax, net - discount + tax,
        tax_category="reduced" if reduced else "standard", taxes=((1 if reduced else 0, tax),), period_start=period[0],
        period_end=period[1], trace=trace, location=location, contract=contract, ticket=ticket,
    )  # fmt: skip
