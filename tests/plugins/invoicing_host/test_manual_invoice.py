"""The invoicing demo bills Acme's clients, as a draft, with its name on it; and nothing beyond that."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from kernel.tenancy import switch_plugin
from plugins.billing.models import Invoice
from tests.conftest import World
from tests.extensions.room_stage import (
    API,
    DEMO_FOLDER,
    MANUAL_INVOICE,
    calls_of,
    denials,
    install,
    manifest_of,
    publish,
)
from tests.plugins.billing.invoice_desk import item, lay_out_taxes, taxed_client

AUTHOR = "org.deskhand.samples.invoicing-demo@1.1.0"
DENIED = "capability_denied: grant cap:invoice.manual.create to this install"


class Desk(NamedTuple):
    """A client and a service to bill, and an install of the demo."""

    world: World
    client_id: UUID
    service_id: UUID
    installed: dict[str, Any]

    def create(self, user: str = "bob", items: list[dict[str, Any]] | None = None, **facts: Any) -> Any:
        body = {"clientId": str(self.client_id), "items": items or [self.line()], **facts}
        return self.world.api(user).post(f"{self.installed['url']}create-invoice", json=body)

    def line(self, **changes: Any) -> dict[str, Any]:
        one = {"serviceId": str(self.service_id), "quantity": 1.5, "description": "On-site visit", "rate": 9500}
        return one | changes

    def invoices(self) -> list[Invoice]:
        with self.world.call() as ctx:
            return list(ctx.session.scalars(select(Invoice)))


def set_up(world: World, wasm: bytes, *grants: str) -> Desk:
    with world.call() as ctx:
        client_id, service_id = taxed_client(ctx, lay_out_taxes(ctx)), item(ctx, EUR=9500)
    return Desk(world, client_id, service_id, install(world, publish(world, manifest_of(DEMO_FOLDER), wasm), *grants))


@pytest.fixture
def desk(acme: World, demo_wasm: bytes) -> Desk:
    return set_up(acme, demo_wasm, MANUAL_INVOICE)


def test_a_draft_invoice_with_the_extension_as_its_author(desk: Desk) -> None:
    answer = desk.create(poNumber="PO-7")
    assert answer.status_code == 201, answer.text
    made = answer.json["invoice"]
    assert (made["status"], made["subtotal"], made["tax"], made["total"]) == ("draft", 14250, 2850, 17100)
    assert (made["currencyCode"], made["minorUnitExponent"]) == ("EUR", 2)
    seen = desk.world.api().get(f"{API}/invoices/{made['invoiceId']}")
    assert (seen.status_code, seen.json["po_number"], seen.json["author"]) == (200, "PO-7", AUTHOR)
    assert desk.world.client().get(made["url"]).status_code == 200
    [invoice] = desk.invoices()
    assert (invoice.created_by_kind, invoice.created_by_id) == ("extension", UUID(desk.installed["id"]))
    assert invoice.due_date == invoice.invoice_date == desk.world.kernel.clock.today("Europe/Berlin")


def test_the_author_stays_after_uninstall(desk: Desk) -> None:
    invoice_id = desk.create().json["invoice"]["invoiceId"]
    assert desk.world.api().delete(f"{API}/extension-installs/{desk.installed['id']}").status_code == 204
    assert desk.world.api().get(f"{API}/invoices/{invoice_id}").json["author"] == AUTHOR
    assert [call["extension"] for call in calls_of(desk.world, desk.installed)] == ["org.deskhand.samples.invoicing-demo"]


def test_without_the_grant_nothing_is_made_and_the_denial_is_kept(acme: World, demo_wasm: bytes) -> None:
    desk = set_up(acme, demo_wasm)
    answer = desk.create()
    assert (answer.status_code, answer.json) == (403, {"success": False, "error": DENIED})
    assert desk.invoices() == []
    [denial] = denials(acme)
    assert (denial["function"], denial["reason"], denial["author"]) == ("invoicing.create_manual_invoice", DENIED, AUTHOR)
    granted = acme.api().post(f"{API}/extension-installs/{desk.installed['id']}/grants", json={"capability": MANUAL_INVOICE})
    assert MANUAL_INVOICE not in granted.json["not_granted"]
    assert desk.create().status_code == 201
    assert acme.api().delete(f"{API}/extension-installs/{desk.installed['id']}/grants/{MANUAL_INVOICE}").status_code == 204
    assert desk.create().json["error"] == DENIED
    assert len(desk.invoices()) == 1


@pytest.mark.parametrize("plugin", ["invoicing_host", "billing"])
def test_with_the_plugin_off_the_call_is_denied_by_name(desk: Desk, plugin: str) -> None:
    with desk.world.call() as ctx:
        switch_plugin(ctx, plugin, enabled=False)
    assert desk.create().json["error"].startswith("plugin_not_enabled: switch Invoicing for extensions on")
    assert len(denials(desk.world)) == 1
    assert desk.invoices() == []


def test_the_same_key_gives_the_same_invoice(desk: Desk) -> None:
    first, second = desk.create(idempotencyKey="visit-7"), desk.create("carol", idempotencyKey="visit-7")
    assert first.json["invoice"]["invoiceId"] == second.json["invoice"]["invoiceId"]
    assert len(desk.invoices()) == 1


def test_another_tenants_client_and_service_are_like_random_ones(desk: Desk, beta: World, demo_wasm: bytes) -> None:
    foreign = set_up(beta, demo_wasm, MANUAL_INVOICE)
    answer = desk.create(clientId=str(foreign.client_id))
    assert (answer.status_code, list(answer.json["fieldErrors"])) == (422, ["clientId"])
    assert answer.json == desk.create(clientId=str(uuid4())).json
    other = desk.create(items=[desk.line(), desk.line(serviceId=str(foreign.service_id))])
    assert list(other.json["fieldErrors"]) == ["items[1].serviceId"]
    assert beta.client().post(f"{desk.installed['url']}create-invoice", json={}).status_code == 404
    assert desk.invoices() == foreign.invoices() == []


REFUSED = {
    "nothing to bill": ({"items": []}, "items"),
    "no uuid": ({"clientId": "7"}, "clientId"),
    "no such day": ({"invoiceDate": "2026-02-30"}, "invoiceDate"),
    "long order number": ({"poNumber": "x" * 129}, "poNumber"),
    "no currency": ({"currencyCode": "euro"}, "currencyCode"),
}
REFUSED_LINES = {
    "zero": ({"quantity": 0}, "items[0].quantity"),
    "below zero": ({"rate": -1}, "items[0].rate"),
    "long words": ({"description": "x" * 501}, "items[0].description"),
    "discount of no kind": ({"isDiscount": True}, "items[0].discountType"),
    "kind without discount": ({"discountType": "fixed"}, "items[0].discountType"),
    "target without discount": ({"appliesToItemId": "0"}, "items[0].appliesToItemId"),
    "beyond the whole": ({"isDiscount": True, "discountType": "percentage", "rate": 101}, "items[0].rate"),
    "unknown service": ({"serviceId": "0198c1d0-0000-7000-8000-0000000005e1"}, "items[0].serviceId"),
    "NUL": ({"description": "a\0b"}, "items[0].description"),
}


@pytest.mark.parametrize(("change", "field"), REFUSED.values(), ids=REFUSED)
def test_a_bad_header_field_is_named(desk: Desk, change: dict[str, Any], field: str) -> None:
    answer = desk.world.api().post(
        f"{desk.installed['url']}create-invoice",
        json={"clientId": str(desk.client_id), "items": [desk.line()], **change},
    )
    assert (answer.status_code, list(answer.json["fieldErrors"])) == (422, [field])
    assert desk.invoices() == []


@pytest.mark.parametrize(("change", "field"), REFUSED_LINES.values(), ids=REFUSED_LINES)
def test_a_bad_item_field_is_named_with_its_position(desk: Desk, change: dict[str, Any], field: str) -> None:
    answer = desk.create(items=[desk.line(**change)])
    assert (answer.status_code, list(answer.json["fieldErrors"])) == (422, [field])
    assert desk.invoices() == []


def test_discounts_of_an_item_a_service_and_both(desk: Desk) -> None:
    off = desk.line(isDiscount=True, description="Off", quantity=1)
    tenth = desk.create(items=[desk.line(quantity=1), {**off, "discountType": "percentage", "rate": 10, "appliesToItemId": "0"}])
    assert tenth.json["invoice"]["subtotal"] == 8550, tenth.json
    fixed = {**off, "discountType": "fixed", "rate": 500}
    less = desk.create(items=[desk.line(quantity=1), {**fixed, "appliesToServiceId": str(desk.service_id)}])
    assert less.json["invoice"]["subtotal"] == 9000, less.json
    both = desk.create(items=[desk.line(), {**fixed, "appliesToItemId": "0", "appliesToServiceId": str(desk.service_id)}])
    assert list(both.json["fieldErrors"]) == ["items[1]"]
    strange = desk.create(items=[desk.line(), {**fixed, "serviceId": str(uuid4())}])
    assert list(strange.json["fieldErrors"]) == ["items[1].serviceId"]


def test_a_missing_tax_region_is_said_and_leaves_nothing(desk: Desk) -> None:
    from kernel.directory.clients import add_client

    with desk.world.call() as ctx:
        untaxed = add_client(ctx, name="No region yet").id
    answer = desk.create(clientId=str(untaxed))
    assert (answer.status_code, answer.json["error"].partition(":")[0]) == (422, "tax_region_missing")
    with desk.world.call() as ctx:
        assert ctx.session.scalar(select(func.count()).select_from(Invoice)) == 0


@pytest.mark.parametrize("quantity", ["1E+999999", "1e3", "1_0", " 1", "\u0663", "NaN", "0", "-1", "1.00001", "9" * 13])
def test_a_quantity_is_plain_digits_whatever_a_hand_made_guest_sends(quantity: str) -> None:
    from marshmallow import ValidationError

    from plugins.invoicing_host.schemas import InvoiceItem

    with pytest.raises(ValidationError) as refused:
        InvoiceItem().load({"service_id": str(uuid4()), "quantity": quantity, "description": "x", "rate": 1})
    assert list(refused.value.messages) == ["quantity"]
