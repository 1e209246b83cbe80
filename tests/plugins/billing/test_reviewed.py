"""What a review of the money found, one story each."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import select

from kernel.context import Actor
from kernel.errors import DeskhandError
from kernel.ids import uuid7
from kernel.tenancy import change_settings
from plugins.billing import comparing, credit_notes, finalizing, invoices, reopening, unusual
from plugins.billing.agreements import orders
from plugins.billing.credit_notes import CreditAsked
from plugins.billing.drafts import Draft, manual_line
from plugins.billing.due.values import Source as DueSource
from plugins.billing.errors import CreditTooLarge, NotUnfinalizable
from plugins.billing.funnel import write_invoices
from plugins.billing.reckoning import assemble
from tests.plugins.billing.invoice_desk import draft, final, lay_out_taxes, line, taxed_client


@pytest.fixture
def hill(acme: Any) -> Any:
    with acme.call(Actor.system()) as ctx:
        return taxed_client(ctx, lay_out_taxes(ctx))


def _of_run(ctx: Any, hill: Any, *amounts: int, **facts: Any) -> Draft:
    """What a run finds where a room charges these amounts, some of them below zero."""
    lines = [
        replace(manual_line(description=f"Part {at}", quantity=Decimal(1), unit_price=amount, amount=amount, trace={}),
                sources=[DueSource("shop.sale", uuid7(), "", amount)])
        for at, amount in enumerate(amounts)
    ]  # fmt: skip
    return Draft(
        client_id=hill, currency="EUR", invoice_date=ctx.today(), due_date=ctx.today(), lines=lines, origin="run", **facts
    )


def _final_of_run(ctx: Any, hill: Any, *amounts: int) -> Any:
    [written] = write_invoices(ctx, assemble(ctx, [_of_run(ctx, hill, *amounts)]))
    return finalizing.finalize_invoice(ctx, written.id)


def test_lines_are_not_credited_beyond_the_invoice_that_a_negative_line_lowered(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        one = _final_of_run(ctx, hill, 10000, -3000)
        sold, _back = invoices.list_lines(ctx, one.id)
        with pytest.raises(CreditTooLarge, match="84"):
            credit_notes.create_credit_note(ctx, one.id, reason="All of it", lines=[CreditAsked(sold.id, 10000)])
        with pytest.raises(CreditTooLarge):
            credit_notes.sum_credit(ctx, one.id, [CreditAsked(sold.id, 10000)])
        note = credit_notes.create_credit_note(ctx, one.id, reason="Goodwill", lines=[CreditAsked(sold.id, 7000)], apply=False)
        assert (note.total, one.credited, one.total) == (8400, 8400, 8400)
        with pytest.raises(CreditTooLarge, match="Nothing"):
            credit_notes.create_credit_note(ctx, one.id, reason="The rest")


def test_a_number_taken_meanwhile_keeps_an_invoice_final(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        one = final(ctx, hill).id
    taken, went, came = Event(), Event(), []

    def reopen() -> None:
        try:
            with acme.call("carol") as ctx:
                taken.wait(10)
                went.set()
                reopening.unfinalize_invoice(ctx, one)
            came.append("done")
        except DeskhandError as error:
            came.append(error.code)

    thread = Thread(target=reopen)
    thread.start()
    with acme.call("carol") as ctx:
        final(ctx, hill)
        taken.set()
        went.wait(10)
        ctx.session.execute(select(1))
        thread.join(1)
    thread.join(20)
    assert came == [NotUnfinalizable.code]


def test_numbers_in_other_scripts_name_files(acme: Any, hill: Any) -> None:
    with acme.call("alice") as ctx:
        change_settings(ctx, "billing", {"invoice_pattern": "請求書-{n:04}"})
        one = final(ctx, hill)
    browser = acme.client("carol")
    answer = browser.get(f"/invoices/{one.id}/pdf")
    assert answer.status_code == 200
    answer.headers["Content-Disposition"].encode("latin-1")
    assert "filename*=UTF-8''%E8%AB%8B" in answer.headers["Content-Disposition"]


def test_ticked_rows_that_are_no_ids_are_refused(acme: Any) -> None:
    browser = acme.client("alice")
    for url in ("/invoices/finalize", "/billing-runs/parked/bill", "/reminders/send", "/time/submit", "/time/approve",
                "/time/request-changes", "/tickets/close", "/catalog/activate", "/catalog/deactivate"):  # fmt: skip
        answer = browser.post(url, data={"csrf_token": browser.csrf, "ids": "x"})
        assert answer.status_code == 422, url


def test_a_credit_note_of_a_run_takes_away_where_months_are_compared(acme: Any, hill: Any) -> None:
    with acme.call("alice") as ctx:
        change_settings(ctx, "billing", {"below_zero": "credit_note", "credit_auto_apply": False})
    with acme.call("carol") as ctx:
        wanted = [_of_run(ctx, hill, -3000, po_number="PO-1"), _of_run(ctx, hill, 10000, po_number="PO-1")]
        turned = unusual.turn_round(ctx, wanted, assemble(ctx, wanted))
        assert comparing.sums_of(turned) == {(hill, "EUR"): 7000}
        for written in write_invoices(ctx, turned):
            finalizing.finalize_invoice(ctx, written.id)
        assert orders.invoiced(ctx, [hill]) == {(hill, "EUR", "PO-1"): 8400}


def test_bob_may_not_unfinalize_nor_refund(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        one = final(ctx, hill)
    browser = acme.client("bob")
    for url in (f"/invoices/{one.id}/unfinalize", f"/invoices/{one.id}/void-and-copy"):
        assert browser.post(url, data={"csrf_token": browser.csrf, "reason": "x"}).status_code == 403


def test_a_draft_is_found_by_nobody_else(acme: Any, beta: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        one = draft(ctx, hill, line("x"), invoice_date=date(2026, 10, 1))
    with beta.call("carol") as ctx, pytest.raises(DeskhandError, match="no invoice"):
        reopening.unfinalize_invoice(ctx, one.id)
