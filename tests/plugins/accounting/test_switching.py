"""Rooms of accounting systems are switched off and on again: what waits, waits, and nothing is lost."""

from __future__ import annotations

from typing import Any

from kernel.context import Actor
from kernel.tenancy import switch_plugin
from plugins.billing import finalizing, payments
from tests.conftest import World
from tests.plugins.accounting.conftest import Desk
from tests.plugins.accounting.test_looking import cursor, look

SYSTEMS = {"quickbooks", "xero", "accounting_files"}


def switch(world: World, name: str, *, enabled: bool) -> set[str]:
    with world.call() as ctx:
        return set(switch_plugin(ctx, name, enabled=enabled))


def test_rooms_of_systems_go_off_and_come_on_with_accounting(acme: World) -> None:
    plugins = acme.kernel.plugins
    assert {one for one in plugins.dependents("accounting") if one in plugins.installed} >= SYSTEMS
    for name in SYSTEMS:
        switch(acme, name, enabled=True)
    assert switch(acme, "accounting", enabled=False) == SYSTEMS | {"accounting"}
    with acme.call() as ctx:
        assert not any(ctx.hooks.enabled(name) for name in SYSTEMS)
    assert switch(acme, "quickbooks", enabled=True) == {"quickbooks", "accounting"}
    with acme.call() as ctx:
        assert ctx.hooks.enabled("accounting") and ctx.hooks.enabled("connections")
    assert switch(acme, "accounting_files", enabled=True) == {"accounting_files"}


def test_work_waits_for_its_room(desk: Desk, clock: Any) -> None:
    desk.target(auto_export=True, send_payments=True)
    void, paid = desk.invoice(100), desk.invoice(200)
    desk.drain()
    switch(desk.world, "ledger_room", enabled=False)
    later = desk.invoice(300)
    with desk.call(Actor.system()) as ctx:
        finalizing.void_invoice(ctx, void, "Wrong client")
        payments.record_payment(ctx, paid, amount=100)
    look(desk)
    assert cursor(desk).trouble == "" and [one.voided for one in desk.books.of("invoice")] == [False, False]
    assert [state for state, _ in desk.work("payment")] == ["waiting"]
    assert desk.world.client("carol").get(f"/accounting/targets/{desk.target_id}").status_code == 200
    switch(desk.world, "ledger_room", enabled=True)
    desk.deliver(desk.batch())
    assert [one.voided for one in desk.books.of("invoice")] == [True, False, False]
    assert [one.value.amount for one in desk.books.of("payment")] == [100]
    assert desk.books.of("invoice")[2].value.id == later
