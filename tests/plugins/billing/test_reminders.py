"""Overdue is said once; clients are reminded once for each invoice and level, by one mail with all their late invoices."""

from __future__ import annotations

from datetime import date
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import func, select

from kernel import jobs
from kernel.context import Actor, CallContext
from kernel.directory.clients import get_client
from kernel.errors import InvalidInput
from kernel.events import OutboxEvent
from kernel.tenancy import change_settings
from plugins.billing import payments, reopening
from plugins.billing.errors import NotUnfinalizable
from plugins.billing.models import Invoice, Letter, OverdueNote, Reminder
from plugins.billing.receivables import dunning, levels, payers
from plugins.billing.receivables.errors import DunningLevelUsed
from plugins.billing.receivables.levels import Words
from tests.plugins.billing.invoice_desk import final, lay_out_taxes, line, taxed_client
from tests.post_office import PostOffice

DANA = "dana@hill.example"


def client_of(ctx: CallContext, address: str | None = DANA, name: str = "Hill & Sons", **facts: Any) -> Any:
    client_id = taxed_client(ctx, lay_out_taxes(ctx), name)
    client = get_client(ctx, client_id)
    client.billing_email = address
    for key, value in facts.items():
        setattr(client, key, value)
    ctx.session.flush()
    return client_id


def late(ctx: CallContext, client_id: Any, days: int, rate: int = 10000) -> Invoice:
    """A final invoice that is so many days late today, 1 October 2026."""
    due = date.fromordinal(ctx.today().toordinal() - days)
    return final(ctx, client_id, line(rate=rate), invoice_date=min(due, date(2026, 9, 1)), due_date=due)


def run(world: Any, job: str) -> None:
    with world.call(Actor.system()) as ctx:
        jobs.enqueue(ctx, job)
    jobs.drain(world.kernel, world.tenant_id)


def said(world: Any, name: str) -> list[dict[str, Any]]:
    with world.call() as ctx:
        return list(ctx.session.scalars(select(OutboxEvent.payload).where(OutboxEvent.name == name).order_by(OutboxEvent.id)))


def test_overdue_is_said_once_and_shown_everywhere(acme: Any) -> None:
    with acme.call("carol") as ctx:
        client_id = client_of(ctx)
        gone, paid, fresh = late(ctx, client_id, 1), late(ctx, client_id, 5), late(ctx, client_id, 0)
        payments.record_payment(ctx, paid.id, amount=paid.total)
    run(acme, "billing.overdue")
    run(acme, "billing.overdue")
    assert [(one["number"], one["open_amount"], one["due_date"]) for one in said(acme, "invoice.overdue")] == [
        (gone.number, 12000, "2026-09-30")
    ]
    rows = acme.api("carol").get("/api/v1/invoices", query_string={"state": "overdue"}).json["items"]
    assert [one["number"] for one in rows] == [gone.number]
    acme.kernel.clock.advance(hours=24)
    run(acme, "billing.overdue")
    assert [one["number"] for one in said(acme, "invoice.overdue")] == [gone.number, fresh.number]
    with acme.call() as ctx:
        assert ctx.session.scalar(select(func.count()).select_from(OverdueNote)) == 2


def test_one_mail_tells_of_all_late_invoices_in_the_words_of_the_highest_level(posting: Any, office: PostOffice) -> None:
    with posting.call("carol") as ctx:
        change_settings(ctx, "billing", {"seller_name": "Acme GmbH", "reminders": True})
        client_id = client_of(ctx)
        first, second = late(ctx, client_id, 8), late(ctx, client_id, 22, 5000)
        late(ctx, client_id, 3)
        [plan] = dunning.plan_reminders(ctx)
    run(posting, "billing.reminders")
    [letter] = office.letters()
    body = letter.get_body(("plain",))
    assert body is not None
    text = body.get_content().replace("\r\n", "\n")
    assert letter["Subject"] == plan.subject == "Second reminder: open invoices of Acme GmbH"
    assert text.strip() == plan.body
    assert f"{first.number} of Sep 1, 2026, due Sep 23, 2026: €120.00 (8 days late)" in text
    assert "Please pay €180.00 within a week." in text
    with posting.call() as ctx:
        found = {one.invoice_id: (one.level, one.open_amount) for one in ctx.session.scalars(select(Reminder))}
        assert found == {first.id: (1, 12000), second.id: (2, 6000)}
        assert ctx.session.scalars(select(Letter)).one().sent_at is not None
    assert [one["level"] for one in said(posting, "client.reminded")] == [2]


def test_nobody_is_reminded_twice_at_a_level_and_again_at_the_next(posting: Any, office: PostOffice) -> None:
    with posting.call("carol") as ctx:
        change_settings(ctx, "billing", {"reminders": True})
        one = late(ctx, client_of(ctx), 8)
    for _ in range(3):
        run(posting, "billing.reminders")
    assert len(office.envelopes) == 1
    posting.kernel.clock.advance(hours=24 * 14)
    run(posting, "billing.reminders")
    run(posting, "billing.reminders")
    assert [letter["Subject"].split(":")[0] for letter in office.letters()] == ["Reminder", "Second reminder"]
    with posting.call("carol") as ctx:
        assert [reminder.level for reminder in dunning.list_reminders(ctx, one.id)] == [1, 2]


def test_off_held_and_spared_clients_get_nothing(posting: Any, office: PostOffice) -> None:
    with posting.call("carol") as ctx:
        disputed = late(ctx, client_of(ctx), 40)
        payers.hold_invoice(ctx, disputed.id, "Work not done")
        spared = taxed_client(ctx, lay_out_taxes_again(ctx), "Spared")
        late(ctx, spared, 40)
        payers.change_payer(ctx, spared, {"reminders": False})
        assert dunning.plan_reminders(ctx) == []
        payers.release_invoice(ctx, disputed.id)
        assert len(dunning.plan_reminders(ctx)) == 1
    run(posting, "billing.reminders")
    assert office.envelopes == []


def lay_out_taxes_again(ctx: CallContext) -> Any:
    from plugins.tax.models import Region

    return ctx.session.scalars(select(Region.id)).one()


def test_own_words_speak_the_clients_language_and_a_fee_is_named(posting: Any, office: PostOffice) -> None:
    with posting.call("carol") as ctx:
        first = levels.list_levels(ctx)[0]
        levels.change_level(ctx, first.id, {
            "fee": 500, "fee_currency": "EUR",
            "texts": [Words("de", "Mahnung von {seller}", "{client}:\n{invoices}\nSumme {total}{fee}"),
                      Words("en", "Hey", "{level}")],
        })  # fmt: skip
        client_id = client_of(ctx, locale="de-AT")
        late(ctx, client_id, 8)
        [plan] = dunning.plan_reminders(ctx)
        assert plan.subject == "Mahnung von Acme MSP"
        assert "Summe 120,00" in plan.body.replace("€\xa0", "").replace("\xa0€", "")
        dunning.remind_now(ctx, [client_id])
        assert ctx.session.scalars(select(Reminder)).one().fee == 500


def test_a_client_without_address_is_named_and_keeps_nobody_else(posting: Any, office: PostOffice) -> None:
    with posting.call(Actor.system()) as ctx:
        nobody = client_of(ctx, address=None)
        late(ctx, nobody, 8)
        late(ctx, taxed_client(ctx, lay_out_taxes_again(ctx), "Dale"), 8)
        get_client(ctx, ctx.session.scalars(select(Invoice.client_id).where(Invoice.client_id != nobody)).one()).email = DANA
    carol = posting.api("carol")
    shown = carol.get("/api/v1/reminders/preview").json["items"]
    assert [(one["client_name"], one["problem"] is None) for one in shown] == [("Dale", True), ("Hill & Sons", False)]
    sent = carol.post("/api/v1/reminders", json={})
    assert (sent.status_code, sent.json["sent"], [one["client_id"] for one in sent.json["problems"]]) == (202, 1, [str(nobody)])
    jobs.drain(posting.kernel, posting.tenant_id)
    assert [one.rcpt_tos for one in office.envelopes] == [[DANA]]
    [told] = carol.get("/api/v1/letters").json["items"]
    assert (told["client_name"], told["state"], told["asked_by"]) == ("Dale", "sent", "Carol")
    pages = posting.client("carol")
    assert "Hill &amp; Sons" in pages.get("/reminders").text
    assert told["subject"] in pages.get("/letters").text


def test_several_who_remind_at_once_send_one_mail(posting: Any, office: PostOffice) -> None:
    with posting.call("carol") as ctx:
        client_id = client_of(ctx)
        late(ctx, client_id, 8)
    barrier = Barrier(4)

    def remind() -> None:
        with posting.call("carol") as ctx:
            ctx.session.execute(select(1))
            barrier.wait(10)
            dunning.remind_client(ctx, client_id)

    threads = [Thread(target=remind) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    jobs.drain(posting.kernel, posting.tenant_id)
    assert len(office.envelopes) == 1
    with posting.call() as ctx:
        assert ctx.session.scalar(select(func.count()).select_from(Reminder)) == 1


def test_what_a_client_was_reminded_of_stays_final(posting: Any, office: PostOffice) -> None:
    with posting.call("carol") as ctx:
        one = late(ctx, client_of(ctx), 8)
        dunning.remind_now(ctx)
        with pytest.raises(NotUnfinalizable, match="reminder"):
            reopening.unfinalize_invoice(ctx, one.id)


def test_levels_are_checked_at_their_fields(acme: Any) -> None:
    with acme.call("carol") as ctx:
        rows = levels.list_levels(ctx)
        for changes, field in (
            ({"days": 21}, "days"),
            ({"fee": 500}, "fee_currency"),
            ({"texts": [Words("en", "Hi {name}", "x")]}, "texts[0].subject"),
            ({"texts": [Words("en", "Hi", "{client.__class__}")]}, "texts[0].body"),
            ({"texts": [Words("en", "Hi", "{")]}, "texts[0].body"),
            ({"texts": [Words("en", "a", "b"), Words("en", "a", "b")]}, "texts"),
        ):
            with pytest.raises(InvalidInput) as refused:
                levels.change_level(ctx, rows[0].id, changes)
            assert list(refused.value.errors) == [field]
        with pytest.raises(DunningLevelUsed):
            levels.delete_level(ctx, rows[0].id)
        levels.delete_level(ctx, rows[2].id)
        assert levels.add_level(ctx, name="Lawyer", days=60).level == 3
