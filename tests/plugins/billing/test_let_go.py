"""What billing lets go of, says once, and hands out whole."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from kernel import jobs
from kernel.context import Actor
from kernel.tenancy import switch_plugin
from plugins.billing import invoices, payments, runs
from plugins.billing.models import Invoice
from plugins.tickets import materials
from plugins.tickets.services import open_ticket
from tests.plugins.billing.invoice_desk import draft, final, item, lay_out_taxes, taxed_client

AUTUMN = {"window_start": date(2026, 9, 1), "window_end": date(2026, 11, 1)}


def test_a_draft_deleted_while_the_desk_is_switched_off_lets_go_of_its_materials(acme: Any) -> None:
    with acme.call(Actor.system()) as ctx:
        ticket_id = open_ticket(ctx, client_id=taxed_client(ctx, lay_out_taxes(ctx)), title="Printer").id
        materials.add_material(ctx, ticket_id, item_id=item(ctx, EUR=10000), quantity=Decimal(1))
    for deleted in (True, False):
        with acme.call("carol") as ctx:
            runs.start_run(ctx, **AUTUMN)
        jobs.drain(acme.kernel, acme.tenant_id)
        with acme.call() as ctx:
            [invoice] = ctx.session.scalars(select(Invoice))
            assert invoice.subtotal == 10000
            switch_plugin(ctx, "tickets", enabled=False)
        if deleted:
            with acme.call("carol") as ctx:
                invoices.delete_invoice(ctx, invoice.id)
        with acme.call() as ctx:
            switch_plugin(ctx, "tickets", enabled=True)


def test_a_payment_form_that_is_sent_twice_is_one_payment(acme: Any) -> None:
    with acme.call(Actor.system()) as ctx:
        invoice = final(ctx, taxed_client(ctx, lay_out_taxes(ctx)))
    carol, url = acme.client("carol"), f"/invoices/{invoice.id}/pay"
    hidden = dict(re.findall(r'name="(row_version|csrf_token)" value="([^"]+)"', carol.get(url).text))
    typed = {**hidden, "amount": "10.00", "amount--money": "EUR", "method": "cash"}
    assert [carol.post(url, data=typed).status_code for _ in range(2)] == [303, 422]
    with acme.call() as ctx:
        assert [one.amount for one in payments.list_payments(ctx, invoice.id)] == [1000]


def test_the_export_holds_every_invoice(acme: Any) -> None:
    with acme.call(Actor.system()) as ctx:
        client_id = taxed_client(ctx, lay_out_taxes(ctx))
        for _ in range(203):
            draft(ctx, client_id)
    assert len(acme.client("carol").get("/invoices.csv?limit=10").text.splitlines()) == 204
