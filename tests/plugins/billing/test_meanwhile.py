"""What happens while a billing run works: between what it has read and what it writes, others change things."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import select, text

from kernel import jobs
from kernel.context import Actor
from kernel.directory.clients import apply_changes
from kernel.errors import PreconditionFailed
from kernel.tenancy import change_settings
from plugins.billing import runs
from plugins.billing.contracts import lines as contract_lines
from plugins.billing.contracts import services as contracts
from plugins.billing.errors import PeriodsBilled
from plugins.billing.models import Invoice, InvoiceLine, RunClient, Source
from plugins.tickets import materials
from plugins.tickets.services import open_ticket
from tests.plugins.billing.contract_desk import Desk
from tests.plugins.billing.invoice_desk import item, lay_out_taxes, taxed_client

AUTUMN = {"window_start": date(2026, 9, 1), "window_end": date(2026, 11, 1)}


class Shop:
    """Acme with one client, a catalog item of 100.00 and a ticket."""

    def __init__(self, world: Any) -> None:
        self.world = world
        with world.call(Actor.system()) as ctx:
            self.client_id = taxed_client(ctx, lay_out_taxes(ctx))
            self.item_id = item(ctx, EUR=10000)
            self.ticket_id = open_ticket(ctx, client_id=self.client_id, title="Printer").id

    def material(self) -> Any:
        with self.world.call("bob") as ctx:
            return materials.add_material(ctx, self.ticket_id, item_id=self.item_id, quantity=Decimal(1)).id

    def contract(self, line: dict[str, Any], start: str, **facts: Any) -> tuple[Any, Any]:
        with self.world.call() as ctx:
            desk = Desk.of(ctx, self.client_id)
            contract = desk.contract({"kind": "fixed", "cycle": "monthly", "timing": "arrears", **line}, start=start, **facts)
            return contract.id, desk.line_id(contract)

    def run(self, **window: Any) -> None:
        with self.world.call("carol") as ctx:
            runs.start_run(ctx, **(window or AUTUMN))
        jobs.drain(self.world.kernel, self.world.tenant_id)

    def run_while(self, monkeypatch: pytest.MonkeyPatch, act: Callable[[], Any]) -> None:
        """Run, and let `act` happen when what is due has been read and nothing is written."""
        write, read, done = runs._write, Event(), Event()

        def slowly(ctx: Any, groups: Any) -> Any:
            read.set()
            done.wait(2)
            return write(ctx, groups)

        monkeypatch.setattr(runs, "_write", slowly)
        running = Thread(target=self.run)
        running.start()
        assert read.wait(20)
        act()
        done.set()
        running.join()
        monkeypatch.setattr(runs, "_write", write)

    def invoices(self) -> list[int]:
        with self.world.call() as ctx:
            return list(ctx.session.scalars(select(Invoice.subtotal).order_by(Invoice.id)))


@pytest.fixture
def shop(acme: Any) -> Shop:
    return Shop(acme)


def test_a_material_changed_meanwhile_is_billed_as_it_is_by_the_next_run(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    material_id = shop.material()

    def bob_used_ten() -> None:
        with shop.world.call("bob") as ctx:
            materials.change_material(ctx, shop.ticket_id, material_id, {"quantity": Decimal(10)})

    shop.run_while(monkeypatch, bob_used_ten)
    assert shop.invoices() == []
    with shop.world.call() as ctx:
        assert ctx.session.scalar(select(RunClient.reason_code)) == "materials_moved"
    shop.run()
    assert shop.invoices() == [100000]


def test_a_material_that_bob_has_open_is_not_changed_once_it_is_billed(shop: Shop) -> None:
    material_id = shop.material()
    with pytest.raises(PreconditionFailed), shop.world.call("bob") as ctx:
        opened = materials.get_material(ctx, shop.ticket_id, material_id)
        shop.run()
        apply_changes(ctx, opened, {"quantity": Decimal(10)}, None, kind="material", label="SSD")
    assert shop.invoices() == [10000]


def test_a_cycle_changes_before_or_after_a_run_but_not_in_the_middle(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    contract_id, line_id = shop.contract({"price": 10000}, "2026-07-01")
    refused: list[PeriodsBilled] = []

    def alice_wants_quarters() -> None:
        try:
            with shop.world.call() as ctx:
                contract_lines.change_line(ctx, contract_id, line_id, {"cycle": "quarterly", "price": 30000})
        except PeriodsBilled as error:
            refused.append(error)

    waiting = Thread(target=alice_wants_quarters)
    shop.run_while(monkeypatch, waiting.start)
    waiting.join()
    assert len(refused) == 1
    shop.run()
    assert shop.invoices() == [40000]


def test_a_prorated_last_period_is_not_lost_by_a_longer_contract(shop: Shop) -> None:
    contract_id, _ = shop.contract({"price": 31000, "prorate": True}, "2026-08-01", end_on=date(2026, 8, 10))
    shop.run()
    with shop.world.call() as ctx:
        contracts.change_contract(ctx, contract_id, {"end_on": date(2026, 8, 10), "name": "Care, ended"})
        contracts.change_contract(ctx, contract_id, {"end_on": date(2026, 8, 31)})
    shop.run()
    assert shop.invoices() == [10000, 21000]


def test_one_client_with_seventy_thousand_records_is_billed(shop: Shop) -> None:
    with shop.world.call() as ctx:
        change_settings(ctx, "billing", {"most_on_a_day": 0})
        ctx.session.execute(
            text("insert into billing_usage (tenant_id, id, client_id, item_id, used_on, quantity)"
                 " select :tenant, gen_random_uuid(), :client, :item, date '2026-09-01' + n % 30, 1"
                 " from generate_series(1, 70000) n"),
            {"tenant": ctx.tenant_id, "client": shop.client_id, "item": shop.item_id},
        )  # fmt: skip
    shop.run()
    assert shop.invoices() == [70000 * 10000]
    with shop.world.call() as ctx:
        assert len(list(ctx.session.scalars(select(Source.id)))) == 70000
        assert len(list(ctx.session.scalars(select(InvoiceLine.id)))) == 1
