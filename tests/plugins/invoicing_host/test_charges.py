"""Extensions charge clients on their next invoice: once for each key, billed by a run, released when the draft goes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from kernel import jobs
from kernel.context import Actor
from kernel.errors import InvalidInput
from plugins.billing import invoices, runs
from plugins.billing.unbilled import count_backlog
from plugins.extensions import services
from plugins.invoicing_host import charges
from plugins.invoicing_host.errors import ChargeBilled
from plugins.invoicing_host.models import ExtensionCharge
from tests.conftest import World
from tests.extensions.conftest import build
from tests.extensions.room_stage import API, ROOT, denials, install, manifest_of, publish
from tests.plugins.billing.invoice_desk import item, lay_out_taxes, taxed_client

FOLDER = ROOT / "samples" / "backup-charges"
GRANT = "cap:charge.create"
AUTHOR = "org.deskhand.samples.backup-charges@1.0.0"
JULY = {"window_start": date(2026, 7, 1), "window_end": date(2026, 8, 1), "invoice_date": date(2026, 8, 1)}


class Desk(NamedTuple):
    """Two clients and the extension that charges them."""

    world: World
    hill: UUID
    lake: UUID
    installed: dict[str, Any]

    def report(self, clients: list[dict[str, Any]] | None = None, **changes: Any) -> Any:
        clients = clients or [{"clientId": str(self.hill), "gigabytes": 120.5}, {"clientId": str(self.lake), "gigabytes": 3}]
        body = {"day": "2026-07-03", "rate": 5, "currency": "EUR", "clients": clients} | changes
        return self.world.api("bob").post(f"{self.installed['url']}report", json=body)

    def kept(self, **query: Any) -> list[dict[str, Any]]:
        return self.world.api().get(f"{API}/extension-charges", query_string=query).json["items"]


@pytest.fixture(scope="session")
def backup_wasm() -> bytes:
    return build(FOLDER)


@pytest.fixture
def desk(acme: World, backup_wasm: bytes) -> Desk:
    with acme.call() as ctx:
        region = lay_out_taxes(ctx)
        hill, lake = taxed_client(ctx, region, "Hill"), taxed_client(ctx, region, "Lake")
    return Desk(acme, hill, lake, install(acme, publish(acme, manifest_of(FOLDER), backup_wasm), GRANT))


def bill(world: World) -> dict[str, Any]:
    with world.call("carol") as ctx:
        run_id = runs.start_run(ctx, **JULY).id
    jobs.drain(world.kernel, world.tenant_id)
    with world.call("carol") as ctx:
        return runs.describe_run(ctx, run_id)


def test_a_report_becomes_lines_of_the_next_invoices(desk: Desk) -> None:
    answer = desk.report()
    assert answer.status_code == 201, answer.text
    assert [one["created"] for one in answer.json["charges"]] == [True, True]
    with desk.world.call("carol") as ctx:
        preview = runs.preview_run(ctx, **JULY)
        assert [(one.draft.client_id, one.totals.subtotal) for one in preview.invoices] == [(desk.hill, 603), (desk.lake, 15)]
        assert count_backlog(ctx, date(2026, 8, 1)).materials == 2
    assert bill(desk.world)["invoices"] == 2
    assert [(one["client_name"], one["billed"], one["author"]) for one in desk.kept(sort="charged_on")] == [
        ("Hill", True, AUTHOR), ("Lake", True, AUTHOR),
    ]  # fmt: skip
    with desk.world.call("carol") as ctx:
        assert runs.preview_run(ctx, **JULY).invoices == []


def test_the_same_report_charges_once(desk: Desk) -> None:
    first, second = desk.report().json["charges"], desk.report(rate=9).json["charges"]
    assert [one["chargeId"] for one in first] == [one["chargeId"] for one in second]
    assert [one["created"] for one in second] == [False, False]
    assert {one["rate"] for one in desk.kept()} == {5}


def test_a_deleted_draft_makes_its_charges_due_again_and_only_those_can_be_removed(desk: Desk) -> None:
    desk.report()
    bill(desk.world)
    [charge] = desk.kept(client_id=str(desk.hill))
    with pytest.raises(ChargeBilled), desk.world.call("carol") as ctx:
        charges.remove_charge(ctx, UUID(charge["id"]))
    with desk.world.call("carol") as ctx:
        invoices.delete_invoice(ctx, UUID(charge["invoice_id"]))
    assert [one["billed"] for one in desk.kept(client_id=str(desk.hill))] == [False]
    assert desk.world.api("carol").delete(f"{API}/extension-charges/{charge['id']}").status_code == 204
    assert desk.kept(client_id=str(desk.hill)) == []


def test_one_wrong_charge_keeps_none_and_says_which(desk: Desk) -> None:
    wrong = [{"clientId": str(desk.hill), "gigabytes": 1}, {"clientId": str(uuid4()), "gigabytes": 1}]
    answer = desk.report(wrong)
    assert (answer.status_code, answer.json["fieldErrors"]) == (
        422, {"charges[1].clientId": "There is no client with this id."},
    )  # fmt: skip
    for changes in ({"currency": "ABC"}, {"rate": -1}, {"rate": None}, {"day": "yesterday"}, {"currency": None}):
        assert desk.report(**changes).status_code == 422, changes
    many = [{"clientId": str(desk.hill), "gigabytes": 0.00001}]
    assert "quantity" in str(desk.report(many).json["fieldErrors"])
    assert desk.kept() == []


def test_without_the_grant_nobody_is_charged(acme: World, backup_wasm: bytes) -> None:
    with acme.call() as ctx:
        client_id = taxed_client(ctx, lay_out_taxes(ctx))
    desk = Desk(acme, client_id, client_id, install(acme, publish(acme, manifest_of(FOLDER), backup_wasm)))
    answer = desk.report([{"clientId": str(client_id), "gigabytes": 1}])
    assert (answer.status_code, answer.json["error"]) == (403, f"capability_denied: grant {GRANT} to this install")
    assert (desk.kept(), len(denials(acme))) == ([], 1)


def test_a_service_gives_its_price_and_another_companys_client_is_unknown(desk: Desk, beta: World) -> None:
    install_actor = Actor("extension", UUID(desk.installed["id"]), "Backup", author=AUTHOR)
    with desk.world.call() as ctx:
        service = item(ctx, "Backup", EUR=700)
        charge = {"client_id": desk.hill, "service_id": service, "description": "Backup", "quantity": "2", "rate": None,
                  "currency_code": None, "charged_on": date(2026, 7, 9), "idempotency_key": "k"}  # fmt: skip
        charges.keep_charges(replace(ctx, actor=install_actor), [charge])
        assert [one.totals.subtotal for one in runs.preview_run(ctx, **JULY).invoices] == [1400]
    with pytest.raises(InvalidInput) as refused, beta.call() as ctx:
        charges.keep_charges(
            replace(ctx, actor=install_actor), [charge | {"service_id": None, "rate": 1, "currency_code": "EUR"}]
        )
    assert list(refused.value.errors) == ["charges[0].client_id"]


def test_an_extension_that_is_installed_anew_or_upgraded_charges_the_same_keys_once(desk: Desk) -> None:
    first = desk.report().json["charges"]
    assert bill(desk.world)["invoices"] == 2
    api = desk.world.api()
    release_id = api.get(f"{API}/extension-installs/{desk.installed['id']}").json["release_id"]
    with desk.world.call() as ctx:
        services.uninstall(ctx, UUID(desk.installed["id"]))
    again = desk._replace(installed=install(desk.world, {"id": release_id}, GRANT))
    assert again.installed["id"] != desk.installed["id"]
    second = again.report().json["charges"]
    assert [(one["chargeId"], one["created"]) for one in second] == [(one["chargeId"], False) for one in first]
    with desk.world.call("carol") as ctx:
        assert runs.preview_run(ctx, **JULY).invoices == []
        other = Actor("extension", UUID(desk.installed["id"]), "Other", author="org.example.other@1.0.0")
        [key] = ctx.session.scalars(select(ExtensionCharge.idempotency_key).limit(1))
        charge = {"client_id": desk.hill, "service_id": None, "description": "Other", "quantity": "1", "rate": 1,
                  "currency_code": "EUR", "charged_on": date(2026, 7, 9), "idempotency_key": key}  # fmt: skip
        [kept] = charges.keep_charges(replace(ctx, actor=other), [charge])
        assert kept.created, "another extension's keys are its own"
