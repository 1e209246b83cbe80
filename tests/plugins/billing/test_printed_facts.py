"""What stands on Dana's invoices, as one value: the same for paper, for e-invoices and for other rooms' templates."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from kernel.context import Actor
from kernel.directory.clients import add_location, change_location
from kernel.hookspecs.papers import PaperPlace
from kernel.ids import uuid7
from kernel.tenancy import change_settings
from plugins.billing import credit_notes, payments
from tests.plugins.billing.invoice_desk import draft, final, lay_out_taxes, line, off, taxed_client

SELLER = {
    "seller_name": "Acme GmbH", "seller_address": "Ringstraße 1\n1010 Wien", "seller_postal_code": "1010", "seller_city": "Wien",
    "seller_country": "AT", "seller_tax_id": "ATU12345675", "reply_to": "office@acme.example",
    "bank_lines": "Erste Bank\nIBAN: at61 1904 3002 3457 3201\nBIC: GIBAATWWXXX",
}  # fmt: skip


def test_an_invoice_says_all_that_stands_on_it(acme: Any) -> None:
    with acme.call(Actor.system()) as ctx:
        change_settings(ctx, "billing", SELLER)
        client_id = taxed_client(ctx, lay_out_taxes(ctx))
        shop = add_location(ctx, client_id=client_id, name="Shop", line1="Kai 2", postal_code="4020", city="Linz", country="AT",
                            is_default=True)  # fmt: skip
        lines = [line("Setup", "2", 5000, location_id=shop.id), line("Care", "1", 20000)]
        invoice = final(ctx, client_id, *lines, discounts=[off("10")], po_number="PO-7")
        payments.record_payment(ctx, invoice.id, amount=2400, received_on=ctx.today())
        paper = ctx.hooks.get_invoice_papers(ctx=ctx, invoice_ids=[invoice.id, uuid7()])[invoice.id]
        assert (paper.net, paper.discount, paper.subtotal, paper.tax, paper.total) == (30000, 3000, 27000, 5400, 32400)
        assert (paper.settled, paper.due, paper.exponent, paper.po_number) == (2400, 30000, 2, "PO-7")
        assert paper.seller.place == PaperPlace("Ringstraße 1", "", "1010", "Wien", "", "AT")
        assert paper.buyer.place == PaperPlace("Kai 2", "", "4020", "Linz", "", "AT")
        assert (paper.seller.tax_id, paper.seller.email) == ("ATU12345675", "office@acme.example")
        assert (paper.account.iban, paper.account.bic) == ("AT611904300234573201", "GIBAATWWXXX")
        setup, care = paper.lines
        assert (setup.quantity, setup.unit_price, setup.net, setup.discount, setup.location) == (
            Decimal(2),
            5000,
            10000,
            1000,
            "Shop",
        )
        assert [paper.taxes[at].code for at, _ in care.taxes] == ["S"]
        assert [(one.base, one.tax) for one in paper.taxes] == [(27000, 5400)]
        assert [(one.kind, one.amount) for one in paper.settlements] == [("payment", 2400)]
        change_location(ctx, shop.id, {"name": "Warehouse"})
        assert ctx.hooks.get_invoice_papers(ctx=ctx, invoice_ids=[invoice.id])[invoice.id].lines[0].location == "Shop"


def test_a_credit_note_names_the_invoice_it_corrects_and_owes_nothing(acme: Any) -> None:
    with acme.call(Actor.system()) as ctx:
        client_id = taxed_client(ctx, lay_out_taxes(ctx))
        invoice = final(ctx, client_id)
        note = credit_notes.create_credit_note(ctx, invoice.id, reason="Rebate")
        papers = ctx.hooks.get_invoice_papers(ctx=ctx, invoice_ids=[invoice.id, note.id])
        assert (papers[note.id].corrects_number, papers[note.id].corrects_date) == (invoice.number, invoice.invoice_date)
        assert (papers[note.id].kind, papers[note.id].total, papers[note.id].due) == ("credit_note", 12000, 0)
        assert [(one.kind, one.amount) for one in papers[invoice.id].settlements] == [("credit", 12000)]


def test_a_draft_has_facts_too_and_no_invoices_no_papers(acme: Any) -> None:
    with acme.call(Actor.system()) as ctx:
        invoice = draft(ctx, taxed_client(ctx, lay_out_taxes(ctx), currency="JPY"))
        paper = ctx.hooks.get_invoice_papers(ctx=ctx, invoice_ids=[invoice.id])[invoice.id]
        assert (paper.status, paper.exponent, paper.account.iban, paper.seller.place) == ("draft", 0, None, None)
        assert ctx.hooks.get_invoice_papers(ctx=ctx, invoice_ids=[]) == {}
