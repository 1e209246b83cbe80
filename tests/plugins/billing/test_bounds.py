"""Runs park what is more likely a mistake, compare with the last period, go on after a stop, and bill the parked again."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from kernel import jobs
from kernel.context import Actor, CallContext
from kernel.errors import InvalidInput
from kernel.ids import uuid7
from kernel.tenancy import change_settings
from plugins.billing import comparing, parked_clients, runs
from plugins.billing.contracts import usage_records
from plugins.billing.contracts.services import end_contract
from plugins.billing.errors import RunEnded, RunLive
from plugins.billing.models import Invoice, RunClient
from plugins.billing.models.contracts import Contract
from plugins.billing.unbilled import count_backlog
from plugins.tickets.services import open_ticket
from plugins.timesheets.services import log_time
from tests.plugins.billing.contract_desk import Desk
from tests.plugins.billing.invoice_desk import item, lay_out_taxes, taxed_client

AUGUST = {"window_start": date(2026, 8, 1), "window_end": date(2026, 9, 1), "invoice_date": date(2026, 9, 1)}
SEPTEMBER = {"window_start": date(2026, 9, 1), "window_end": date(2026, 10, 1), "invoice_date": date(2026, 10, 1)}


def monthly(ctx: CallContext, client_id: Any, price: int, start: str = "2026-08-01") -> Any:
    line = {"kind": "fixed", "cycle": "monthly", "timing": "advance", "price": price, "items": [{"item_id": item(ctx, EUR=1)}]}
    return Desk.of(ctx, client_id).contract(line, start=start)


def run_to_end(world: Any, **asked: Any) -> dict[str, Any]:
    with world.call("carol") as ctx:
        run_id = runs.start_run(ctx, **asked).id
    jobs.drain(world.kernel, world.tenant_id)
    with world.call("carol") as ctx:
        return runs.describe_run(ctx, run_id)


@pytest.fixture
def clients(acme: Any) -> dict[str, Any]:
    """Three clients; the first two pay 100.00 a month since August."""
    with acme.call(Actor.system()) as ctx:
        region = lay_out_taxes(ctx)
        found = {name: taxed_client(ctx, region, name) for name in ("Hill", "Lake", "Wood")}
        monthly(ctx, found["Hill"], 10_000)
        monthly(ctx, found["Lake"], 10_000)
    return found


def test_a_jump_is_parked_until_a_person_bills_it_without_bounds(acme: Any, clients: dict[str, Any]) -> None:
    run_to_end(acme, **AUGUST)
    with acme.call(Actor.system()) as ctx:
        monthly(ctx, clients["Hill"], 90_001, start="2026-09-01")
        monthly(ctx, clients["Lake"], 90_000, start="2026-09-01")  # with the 100.00 just ten times as much
    with acme.call("carol") as ctx:
        preview = runs.preview_run(ctx, **SEPTEMBER)
        assert list(preview.problems) == [clients["Hill"]]
    done = run_to_end(acme, **SEPTEMBER)
    assert (done["billed"], done["parked"]) == (1, 1)
    with acme.call("carol") as ctx:
        [parked] = parked_clients.list_parked(ctx, {}).items
        assert (parked["client_name"], parked["reason_code"]) == ("Hill", "amount_jumped")
        assert "€1,000.01" in parked["reason"]
        assert "€100.00" in parked["reason"]
        assert parked["mend_url"].startswith("/billing-runs/preview?window_start=2026-09-01")
    done = run_to_end(acme, **SEPTEMBER, client_ids=[clients["Hill"]], bounded=False)
    assert (done["client_total"], done["billed"], done["bounded"]) == (1, 1, False)
    with acme.call("carol") as ctx:
        assert parked_clients.list_parked(ctx, {}).items == []


def test_too_much_on_one_day_is_parked_and_the_bound_can_be_lifted(acme: Any, clients: dict[str, Any]) -> None:
    with acme.call(Actor.system()) as ctx:
        change_settings(ctx, "billing", {"most_on_a_day": 3})
        disk = item(ctx, "Disk", EUR=500)
        for _ in range(4):
            usage_records.add_usage(ctx, client_id=clients["Wood"], item_id=disk, used_on=date(2026, 8, 5), quantity=Decimal(1))
        for day in (6, 7, 8, 9):
            usage_records.add_usage(ctx, client_id=clients["Lake"], item_id=disk, used_on=date(2026, 8, day), quantity=Decimal(1))
    with acme.call("carol") as ctx:
        preview = runs.preview_run(ctx, **AUGUST)
        assert [(one, error.code) for one, error in preview.problems.items()] == [(clients["Wood"], "too_many_on_a_day")]
        change_settings(ctx, "billing", {"most_on_a_day": 0})
        assert runs.preview_run(ctx, **AUGUST).problems == {}


def test_a_run_is_compared_with_the_last_period(acme: Any, clients: dict[str, Any]) -> None:
    run_to_end(acme, **AUGUST)
    with acme.call(Actor.system()) as ctx:
        monthly(ctx, clients["Hill"], 2_500, start="2026-09-01")
        monthly(ctx, clients["Wood"], 700, start="2026-09-01")
        contract_id = ctx.session.scalars(select(Contract.id).where(Contract.client_id == clients["Lake"])).one()
        end_contract(ctx, contract_id, end_on=date(2026, 8, 31))
    with acme.call("carol") as ctx:
        foreseen = runs.preview_run(ctx, **SEPTEMBER).changes
    run = run_to_end(acme, **SEPTEMBER)
    with acme.call("carol") as ctx:
        found = comparing.changes_of_run(ctx, runs.get_run(ctx, run["id"]))
        assert found == foreseen
        assert [(one.client_name, one.kind, one.before, one.now, one.difference) for one in found] == [
            ("Lake", "gone", 10_000, None, -10_000), ("Hill", "more", 10_000, 12_500, 2_500), ("Wood", "new", None, 700, 700),
        ]  # fmt: skip
        lines = comparing.line_changes(ctx, runs.get_run(ctx, run["id"]), clients["Hill"], "EUR")
        assert [(one.before, one.now) for one in lines] == [(None, 2_500), (10_000, 10_000)]


def test_a_stopped_run_goes_on_with_those_it_did_not_reach(
    acme: Any, clients: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "BATCH", 1)
    with acme.call("carol") as ctx:
        run_id = runs.start_run(ctx, **AUGUST).id
    with acme.call(Actor.system()) as ctx:
        assert runs.bill_next(ctx, run_id) == 2
    with acme.call("carol") as ctx:
        runs.cancel_run(ctx, run_id)
    with acme.call("carol") as ctx:
        assert runs.describe_run(ctx, run_id)["state"] == "stopped"
        runs.resume_run(ctx, run_id)
    with pytest.raises(RunEnded), acme.call("carol") as ctx:
        runs.resume_run(ctx, run_id)
    with pytest.raises(RunLive), acme.call("carol") as ctx:
        runs.start_run(ctx, **AUGUST)
    jobs.drain(acme.kernel, acme.tenant_id)
    with acme.call("carol") as ctx:
        done = runs.describe_run(ctx, run_id)
        assert (done["state"], done["billed"], done["pending"]) == ("done", 2, 0)
        assert len(list(ctx.session.scalars(select(Invoice.id)))) == 2


def test_parked_clients_are_billed_again_from_their_list(acme: Any, clients: dict[str, Any]) -> None:
    run_to_end(acme, **AUGUST)
    with acme.call(Actor.system()) as ctx:
        monthly(ctx, clients["Hill"], 500_000, start="2026-09-01")
    run_to_end(acme, **SEPTEMBER)
    with acme.call("carol") as ctx:
        [parked] = parked_clients.list_parked(ctx, {}).items
        change_settings(ctx, "billing", {"largest_jump": 0})
        again = parked_clients.bill_parked(ctx, [parked["id"]])
        assert (again.window_start, again.window_end, again.client_total) == (date(2026, 9, 1), date(2026, 10, 1), 1)
    jobs.drain(acme.kernel, acme.tenant_id)
    with acme.call("carol") as ctx:
        assert ctx.session.scalar(select(RunClient.state).where(RunClient.run_id == again.id)) == "billed"
        assert parked_clients.list_parked(ctx, {}).items == []


def test_a_client_of_another_company_cannot_be_chosen(acme: Any, beta: Any, clients: dict[str, Any]) -> None:
    for chosen in (clients["Hill"], uuid7()):
        with pytest.raises(InvalidInput) as refused, beta.call("carol") as ctx:
            runs.start_run(ctx, client_ids=[chosen])
        assert "client_ids" in refused.value.errors


def test_unapproved_work_is_told_and_parks_its_client_where_the_company_says_so(acme: Any, clients: dict[str, Any]) -> None:
    with acme.call(Actor.system()) as ctx:
        ticket = open_ticket(ctx, client_id=clients["Wood"], title="Printer")
        service = item(ctx, "Support", EUR=9000)
    with acme.call("bob") as ctx:
        log_time(ctx, work_id=ticket.id, item_id=service, minutes=90,
                 started_at=datetime(2026, 8, 3, 8, tzinfo=UTC), ended_at=datetime(2026, 8, 3, 10, tzinfo=UTC))  # fmt: skip
    with acme.call("carol") as ctx:
        preview = runs.preview_run(ctx, **AUGUST)
        assert ([(one.client_id, one.count, one.minutes) for one in preview.unapproved], preview.problems) == (
            [(clients["Wood"], 1, 90)], {},
        )  # fmt: skip
        change_settings(ctx, "billing", {"unapproved_time": "block"})
        parked = runs.preview_run(ctx, **AUGUST).problems
        assert {one: error.code for one, error in parked.items()} == {clients["Wood"]: "work_unapproved"}
        backlog = count_backlog(ctx, date(2026, 9, 1))
        assert (backlog.minutes, backlog.minutes_to_approve, backlog.months) == (0, 90, [(date(2026, 8, 1), 1)])
