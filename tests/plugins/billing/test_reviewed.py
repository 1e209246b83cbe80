"""What a review of the money found, one story each."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from threading import Barrier, Event, Thread
from time import sleep
from typing import Any

import pytest
from sqlalchemy import select

from kernel import jobs
from kernel.context import Actor
from kernel.errors import DeskhandError, InvalidInput
from kernel.events import OutboxEvent
from kernel.hookspecs.invoicing import ManualInvoice, ManualLine
from kernel.ids import uuid7
from kernel.tenancy import change_settings, get_settings
from plugins.billing import comparing, credit_notes, finalizing, invoices, payments, refunds, reopening, unusual
from plugins.billing import listing as billing_lists
from plugins.billing.agreements import discounts, orders
from plugins.billing.buckets import alerts
from plugins.billing.contracts import listing
from plugins.billing.credit_notes import CreditAsked
from plugins.billing.credits import checking, giving
from plugins.billing.drafts import Draft, manual_line
from plugins.billing.due.values import Source as DueSource
from plugins.billing.errors import CreditTooLarge, NotUnfinalizable, RefundStands
from plugins.billing.funnel import write_invoices
from plugins.billing.models import Letter, Reminder, Sending
from plugins.billing.reckoning import assemble
from tests.plugins.billing.contract_desk import Desk
from tests.plugins.billing.invoice_desk import balances, draft, final, lay_out_taxes, line, taxed_client


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


def test_what_was_sent_or_is_held_by_another_room_stays_final(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        sent, reminded = final(ctx, hill), final(ctx, hill)
        ctx.session.add(
            Sending(invoice_id=reminded.id, mail_id="m1", recipient="dana@hill.example", job_id=uuid7(), asked_by="Carol")
        )
        ctx.session.flush()
        with pytest.raises(NotUnfinalizable, match="was sent"):
            reopening.unfinalize_invoice(ctx, reminded.id)
        last = final(ctx, hill)
        letter = Letter(client_id=hill, kind="reminder", subject="S", body="B", recipient="d@hill.example", mail_id="m2",
                        job_id=uuid7(), asked_by="Carol")  # fmt: skip
        ctx.session.add(letter)
        ctx.session.flush()
        ctx.session.add(Reminder(invoice_id=last.id, letter_id=letter.id, level=1, reminded_on=ctx.today(), open_amount=1))
        ctx.session.flush()
        with pytest.raises(NotUnfinalizable, match="held by: 1 reminders"):
            reopening.unfinalize_invoice(ctx, last.id)
        assert (sent.status, reminded.status, last.status) == ("finalized",) * 3


def test_the_page_of_an_invoice_names_its_layout(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        one = final(ctx, hill)
    assert ", version 1<" in acme.client("carol").get(f"/invoices/{one.id}").text


def test_another_room_says_why_a_line_is_exempt(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        taught = ManualLine(None, "Course", Decimal(1), 10000, exemption="Education, art. 132")
        made = ctx.hooks.create_manual_invoice(ctx=ctx, invoice=ManualInvoice(hill, [taught]))
        assert (made.tax, [one.note for one in invoices.list_taxes(ctx, made.id)]) == (0, ["Education, art. 132"])
        cheaper = taught._replace(discount_type="fixed", rate=1)
        with pytest.raises(InvalidInput) as told:
            ctx.hooks.create_manual_invoice(ctx=ctx, invoice=ManualInvoice(hill, [taught, cheaper]))
        assert list(told.value.errors) == ["lines[1].exemption"]


def test_the_value_of_a_month_is_less_its_discounts(acme: Any) -> None:
    with acme.call("carol") as ctx:
        desk = Desk(ctx)
        seat = desk.item("Seat", kind="license", EUR=1000)
        contract = desk.contract(
            {"kind": "fixed", "price": 10000}, {"kind": "fixed", "price": 30000, "cycle": "quarterly"},
            {"kind": "license", "items": [{"item_id": seat, "quantity": Decimal(5)}]},
        )  # fmt: skip
        assert listing.monthly_values(ctx, [contract.id]) == {contract.id: 25000}
        first = {"description": "Off", "start_on": date(2026, 1, 1)}
        discounts.add_discount(ctx, contract.id, percent=Decimal(10), **first)
        assert listing.monthly_values(ctx, [contract.id]) == {contract.id: 23000}
        discounts.add_discount(ctx, contract.id, fixed=3000, line_id=desk.line_id(contract, 1), **first)
        discounts.add_discount(ctx, contract.id, fixed=500, **first)
        discounts.add_discount(ctx, contract.id, percent=Decimal(100), description="Over", start_on=date(2025, 1, 1),
                               end_on=date(2025, 12, 31))  # fmt: skip
        assert listing.monthly_values(ctx, [contract.id]) == {contract.id: 21500}
        discounts.add_discount(ctx, contract.id, fixed=10**9, **first)
        assert listing.monthly_values(ctx, [contract.id]) == {contract.id: 5000}


def test_a_bucket_that_fills_up_is_told_once_in_a_period(acme: Any) -> None:
    with acme.call(Actor.system()) as ctx:
        desk = Desk(ctx)
        calls = desk.item("Calls")
        bucket = {
            "unit": "each",
            "included": Decimal(10),
            "overage_rate": 100,
            "alert_percent": 80,
            "members": [{"item_id": calls}],
        }
        contract = desk.contract({"kind": "bucket", "bucket": bucket}, start="2026-10-01")
        line_id, client_id = desk.line_id(contract), desk.client_id
        desk.use(calls, "2026-10-01", "7")
        assert alerts.say_filled(ctx, [client_id]) == 0
        desk.use(calls, "2026-10-01", "1")
        job_id = jobs.enqueue(ctx, alerts.JOB)
    jobs.drain(acme.kernel, acme.tenant_id)
    with acme.call(Actor.system()) as ctx:
        assert jobs.get_job(ctx, job_id).result == {"said": 1}
        [said] = ctx.session.scalars(select(OutboxEvent).where(OutboxEvent.name == "bucket.nearly_used"))
        assert said.payload | {"contract_line_id": str(line_id), "used": "8", "available": "10"} == said.payload
        assert alerts.say_filled(ctx, [client_id]) == 0


def test_a_refund_that_comes_back_is_taken_back_once(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        change_settings(ctx, "billing", {"credit_auto_apply": False})
        one = final(ctx, hill, line("Work", "1", 10000), invoice_date=ctx.today(), due_date=date(2026, 10, 31))
        payment = payments.record_payment(ctx, one.id, amount=12500)
        refund = refunds.refund_payment(ctx, payment.id, amount=2500)
        assert (one.settled, payment.refunded, payment.applied) == (10000, 2500, 10000)
        refunds.take_back_refund(ctx, refund.id)
        assert (one.settled, payment.refunded, payment.applied) == (12000, 0, 12000)
        assert balances(ctx) == {"cash": 12500, "credit": -500, "revenue": -10000, "tax": -2000}
        with pytest.raises(RefundStands, match="before"):
            refunds.take_back_refund(ctx, refund.id)
        assert checking.find_differences(ctx) == []
        again = refunds.refund_payment(ctx, payment.id, amount=2500)
        payments.record_payment(ctx, one.id, amount=2000)
        with pytest.raises(RefundStands, match="paid otherwise"):
            refunds.take_back_refund(ctx, again.id)


def test_a_refund_of_a_credit_comes_back_to_it(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        credit = giving.grant_credit(ctx, hill, amount=1000, reason="Sorry")
        refund = refunds.refund_credit(ctx, credit.id, amount=400)
    carol = acme.api("carol")
    assert carol.post(f"/api/v1/refunds/{refund.id}/take-back").status_code == 200
    assert carol.post(f"/api/v1/refunds/{refund.id}/take-back").json["code"] == "refund_stands"
    with acme.call("carol") as ctx:
        assert giving.get_credit(ctx, credit.id).remaining == 1000
        assert [one.kind for one in giving.list_movements(ctx, credit.id)] == ["given", "refunded", "unrefunded"]
    assert "Taken back" in acme.client("carol").get(f"/credits/{credit.id}").text


def test_a_digit_that_is_no_number_is_searched_for_like_a_word(acme: Any) -> None:
    """ "²" is a digit to Unicode, yet no whole number."""
    browser = acme.client("alice")
    assert browser.get("/tickets?q=²").status_code == 200
    answer = browser.post("/clients/new", data={"csrf_token": browser.csrf, "name": "Hill", "row_version": "²"})
    assert answer.status_code < 500
    patched = acme.api("alice").patch(
        f"/api/v1/clients/{uuid7()}", json={"name": "x"}, headers={"If-Match": '"²"'.encode().decode("latin-1")}
    )
    assert patched.status_code in (400, 404, 412, 422)


def test_drafts_that_wait_for_taxes_do_not_keep_the_others_from_being_final(acme: Any, hill: Any) -> None:
    with acme.call("alice") as ctx:
        ready = draft(ctx, hill)
        change_settings(ctx, "tax", {"tax_source": "external"})
        waiting = draft(ctx, hill)
        assert (waiting.tax_source, billing_lists.draft_ids(ctx)) == ("pending_external", [ready.id])


@pytest.mark.parametrize(("path", "body"), [
    ("prepayments", {"amount": 100, "description": "In advance"}), ("payments", {"amount": 100}),
    ("credits", {"amount": 100, "reason": "x"}),
])  # fmt: skip
def test_a_currency_that_is_none_is_named_at_its_field(acme: Any, hill: Any, path: str, body: Any) -> None:
    answer = acme.api("carol").post(f"/api/v1/{path}", json={"client_id": str(hill), "currency": "XQX", **body})
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["currency"])


@pytest.mark.forged_books
def test_a_correction_beyond_what_a_month_used_counts_in_the_next(acme: Any) -> None:
    with acme.call("carol") as ctx:
        desk = Desk(ctx)
        calls = desk.item("Calls", EUR=100)
        desk.contract({"kind": "usage", "items": [{"item_id": calls}]}, start="2026-07-01")
        desk.use(calls, "2026-07-05", "10")
        desk.bill(desk.lines("2026-08-01"))
        desk.use(calls, "2026-07-06", "-4")
        desk.use(calls, "2026-08-10", "1")
        assert desk.lines("2026-09-01") == [], "the client has three to its credit"
        desk.use(calls, "2026-09-10", "8")
        [september] = desk.lines("2026-10-01")
        assert (september.quantity, september.amount, len(september.sources)) == (Decimal(5), 500, 4)


def test_a_correction_without_a_contract_waits_too(acme: Any) -> None:
    with acme.call("carol") as ctx:
        desk = Desk(ctx)
        calls = desk.item("Calls", EUR=100)
        desk.use(calls, "2026-07-06", "-4")
        assert desk.lines("2026-09-01") == []
        desk.use(calls, "2026-09-10", "8")
        assert [line.amount for line in desk.lines("2026-10-01")] == [400]


def test_no_two_series_write_the_same_numbers(acme: Any, hill: Any) -> None:
    with acme.call("alice") as ctx:
        for pattern in ("INV-{n:06}", "INV-{n}"):
            with pytest.raises(InvalidInput) as told:
                change_settings(ctx, "billing", {"credit_note_pattern": pattern})
            assert list(told.value.errors) == ["credit_note_pattern"]
        change_settings(ctx, "billing", {"credit_note_pattern": "INV-C-{n}"})


def test_a_credit_note_over_no_line_says_so(acme: Any, hill: Any) -> None:
    with acme.call("carol") as ctx:
        one = final(ctx, hill)
        with pytest.raises(InvalidInput) as told:
            credit_notes.create_credit_note(ctx, one.id, reason="Nothing ticked", lines=[])
        assert list(told.value.errors) == ["lines"]


def test_two_settings_changed_at_once_are_both_kept(acme: Any) -> None:
    with acme.call("alice") as ctx:
        change_settings(ctx, "billing", {"footer": "Acme"})
    barrier = Barrier(2)

    def change(**values: Any) -> None:
        with acme.call("alice") as ctx:
            ctx.session.execute(select(1))
            barrier.wait(10)
            change_settings(ctx, "billing", values)
            sleep(0.1)

    threads = [Thread(target=change, kwargs=one) for one in ({"seller_name": "Acme GmbH"}, {"reply_to": "office@acme.example"})]
    for one in threads:
        one.start()
    for one in threads:
        one.join(20)
    with acme.call("alice") as ctx:
        kept = get_settings(ctx, "billing")
        assert (kept["seller_name"], kept["reply_to"], kept["footer"]) == ("Acme GmbH", "office@acme.example", "Acme")
