"""Usage metering in a billing run: readings become lines at the prices of the catalog, once each, or nothing is billed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from kernel import jobs
from kernel.clock import FixedClock
from plugins.billing import invoices, runs
from plugins.billing.models import Invoice
from plugins.catalog.services import add_item
from tests.conftest import World
from tests.extensions.room_stage import API, calls_of, install, publish_folder
from tests.plugins.billing.invoice_desk import lay_out_taxes, taxed_client
from tests.samples.conftest import built

JULY = {"window_start": date(2026, 7, 1), "window_end": date(2026, 8, 1), "invoice_date": date(2026, 8, 1)}
AUGUST = {"window_start": date(2026, 8, 1), "window_end": date(2026, 9, 1), "invoice_date": date(2026, 9, 1)}
STORAGE, CLIENTS, CATALOG = "cap:storage.kv", "cap:client.read", "cap:service.read"


class Desk(NamedTuple):
    """Two clients, a service sold by the gigabyte, and the install that meters it."""

    world: World
    hill: UUID
    lake: UUID
    installed: dict[str, Any]

    def send(self, *readings: dict[str, Any]) -> Any:
        return self.world.api("bob").post(f"{self.installed['url']}readings", json={"readings": readings})

    def reading(self, **changes: Any) -> dict[str, Any]:
        one = {"id": "srv-7", "clientId": str(self.hill), "sku": "BACKUP-GB", "day": "2026-07-31", "quantity": 120.5}
        return one | changes

    def owed(self, window: dict[str, date] = JULY) -> list[tuple[UUID, int]]:
        with self.world.call("carol") as ctx:
            return [(one.draft.client_id, one.totals.subtotal) for one in runs.preview_run(ctx, **window).invoices]

    def bill(self, window: dict[str, date] = JULY) -> dict[str, Any]:
        with self.world.call("carol") as ctx:
            run_id = runs.start_run(ctx, **window).id
        jobs.drain(self.world.kernel, self.world.tenant_id)
        with self.world.call("carol") as ctx:
            return runs.describe_run(ctx, run_id)


@pytest.fixture
def desk(acme: World) -> Desk:
    with acme.call() as ctx:
        region = lay_out_taxes(ctx)
        hill, lake = taxed_client(ctx, region, "Hill"), taxed_client(ctx, region, "Lake")
        prices = [{"currency": "EUR", "amount": 5}]
        add_item(ctx, name="Backup", sku="BACKUP-GB", kind="service", billing_method="usage", unit="GB",
                 tax_category="standard", prices=prices)  # fmt: skip
    return Desk(acme, hill, lake, install(acme, publish_folder(acme, built("usage-metering")), STORAGE, CLIENTS, CATALOG))


def test_readings_are_lines_of_the_next_invoices_once_each(desk: Desk) -> None:
    monthly = [desk.reading(), desk.reading(id="nas", quantity="10"), desk.reading(clientId=str(desk.lake), quantity=3)]
    assert desk.send(*monthly).json == {"kept": 3}
    assert desk.owed() == [(desk.hill, 653), (desk.lake, 15)]
    assert desk.bill()["invoices"] == 2
    assert desk.owed() == []
    with desk.world.call("carol") as ctx:
        mine = ctx.session.scalars(select(Invoice).where(Invoice.client_id == desk.hill)).one()
        lines = invoices.list_lines(ctx, mine.id)
        assert sorted(one.description for one in lines) == ["Backup, 2026-07-31", "Backup, 2026-07-31"]
        invoices.delete_invoice(ctx, mine.id)
    assert desk.owed() == [(desk.hill, 653)], "the draft is gone, so they are owed again"


def test_a_reading_is_corrected_until_it_is_billed_and_may_come_late(desk: Desk) -> None:
    desk.send(desk.reading(quantity=9))
    desk.send(desk.reading())
    desk.send(desk.reading(day="2026-08-31", quantity=100))
    shown = desk.world.api().get(f"{desk.installed['url']}readings/2026-07/{desk.hill}").json["readings"]
    assert [(one["day"], one["quantity"]) for one in shown.values()] == [("2026-07-31", "120.5")]
    assert desk.bill()["invoices"] == 1
    desk.send(desk.reading(quantity=7), desk.reading(id="late", day="2026-07-02", quantity=20))
    assert desk.owed(AUGUST) == [(desk.hill, 600)]


def test_without_an_answer_clients_wait_and_are_told_why(desk: Desk) -> None:
    """The manifest says `skip`: no invoice goes out that lacks its usage, and the run of everybody else goes on."""
    desk.send(desk.reading())
    api = desk.world.api()
    assert api.delete(f"{API}/extension-installs/{desk.installed['id']}/grants/{STORAGE}").status_code == 204
    with desk.world.call("carol") as ctx:
        found = runs.preview_run(ctx, **JULY)
    assert found.invoices == []
    assert "Usage metering does not say what is owed" in str(found.problems)
    assert calls_of(desk.world, desk.installed)[0]["endpoint"] == "collect-charges"
    api.post(f"{API}/extension-installs/{desk.installed['id']}/grants", json={"capability": STORAGE})
    assert desk.owed() == [(desk.hill, 603)]


def test_a_wrong_reading_is_named_and_none_is_kept(desk: Desk, beta: World) -> None:
    with beta.call() as ctx:
        foreign = taxed_client(ctx, lay_out_taxes(ctx))
    wrongs: tuple[tuple[str, Any], ...] = (
        ("clientId", str(foreign)), ("clientId", str(uuid4())), ("sku", "nothing"), ("day", "2026-02-30"), ("day", "2999-01-01"),
        ("quantity", 0.1 + 0.2), ("quantity", -1), ("id", "x" * 101),
    )  # fmt: skip
    for field, value in wrongs:
        answer = desk.send(desk.reading(id="fine"), desk.reading(**{field: value}))
        assert (answer.status_code, list(answer.json["fieldErrors"])) == (422, [f"readings[1].{field}"])
    assert desk.send().json["fieldErrors"] == {"readings": "is a list of 1 to 50 readings"}
    assert desk.owed() == []


def test_old_readings_are_forgotten_on_schedule(desk: Desk, clock: FixedClock) -> None:
    """Guests read real time, so the days are counted from it."""
    today = datetime.now(UTC).date()
    old, recent = (str(today - timedelta(days=days)) for days in (31 * 26, 60))
    assert desk.send(desk.reading(day=old), desk.reading(day=recent)).status_code == 201
    clock.advance(timedelta(days=32))
    jobs.drain(desk.world.kernel, desk.world.tenant_id)
    assert calls_of(desk.world, desk.installed)[0]["trigger"] == "schedule"
    sheets = [desk.world.api().get(f"{desk.installed['url']}readings/{day[:7]}/{desk.hill}").json for day in (old, recent)]
    assert [list(one["readings"]) for one in sheets] == [[], ["srv-7"]]
