"""Invoices of all kinds pass the official rules of EN 16931, as UBL and as CII."""

from __future__ import annotations

from collections import Counter

from tests.conftest import World
from tests.plugins.einvoicing.many_invoices import lay_out, write_many
from tests.plugins.einvoicing.official_rules import broken_by


def test_sixty_invoices_of_all_kinds_break_no_rule(acme: World) -> None:
    with acme.call() as ctx:
        ids = write_many(ctx, lay_out(ctx), seed=16931, count=60)
        papers = ctx.hooks.get_invoice_papers(ctx=ctx, invoice_ids=ids).values()
        kinds = Counter(tax.code for paper in papers for tax in paper.taxes) + Counter(paper.kind for paper in papers)
        assert set(kinds) == {"S", "Z", "E", "AE", "O", "invoice", "credit_note", "prepayment"}, kinds
        broken = broken_by(ctx, ids)
        assert not broken, broken[:20]
