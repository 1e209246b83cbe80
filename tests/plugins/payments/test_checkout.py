"""Dana pays invoices of Acme at Stripe's page, in whatever order, as often as she clicks, whatever the network does."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from kernel.errors import Conflict, NotFound
from kernel.tenancy import switch_plugin
from plugins.billing import finalizing, payments
from plugins.billing.layouts.choosing import choose_layout
from plugins.billing.layouts.images import add_image
from plugins.billing.layouts.store import create_layout
from plugins.payments.errors import LinkUnknown
from plugins.payments.links import find_link, make_link, tenant_of
from plugins.stripe.services import disconnect_account
from tests.plugins.billing.invoice_desk import balances
from tests.plugins.billing.test_layout_store import png
from tests.plugins.payments.conftest import Desk

NO_SESSION = "POST", "/v1/checkout/sessions"


def test_an_invoice_is_paid_by_its_link(desk: Desk) -> None:
    invoice = desk.owe()
    path = desk.link(invoice)
    page = desk.world.app.test_client().get(path)
    assert (page.status_code, "120.00" in page.text, page.headers["Cache-Control"]) == (200, True, "no-store")
    session = desk.click(path)
    desk.stripe.pay(session)
    assert desk.tell() == [200, 200]
    assert desk.settled(invoice) == 12000
    [attempt] = desk.attempts()
    assert (attempt.state, attempt.paid, attempt.paid_by) == ("paid", 12000, "card")
    assert "Paid. Thank you!" in desk.world.app.test_client().get(f"{path}/done").text
    assert desk.click(path).startswith("409")


def test_notices_twice_backwards_and_late_change_nothing(desk: Desk) -> None:
    invoice = desk.owe()
    desk.stripe.pay(desk.click(desk.link(invoice)))
    assert set(desk.tell(twice=True, backwards=True)) == {200}
    desk.stripe._told = 0
    desk.tell(shuffle=7)
    assert (desk.settled(invoice), len(desk.stripe.of("charge"))) == (12000, 1)
    with desk.world.call("carol") as ctx:
        assert balances(ctx)["cash"] == 12000


def test_without_any_notice_the_payment_is_found(desk: Desk) -> None:
    invoice = desk.owe()
    path = desk.link(invoice)
    desk.stripe.pay(desk.click(path))
    desk.world.app.test_client().get(f"{path}/done")  # Dana's browser comes back
    desk.drain()
    assert desk.settled(invoice) == 12000


def test_nobody_comes_back_and_no_notice_comes(desk: Desk) -> None:
    invoice = desk.owe()
    desk.stripe.pay(desk.click(desk.link(invoice)))
    _watch(desk, minutes=20)
    assert desk.settled(invoice) == 12000


def _watch(desk: Desk, **time: float) -> None:
    from kernel.jobs import enqueue

    desk.world.kernel.clock.advance(**time)
    with desk.world.call("alice") as ctx:
        enqueue(ctx, "payments.watch")
    desk.drain()


def test_two_invoices_are_paid_at_once_and_over_payment_is_a_credit(desk: Desk) -> None:
    first, second = desk.owe(), desk.owe(5000)
    session = desk.click(desk.link(first, second))
    with desk.world.call("carol") as ctx:
        payments.record_payment(ctx, first, amount=12000)  # by bank transfer, while Dana types her card
    desk.stripe.pay(session)
    desk.tell()
    assert (desk.settled(first), desk.settled(second)) == (12000, 6000)
    with desk.world.call("carol") as ctx:
        assert balances(ctx)["credit"] == -12000


def test_a_second_click_comes_to_the_same_page(desk: Desk) -> None:
    invoice = desk.owe()
    path, other = desk.link(invoice), desk.link(invoice)
    assert desk.click(path) == desk.click(path) == desk.click(other)
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(lambda _: desk.click(path), range(4)))) == 1
    assert len(desk.attempts()) == 1


def test_first_clicks_at_once_make_one_attempt(desk: Desk) -> None:
    path = desk.link(desk.owe())
    with ThreadPoolExecutor(4) as pool:
        came = set(pool.map(lambda _: desk.click(path), range(4)))
    assert len(desk.attempts()) == 1
    assert len([one for one in came if one.startswith("cs_")]) == 1
    assert len(desk.stripe.of("checkout.session")) == 1


@pytest.mark.parametrize("how", ["dropped", "after", 429, 500])
def test_a_lost_answer_makes_no_second_page(desk: Desk, how: Any) -> None:
    path = desk.link(desk.owe())
    desk.stripe.fail(*NO_SESSION, how)
    assert desk.click(path).startswith("503")
    desk.stripe.pay(desk.click(path))
    desk.tell()
    assert (desk.due(), len(desk.attempts()), len(desk.stripe.of("checkout.session"))) == ({}, 1, 1)


def test_a_page_of_an_old_amount_is_closed_first(desk: Desk) -> None:
    invoice = desk.owe()
    path = desk.link(invoice)
    old = desk.click(path)
    with desk.world.call("carol") as ctx:
        payments.record_payment(ctx, invoice, amount=2000)
    new = desk.click(path)
    assert (desk.stripe.get(old, "checkout.session")["status"], new != old) == ("expired", True)
    desk.stripe.pay(new)
    desk.tell()
    assert desk.due() == {}


def test_paying_otherwise_or_voiding_closes_the_page(desk: Desk) -> None:
    paid, void = desk.owe(), desk.owe(7000)
    pages = desk.click(desk.link(paid)), desk.click(path := desk.link(void))
    with desk.world.call("carol") as ctx:
        payments.record_payment(ctx, paid, amount=12000)
        finalizing.void_invoice(ctx, void, "Twice")
    desk.deliver_events()
    assert [desk.stripe.get(one, "checkout.session")["status"] for one in pages] == ["expired", "expired"]
    assert "void" in desk.world.app.test_client().get(path).text
    assert desk.click(path).startswith("409")


def test_a_page_that_closed_is_opened_anew(desk: Desk) -> None:
    path = desk.link(desk.owe())
    first = desk.click(path)
    desk.wait(hours=1)
    second = desk.click(path)
    assert second.startswith("cs_")
    assert second != first
    assert [one.state for one in desk.attempts()] == ["expired", "open"]


def test_a_card_is_refused_and_another_one_pays(desk: Desk) -> None:
    invoice = desk.owe()
    path = desk.link(invoice)
    session = desk.click(path)
    with pytest.raises(Exception, match="declined"):
        desk.stripe.pay(session, "4000000000000002")
    desk.tell()
    assert desk.settled(invoice) == 0
    desk.stripe.pay(desk.click(path))
    desk.tell()
    assert desk.settled(invoice) == 12000


def test_forged_stale_and_foreign_notices_are_refused(desk: Desk) -> None:
    invoice = desk.owe()
    desk.stripe.pay(desk.click(desk.link(invoice)))
    event = next(iter(desk.stripe.events()))
    address = f"{desk.url}/stripe/notices/{desk.world.tenant.slug}"
    assert desk.stripe.send(address, event, secret="whsec_forged") == 401
    assert desk.stripe.send(address, event, seconds_ago=400) == 401
    assert desk.stripe.send(address, event, seconds_ago=-400) == 401
    assert desk.stripe.send(f"{desk.url}/stripe/notices/nobody", event) == 401
    assert desk.stripe.send(address, {"id": "evt_1", "data": 3}) == 422
    assert desk.stripe.send(address, {"id": "evt_1", "data": {"object": {"object": "payout", "id": "po_1"}}}) == 200
    assert desk.settled(invoice) == 0


def test_addresses_that_are_none(desk: Desk, beta: Any) -> None:
    path = desk.link(desk.owe())
    browser = desk.world.app.test_client()
    for wrong in ("/pay/x", "/pay/" + "A" * 54, path[:-1], path[:-6] + "AAAAAA", "/pay/%00", "/pay/é"):
        assert browser.get(wrong).status_code == 404, wrong
    token = path.removeprefix("/pay/")
    assert tenant_of(token) == desk.world.tenant_id
    with beta.call("alice") as ctx, pytest.raises(LinkUnknown):
        find_link(ctx, token)
    with desk.world.call("alice") as ctx:
        switch_plugin(ctx, "payments", enabled=False)
    assert browser.get(path).status_code == 404


def test_links_hold_for_a_time(desk: Desk) -> None:
    path = desk.link(desk.owe())
    desk.world.kernel.clock.advance(days=91)
    assert "holds no longer" in desk.world.app.test_client().get(path).text
    assert desk.click(path).startswith("409")


def test_what_stripe_cannot_take_is_said_on_the_page(desk: Desk) -> None:
    path = desk.link(desk.owe(20))
    said = desk.click(path)
    assert said.startswith("422")
    assert "less than the minimum" in said
    assert [one.state for one in desk.attempts()] == ["failed"]
    assert desk.click(path).startswith("422")


def test_the_mail_of_an_invoice_names_a_page_to_pay_it_at(desk: Desk) -> None:
    invoice = desk.owe()
    with desk.world.call("carol") as ctx:
        [[line]] = [lines for lines in ctx.hooks.collect_mail_lines(ctx=ctx, invoice_id=invoice) if lines]
        path = line.removeprefix("Pay online: ").removeprefix(ctx.kernel.settings.url)
    desk.stripe.pay(desk.click(path))
    desk.tell()
    with desk.world.call("carol") as ctx:
        assert [lines for lines in ctx.hooks.collect_mail_lines(ctx=ctx, invoice_id=invoice) if lines] == []
    assert desk.due() == {}


def test_a_disconnected_account_closes_the_page(desk: Desk) -> None:
    path = desk.link(desk.owe())
    with desk.world.call("alice") as ctx:
        disconnect_account(ctx)
    assert "switched off" in desk.world.app.test_client().get(path).text
    assert desk.click(path).startswith("409")


def test_only_owed_invoices_of_one_client_have_links(desk: Desk, beta: Any) -> None:
    invoice = desk.owe()
    with desk.world.call("carol") as ctx:
        payments.record_payment(ctx, invoice, amount=12000)
        with pytest.raises(Conflict):
            make_link(ctx, [invoice])
    open_one = desk.owe()
    with beta.call("alice") as ctx, pytest.raises((Conflict, NotFound)):
        make_link(ctx, [open_one])


def test_one_link_for_several_invoices_is_made_on_a_page(desk: Desk, beta: Any) -> None:
    first, second, third = desk.owe(10000), desk.owe(5000), desk.owe(2000)
    carol = desk.world.client("carol")
    offered = carol.get(f"/online-payments/links/new?client_id={desk.client_id}")
    assert offered.text.count('name="ids"') == 3
    at = f"/online-payments/links/of-client/{desk.client_id}"
    made = carol.post(at, data={"csrf_token": carol.csrf, "ids": [str(first), str(second)]})
    path = re.search(r"/pay/[\w-]+", made.text)
    assert path is not None
    desk.stripe.pay(desk.click(path[0]))
    desk.tell()
    assert list(desk.due()) == [third]
    for ids, status in (([str(first)], 409), ([str(uuid4())], 409), (["nonsense"], 422), ([], 422)):
        assert carol.post(at, data={"csrf_token": carol.csrf, "ids": ids}).status_code == status
    assert 'name="ids"' not in beta.client("carol").get(f"/online-payments/links/new?client_id={desk.client_id}").text


def test_clients_see_the_sellers_name_and_logo(desk: Desk, beta: Any) -> None:
    path = desk.link(desk.owe())
    visitor = desk.world.app.test_client()
    assert "Acme MSP" in visitor.get(path).text
    assert "Deskhand" not in visitor.get(path).text
    assert visitor.get(f"{path}/logo").status_code == 404
    with desk.world.call("alice") as ctx:
        image = add_image(ctx, name="logo.png", content=png(96, 48))
        blocks = [{"kind": "letterhead", "image": str(image.id)}, {"kind": "lines", "columns": [{"show": "net"}]}]
        layout = create_layout(ctx, name="Ours", document={"format": 1, "blocks": blocks})
        choose_layout(ctx, layout_id=layout.id)
    assert f"{path}/logo" in visitor.get(path).text
    logo = visitor.get(f"{path}/logo")
    assert (logo.content_type, logo.data) == ("image/png", png(96, 48))
