"""An installation from before categories, dated prices and SKUs without case keeps what it had."""

from __future__ import annotations

from alembic import command
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from kernel.ids import uuid7
from kernel.migrations.runner import configuration
from kernel.plugins import Plugins
from local.postgres import EmbeddedPostgres

_ITEM = """
insert into catalog_items (tenant_id, id, name, sku, kind, billing_method, category)
values (:tenant, :id, :name, :sku, 'product', 'per_unit', :category)
"""
_KEPT = """
select i.name, i.sku, c.name as category, p.amount, p.start_on from catalog_items i
left join catalog_categories c on c.tenant_id = i.tenant_id and c.id = i.category_id
left join catalog_prices p on p.tenant_id = i.tenant_id and p.item_id = i.id order by i.name
"""
_BOUND = text("select set_config('app.tenant_id', :tenant, true)")


def test_categories_skus_and_prices_survive_the_upgrade(postgres: EmbeddedPostgres) -> None:
    name = f"upgrade_{uuid7().hex}"
    postgres.create_database(name)
    engine = create_engine(postgres.owner_url_for(name), poolclass=NullPool)
    tenant, ids = uuid7(), [uuid7() for _ in range(3)]
    try:
        with engine.begin() as connection:
            command.upgrade(configuration(Plugins.discover(), connection), "catalog_0001")
        with engine.begin() as connection:
            connection.execute(
                text("insert into tenants (id, slug, name, data_key) values (:id, 'acme', 'Acme', '')"), {"id": tenant}
            )
            connection.execute(_BOUND, {"tenant": str(tenant)})
            for at, (label, sku, category) in enumerate([("A", "SW-1", "Network"), ("B", "sw-1", " network"), ("C", None, "")]):
                values = {"tenant": tenant, "id": ids[at], "name": label, "sku": sku, "category": category}
                connection.execute(text(_ITEM), values)
            price = "insert into catalog_prices (tenant_id, id, item_id, currency, amount) values (:t, :t, :i, 'EUR', 900)"
            connection.execute(text(price), {"t": tenant, "i": ids[0]})
        with engine.begin() as connection:
            command.upgrade(configuration(Plugins.discover(), connection), "catalog_0002")
        with engine.begin() as connection:
            connection.execute(_BOUND, {"tenant": str(tenant)})
            rows = [tuple(row) for row in connection.execute(text(_KEPT))]
    finally:
        engine.dispose()
        postgres.drop_database(name)
    (first, second, third) = rows
    assert first == ("A", "SW-1", "Network", 900, None)
    assert second[1].startswith("sw-1-") and second[2] == "Network"
    assert third == ("C", None, None, None, None)
