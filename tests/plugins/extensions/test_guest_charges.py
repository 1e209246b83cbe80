"""Extensions that answer a billing run: billed once, released with its draft, and missed as the manifest says."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from sqlalchemy import select

from kernel import jobs
from kernel.audit import AuditEntry
from plugins.billing import invoices, runs
from plugins.billing.buckets.alerts import say_filled
from plugins.billing.buckets.meters import bucket_meters
from plugins.extensions import errors, services
from plugins.extensions.models import BilledGuestCharge
from plugins.extensions.publishing import releases
from plugins.extensions.triggers import guest_charges
from tests.conftest import World
from tests.extensions.conftest import answering_guest
from tests.extensions.room_stage import calls_of, install, publish
from tests.extensions.test_plugin_lane import SAY, module
from tests.plugins.billing import contract_desk
from tests.plugins.billing.invoice_desk import lay_out_taxes, taxed_client

JULY = {"window_start": date(2026, 7, 1), "window_end": date(2026, 8, 1), "invoice_date": date(2026, 8, 1)}
METERING: dict[str, Any] = {
    "name": "org.example.metering", "publisher": "example", "version": "1.0.0", "runtime": "component@1", "title": "Metering",
    "hooks": [{"name": "collect_charges", "on_failure": "closed"}],
}  # fmt: skip
ANSWERS = f'(func (export "collect_charges") (result i32) {SAY})'


class Desk(NamedTuple):
    world: World
    hill: UUID


@pytest.fixture
def desk(acme: World) -> Desk:
    with acme.call() as ctx:
        return Desk(acme, taxed_client(ctx, lay_out_taxes(ctx), "Hill"))


def preview(desk: Desk) -> Any:
    with desk.world.call("carol") as ctx:
        return runs.preview_run(ctx, **JULY)


def bill(desk: Desk) -> UUID:
    with desk.world.call("carol") as ctx:
        run_id = runs.start_run(ctx, **JULY).id
    jobs.drain(desk.world.kernel, desk.world.tenant_id)
    with desk.world.call("carol") as ctx:
        assert runs.describe_run(ctx, run_id)["invoices"] == 1
        return ctx.session.scalars(select(BilledGuestCharge.invoice_id)).one()


def answering(desk: Desk, answer: Any, on_failure: str = "closed") -> dict[str, Any]:
    """An install of a module that always gives this answer."""
    hooks = [{"name": "collect_charges", "on_failure": on_failure}]
    wasm = module(text=answer, more=ANSWERS.replace("@length@", str(len(json.dumps(answer)))))
    return install(desk.world, publish(desk.world, METERING | {"runtime": "extism@1", "hooks": hooks}, wasm))


def charge(desk: Desk, **changes: Any) -> dict[str, Any]:
    named = {
        "client_id": str(desk.hill), "service_id": None, "description": "Metering", "quantity": "2", "rate": 250,
        "currency_code": "EUR", "charged_on": "2026-07-09", "idempotency_key": "july",
    }  # fmt: skip
    return {"success": True, "value": [named | changes]}


def test_what_a_guest_names_is_billed_once_and_again_when_its_draft_goes(desk: Desk) -> None:
    installed = install(desk.world, publish(desk.world, METERING, answering_guest()))
    (offered,) = preview(desk).invoices
    assert (offered.draft.client_id, offered.totals.subtotal) == (desk.hill, 500)
    invoice_id = bill(desk)
    assert preview(desk).invoices == []
    with desk.world.call("carol") as ctx:
        invoices.delete_invoice(ctx, invoice_id)
    assert [one.totals.subtotal for one in preview(desk).invoices] == [500]
    last = calls_of(desk.world, installed)[0]
    assert (last["trigger"], last["endpoint"], last["status"]) == ("hook", "collect-charges", 200)


def test_what_is_billed_stays_billed_when_the_extension_is_installed_anew(desk: Desk) -> None:
    installed = install(desk.world, publish(desk.world, METERING, answering_guest()))
    bill(desk)
    with desk.world.call() as ctx:
        services.uninstall(ctx, UUID(installed["id"]))
        [release] = releases.list_versions(ctx, installed["name"])
        services.install_extension(ctx, release_id=release.id)
    assert preview(desk).invoices == []


@pytest.mark.parametrize(
    "answer",
    [
        {"success": False, "error": "the meter is away"},
        {"success": True, "value": "a lot"},
        {"success": True, "value": [{"client_id": "nobody"}]},
    ],
    ids=["says no", "no list", "no charge"],
)
def test_closed_bills_nothing_without_the_answer(desk: Desk, answer: Any) -> None:
    answering(desk, answer)
    with pytest.raises(errors.HookFailed, match="Metering does not say what clients owe"):
        preview(desk)


def test_nobody_outside_is_asked_how_full_a_bucket_is(desk: Desk) -> None:
    installed = answering(desk, {"success": False, "error": "the meter is away"})
    with desk.world.call() as ctx:
        terms = {"included": Decimal(10), "overage_rate": 9000, "covers_all": True, "alert_percent": 80}
        hours = {"kind": "bucket", "bucket": terms}
        contract = contract_desk.Desk.of(ctx, desk.hill).contract(hours, start="2026-07-01")
        assert [one.used for one in bucket_meters(ctx, [desk.hill])] == [0]
        assert say_filled(ctx, [desk.hill]) == 0
    assert desk.world.client("carol").get(f"/contracts/{contract.id}").status_code == 200
    assert calls_of(desk.world, installed) == []


def test_open_bills_without_it_and_leaves_a_note(desk: Desk) -> None:
    answering(desk, {"success": False, "error": "the meter is away"}, "open")
    assert (preview(desk).invoices, preview(desk).problems) == ([], {})
    with desk.world.call() as ctx:
        noted = ctx.session.scalars(select(AuditEntry).where(AuditEntry.action == "extension.hook_failed")).all()
    assert noted
    assert "the meter is away" in noted[0].changes["reason"]


def test_skip_leaves_the_clients_out_and_says_why(desk: Desk) -> None:
    answering(desk, {"success": False, "error": "the meter is away"}, "skip")
    found = preview(desk)
    assert found.invoices == []
    assert "Metering does not say what is owed" in str(found.problems)


@pytest.mark.parametrize(
    "changes",
    [
        {"quantity": "0"}, {"quantity": "1e9"}, {"quantity": "-1"}, {"rate": None}, {"rate": 2.5}, {"rate": -1},
        {"currency_code": "XXQ"}, {"charged_on": "2026-08-01"}, {"client_id": "0198c1d0-0000-7000-8000-00000000c11e"},
        {"description": ""}, {"description": "a\0b"}, {"idempotency_key": "a\0b"}, {"quantity": "\u0661"}, {"rate": 2**53 - 1},
        {"charged_on": "1999-12-31"}, {"service_id": "0198c1d0-0000-7000-8000-00000000c11e"}, {"surprise": 1},
    ],
    ids=str,
)  # fmt: skip
def test_a_strangers_word_is_checked(desk: Desk, changes: dict[str, Any]) -> None:
    answering(desk, charge(desk, **changes))
    with pytest.raises(errors.HookFailed):
        preview(desk)


def test_a_module_charges_as_a_component_does(desk: Desk) -> None:
    answering(desk, charge(desk))
    assert [one.totals.subtotal for one in preview(desk).invoices] == [500]


def test_two_runs_that_meet_bill_a_key_once(desk: Desk) -> None:
    from kernel.hookspecs.charging import Settled

    settled = [Settled(guest_charges.SOURCE, UUID(int=7), UUID(int=8), UUID(int=9))]
    with desk.world.call() as ctx:
        guest_charges.mark_billed(ctx, settled)
    with desk.world.call() as ctx, pytest.raises(errors.GuestChargesMoved):
        guest_charges.mark_billed(ctx, settled)
