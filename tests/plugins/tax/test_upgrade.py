"""An installation from before exemptions had days keeps the reasons that it had for its clients."""

from __future__ import annotations

from alembic import command
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from kernel.ids import uuid7
from kernel.migrations.runner import configuration
from kernel.plugins import Plugins
from local.postgres import EmbeddedPostgres

_ROWS = (
    "insert into tenants (id, slug, name, data_key) values (:tenant, 'acme', 'Acme', '')",
    "select set_config('app.tenant_id', cast(:tenant as text), true)",
    "insert into clients (tenant_id, id, name, currency) values (:tenant, :exempt, 'Library', 'EUR')",
    "insert into clients (tenant_id, id, name, currency) values (:tenant, :taxed, 'Bakery', 'EUR')",
    "insert into tax_clients (tenant_id, id, client_id, exemption) values (:tenant, :facts, :exempt, 'Charity')",
    "insert into tax_clients (tenant_id, id, client_id) values (:tenant, :other, :taxed)",
)
_KEPT = "select id, client_id, location_id, reason, certificate, starts, ends from tax_exemptions"


def test_reasons_of_exemption_survive_the_upgrade(postgres: EmbeddedPostgres) -> None:
    name = f"upgrade_{uuid7().hex}"
    postgres.create_database(name)
    engine = create_engine(postgres.owner_url_for(name), poolclass=NullPool)
    ids = {one: uuid7() for one in ("tenant", "exempt", "taxed", "facts", "other")}
    try:
        with engine.begin() as connection:
            command.upgrade(configuration(Plugins.discover(), connection), "tax_0001")
        with engine.begin() as connection:
            for statement in _ROWS:
                used = {key: value for key, value in ids.items() if f":{key}" in statement}
                connection.execute(text(statement), used)
        with engine.begin() as connection:
            command.upgrade(configuration(Plugins.discover(), connection), "tax_0002")
        with engine.begin() as connection:
            connection.execute(text(_ROWS[1]), {"tenant": ids["tenant"]})
            rows = [tuple(row) for row in connection.execute(text(_KEPT))]
            forced = connection.scalar(text("select relforcerowsecurity from pg_class where relname = 'tax_clients'"))
    finally:
        engine.dispose()
        postgres.drop_database(name)
    assert rows == [(ids["facts"], ids["exempt"], None, "Charity", "", None, None)]
    assert forced, "what was lifted for the move is in force again"
