"""Invoices of all kinds pass the official rules of EN 16931, as UBL and as CII."""

from __future__ import annotations

from collections import Counter

from kernel.hookspecs.papers import InvoicePaper
from plugins.billing.credit_notes import CreditAsked, create_credit_note
from plugins.billing.invoices import list_lines
from tests.conftest import World
from tests.plugins.billing.invoice_desk import final, lay_out_taxes, line, taxed_client
from tests.plugins.einvoicing.many_invoices import lay_out, write_many
from tests.plugins.einvoicing.official_rules import broken_by


def test_sixty_invoices_of_all_kinds_break_no_rule(acme: World) -> None:
    with acme.call() as ctx:
        ids = write_many(ctx, lay_out(ctx), seed=16931, count=60)
        papers = ctx.hooks.get_invoice_papers(ctx=ctx, invoice_ids=ids).values()
        kinds = Counter(tax.code for paper in papers for tax in paper.taxes) + Counter(paper.kind for paper in papers)
        assert set(kinds) == {"S", "Z", "E", "AE", "O", "invoice", "credit_note", "prepayment"}, kinds
        assert [one for one in papers if _bases(one) != {at: tax.base for at, tax in enumerate(one.taxes)}] == []
        broken = broken_by(ctx, ids)
        assert not broken, broken[:20]


def _bases(paper: InvoicePaper) -> dict[int, int]:
    """What the lines of each tax come to after discounts, which its base has to be (BR-S-8 and its like)."""
    sums = dict.fromkeys(range(len(paper.taxes)), 0)
    for one in paper.lines:
        for at in {at for at, _ in one.taxes}:
            sums[at] += one.net - one.discount
    return sums


def test_a_credit_note_of_a_part_is_taxed_on_its_lines_and_all_parts_are_the_invoice(acme: World) -> None:
    with acme.call() as ctx:
        client_id = taxed_client(ctx, lay_out_taxes(ctx))
        invoice = final(ctx, client_id, *(line(rate=rate) for rate in (377_048, 33, 1_234)))
        notes = []
        for part in (101, 7, None):
            asked = None if part is None else [CreditAsked(one.id, part) for one in list_lines(ctx, invoice.id)[:1]]
            notes.append(create_credit_note(ctx, invoice.id, reason="Rebate", lines=asked, apply=False).id)
        papers = ctx.hooks.get_invoice_papers(ctx=ctx, invoice_ids=[invoice.id, *notes])
        assert all(_bases(one) == {0: one.taxes[0].base} for one in papers.values())
        assert sum(papers[one].taxes[0].base for one in notes) == papers[invoice.id].taxes[0].base
        assert sum(papers[one].taxes[0].tax for one in notes) == papers[invoice.id].taxes[0].tax
