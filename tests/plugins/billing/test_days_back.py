"""Carol ends contracts earlier than they are billed: days that are not served are taken back, once, at what was paid for them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import select

from kernel import jobs
from kernel.context import Actor
from kernel.errors import DeskhandError
from kernel.tenancy import change_settings
from plugins.billing import credit_notes, finalizing, invoices, reopening, runs
from plugins.billing.agreements import discounts
from plugins.billing.contracts import ends, lines, services
from plugins.billing.credit_notes import CreditAsked
from plugins.billing.errors import CreditTooLarge, InvoiceSettled, NotUnfinalizable, PeriodsBilled
from plugins.billing.models import Invoice
from plugins.tax import services as taxes
from tests.plugins.billing.contract_desk import Desk
from tests.plugins.billing.invoice_desk import lay_out_taxes, taxed_client

OCTOBER = {"window_start": date(2026, 10, 1), "window_end": date(2026, 11, 1)}
NOVEMBER = {"window_start": date(2026, 11, 1), "window_end": date(2026, 12, 1)}
SUPPORT = {"kind": "fixed", "name": "Support", "price": 1000, "timing": "advance"}


@pytest.fixture
def hill(acme: Any) -> Any:
    with acme.call(Actor.system()) as ctx:
        change_settings(ctx, "billing", {"runs_finalize": True, "credit_auto_apply": False, "below_zero": "credit_note"})
        return taxed_client(ctx, lay_out_taxes(ctx))


def _run(world: Any, **window: Any) -> None:
    with world.call("carol") as ctx:
        runs.start_run(ctx, **(window or OCTOBER))
    jobs.drain(world.kernel, world.tenant_id)


def _contract(world: Any, hill: Any, **terms: Any) -> Any:
    """Care in advance for 310.00 a month, prorated, beside support for 10.00 that is not."""
    care = {"kind": "fixed", "name": "Care", "price": 31000, "timing": "advance", "prorate": True, **terms}
    with world.call() as ctx:
        return Desk.of(ctx, hill).contract(care, SUPPORT, start="2026-10-01").id


def _end(world: Any, contract_id: Any, last: str | None) -> None:
    with world.call("carol") as ctx:
        services.change_contract(ctx, contract_id, {"end_on": last and date.fromisoformat(last)})


def _last(world: Any) -> tuple[str, list[tuple[str, str, str, int]]]:
    """Kind and lines of the invoice written last."""
    with world.call() as ctx:
        one = ctx.session.scalars(select(Invoice).order_by(Invoice.id.desc()).limit(1)).one()
        return one.kind, [(line.description, str(line.period_start), str(line.period_end), line.net)
                          for line in invoices.list_lines(ctx, one.id)]  # fmt: skip


def test_the_rest_of_a_month_paid_in_advance_is_taken_back_once(acme: Any, hill: Any) -> None:
    contract_id = _contract(acme, hill)
    _run(acme)
    _end(acme, contract_id, "2026-10-20")
    page = acme.client("carol").get(f"/contracts/{contract_id}").text
    assert "€110.00" in page
    _run(acme, **NOVEMBER)
    kind, [back] = _last(acme)
    assert (kind, back) == ("credit_note", ("Care, taken back", "2026-10-21", "2026-11-01", 11000))
    with acme.call("carol") as ctx:
        note = ctx.session.scalars(select(Invoice).where(Invoice.kind == "credit_note")).one()
        assert (note.subtotal, note.tax, note.status) == (11000, 2200, "finalized")
        assert "€110.00" not in acme.client("carol").get(f"/contracts/{contract_id}").text
    _run(acme, **NOVEMBER)
    with acme.call() as ctx:
        assert len(list(ctx.session.scalars(select(Invoice)))) == 2


def test_whole_months_beyond_the_end_come_back_and_what_goes_on_is_billed_again(acme: Any, hill: Any) -> None:
    contract_id = _contract(acme, hill)
    _run(acme, window_start=date(2026, 10, 1), window_end=date(2026, 12, 1))
    _end(acme, contract_id, "2026-10-31")
    _end(acme, contract_id, "2026-10-30")  # thought about it again: reckoned anew, nothing twice
    with acme.call("carol") as ctx:
        assert [(one["name"], str(one["first_day"]), str(one["last_day"]), one["amount"])
                for one in ends.days_waiting(ctx, contract_id)] == [
            ("Care", "2026-10-31", "2026-10-31", 1000), ("Care", "2026-11-01", "2026-11-30", 31000),
            ("Support", "2026-11-01", "2026-11-30", 1000)]  # fmt: skip
    _end(acme, contract_id, None)
    with acme.call("carol") as ctx:
        assert ends.days_waiting(ctx, contract_id) == []
    _end(acme, contract_id, "2026-10-31")
    _run(acme, **NOVEMBER)
    assert sum(line[3] for line in _last(acme)[1]) == 32000
    _end(acme, contract_id, None)
    _run(acme, **NOVEMBER)
    assert _last(acme) == (
        "invoice",
        [("Care", "2026-11-01", "2026-12-01", 31000), ("Support", "2026-11-01", "2026-12-01", 1000)],
    )
    _end(acme, contract_id, "2026-10-31")
    _run(acme, **NOVEMBER)
    assert sum(line[3] for line in _last(acme)[1]) == 32000


def test_days_that_are_billed_anew_stay_taken_back_whatever_becomes_of_the_note(acme: Any, hill: Any) -> None:
    contract_id = _contract(acme, hill)
    _run(acme)
    _end(acme, contract_id, "2026-10-20")
    _run(acme, **NOVEMBER)
    _end(acme, contract_id, None)
    _run(acme)
    assert _last(acme) == ("invoice", [("Care", "2026-10-21", "2026-11-01", 11000)])
    with acme.call("carol") as ctx:
        note = ctx.session.scalars(select(Invoice.id).where(Invoice.kind == "credit_note")).one()
        finalizing.void_invoice(ctx, note, "Wrong address")
    _run(acme)
    assert _last(acme) == ("credit_note", [("Care, taken back", "2026-10-21", "2026-11-01", 11000)])


def test_what_was_discounted_or_credited_is_not_taken_back(acme: Any, hill: Any) -> None:
    contract_id = _contract(acme, hill)
    with acme.call() as ctx:
        discounts.add_discount(ctx, contract_id, description="Half", percent=Decimal(50), start_on=date(2026, 10, 1))
    _run(acme)
    with acme.call("carol") as ctx:
        one = ctx.session.scalars(select(Invoice)).one()
        care, _support = invoices.list_lines(ctx, one.id)
        credit_notes.create_credit_note(ctx, one.id, reason="Slow", lines=[CreditAsked(care.id, 10000)])
    _end(acme, contract_id, "2026-10-16")
    with acme.call("carol") as ctx:
        assert [row["amount"] for row in ends.days_waiting(ctx, contract_id)] == [5500], "of 75.00 what is left of 155.00"
        with pytest.raises(CreditTooLarge):
            credit_notes.create_credit_note(ctx, one.id, reason="More", lines=[CreditAsked(care.id, 1)])


def test_it_is_taxed_as_it_was_billed(acme: Any, hill: Any) -> None:
    contract_id = _contract(acme, hill)
    _run(acme)
    with acme.call() as ctx:
        region = taxes.list_regions(ctx)[0]
        taxes.add_rate(ctx, region_id=region.id, name="VAT", category="standard", percent=Decimal(10), starts=date(2026, 10, 2))
        lines.add_line(ctx, services.get_contract(ctx, contract_id), name="New", kind="fixed", price=50000, timing="arrears")
    _end(acme, contract_id, "2026-10-20")
    _run(acme, **NOVEMBER)
    with acme.call("carol") as ctx:
        one = ctx.session.scalars(select(Invoice).order_by(Invoice.id.desc()).limit(1)).one()
        assert sorted((line.net, line.tax) for line in invoices.list_lines(ctx, one.id)) == [(-11000, -2200), (50000, 5000)]


def test_drafts_and_usage_stand_in_the_way(acme: Any, hill: Any) -> None:
    with acme.call("alice") as ctx:
        change_settings(ctx, "billing", {"runs_finalize": False})
    contract_id = _contract(acme, hill)
    _run(acme)
    with pytest.raises(PeriodsBilled, match="draft INV-000001"):
        _end(acme, contract_id, "2026-10-20")


def test_the_invoice_stays_as_long_as_days_of_it_are_taken_back(acme: Any, hill: Any) -> None:
    contract_id = _contract(acme, hill)
    _run(acme)
    with acme.call("carol") as ctx:
        one = ctx.session.scalars(select(Invoice)).one()
    _end(acme, contract_id, "2026-10-20")
    with acme.call("carol") as ctx:
        with pytest.raises(NotUnfinalizable, match="taken back"):
            reopening.unfinalize_invoice(ctx, one.id)
        with pytest.raises(InvoiceSettled):
            reopening.void_and_copy(ctx, one.id, "Wrong")
    _run(acme, **NOVEMBER)
    with acme.call("carol") as ctx:
        with pytest.raises(InvoiceSettled, match="later invoice"):
            finalizing.void_invoice(ctx, one.id, "Wrong")
        note = ctx.session.scalars(select(Invoice).where(Invoice.kind == "credit_note")).one()
        finalizing.void_invoice(ctx, note.id, "Not yet")
        assert [row["amount"] for row in ends.days_waiting(ctx, contract_id)] == [11000]
        finalizing.void_invoice(ctx, one.id, "Wrong")
        assert ends.days_waiting(ctx, contract_id) == []
    _run(acme)
    assert _last(acme) == (
        "invoice",
        [("Care", "2026-10-01", "2026-10-21", 20000), ("Support", "2026-10-01", "2026-10-21", 1000)],
    )


def test_ended_twice_at_once_the_days_come_back_once(acme: Any, hill: Any) -> None:
    contract_id = _contract(acme, hill)
    _run(acme)
    barrier, came = Barrier(2), []

    def end(last: date) -> None:
        try:
            with acme.call("carol") as ctx:
                services.get_contract(ctx, contract_id)
                barrier.wait(10)
                services.end_contract(ctx, contract_id, end_on=last)
            came.append("done")
        except DeskhandError as error:
            came.append(error.code)

    threads = [Thread(target=end, args=(date(2026, 10, day),)) for day in (16, 21)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    assert sorted(came) == ["done", "version_mismatch"]
    with acme.call("carol") as ctx:
        [waiting] = ends.days_waiting(ctx, contract_id)
        end_on = services.get_contract(ctx, contract_id).end_on
        assert (end_on, waiting["amount"]) in ((date(2026, 10, 16), 15000), (date(2026, 10, 21), 10000))


def test_betas_people_know_nothing_of_it(acme: Any, beta: Any, hill: Any) -> None:
    contract_id = _contract(acme, hill)
    _run(acme)
    _end(acme, contract_id, "2026-10-20")
    with beta.call("carol") as ctx:
        assert ends.days_waiting(ctx, contract_id) == []
        with pytest.raises(DeskhandError, match="no contract"):
            services.end_contract(ctx, contract_id, end_on=date(2026, 10, 10))
