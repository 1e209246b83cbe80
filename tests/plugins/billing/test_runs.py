"""The billing run: a preview that is the run, clients parked with their reason, exactly once whatever is killed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from kernel import jobs
from kernel.app import Kernel
from kernel.context import Actor, CallContext
from kernel.directory.clients import add_client
from kernel.tenancy import switch_plugin
from plugins.billing import by_hand, finalizing, invoices, runs
from plugins.billing.errors import InvoiceLinesFixed, RunLive
from plugins.billing.models import Invoice, InvoiceLine, Run, RunClient, Source
from plugins.tax import services as taxes
from plugins.tickets import materials
from plugins.tickets.services import open_ticket
from tests.plugins.billing.contract_desk import Desk
from tests.plugins.billing.invoice_desk import item, lay_out_taxes, line, taxed_client

SEPTEMBER = {"window_start": date(2026, 9, 1), "window_end": date(2026, 10, 1)}


def contracts(ctx: CallContext, count: int, region_id: Any) -> list[Any]:
    """Clients with a fixed line of 100.00 a month since September."""
    support = item(ctx, EUR=10000)
    clients = [taxed_client(ctx, region_id, f"Client {number:02}") for number in range(count)]
    for client_id in clients:
        Desk.of(ctx, client_id).contract(
            {"kind": "fixed", "cycle": "monthly", "timing": "advance", "price": 10000, "items": [{"item_id": support}]},
            start="2026-09-01",
        )
    return clients


@pytest.fixture
def region(acme: Any) -> Any:
    with acme.call(Actor.system()) as ctx:
        return lay_out_taxes(ctx)


def billed(ctx: CallContext) -> list[tuple[Any, int, int]]:
    """Client and sums of every invoice."""
    rows = ctx.session.execute(select(Invoice.client_id, Invoice.subtotal, Invoice.total).order_by(Invoice.client_id))
    return [tuple(row) for row in rows]


def run_to_end(world: Any, **window: Any) -> dict[str, Any]:
    with world.call("carol") as ctx:
        run_id = runs.start_run(ctx, **(window or SEPTEMBER)).id
    jobs.drain(world.kernel, world.tenant_id)
    with world.call("carol") as ctx:
        return runs.describe_run(ctx, run_id)


def test_the_preview_is_the_run_and_writes_nothing(acme: Any, region: Any) -> None:
    with acme.call(Actor.system()) as ctx:
        contracts(ctx, 3, region)
    with acme.call("carol") as ctx:
        preview = runs.preview_run(ctx, **SEPTEMBER)
        foreseen = [(one.draft.client_id, one.totals.subtotal, one.totals.total) for one in preview.invoices]
        assert billed(ctx) == []
        assert preview.totals() == {"EUR": (3, 30000, 6000, 36000)}
    done = run_to_end(acme)
    assert (done["state"], done["invoices"], done["billed"], done["parked"]) == ("done", 3, 3, 0)
    with acme.call("carol") as ctx:
        assert billed(ctx) == foreseen
        assert runs.preview_run(ctx, **SEPTEMBER).invoices == []


def test_a_second_run_bills_nothing_twice_and_voiding_makes_it_due_again(acme: Any, region: Any) -> None:
    with acme.call(Actor.system()) as ctx:
        contracts(ctx, 2, region)
    run_to_end(acme)
    assert run_to_end(acme)["invoices"] == 0
    with acme.call("carol") as ctx:
        before = billed(ctx)
        [first, second] = ctx.session.scalars(select(Invoice).order_by(Invoice.client_id))
        finalizing.finalize_invoice(ctx, first.id)
        finalizing.void_invoice(ctx, first.id, "Wrong address")
        invoices.delete_invoice(ctx, second.id)
    assert run_to_end(acme)["invoices"] == 2
    with acme.call("carol") as ctx:
        rows = ctx.session.execute(select(Invoice.client_id, Invoice.subtotal, Invoice.total)
                                   .where(Invoice.status == "draft").order_by(Invoice.client_id))  # fmt: skip
        assert [tuple(row) for row in rows] == before


def test_a_client_without_a_tax_region_is_parked_and_the_others_go_on(acme: Any, region: Any) -> None:
    with acme.call(Actor.system()) as ctx:
        contracts(ctx, 2, region)
        lost = add_client(ctx, name="Nowhere Ltd").id
        Desk.of(ctx, lost).contract({"kind": "fixed", "cycle": "monthly", "timing": "advance", "price": 500}, start="2026-09-01")
    done = run_to_end(acme)
    assert (done["billed"], done["parked"]) == (2, 1)
    with acme.call("carol") as ctx:
        [parked] = runs.list_run_clients(ctx, done["id"], {"state": "parked"}).items
        assert (parked["client_id"], parked["reason_code"]) == (lost, "tax_region_missing")
        assert parked["mend_url"] == f"/taxes/of-client/{lost}/edit"
        assert list(runs.preview_run(ctx, **SEPTEMBER).problems) == [lost]


@pytest.mark.forged_books
def test_a_client_whose_writing_fails_is_parked_alone(acme: Any, region: Any, kernel: Kernel) -> None:
    with acme.call(Actor.system()) as ctx:
        clients = contracts(ctx, 5, region)
        preview = runs.preview_run(ctx, **SEPTEMBER)
        taken = next(one for one in preview.invoices if one.draft.client_id == clients[2])
        source = taken.draft.lines[0].sources[0]
        plan = runs.plan_billing(ctx, preview.window, clients, preview.invoice_date)
        other = by_hand.create_invoice(ctx, client_id=clients[2], lines=[line()])
        [other_line] = invoices.list_lines(ctx, other.id)
        ctx.session.add(Source(source_kind=source.kind, source_id=source.id, period_key=source.period_key,
                               invoice_id=other.id, line_id=other_line.id, amount=1))  # fmt: skip
        ctx.session.flush()
        groups = [(one.draft.client_id, [one]) for one in plan.invoices]
        outcomes = runs._write(ctx, groups)
    assert [outcomes[one].state for one in clients] == ["billed", "billed", "parked", "billed", "billed"]
    assert outcomes[clients[2]].code == "source_billed"
    with acme.call("carol") as ctx:
        serials = list(ctx.session.scalars(select(Invoice.serial).order_by(Invoice.serial)))
        assert serials == [1, 2, 3, 4, 5]


def test_only_one_run_at_a_time(acme: Any, region: Any) -> None:
    with acme.call("carol") as ctx:
        first = runs.start_run(ctx, **SEPTEMBER).id
    with pytest.raises(RunLive) as refused, acme.call("carol") as ctx:
        runs.start_run(ctx, **SEPTEMBER)
    assert refused.value.extra["run_id"] == str(first)
    with acme.call("carol") as ctx:
        runs.cancel_run(ctx, first)
        assert runs.describe_run(ctx, first)["state"] == "stopped"
        assert runs.start_run(ctx, **SEPTEMBER).id != first


def test_a_run_stopped_anywhere_and_taken_up_again_bills_once(acme: Any, region: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each batch dies once right before its commit, as by kill -9, and the job is taken up by another worker."""
    monkeypatch.setattr(runs, "BATCH", 3)
    with acme.call(Actor.system()) as ctx:
        contracts(ctx, 10, region)
    with acme.call("carol") as ctx:
        run_id = runs.start_run(ctx, **SEPTEMBER).id
    left = 1
    while left:
        with pytest.raises(KeyboardInterrupt), acme.call(Actor.system()) as ctx:
            runs.bill_next(ctx, run_id)
            raise KeyboardInterrupt
        with acme.call(Actor.system()) as ctx:
            left = runs.bill_next(ctx, run_id)
    with acme.call("carol") as ctx:
        assert len(billed(ctx)) == 10
        assert len(set(billed(ctx))) == 10
        assert list(ctx.session.scalars(select(Invoice.serial).order_by(Invoice.serial))) == list(range(1, 11))
        assert ctx.session.scalar(select(func.count()).select_from(Source)) == 10


def test_materials_are_billed_once_and_a_switched_off_room_is_told(acme: Any, region: Any) -> None:
    with acme.call(Actor.system()) as ctx:
        client_id = taxed_client(ctx, region)
        ticket = open_ticket(ctx, client_id=client_id, title="Printer")
        disk = item(ctx, "Disk", EUR=4999)
        used = materials.add_material(ctx, ticket.id, item_id=disk, quantity=2, used_on=date(2026, 9, 10))
        switch_plugin(ctx, "tickets", enabled=False)
    with acme.call("carol") as ctx:
        preview = runs.preview_run(ctx, **SEPTEMBER)
        assert (preview.invoices, [one.count for one in preview.waiting]) == ([], [1])
    with acme.call(Actor.system()) as ctx:
        switch_plugin(ctx, "tickets", enabled=True)
    assert run_to_end(acme)["invoices"] == 1
    with acme.call("carol") as ctx:
        [row] = ctx.session.scalars(select(InvoiceLine))
        assert (row.net, materials.get_material(ctx, ticket.id, used.id).invoice_line_id) == (9998, row.id)
        with pytest.raises(InvoiceLinesFixed):
            invoices.change_invoice(ctx, row.invoice_id, {"lines": [line()]})
        invoices.change_invoice(ctx, row.invoice_id, {"notes": "Thank you"})
        assert [each.id for each in invoices.list_lines(ctx, row.invoice_id)] == [row.id]
        invoices.delete_invoice(ctx, row.invoice_id)
    with acme.call("carol") as ctx:
        assert materials.get_material(ctx, ticket.id, used.id).invoice_id is None


def test_a_schedule_bills_the_month_before(acme: Any, region: Any) -> None:
    with acme.call(Actor.system()) as ctx:
        contracts(ctx, 1, region)
        jobs.enqueue(ctx, runs.JOB)
    jobs.drain(acme.kernel, acme.tenant_id)
    with acme.call("carol") as ctx:
        [run] = ctx.session.scalars(select(Run))
        assert (run.window_start, run.window_end, run.state) == (date(2026, 9, 1), date(2026, 10, 1), "done")
        assert len(billed(ctx)) == 1
        assert ctx.session.scalar(select(func.count()).where(RunClient.state == "pending")) == 0


def test_many_tax_points_of_one_rate_make_one_tax_and_a_changed_rate_two(acme: Any, region: Any) -> None:
    with acme.call(Actor.system()) as ctx:
        client_id = taxed_client(ctx, region)
        ticket = open_ticket(ctx, client_id=client_id, title="Printer")
        cable = item(ctx, "Cable", EUR=33)
        for day in range(1, 8):
            materials.add_material(ctx, ticket.id, item_id=cable, quantity=1, used_on=date(2026, 9, day))
        [one] = runs.preview_run(ctx, **SEPTEMBER).invoices
        assert [(group.base, group.tax) for group in one.taxes.groups] == [(231, 46)]
        taxes.add_rate(ctx, region_id=region, category="standard", name="VAT", percent=Decimal(10), starts=date(2026, 9, 5))
        [one] = runs.preview_run(ctx, **SEPTEMBER).invoices
        assert [(group.percent, group.base, group.tax) for group in one.taxes.groups] == [(20, 132, 28), (10, 99, 9)]
        assert one.totals.total == 231 + 28 + 9
