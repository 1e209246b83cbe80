"""What billing gives to accounting: each service of a fixed line on a line of its own, amounts after discounts, taxes by keys."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from kernel.context import Actor
from kernel.hookspecs.papers import PaperQuery
from kernel.hookspecs.tax_keys import tax_key
from plugins.billing import finalizing, runs
from plugins.billing.agreements import discounts
from plugins.billing.credit_notes import create_credit_note
from plugins.billing.credits.applying import list_applications, reverse_application
from plugins.billing.listing import list_invoices
from tests.plugins.billing.contract_desk import Desk
from tests.plugins.billing.invoice_desk import final, lay_out_taxes, line, taxed_client

FEBRUARY = date(2026, 2, 1)


def test_a_fixed_plan_says_of_each_service_what_falls_on_it(acme: Any) -> None:
    with acme.call(Actor.system()) as ctx:
        desk = Desk.of(ctx, taxed_client(ctx, lay_out_taxes(ctx)))
        services = [desk.item(name, EUR=price) for name, price in (("Helpdesk", 3333), ("Backup", 3333), ("Patching", 3334))]
        items = [{"item_id": one} for one in services]
        contract = desk.contract({"kind": "fixed", "timing": "advance", "price": 10001, "items": items})
        discounts.add_discount(ctx, contract.id, description="Loyal", percent=Decimal("7.5"), line_id=desk.line_id(contract),
                               start_on=date(2026, 1, 1))  # fmt: skip
    with acme.call("carol") as ctx:
        run = runs.start_run(ctx, window_start=date(2026, 1, 1), window_end=FEBRUARY, invoice_date=FEBRUARY)
        while runs.bill_next(ctx, run.id):
            pass
        for row in list_invoices(ctx, {}).items:
            finalizing.finalize_invoice(ctx, row["id"])
        [invoice_id] = ctx.hooks.find_invoice_papers(ctx=ctx, query=PaperQuery(first_day=FEBRUARY, last_day=FEBRUARY))
        paper = ctx.hooks.get_invoice_papers(ctx=ctx, invoice_ids=[invoice_id])[invoice_id]
        assert {one.item_id for one in paper.lines} == set(services)
        assert sum(one.net for one in paper.lines) == 10001 * (len(paper.lines) // 3)
        assert sum(one.net - one.discount for one in paper.lines) == paper.subtotal < paper.net
        assert {tax_key([paper.taxes[at] for at, _ in one.taxes]) for one in paper.lines} == {"AT S 20"}
        facts = ctx.hooks.get_items(ctx=ctx, item_ids=services)
        assert all(one.category_id is None for one in facts.values())


def test_final_documents_are_found_page_by_page(acme: Any, beta: Any) -> None:
    with acme.call(Actor.system()) as ctx:
        client_id = taxed_client(ctx, lay_out_taxes(ctx))
        made = sorted(final(ctx, client_id).id for _ in range(5))
        voided = finalizing.void_invoice(ctx, made[4], "Twice").id
        find = ctx.hooks.find_invoice_papers
        assert list(find(ctx=ctx, query=PaperQuery(limit=3))) == made[:3]
        assert list(find(ctx=ctx, query=PaperQuery(limit=3, after=made[2]))) == made[3:4]
        assert list(find(ctx=ctx, query=PaperQuery(statuses=("void",)))) == [voided]
        assert list(find(ctx=ctx, query=PaperQuery(client_ids=()))) == []
        assert list(find(ctx=ctx, query=PaperQuery(ids=(made[1], voided)))) == [made[1]]
        assert list(find(ctx=ctx, query=PaperQuery(statuses=("draft",)))) == []
        paper = ctx.hooks.get_invoice_papers(ctx=ctx, invoice_ids=[made[0]])[made[0]]
        known = {kind: {one.key for own in ctx.hooks.collect_ours(ctx=ctx, kind=kind) for one in own} for kind in ("term", "tax")}
        assert str(paper.terms_id) in known["term"]
        assert known["tax"] >= {"AT S 20", "AT S 10", "O", "AE"}
    with beta.call(Actor.system()) as ctx:
        assert list(ctx.hooks.find_invoice_papers(ctx=ctx, query=PaperQuery(ids=tuple(made)))) == []


def test_what_credits_paid_is_told_by_credit_and_by_what_gave_it(acme: Any) -> None:
    with acme.call(Actor.system()) as ctx:
        client_id = taxed_client(ctx, lay_out_taxes(ctx))
        invoice = final(ctx, client_id, line(rate=10000))
        note = create_credit_note(ctx, invoice.id, reason="Late")
        [use] = ctx.hooks.get_credit_uses(ctx=ctx, source_ids=[note.id])
        assert (use.origin, use.source_id, use.invoice_id, use.amount) == ("credit_note", note.id, invoice.id, 12000)
        assert ctx.hooks.get_credit_uses(ctx=ctx, source_ids=[use.credit_id]) == [use]
        reverse_application(ctx, list_applications(ctx, invoice.id)[0].id)
        assert ctx.hooks.get_credit_uses(ctx=ctx, source_ids=[note.id]) == [use._replace(reversed=True)]
