"""Statements and ageing: from the ledger, as of any day; they agree with each other and with the trial balance."""

from __future__ import annotations

import io
import random
from datetime import date, timedelta
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from kernel import jobs
from kernel.context import Actor, CallContext
from kernel.directory.clients import get_client
from kernel.errors import InvalidInput
from plugins.billing import credit_notes, finalizing, payments
from plugins.billing.credits import applying
from plugins.billing.ledger import trial_balance
from plugins.billing.models import Invoice, Letter
from plugins.billing.receivables import ageing, statement_paper, statements
from plugins.billing.receivables.open_items import open_items
from plugins.tax.models import Region
from tests.plugins.billing.invoice_desk import final, lay_out_taxes, line, taxed_client
from tests.post_office import PostOffice

DANA = "dana@hill.example"


def dated(ctx: CallContext, client_id: Any, day: date, rate: int, due: date | None = None) -> Invoice:
    return final(ctx, client_id, line(rate=rate), invoice_date=day, due_date=due or day + timedelta(days=14))


def story(ctx: CallContext) -> Any:
    """July: 120.00. August: 240.00, half of July paid. September: too much paid; a credit note of 60.00 for August."""
    client_id = taxed_client(ctx, lay_out_taxes(ctx))
    get_client(ctx, client_id).billing_email = DANA
    july, august = dated(ctx, client_id, date(2026, 7, 1), 10000), dated(ctx, client_id, date(2026, 8, 1), 20000)
    payments.record_payment(ctx, july.id, amount=6000, received_on=date(2026, 8, 10), reference="RF18")
    payments.record_payment(ctx, july.id, amount=7000, received_on=date(2026, 9, 5))
    lines = [credit_notes.CreditAsked(_line_id(ctx, august), 5000)]
    credit_notes.create_credit_note(ctx, august.id, reason="Too much", lines=lines)
    return client_id


def _line_id(ctx: CallContext, invoice: Invoice) -> Any:
    from plugins.billing.invoices import list_lines

    return list_lines(ctx, invoice.id)[0].id


def test_a_statement_tells_what_moved_and_what_is_open(acme: Any) -> None:
    with acme.call("carol") as ctx:
        client_id = story(ctx)
        [one] = statements.read_statements(ctx, client_id, date(2026, 8, 1), date(2026, 10, 1))
        assert (one.opening, one.charged, one.settled, one.closing) == (12000, 24000, 19000, 17000)
        assert [(row.booked_on, row.kind, row.amount, row.balance) for row in one.rows] == [
            (date(2026, 8, 1), "invoice", 24000, 36000),
            (date(2026, 8, 10), "payment", -6000, 30000),
            (date(2026, 9, 5), "payment", -7000, 23000),
            (date(2026, 10, 1), "credit_note", -6000, 17000),
        ]
        assert [row.reference for row in one.rows] == ["INV-000002", "RF18", "INV-000001", "CN-000001"]
        assert [(item["number"], item["open_amount"]) for item in one.open_items] == [("INV-000002", 18000)]
        assert (one.credits, one.prepaid) == (1000, 0)
        [then] = statements.read_statements(ctx, client_id, date(2026, 7, 1), date(2026, 8, 10))
        assert (then.opening, then.closing, then.credits) == (0, 30000, 0)
        assert [item["open_amount"] for item in then.open_items] == [6000, 24000]


def test_ageing_is_of_that_day_not_of_today(acme: Any) -> None:
    with acme.call("carol") as ctx:
        client_id = story(ctx)
        days = ("2026-07-15", "2026-07-16", "2026-08-20", "2026-10-01")
        aged = {day: ageing.age_on(ctx, date.fromisoformat(day)).rows[0] for day in days}
        assert (aged["2026-07-15"].current, aged["2026-07-15"].total) == (12000, 12000)
        assert aged["2026-07-16"].days_30 == 12000
        assert (aged["2026-08-20"].days_60, aged["2026-08-20"].days_30) == (6000, 24000)
        assert aged["2026-08-20"].total == 30000
        assert (aged["2026-10-01"].days_60, aged["2026-10-01"].credits) == (18000, 1000)
        assert ageing.age_on(ctx, date(2026, 6, 30)).rows == []
        assert ageing.age_on(ctx, client_id=client_id).totals == {"EUR": [0, 0, 18000, 0, 0]}


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_statement_ageing_and_trial_balance_agree_on_every_day(acme: Any, seed: int) -> None:
    chance, first = random.Random(seed), date(2026, 5, 1)
    with acme.call("carol") as ctx:
        region = lay_out_taxes(ctx)
        clients = [taxed_client(ctx, region, name) for name in ("Hill", "Dale")]
        for step in range(25):
            happen(ctx, chance, clients, first + timedelta(days=step * 6))
        for day in (first + timedelta(days=13 * at) for at in range(13)):
            check(ctx, clients, first, day)


def happen(ctx: CallContext, chance: random.Random, clients: list[Any], day: date) -> None:
    """Something of that day, as an MSP's books know it."""
    client_id, what = chance.choice(clients), chance.random()
    mine = Invoice.client_id == client_id, Invoice.status == "finalized", Invoice.kind == "invoice"
    owed = list(ctx.session.scalars(select(Invoice).where(*mine).order_by(Invoice.id)))
    if what < 0.4 or not owed:
        dated(ctx, client_id, day, chance.randint(1, 50000), day + timedelta(days=chance.choice((0, 14, 30))))
        return
    one = chance.choice(owed)
    if what < 0.7:
        payments.record_payment(ctx, one.id, amount=chance.randint(1, one.total + 500), received_on=day)
    elif what < 0.8 and not one.settled and not one.credited:
        finalizing.void_invoice(ctx, one.id, "By mistake")
    elif what < 0.9 and one.credited < one.total:
        credit_notes.create_credit_note(ctx, one.id, reason="Rebate", apply=chance.random() < 0.5)
    elif one.settled < one.total and (credits := applying.usable_credits(ctx, one)):
        applying.apply_credit(ctx, one.id, credits[0].id)


def check(ctx: CallContext, clients: list[Any], first: date, day: date) -> None:
    found = ageing.age_on(ctx, day)
    booked = {(one["currency"], one["account"]): one["balance"] for one in trial_balance(ctx, until=day)}
    assert sum(sum(sums) for sums in found.totals.values()) == booked.get(("EUR", "receivable"), 0)
    assert sum(row.total for row in found.rows) == booked.get(("EUR", "receivable"), 0)
    for client_id in clients:
        [one] = statements.read_statements(ctx, client_id, first, day)
        left = sum(item["open_amount"] for item in one.open_items)
        assert one.closing == left - one.credits - one.prepaid
        assert one.closing == one.opening + one.charged - one.settled
        assert left == sum(row.total for row in found.rows if row.client_id == client_id)
        late = dict.fromkeys(ageing.BUCKETS, 0)
        for item in open_items(ctx, day, client_id):
            days = (day - item["due_date"]).days
            late["current" if days <= 0 else "days_30" if days <= 30 else "days_60" if days <= 60 else "days_90" if days <= 90
                 else "older"] += item["open_amount"]  # fmt: skip
        mine = next((row for row in found.rows if row.client_id == client_id), None)
        assert late == {name: getattr(mine, name) if mine else 0 for name in ageing.BUCKETS}


def test_carol_reads_prints_exports_and_sends_a_statement(posting: Any, office: PostOffice) -> None:
    with posting.call("carol") as ctx:
        client_id = story(ctx)
    carol, pages, days = posting.api("carol"), posting.client("carol"), {"first_day": "2026-08-01", "last_day": "2026-10-01"}
    [told] = carol.get(f"/api/v1/statements/{client_id}", query_string=days).json["items"]
    assert (told["closing"], told["credits"], told["open_items"][0]["number"]) == (17000, 1000, "INV-000002")
    pdf = carol.get(f"/api/v1/statements/{client_id}/pdf", query_string=days)
    words = PdfReader(io.BytesIO(pdf.data)).pages[0].extract_text()
    for expected in ("Statement of account", "Hill & Sons", "€170.00", "INV-000002", "Credits not used yet"):
        assert expected in words
    assert "€170.00" in pages.get(f"/statements/{client_id}", query_string=days).text
    rows = pages.get(f"/statements/{client_id}/csv", query_string=days).text.splitlines()
    assert (rows[1], rows[-1]) == ("2026-08-01,opening,,EUR,,,120.00", "2026-10-01,closing,,EUR,240.00,190.00,170.00")
    sent = carol.post(f"/api/v1/statements/{client_id}/send", json=days)
    assert (sent.status_code, sent.json["recipient"], sent.json["state"]) == (202, DANA, "waiting"), sent.json
    jobs.drain(posting.kernel, posting.tenant_id)
    [letter] = office.letters()
    assert [one.get_filename() for one in letter.iter_attachments()] == ["statement.pdf"]
    assert "€180.00" in pages.get("/ageing").text
    assert pages.get("/ageing.csv").text.splitlines()[1].endswith("0.00,0.00,180.00,0.00,0.00,180.00,10.00")
    assert carol.get("/api/v1/ageing", query_string={"on": "2026-07-20"}).json["items"][0]["days_30"] == 12000
    assert "statement" in carol.get("/api/v1/letters").json["items"][0]["kind"]


def test_the_schedule_sends_last_months_statement_once(posting: Any, office: PostOffice) -> None:
    with posting.call(Actor.system()) as ctx:
        story(ctx)
        region = ctx.session.scalars(select(Region.id)).one()
        silent = taxed_client(ctx, region, "Silent")
        dated(ctx, silent, date(2026, 9, 2), 100)
    for _ in range(2):
        with posting.call(Actor.system()) as ctx:
            jobs.enqueue(ctx, "billing.statements")
        jobs.drain(posting.kernel, posting.tenant_id)
    assert [one.rcpt_tos for one in office.envelopes] == [[DANA]]
    with posting.call() as ctx:
        assert ctx.session.scalars(select(Letter.period_key)).all() == ["2026-09-01/2026-09-30"]
        assert statement_paper.last_month(ctx) == (date(2026, 9, 1), date(2026, 9, 30))


def test_days_that_make_no_period_are_refused(acme: Any) -> None:
    with acme.call("carol") as ctx:
        client_id = story(ctx)
        with pytest.raises(InvalidInput) as refused:
            statements.read_statements(ctx, client_id, date(2026, 9, 2), date(2026, 9, 1))
        assert list(refused.value.errors) == ["last_day"]
