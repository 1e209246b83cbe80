"""Carol sets both sides beside each other, looks at what differs, and accepts what is known."""

from __future__ import annotations

import csv
import io
from typing import Any
from uuid import UUID

from sqlalchemy import select

from house.stage import csrf_of
from kernel.context import Actor
from kernel.hookspecs.accounting import CREDIT_NOTE
from kernel.tenancy import switch_plugin
from plugins.accounting.incoming.cursors import books_changed, cursor_of
from plugins.accounting.incoming.noticing import notice
from plugins.accounting.targets import get_target
from plugins.billing.credit_notes import create_credit_note
from plugins.billing.credits import applying, giving
from plugins.billing.models import Credit, Invoice
from tests.conftest import World
from tests.plugins.accounting.books_there import add_books, delivered, paid
from tests.plugins.billing.invoice_desk import final, lay_out_taxes, line, taxed_client


def furnished(world: World) -> tuple[UUID, UUID]:
    """Books with an invoice that is the same there, one that is not, and a credit note that nobody looked at."""
    with world.call(Actor.system()) as ctx:
        switch_plugin(ctx, "accounting", enabled=True)
    with world.call(Actor.system()) as ctx:
        client_id = taxed_client(ctx, lay_out_taxes(ctx))
        target = add_books(ctx)
        same, other = (delivered(ctx, target, final(ctx, client_id, line(rate=10000)), key) for key in ("11", "12"))
        credited = final(ctx, client_id, line(rate=3000))
        delivered(ctx, target, create_credit_note(ctx, credited.id, reason="Wrong rate"), "13", CREDIT_NOTE)
        notice(ctx, target, [same, other._replace(total=other.total - 1000), paid("91", 500, ("11", 500))])
        notice(ctx, target, [same._replace(balance=same.total - 500)])
        return target.id, client_id


def rows_of(world: World, target_id: UUID, every: bool = False) -> Any:
    path = f"/api/v1/accounting/targets/{target_id}/reconciliation{'?all=true' if every else ''}"
    return world.api("carol").get(path).json


def test_the_report_names_what_differs_to_the_minor_unit(acme: World) -> None:
    target_id, client_id = furnished(acme)
    found = rows_of(acme, target_id)
    [document] = found["documents"]
    assert document["theirs"]["total"] == document["ours"]["total"] - 1000
    every = rows_of(acme, target_id, every=True)["documents"]
    assert [one["differs"] for one in every] == [False, True, False, False] and every[2]["theirs"] is None
    assert every[0]["ours"]["open"] == every[0]["theirs"]["open"] == every[0]["ours"]["total"] - 500
    [client] = found["clients"]
    assert (client["client_id"], client["unseen"], client["differs"]) == (str(client_id), 1, True)
    for part in ("total", "open"):
        assert client["ours"][part] == sum(one["ours"][part] * (1 if one["kind"] == "invoice" else -1) for one in every)


def test_money_that_pays_nothing_yet_is_set_beside_theirs_and_taken_off_the_clients_sum(acme: World) -> None:
    target_id, _ = furnished(acme)
    with acme.call(Actor.system()) as ctx:
        notice(ctx, get_target(ctx, target_id), [paid("92", 7_300, ("11", 7_000))])
    before = rows_of(acme, target_id, every=True)
    [unused] = [one for one in before["documents"] if one["kind"] == "payment" and one["ours"]["open"]]
    assert (unused["ours"], unused["differs"]) == ({"total": 0, "tax": 0, "open": 300}, False)
    with acme.call(Actor.system()) as ctx:
        applying.apply_credits(ctx, ctx.session.scalars(select(Invoice.id).where(Invoice.number == "INV-000002")).one())
    after = rows_of(acme, target_id, every=True)
    [used] = [one for one in after["documents"] if one["our_id"] == unused["our_id"]]
    assert (used["ours"]["open"], used["theirs"]["open"], used["differs"]) == (0, 300, True)
    assert after["clients"][0]["ours"] == before["clients"][0]["ours"]  # what is used of money is paid of an invoice


def test_an_overpayment_that_expired_here_is_open_there_alone(acme: World) -> None:
    target_id, _ = furnished(acme)
    with acme.call(Actor.system()) as ctx:
        notice(ctx, get_target(ctx, target_id), [paid("92", 7_300, ("11", 7_000))])
        [credit] = ctx.session.scalars(select(Credit).where(Credit.payment_id.is_not(None), Credit.remaining > 0))
        giving.expire_credit(ctx, credit.id, reason="Too old")
    [unused] = [one for one in rows_of(acme, target_id)["documents"] if one["kind"] == "payment"]
    assert (unused["ours"]["open"], unused["theirs"]["open"]) == (0, 300)


def test_the_report_is_read_page_by_page(acme: World) -> None:
    target_id, _ = furnished(acme)
    every, after, found = rows_of(acme, target_id, every=True)["documents"], "", list[Any]()
    while after is not None:
        path = f"/api/v1/accounting/targets/{target_id}/reconciliation?all=true&limit=2{after and f'&after={after}'}"
        page = acme.api("carol").get(path).json
        found, after = [*found, *page["documents"]], page["next_after"]
        assert len(page["documents"]) <= 2
    assert found == every


def test_the_report_is_a_page_and_a_file(acme: World) -> None:
    target_id, _ = furnished(acme)
    browser = acme.client("carol")
    page = browser.get(f"/accounting/reconciliation?target_id={target_id}").text
    assert "Documents that differ" in page and "Hill &amp; Sons" in page
    file = browser.get(f"/accounting/reconciliation.csv?target_id={target_id}").data.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(file)))
    assert len(rows) == 4 and rows[2]["their_total"] == "" and float(rows[1]["our_total"]) - float(rows[1]["their_total"]) == 10
    assert browser.get("/accounting/reconciliation").status_code == 200


def test_carol_accepts_what_she_knows(acme: World) -> None:
    furnished(acme)
    browser, api = acme.client("carol"), acme.api("carol")
    [found] = api.get("/api/v1/accounting/exceptions?state=open").json["items"]
    assert (found["kind"], int(found["ours"]) - int(found["theirs"])) == ("total_differs", 1000)
    assert found["label"] in browser.get("/accounting/exceptions").text
    detail = browser.get(f"/accounting/exceptions/{found['id']}")
    assert "Accept as known" in detail.text
    url = f"/accounting/exceptions/{found['id']}/accept"
    assert browser.post(url, data={"csrf_token": csrf_of(detail.text)}).status_code == 303
    assert api.get("/api/v1/accounting/exceptions?state=open").json["items"] == []
    again = api.post(f"/api/v1{url}")
    assert (again.status_code, again.json["code"]) == (409, "accounting_exception_settled")


def test_others_neither_see_nor_settle_exceptions(acme: World, beta: World) -> None:
    target_id, _ = furnished(acme)
    with beta.call(Actor.system()) as ctx:
        switch_plugin(ctx, "accounting", enabled=True)
    [found] = acme.api("carol").get("/api/v1/accounting/exceptions").json["items"]
    for path in (f"/api/v1/accounting/exceptions/{found['id']}", f"/api/v1/accounting/targets/{target_id}/reconciliation"):
        assert beta.api("carol").get(path).status_code == 404
    assert beta.api("carol").get("/api/v1/accounting/exceptions").json["items"] == []
    assert acme.api("bob").get("/api/v1/accounting/exceptions").status_code == 403


def test_a_notice_puts_the_look_forward_once_until_it_begins(acme: World) -> None:
    target_id, _ = furnished(acme)
    with acme.call(Actor.system()) as ctx:
        assert not books_changed(ctx, "quickbooks", "another") and not books_changed(ctx, "quickbooks", "")
        target = get_target(ctx, target_id)
        first = acme.api("carol").post(f"/api/v1/accounting/targets/{target_id}/look")
        assert first.status_code == 202 and cursor_of(ctx, target).everything
        assert books_changed(ctx, "quickbooks", "9130") and books_changed(ctx, "quickbooks", "9130")
        waiting = {one["id"] for one in acme.api("alice").get("/api/v1/jobs?kind=accounting.watch").json["items"]}
        assert waiting == {first.json["job_id"]}
