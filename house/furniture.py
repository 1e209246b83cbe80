"""Rows in as many tables as the installed rooms can fill, made through REST as anybody would."""

from __future__ import annotations

from typing import Any

from house.stage import World


def furnish(world: World) -> dict[str, Any]:
    """A client with location and contact, a ticket, an item, and what the other rooms make of them."""
    api = world.api()
    made: dict[str, Any] = {}

    def make(key: str, path: str, **body: Any) -> str | None:
        answer = api.post(f"/api/v1{path}", json=body)
        if answer.status_code == 404 and answer.json["code"] == "not_found":
            return None  # the room is not installed
        assert answer.status_code < 300, (path, answer.json)
        made[key] = answer.json.get("id")
        return made[key]

    client = make("client", "/clients", name="Contoso", billing_email="pay@contoso.example")
    make("location", f"/clients/{client}/locations", name="Head office", country="DE")
    make("contact", "/contacts", client_id=client, name="Dana", email=f"dana@{world.tenant.slug}.example")
    service = make("item", "/catalog-items", name="Remote support", kind="service",
                   prices=[{"currency": world.tenant.currency, "amount": 9600}])  # fmt: skip
    product = make("product", "/catalog-items", name="SSD", kind="product",
                   prices=[{"currency": world.tenant.currency, "amount": 8900}])  # fmt: skip
    ticket = make("ticket", "/tickets", client_id=client, title="Printer on fire")
    if ticket:
        make("comment", f"/tickets/{ticket}/comments", body="On my way")
        make("material", f"/tickets/{ticket}/materials", item_id=product, quantity="1")
        make("time", "/time-entries", work_id=ticket, item_id=service, started_at="2026-09-30T08:00:00Z",
             ended_at="2026-09-30T09:00:00Z")  # fmt: skip
    region = make("region", "/tax-regions", code="DE", name="Germany", country="DE")
    if region:
        make("rate", f"/tax-regions/{region}/rates", category="standard", name="VAT", percent="19", starts="2020-01-01")
        api.put(f"/api/v1/clients/{client}/tax", json={"region_id": region})
    return made
