"""From papers to the terms of EN 16931, without a database: sums hold, prices give their amounts, examples are right."""

from __future__ import annotations

import doctest
from datetime import UTC, date, datetime
from decimal import Decimal
from types import ModuleType
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernel.hookspecs.papers import InvoicePaper, PaperAccount, PaperDiscount, PaperLine, PaperParty, PaperPlace, PaperTax
from plugins.einvoicing import checks, document, schemes, units
from plugins.einvoicing.checks import find_wanting
from plugins.einvoicing.document import EInvoice
from plugins.einvoicing.mapping import map_invoice
from plugins.einvoicing.profiles import BuyerFacts, SellerFacts
from plugins.einvoicing.syntaxes import as_cii, as_ubl
from plugins.tax import elsewhere

DAY, NOW = date(2026, 3, 31), datetime(2026, 3, 31, tzinfo=UTC)
LINES = st.lists(
    st.tuples(st.integers(0, 10**7), st.decimals("0.0001", "9999", places=4), st.integers(0, 100), st.booleans()),
    min_size=1,
    max_size=6,
)


@pytest.mark.parametrize("module", [checks, document, schemes, units, elsewhere])
def test_examples_in_the_code_are_right(module: ModuleType) -> None:
    done = doctest.testmod(module)
    assert done.attempted
    assert done.failed == 0


def paper(*lines: PaperLine, taxes: tuple[PaperTax, ...], discounts: tuple[PaperDiscount, ...] = ()) -> InvoicePaper:
    """An invoice of an Austrian seller in euros."""
    net, discount, tax = (sum(getattr(one, name) for one in lines) for name in ("net", "discount", "tax"))
    return InvoicePaper(
        id=UUID(int=1), kind="invoice", status="finalized", number="INV-1", currency="EUR", exponent=2, locale="de",
        invoice_date=DAY, due_date=DAY, po_number=None, notes="", tax_notes=(), client_id=UUID(int=2),
        seller=PaperParty("Acme", tax_id="ATU13585627"), buyer=PaperParty("Hill", place=PaperPlace(country="AT")),
        account=PaperAccount(), footer=(), lines=lines, discounts=discounts, taxes=taxes, settlements=(), net=net,
        discount=discount, subtotal=net - discount, tax=tax, total=net - discount + tax, settled=0, period_start=None,
        period_end=None, corrects_id=None, corrects_number=None, corrects_date=None, finalized_at=NOW, updated_at=NOW,
    )  # fmt: skip


def paper_line(position: int, net: int, quantity: Decimal, discount: int = 0, tax: tuple[int, int] = (0, 0)) -> PaperLine:
    """A line that pays one tax."""
    return PaperLine(UUID(int=position), position, "manual", "Work", quantity, "hour", None, net, discount, tax[1],
                     net - discount + tax[1], taxes=(tax,))  # fmt: skip


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(asked=LINES)
def test_whatever_is_on_the_paper_its_sums_hold(asked: list[tuple[int, Decimal, int, bool]]) -> None:
    lines = [paper_line(at, net, quantity, net * percent // 100, (int(exempt), 0))
             for at, (net, quantity, percent, exempt) in enumerate(asked, 1)]  # fmt: skip
    bases = [sum(one.net - one.discount for one in lines if one.taxes[0][0] == at) for at in (0, 1)]
    taxes = (PaperTax("Zero", "Z", Decimal(0), bases[0], 0), PaperTax("Exempt", "E", Decimal(0), bases[1], 0, note="Charity"))
    one = map_invoice(paper(*lines, taxes=taxes, discounts=(PaperDiscount("Spring", sum(line.discount for line in lines)),)),
                      SellerFacts(), BuyerFacts())  # fmt: skip
    _check_sums(one)
    as_ubl(one), as_cii(one)


def _check_sums(one: EInvoice) -> None:
    """BR-CO-10 to 16, BR-CO-18 and the like, by other words than the mapping's."""
    assert one.sums.lines == sum(line.net for line in one.lines)
    assert one.sums.allowances == sum(allowance.amount for allowance in one.allowances)
    assert one.sums.net == one.sums.lines - one.sums.allowances == sum(tax.base for tax in one.taxes)
    assert one.sums.gross == one.sums.net + one.sums.tax
    assert one.sums.due == one.sums.gross - one.sums.paid
    assert len({tax.category for tax in one.taxes}) == len(one.taxes)
    for line in one.lines:
        worth = line.quantity * line.price / (line.price_quantity or 1)
        assert abs(worth - sum(off.amount for off in line.allowances) - line.net) < Decimal("0.01")
        assert line.price >= 0


def test_a_credit_on_a_line_has_its_quantity_below_zero() -> None:
    taxes = (PaperTax("VAT", "S", Decimal(20), 5000, 1000),)
    lines = paper_line(1, 10000, Decimal(2), tax=(0, 2000)), paper_line(2, -5000, Decimal(1), tax=(0, -1000))
    one = map_invoice(paper(*lines, taxes=taxes), SellerFacts(), BuyerFacts())
    assert [(line.quantity, line.price, line.net) for line in one.lines] == [(2, 100, 100), (-1, 50, -50)]


def test_two_regions_of_one_rate_are_one_breakdown() -> None:
    taxes = (PaperTax("VAT", "S", Decimal(20), 10000, 2000, "AT"), PaperTax("TVA", "S", Decimal(20), 5000, 1000, "FR"))
    lines = paper_line(1, 10000, Decimal(1), tax=(0, 2000)), paper_line(2, 5000, Decimal(1), tax=(1, 1000))
    one = map_invoice(paper(*lines, taxes=taxes), SellerFacts(), BuyerFacts())
    assert [(tax.base, tax.amount) for tax in one.taxes] == [(150, 30)]


def test_reverse_charge_wants_the_vat_ids_of_both() -> None:
    taxes = (PaperTax("Reverse charge", "AE", Decimal(0), 100, 0, note="Reverse charge"),)
    found = find_wanting(paper(paper_line(1, 100, Decimal(1)), taxes=taxes), SellerFacts(), BuyerFacts())
    assert [one.term for one in found] == ["BT-40", "BT-48"]


def test_what_is_out_of_scope_shows_no_vat_id() -> None:
    taxes = (PaperTax("Not taxable", "O", Decimal(0), 100, 0),)
    stands = paper(paper_line(1, 100, Decimal(1)), taxes=taxes)
    one = map_invoice(stands, SellerFacts(), BuyerFacts())
    assert (one.seller.vat_id, one.taxes[0].reason_code, one.taxes[0].category.percent) == ("", "VATEX-EU-O", None)
    assert "BT-30" in {fact.term for fact in find_wanting(stands, SellerFacts(), BuyerFacts())}
