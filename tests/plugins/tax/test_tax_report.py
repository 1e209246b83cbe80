"""Carol hands in the tax report: final invoices by period, region and rate, credit notes and voided ones subtracted."""

from __future__ import annotations

import csv
import doctest
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from kernel.clock import FixedClock
from plugins.billing import credit_notes, finalizing
from plugins.billing.credit_notes import CreditAsked
from plugins.billing.invoices import list_lines
from plugins.tax import report, services
from tests.conftest import World
from tests.plugins.billing.invoice_desk import balances, draft, final, lay_out_taxes, line, taxed_client


def _read(world: World, **query: Any) -> list[tuple[Any, ...]]:
    answer = world.api("carol").get("/api/v1/tax-report", query_string=query)
    assert answer.status_code == 200, answer.json
    return [
        (one["period"], one["region"], one["name"], one["percent"].rstrip("0").rstrip("."), one["base"], one["tax"])
        for one in answer.json["items"]
    ]


def _quarter(world: World, clock: FixedClock, hour: int = 12) -> tuple[UUID, UUID]:
    """September: two invoices and a draft; October: a credit note over a part of the first, the second one is void."""
    clock.set(datetime(2026, 9, 20, 8, tzinfo=UTC))
    with world.call("carol") as ctx:
        client_id = taxed_client(ctx, lay_out_taxes(ctx))
        first = final(ctx, client_id, line(rate=100_00), line("Book", rate=50_00, tax_category="reduced"))
        second = final(ctx, client_id, line(rate=70_00))
        draft(ctx, client_id, line(rate=999_00))
    clock.set(datetime(2026, 10, 31, hour, 30, tzinfo=UTC))
    with world.call("carol") as ctx:
        work = list_lines(ctx, first.id)[0]
        credit_notes.create_credit_note(ctx, first.id, reason="Half of the work", lines=[CreditAsked(work.id, 50_00)])
        finalizing.void_invoice(ctx, second.id, "Wrong client")
    return first.id, second.id


def test_the_doctests_of_the_report_hold() -> None:
    assert doctest.testmod(report).failed == 0


def test_final_invoices_less_credit_notes_and_voided_ones(acme: World, clock: FixedClock) -> None:
    _quarter(acme, clock)
    assert _read(acme) == [
        ("2026-09", "AT", "VAT", "20", 170_00, 34_00), ("2026-09", "AT", "VAT", "10", 50_00, 5_00),
        ("2026-10", "AT", "VAT", "20", -120_00, -24_00),
    ]  # fmt: skip
    assert _read(acme, per="year", dated_by="document") == [
        ("2026", "AT", "VAT", "20", 50_00, 10_00), ("2026", "AT", "VAT", "10", 50_00, 5_00),
    ]  # fmt: skip
    assert _read(acme, first_day="2026-10-01", last_day="2026-12-31", per="quarter") == [
        ("2026-Q4", "AT", "VAT", "20", -120_00, -24_00)]  # fmt: skip
    assert _read(acme, region="DE") == []


def test_the_report_by_documents_is_the_tax_account_of_the_ledger(acme: World, clock: FixedClock) -> None:
    _quarter(acme, clock)
    with acme.call("carol") as ctx:
        found = report.tax_report(ctx, dated_by="document")
        assert found.total("EUR") == 15_00 == -balances(ctx)["tax"]
        assert found.credited("EUR") == 10_00
        assert [month for month, _ in found.taxes["EUR"]] == [f"2026-{month:02}" for month in range(1, 13)]


def test_a_voided_invoice_counts_back_on_the_day_of_the_companys_zone(acme: World, clock: FixedClock) -> None:
    assert acme.tenant.zone == "Europe/Berlin"
    _quarter(acme, clock, hour=23)
    assert [one for one in _read(acme, dated_by="document") if one[0] == "2026-11"] == [
        ("2026-11", "AT", "VAT", "20", -120_00, -24_00)]  # fmt: skip


def test_a_later_rate_changes_no_past_period(acme: World, clock: FixedClock) -> None:
    first, _ = _quarter(acme, clock)
    before = acme.api("carol").get(f"/api/v1/invoices/{first}").json
    with acme.call("carol") as ctx:
        [region] = services.list_regions(ctx)
        rate = {"region_id": region.id, "category": "standard", "name": "VAT"}
        services.add_rate(ctx, **rate, percent=Decimal(25), starts=date(2026, 1, 1))
        found = report.tax_report(ctx, last_day=date(2026, 9, 30))
        assert [int(one.percent) for one in found.lines] == [20, 10]
    assert acme.api("carol").get(f"/api/v1/invoices/{first}").json == before


def test_the_page_and_the_file_show_the_same(acme: World, clock: FixedClock) -> None:
    _quarter(acme, clock)
    browser = acme.client("carol")
    page = browser.get("/taxes/report?per=quarter")
    assert page.status_code == 200
    assert "2026-Q3" in page.text
    rows = list(csv.DictReader(io.StringIO(browser.get("/taxes/report.csv?per=quarter").text.lstrip("\ufeff"))))
    assert [(one["period"], one["percent"], one["base"], one["tax_amount"]) for one in rows] == [
        ("2026-Q3", "20", "170.00", "34.00"), ("2026-Q3", "10", "50.00", "5.00"),
        ("2026-Q4", "20", "-120.00", "-24.00"),
    ]  # fmt: skip


def test_days_in_the_wrong_order_are_refused_at_their_field(acme: World) -> None:
    answer = acme.api("carol").get("/api/v1/tax-report?first_day=2026-02-01&last_day=2026-01-31")
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["last_day"])


def test_beta_reports_nothing_of_acme(acme: World, beta: World, clock: FixedClock) -> None:
    _quarter(acme, clock)
    assert _read(beta) == []
