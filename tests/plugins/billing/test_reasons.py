"""Why an amount is what it is, in words that somebody in finance follows."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from plugins.billing.reasons import span, trace_in_words

STEPS: list[tuple[list[Any], tuple[str, str]]] = [
    (["hours_times_rate", "95/60 × 12500", 19792], ("Hours times rate", "1:35 h × €125.00 = €197.92")),
    (["fair_share", "265500 × 220500/285300", 205197],
     ("Share of this service, by its price", "€2,655.00 × €2,205.00 ÷ €2,853.00 = €2,051.97")),
    (["fair_share", "900 / 3", 300], ("Share of this service, by its price", "€9.00 ÷ 3 = €3.00")),
    (["prorate", "8900 × 31/31 − 8900 × 14/31", 4881], ("For the days covered", "€89.00 − €89.00 × 14 of 31 days = €48.81")),
    (["minimum_quantity", "max(0, 1200)", "1200"], ("Minimum quantity", "0, at least 1,200 = 1,200")),
    (["tier", "237.89 × 7", "1665.23"], ("Tier 1", "237.89 × €0.07 = €16.6523")),
    (["percent_of_gross", "20000 × 7.5/100", 1500], ("Percentage of the amount", "€200.00 × 7.5% = €15.00")),
    (["never_below_zero", "min(1500, 900)", 900], ("Never below zero", "€15.00, at most €9.00 = €9.00")),
    (["sum_of_tiers", "", 22665], ("Sum of the tiers", "€226.65")),
    (["of_a_later_version", "1 + 1", 200], ("of a later version", "1 + 1 = €2.00")),
]  # fmt: skip


@pytest.mark.parametrize(("step", "told"), STEPS, ids=[step[0] for step, _told in STEPS])
def test_a_step_reads_as_a_calculation(step: list[Any], told: tuple[str, str]) -> None:
    assert trace_in_words({"steps": [step]}, "EUR") == [told]


def test_an_hourly_line_names_its_days_people_and_terms() -> None:
    entry = {"on": "2026-07-13", "description": "Call", "minutes": 10, "billed_minutes": 15, "amount": 3125,
             "steps": [["minimum_minutes", "max(10, 15)", 15]], "detail": {"person": "Emre Engin"}}  # fmt: skip
    inputs = {"minutes": 10, "rate": "12500", "rate_from": "entry"}
    told = trace_in_words({"period": "2026-07-01/2026-08-01", "inputs": inputs, "entries": [entry]}, "EUR")
    assert told == [
        ("Period", span(date(2026, 7, 1), date(2026, 8, 1))),
        ("Time worked", "0:10 h"),
        ("Hourly rate", "€125.00"),
        ("Rate taken from", "the time entry"),
        ("Each entry bills at least", "15 min"),
        ("Jul 13, 2026 · Emre Engin · Call", "0:10 h, billed as 0:15 h = €31.25"),
    ]


def test_a_period_is_shown_to_its_last_day() -> None:
    assert "31, 2026" in span(date(2026, 7, 1), date(2026, 8, 1))
    assert "Aug" not in span(date(2026, 7, 1), date(2026, 8, 1))


def test_currencies_without_decimals_show_none() -> None:
    assert trace_in_words({"steps": [["tier", "2 × 1500", "3000"]]}, "JPY") == [("Tier 1", "2 × ¥1,500 = ¥3,000")]
