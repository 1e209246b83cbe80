"""Carol sells the same care to everybody: templates, copies with each client's own quantities, bundles all or none."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from house.stage import csrf_of
from kernel.audit import AuditEntry
from kernel.directory.clients import add_client
from kernel.errors import InvalidInput, StillInUse
from plugins.billing.agreements import bundles, cloning, templates
from plugins.billing.contracts import lines, services
from plugins.billing.models.contracts import Contract
from plugins.catalog.services import delete_item
from tests.plugins.billing.contract_desk import Desk, amounts, day

TEMPLATES = "/api/v1/contract-templates"


@pytest.fixture
def shop(acme: Any) -> dict[str, Any]:
    """Two clients, a license, a service by the hour and one by consumption."""
    with acme.call() as ctx:
        desk = Desk(ctx)
        return {
            "hill": desk.client_id, "dale": add_client(ctx, name="Dale Ltd", currency="EUR").id,
            "seat": desk.item("Seat", kind="license", EUR=900), "help": desk.item("Help", unit="hour", EUR=9500),
            "disk": desk.item("Disk", unit="GB", EUR=10),
        }  # fmt: skip


def care(shop: Any, **facts: Any) -> dict[str, Any]:
    """A template of every kind of line that matters, as REST takes it."""
    tiers = [{"from_quantity": "0", "to_quantity": "100", "unit_price": 12}, {"from_quantity": "100", "unit_price": 8}]
    return {
        "name": "Workplace care", "currency": "EUR", "term_months": 12, "lines": [
            {"name": "Seats", "kind": "license", "items": [{"item_id": str(shop["seat"]), "quantity": "10"}]},
            {"name": "Help", "kind": "hourly", "minimum_minutes": 15, "role_rates": [{"role": "senior", "hourly_rate": 12000}]},
            {"name": "Backup", "kind": "usage", "items": [
                {"item_id": str(shop["disk"]), "minimum_quantity": "50", "tiers": tiers}]},
        ], **facts,
    }  # fmt: skip


def test_a_template_becomes_a_contract_with_the_clients_own_quantities(acme: Any, shop: Any) -> None:
    carol = acme.api("carol")
    made = carol.post(TEMPLATES, json=care(shop))
    assert made.status_code == 201, made.json
    template = made.json
    url = f"{TEMPLATES}/{template['id']}"
    seats = template["lines"][0]
    body = {"client_id": str(shop["hill"]), "start_on": "2026-09-01", "name": "Care for Hill", "status": "active",
            "quantities": [{"line_id": seats["id"], "item_id": str(shop["seat"]), "quantity": "17"}]}  # fmt: skip
    contract = carol.post(f"{url}/contracts", json=body)
    assert contract.status_code == 201, contract.json
    assert (contract.json["end_on"], contract.json["currency"]) == ("2027-08-31", "EUR")
    first, hours, usage = contract.json["lines"]
    assert first["items"][0]["quantity"] == "17.0000"
    assert (hours["minimum_minutes"], hours["role_rates"]) == (15, [{"role": "senior", "hourly_rate": 12000}])
    assert [one["unit_price"] for one in usage["items"][0]["tiers"]] == [12, 8]
    assert carol.get(url).json["lines"][0]["items"][0]["quantity"] == "10", "the template keeps its own"


def test_a_contract_knows_nothing_of_later_changes_of_its_template(acme: Any, shop: Any) -> None:
    carol = acme.api("carol")
    template = carol.post(TEMPLATES, json=care(shop)).json
    url = f"{TEMPLATES}/{template['id']}"
    body = {"client_id": str(shop["hill"]), "start_on": "2026-09-01", "status": "active"}
    contract = carol.post(f"{url}/contracts", json=body).json
    line = template["lines"][0]["id"]
    changed = carol.patch(
        f"{url}/lines/{line}", json={"items": [{"item_id": str(shop["seat"]), "quantity": "99", "unit_price": 1}]}
    )
    assert changed.status_code == 200, changed.json
    assert carol.delete(f"{url}/lines/{template['lines'][1]['id']}").status_code == 204
    assert carol.delete(url).status_code == 204
    with acme.call("carol") as ctx:
        agreed = services.list_lines(ctx, contract["id"])
        assert [one.line.name for one in agreed] == ["Seats", "Help", "Backup"]
        assert (agreed[0].items[0].quantity, agreed[0].items[0].unit_price) == (Decimal(10), None)
        assert amounts(Desk.of(ctx, shop["hill"]).lines("2026-09-02")) == [("Seat", 9000)]


def test_a_template_is_refused_where_a_contract_would_be(acme: Any, shop: Any) -> None:
    carol = acme.api("carol")
    bad = care(shop, lines=[{"name": "Fee", "kind": "fixed"}, {"name": "Hours", "kind": "hourly", "timing": "advance"}])
    refused = carol.post(TEMPLATES, json=bad)
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["lines[0].price"])
    unknown = carol.post(TEMPLATES, json=care(shop, renewal_mode="auto", renewal_months=12, term_months=None))
    assert list(unknown.json["errors"]) == ["term_months"]
    assert carol.post(TEMPLATES, json=care(shop)).status_code == 201
    assert list(carol.post(TEMPLATES, json=care(shop, name="WORKPLACE care")).json["errors"]) == ["name"]
    assert acme.api("bob").post(TEMPLATES, json=care(shop)).status_code == 403
    with acme.call("carol") as ctx, pytest.raises(StillInUse, match="1 contract templates"):
        delete_item(ctx, shop["seat"])


def test_quantities_name_lines_and_items_of_the_template(acme: Any, shop: Any) -> None:
    carol = acme.api("carol")
    template = carol.post(TEMPLATES, json=care(shop)).json
    body = {"client_id": str(shop["hill"]), "start_on": "2026-09-01", "quantities": [
        {"line_id": template["lines"][0]["id"], "item_id": str(shop["disk"]), "quantity": "2"},
        {"line_id": str(shop["disk"]), "item_id": str(shop["disk"]), "quantity": "2"},
    ]}  # fmt: skip
    refused = carol.post(f"{TEMPLATES}/{template['id']}/contracts", json=body)
    assert set(refused.json["errors"]) == {"quantities[0].item_id", "quantities[1].line_id"}


def test_a_contract_is_saved_as_a_template_without_what_is_the_clients(acme: Any, shop: Any) -> None:
    with acme.call("carol") as ctx:
        desk = Desk.of(ctx, shop["hill"])
        seats = {"kind": "license", "items": [{"item_id": shop["seat"], "quantity": Decimal(3), "unit_price": 850}]}
        contract = desk.contract({**seats, "start_on": day("2026-02-01")}, start="2026-01-01", end_on=day("2027-12-31"))
        template = cloning.save_as_template(ctx, contract.id, name="As for Hill")
        assert template.term_months == 24
        copy = cloning.make_contract(ctx, template.id, client_id=shop["dale"], start_on=date(2026, 10, 1))
        [agreed] = services.list_lines(ctx, copy.id)
        assert (copy.status, copy.end_on, agreed.line.start_on) == ("draft", date(2028, 9, 30), None)
        assert (agreed.items[0].quantity, agreed.items[0].unit_price) == (Decimal(3), 850)
        actions = set(ctx.session.scalars(select(AuditEntry.action)))
        assert {"contract_template.created", "contract_template.used", "contract.created"} <= actions


def test_included_hours_are_copied_with_what_draws_from_them(acme: Any, shop: Any) -> None:
    carol = acme.api("carol")
    bucket = {
        "included": "10",
        "overage_rate": 9900,
        "rollover": True,
        "members": [{"item_id": str(shop["help"]), "multiplier": "2"}],
    }
    lines = [{"name": "Hours", "kind": "bucket", "price": 50000, "bucket": bucket}]
    template = carol.post(TEMPLATES, json=care(shop, lines=lines))
    assert template.status_code == 201, template.json
    body = {"client_id": str(shop["hill"]), "start_on": "2026-09-01"}
    contract = carol.post(f"{TEMPLATES}/{template.json['id']}/contracts", json=body).json
    again = carol.post(f"/api/v1/contracts/{contract['id']}/save-as-template", json={"name": "Hours again"})
    for held in (template.json, contract, again.json):
        own = held["lines"][0]["bucket"]
        assert (Decimal(own["included"]), own["overage_rate"], own["rollover"]) == (10, 9900, True)
        assert [(one["item_id"], Decimal(one["multiplier"])) for one in own["members"]] == [(str(shop["help"]), 2)]
    assert acme.client("carol").get(f"/contract-templates/{again.json['id']}").status_code == 200
    with acme.call("carol") as ctx, pytest.raises(StillInUse, match="2 contract templates"):
        delete_item(ctx, shop["help"])


def test_a_bundle_is_applied_whole_or_not_at_all(acme: Any, shop: Any) -> None:
    with acme.call("carol") as ctx:
        seats = {"name": "Seats", "kind": "license", "items": [{"item_id": shop["seat"], "quantity": Decimal(5)}]}
        disks = {"name": "Disks", "kind": "usage", "items": [{"item_id": shop["disk"]}]}
        both = [templates.create_template(ctx, name=name, lines=[line]) for name, line in (("Office", seats), ("Backup", disks))]
        bundle_id = bundles.create_bundle(ctx, name="Starter", template_ids=[one.id for one in both]).id
        line_id = templates.lines_of(both[0])[0]["id"]
    with acme.call("carol") as ctx:
        own = [{"line_id": line_id, "item_id": shop["seat"], "quantity": Decimal(8)}]
        made = cloning.apply_bundle(ctx, bundle_id, client_id=shop["hill"], start_on=date(2026, 9, 1), quantities=own)
        assert [one.name for one in made] == ["Office", "Backup"]
        assert services.list_lines(ctx, made[0].id)[0].items[0].quantity == 8
    with acme.call() as ctx:  # a line that no contract would take any more
        template = templates.get_template(ctx, both[1].id)
        template.lines = [{**template.lines[0], "items": [{"item_id": str(bundle_id)}]}]
    with pytest.raises(InvalidInput), acme.call("carol") as ctx:
        cloning.apply_bundle(ctx, bundle_id, client_id=shop["dale"], start_on=date(2026, 9, 1))
    with acme.call("carol") as ctx:
        assert ctx.session.scalar(select(func.count()).where(Contract.client_id == shop["dale"])) == 0
        with pytest.raises(StillInUse, match="1 plan bundles"):
            templates.delete_template(ctx, both[0].id)


def test_in_the_browser_from_a_blank_template_to_two_contracts(acme: Any, shop: Any) -> None:
    carol = acme.client("carol")

    def send(path: str, **data: Any) -> str:
        token = csrf_of(carol.get(path).text)
        answer = carol.post(path, data={"csrf_token": token, **data})
        assert answer.status_code == 303, answer.text
        return str(answer.headers["Location"])

    template = send(
        "/contract-templates/new", name="Desk", currency="EUR", cadence="calendar", renewal_mode="none", notice_days="0"
    )
    item = {"items-0-item_id": str(shop["seat"]), "items-0-quantity": "4"}
    send(
        f"{template}/lines/new?kind=license",
        name="Seats",
        kind="license",
        cycle="monthly",
        timing="advance",
        prorate="true",
        **item,
    )
    page = carol.get(template).text
    assert "Seats" in page
    assert "list price" in page
    with acme.call("carol") as ctx:
        found = templates.list_templates(ctx, {}, "desk").items[0]["id"]
        line = templates.lines_of(templates.get_template(ctx, found))[0]
    asked = {"quantities-0-line_id": str(line["id"]), "quantities-0-item_id": str(shop["seat"]), "quantities-0-quantity": "6"}
    assert "Seat (Seats)" in carol.get(f"{template}/apply").text
    contract = send(f"{template}/apply", client_id=str(shop["hill"]), name="Desk of Hill", start_on="2026-09-01", **asked)
    with acme.call("carol") as ctx:
        [agreed] = services.list_lines(ctx, contract.rpartition("/")[2])
        assert agreed.items[0].quantity == 6
        lines.change_line(ctx, agreed.contract.id, agreed.line.id, {"name": "Chairs"})
    saved = send(f"{contract}/save-as-template", name="Desk, second edition")
    assert "Chairs" in carol.get(saved).text
    bundle = send("/plan-bundles/new", name="Both", template_ids=[template.rpartition("/")[2], saved.rpartition("/")[2]])
    send(f"{bundle}/apply", client_id=str(shop["dale"]), start_on="2026-09-01")
    for path in ("/contract-templates", "/plan-bundles", bundle, f"{bundle}/edit", f"{template}/edit"):
        assert carol.get(path).status_code == 200, path
    with acme.call("carol") as ctx:
        assert ctx.session.scalar(select(func.count()).where(Contract.client_id == shop["dale"])) == 2
