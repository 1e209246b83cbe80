"""The product manager in the browser: columns, filters, forms, many at once, export."""

from __future__ import annotations

import csv
import io
from typing import Any

from house.stage import csrf_of
from tests.conftest import World


def _product(world: World, **facts: Any) -> str:
    body = {"name": "Switch", "kind": "product", "sku": "SW-24", "prices": [{"currency": "EUR", "amount": 28000}],
            "cost": 21000, "cost_currency": "EUR"}  # fmt: skip
    return str(world.api().post("/api/v1/catalog-items", json=body | facts).json["id"])


def test_products_are_what_is_sold_by_the_piece(acme: World) -> None:
    _product(acme)
    _product(acme, name="Office seat", kind="license", sku="L-1")
    _product(acme, name="Remote support", kind="service", sku=None)
    carol = acme.client("carol")
    page = carol.get("/products").text
    assert "Switch" in page and "Office seat" in page and "Remote support" not in page
    assert "25%" in page.replace("\u202f", "").replace(" ", "")
    assert "Margin" not in acme.client("bob").get("/products").text
    assert "Office seat" not in carol.get("/products?kind=product").text
    assert "Remote support" not in carol.get("/products?kind=service").text
    assert "Remote support" in carol.get("/catalog?kind=service").text
    assert "Switch" in carol.get("/products?q=sw-2").text


def test_carol_fills_in_the_form_in_whole_euros(acme: World) -> None:
    carol = acme.client("carol")
    form = carol.get("/catalog/new?kind=product").text
    typed = {
        "csrf_token": csrf_of(form), "name": "Router", "kind": "product", "sku": "RT-1", "tax_category": "standard",
        "active": "true", "default_quantity": "1", "prices-0-currency": "EUR", "prices-0-amount": "120.50",
        "prices-0-amount--money": "@currency", "cost": "99.90", "cost--money": "@cost_currency",
        "cost_currency": "EUR", "external_ids-0-system": "Xero", "external_ids-0-value": "77",
    }  # fmt: skip
    saved = carol.post("/catalog/new", data=typed)
    assert saved.status_code == 303, saved.text
    page = carol.get(saved.headers["Location"]).text
    assert all(words in page for words in ("Router", "RT-1", "120.50", "99.90", "17.1", "Xero"))
    again = carol.post("/catalog/new", data=typed)
    assert again.status_code == 422 and "Used by Router." in again.text


def test_a_cost_left_empty_is_no_cost_whatever_currency_is_chosen(acme: World) -> None:
    carol, item_id = acme.client("carol"), _product(acme)
    typed = {"csrf_token": csrf_of(carol.get(f"/catalog/{item_id}/edit").text), "name": "Switch", "kind": "product",
             "sku": "SW-24", "active": "true", "cost": "", "cost--money": "@cost_currency", "cost_currency": "EUR"}  # fmt: skip
    assert carol.post(f"/catalog/{item_id}/edit", data=typed).status_code == 303
    assert acme.api().get(f"/api/v1/catalog-items/{item_id}").json["cost"] is None


def test_many_are_switched_off_at_once_and_nobody_is_offered_them(acme: World) -> None:
    carol = acme.client("carol")
    ids = [_product(acme), _product(acme, name="Router", sku="RT-1")]
    token = carol.csrf  # type: ignore[attr-defined]
    done = carol.post("/catalog/deactivate?next=/products", data={"ids": ids, "csrf_token": token})
    assert done.headers["Location"].endswith("/products")
    assert "Router" not in carol.get("/catalog/pick?q=router").text
    carol.post("/catalog/activate", data={"ids": ids[1:], "csrf_token": token})
    assert "Router" in carol.get("/catalog/pick?q=router").text


def test_the_export_has_whole_units_and_no_formulas(acme: World) -> None:
    _product(acme, name="=1+1")
    rows = list(csv.DictReader(io.StringIO(acme.client("carol").get("/products.csv").text.lstrip("\ufeff"))))
    assert [(row["name"], row["price"], row["currency"], row["cost"]) for row in rows] == [("'=1+1", "280.00", "EUR", "210.00")]
    assert "cost" not in acme.client("bob").get("/products.csv").text.splitlines()[0]


def test_the_picker_says_what_this_client_pays_in_the_currency_of_the_invoice(acme: World) -> None:
    item_id, api = _product(acme), acme.api()
    client_id = api.post("/api/v1/clients", json={"name": "Contoso"}).json["id"]
    api.post("/api/v1/catalog-client-prices", json={"client_id": client_id, "item_id": item_id, "amount": 25000})
    carol = acme.client("carol")
    for query, words in (
        ("currency=EUR", "SW-24 · €280.00"), (f"currency=EUR&client_id={client_id}", "SW-24 · €250.00"),
        ("currency=USD", "SW-24 · no price in USD"), ("", "SW-24"),
    ):  # fmt: skip
        assert f"<small>{words}</small>" in carol.get(f"/catalog/pick?q=sw&{query}").text
    form = carol.get(f"/invoices/new/{client_id}").text
    assert f"/catalog/pick?currency=EUR&amp;client_id={client_id}" in form
