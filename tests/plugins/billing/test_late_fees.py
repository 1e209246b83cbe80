"""Late fees: each late month of an invoice once, through the billing run, of what was open then."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from kernel import jobs
from kernel.context import Actor, CallContext
from kernel.errors import InvalidInput
from plugins.billing import finalizing, invoices, payments, runs
from plugins.billing.models import Invoice, Reminder
from plugins.billing.periods import ONE_DAY, add_months
from plugins.billing.receivables import dunning, late_fees, levels, payers
from plugins.billing.receivables.days import late_months
from plugins.billing.why import explain_line
from tests.plugins.billing.invoice_desk import final, lay_out_taxes, line, taxed_client

JULY = date(2026, 7, 1)


def owing(ctx: CallContext, due: date = date(2026, 7, 15)) -> Invoice:
    """An invoice of 120.00 that nobody paid, and a late fee of 1 % a month."""
    return final(ctx, taxed_client(ctx, lay_out_taxes(ctx)), line(), invoice_date=JULY, due_date=due)


def fees(ctx: CallContext, until: date = date(2026, 10, 1)) -> list[tuple[str, int]]:
    """What a run up to a day would charge."""
    found = runs.preview_run(ctx, window_start=JULY, window_end=until)
    assert not found.problems, found.problems
    return [
        (line.description, sums.net)
        for one in found.invoices
        for line, sums in zip(one.draft.lines, one.totals.lines, strict=True)
    ]


def run(world: Any, until: date = date(2026, 10, 1)) -> None:
    with world.call("carol") as ctx:
        runs.start_run(ctx, window_start=JULY, window_end=until)
    jobs.drain(world.kernel, world.tenant_id)


def test_nobody_is_charged_before_there_is_a_rule(acme: Any) -> None:
    with acme.call("carol") as ctx:
        owing(ctx)
        assert fees(ctx) == []


def test_each_late_month_is_charged_once_of_what_was_open_then(acme: Any) -> None:
    with acme.call("carol") as ctx:
        one = owing(ctx)
        payments.record_payment(ctx, one.id, amount=6000, received_on=date(2026, 8, 20))
        late_fees.add_rule(ctx, currency="EUR", kind="percent", percent=Decimal(1), starts_on=JULY)
        expected = [
            (f"Late fee for {one.number}, Jul 16\u2009–\u2009Aug 15, 2026", 120),
            (f"Late fee for {one.number}, Aug 16\u2009–\u2009Sep 15, 2026", 120),
            (f"Late fee for {one.number}, Sep 16\u2009–\u2009Oct 15, 2026", 60),
        ]  # fmt: skip
        assert fees(ctx) == expected
    run(acme)
    with acme.call("carol") as ctx:
        assert fees(ctx) == []
        charged = ctx.session.scalars(select(Invoice).where(Invoice.origin == "run")).one()
        assert (charged.subtotal, charged.tax) == (300, 0)
        why = explain_line(ctx, charged.id, invoices.list_lines(ctx, charged.id)[2].id)
        assert why["rule"] == "A month of late payment"
        assert ("Open then", "€60.00") in why["words"]
        finalizing.finalize_invoice(ctx, charged.id)
        finalizing.void_invoice(ctx, charged.id, "Too harsh")
        assert fees(ctx) == expected


def test_grace_minimum_and_the_first_day(acme: Any) -> None:
    with acme.call("carol") as ctx:
        one = owing(ctx)
        rule = late_fees.add_rule(
            ctx, currency="EUR", kind="percent", percent=Decimal(1), minimum=500, starts_on=date(2026, 8, 1)
        )
        assert [amount for _, amount in fees(ctx)] == [500, 500]
        late_fees.change_rule(ctx, rule.id, {"starts_on": JULY, "grace_days": 80})
        assert fees(ctx) == []
        late_fees.change_rule(ctx, rule.id, {"grace_days": 60})
        assert [amount for _, amount in fees(ctx)] == [500, 500, 500]
        payments.record_payment(ctx, one.id, amount=one.total, received_on=date(2026, 9, 13))
        assert fees(ctx) == []


def test_the_future_is_not_charged_nor_are_held_or_spared_ones(acme: Any) -> None:
    with acme.call("carol") as ctx:
        one = owing(ctx, due=date(2026, 9, 20))
        late_fees.add_rule(ctx, currency="EUR", kind="fixed", amount=1500, starts_on=JULY)
        assert [amount for _, amount in fees(ctx, date(2026, 12, 1))] == [1500]
        payers.hold_invoice(ctx, one.id, "Not delivered")
        assert fees(ctx) == []
        payers.release_invoice(ctx, one.id)
        payers.change_payer(ctx, one.client_id, {"late_fees": False})
        assert fees(ctx) == []


def test_fees_bear_no_fees(acme: Any) -> None:
    with acme.call(Actor.system()) as ctx:
        owing(ctx)
        late_fees.add_rule(ctx, currency="EUR", kind="percent", percent=Decimal(1), starts_on=JULY)
    run(acme)
    with acme.call("carol") as ctx:
        finalizing.finalize_invoice(ctx, ctx.session.scalars(select(Invoice.id).where(Invoice.origin == "run")).one())
    acme.kernel.clock.advance(hours=24 * 40)
    with acme.call("carol") as ctx:
        assert [amount for _, amount in fees(ctx, date(2026, 11, 10))] == [120]


def test_the_fee_of_a_reminder_is_charged_once(acme: Any) -> None:
    with acme.call("carol") as ctx:
        one = owing(ctx)
        levels.change_level(ctx, levels.list_levels(ctx)[2].id, {"fee": 700, "fee_currency": "EUR"})
        [plan] = dunning.plan_reminders(ctx)
        assert plan.invoices[0].fee == 700
        letter_less = {
            "letter_id": _letter(ctx, one),
            "level": 3,
            "reminded_on": date(2026, 9, 30),
            "open_amount": 12000,
            "fee": 700,
        }
        ctx.session.add(Reminder(invoice_id=one.id, **letter_less))
        ctx.session.flush()
        assert fees(ctx) == [(f"Fee for a reminder of {one.number} (Final notice)", 700)]
    run(acme)
    with acme.call("carol") as ctx:
        assert fees(ctx) == []


def _letter(ctx: CallContext, one: Invoice) -> Any:
    from kernel.ids import uuid7
    from plugins.billing.models import Letter

    letter = Letter(client_id=one.client_id, kind="reminder", subject="Final notice", body="…", recipient="dana@hill.example",
                    mail_id="m", job_id=uuid7(), asked_by="Carol", created_at=ctx.now())  # fmt: skip
    ctx.session.add(letter)
    ctx.session.flush()
    return letter.id


@given(st.dates(date(2020, 1, 1), date(2032, 12, 31)), st.integers(0, 100), st.integers(0, 900))
def test_late_months_follow_each_other_without_gap_and_are_charged_in_time(due: date, grace: int, later: int) -> None:
    until = due + timedelta(days=later)
    found = list(late_months(due, grace, until))
    assert [one.start for one, _ in found] == [add_months(due + ONE_DAY, at) for at in range(len(found))]
    assert all(before.end == after.start for (before, _), (after, _) in pairwise(found))
    assert all(charged < until and charged == max(one.start, due + timedelta(days=1 + grace)) for one, charged in found)
    following = add_months(due + ONE_DAY, len(found))
    assert max(following, due + timedelta(days=1 + grace)) >= until


def test_rules_are_kept_by_rest_and_checked_at_their_fields(acme: Any) -> None:
    carol = acme.api("carol")
    made = carol.post("/api/v1/late-fees", json={"currency": "EUR", "kind": "percent", "percent": "1.5", "grace_days": 10})
    assert (made.status_code, made.json["starts_on"], made.json["tax_category"]) == (201, "2026-10-01", "exempt"), made.json
    assert "1.5%" in acme.client("carol").get("/late-fees").text
    assert carol.delete(f"/api/v1/late-fees/{made.json['id']}").status_code == 204
    with acme.call("carol") as ctx:
        for facts, field in (
            ({"kind": "percent"}, "percent"),
            ({"kind": "fixed", "amount": 5, "percent": Decimal(1)}, "percent"),
            ({"kind": "percent", "percent": Decimal(101)}, "percent"),
            ({"kind": "fixed", "amount": 5, "currency": "XXY"}, "currency"),
        ):
            with pytest.raises(InvalidInput) as refused:
                late_fees.add_rule(ctx, **{"currency": "EUR", **facts})
            assert list(refused.value.errors) == [field]
