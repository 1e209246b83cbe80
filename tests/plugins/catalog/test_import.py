"""A catalog from a former system's files: categories met by name, dated prices, prices of clients, cells left empty."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import select

from kernel.tenancy import change_settings
from plugins.catalog.models import Category, ClientPrice, Item, Price
from tests.conftest import World
from tests.plugins.billing.test_contract_import import run_import

_HEAD = "external_id;name;kind;billing_method;tax_category;sku;category;license_term;vendor;cost_currency;cost;default_quantity\n"
ITEMS = {
    "catalog_items.csv": _HEAD + "P-1;Switch;product;per_unit;standard;SW-1;Network;;Nordhandel;EUR;318,00;2\n"
    "P-2;Router;product;per_unit;standard;RT-1; network;;;;;\n",
}
PRICES = {
    "catalog_prices.csv": "external_id;item;currency;unit_price;valid_from\n"
    "X-1;P-1;EUR;429,00;01.01.2026\nX-2;P-1;EUR;449,00;01.07.2026\n",
}
CLIENTS = {
    "clients.csv": "external_id,name,client_type,currency,billing_cycle,payment_terms\n"
    "C-1,Quellbach,company,EUR,monthly,net_14\n",
    "client_prices.csv": "external_id;client;item;currency;unit_price;start_date;end_date;note\n"
    "Y-1;C-1;P-1;EUR;399,00;01.03.2026;31.03.2026;\n",
}


def test_files_become_products_with_their_prices_and_loading_twice_changes_nothing(acme: World) -> None:
    for _ in range(2):
        assert run_import(acme, ITEMS | PRICES | CLIENTS) == []
    with acme.call() as ctx:
        switch, router = ctx.session.scalars(select(Item).order_by(Item.sku.desc()))
        assert (switch.vendor, switch.cost, switch.cost_currency, switch.default_quantity) == ("Nordhandel", 31800, "EUR", 2)
        assert switch.category_id == router.category_id
        assert ctx.session.scalars(select(Category.name)).all() == ["Network"]
        found = ctx.session.scalars(select(Price).order_by(Price.start_on)).all()
        assert [(one.amount, one.start_on) for one in found] == [(42900, date(2026, 1, 1)), (44900, date(2026, 7, 1))]
        own = ctx.session.scalars(select(ClientPrice)).one()
        assert (own.amount, own.start_on, own.end_on) == (39900, date(2026, 3, 1), date(2026, 3, 31))


def test_an_empty_cell_leaves_what_people_know_better(acme: World) -> None:
    run_import(acme, ITEMS)
    known = {
        "catalog_items.csv": "external_id;name;kind;billing_method;tax_category;sku\n"
        "P-1;Switch 24;product;per_unit;standard;SW-1\n"
    }
    assert run_import(acme, known) == []
    with acme.call() as ctx:
        switch = ctx.session.scalars(select(Item).where(Item.sku == "SW-1")).one()
        assert (switch.name, switch.cost, switch.vendor, switch.default_quantity) == (
            "Switch 24",
            31800,
            "Nordhandel",
            Decimal(2),
        )


def test_bad_rows_are_named_by_line_and_column(acme: World) -> None:
    with acme.call() as ctx:
        change_settings(ctx, "catalog", {"sku_required": True})
    wrong = {"catalog_items.csv": _HEAD + "P-1;A;product;per_unit;standard;SW-1;;;;;;\n"
             "P-2;B;product;per_unit;standard;sw-1;;;;;;\n"
             "P-3;C;product;per_unit;standard;;;;;;;\nP-4;D;service;hourly;standard;;;annual;;;;0\n"}  # fmt: skip
    assert run_import(acme, wrong) == [
        ("catalog_items.csv", 3, "sku"), ("catalog_items.csv", 4, "sku"), ("catalog_items.csv", 5, "default_quantity"),
        ("catalog_items.csv", 5, "license_term"),
    ]  # fmt: skip


def test_two_prices_from_one_day_are_refused(acme: World) -> None:
    assert run_import(acme, ITEMS) == []
    twice = {"catalog_prices.csv": PRICES["catalog_prices.csv"].replace("01.07.2026", "01.01.2026")}
    assert run_import(acme, twice) == [("catalog_prices.csv", 3, "valid_from")]
    below = {"catalog_prices.csv": PRICES["catalog_prices.csv"].replace("449,00", "-1,00")}
    assert run_import(acme, below) == [("catalog_prices.csv", 3, "unit_price")]
    clients = {name: text.replace("31.03.2026", "28.02.2026") for name, text in CLIENTS.items()}
    assert run_import(acme, clients) == [("client_prices.csv", 2, "end_date")]
