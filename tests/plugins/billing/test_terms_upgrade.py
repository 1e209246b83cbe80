"""Days of payment from before there were terms become the default terms; files bring the terms of clients."""

from __future__ import annotations

from typing import Any

import pytest
from alembic import command
from sqlalchemy import create_engine, select, text
from sqlalchemy.pool import NullPool

from kernel.directory.models import Client
from kernel.ids import uuid7
from kernel.migrations.runner import configuration
from kernel.plugins import Plugins
from local.postgres import EmbeddedPostgres
from plugins.billing.models import Terms
from plugins.billing.receivables import payers, terms
from tests.plugins.billing.test_contract_import import run_import

_TENANT = "insert into tenants (id, slug, name, data_key) values (:tenant, :slug, 'Acme', '')"
_BIND = "select set_config('app.tenant_id', cast(:tenant as text), true)"
_SETTINGS = "insert into tenant_settings (tenant_id, id, plugin, values) values (:tenant, :id, 'billing', cast(:values as jsonb))"
_KEPT = "select code, days, (select values from tenant_settings where plugin = 'billing') from billing_terms where is_default"
_HEAD = "external_id,name,client_type,currency,billing_cycle,payment_terms\n"


def test_days_of_payment_become_the_default_terms(postgres: EmbeddedPostgres) -> None:
    name = f"upgrade_{uuid7().hex}"
    postgres.create_database(name)
    engine = create_engine(postgres.owner_url_for(name), poolclass=NullPool)
    tenants = {"usual": None, "known": 30, "own": 45}
    ids = {slug: uuid7() for slug in tenants}
    try:
        with engine.begin() as connection:
            command.upgrade(configuration(Plugins.discover(), connection), "billing_0001")
        with engine.begin() as connection:
            for slug, days in tenants.items():
                connection.execute(text(_TENANT), {"tenant": ids[slug], "slug": slug})
                connection.execute(text(_BIND), {"tenant": ids[slug]})
                if days is not None:
                    values = f'{{"payment_days": {days}, "footer": "Thanks"}}'
                    connection.execute(text(_SETTINGS), {"tenant": ids[slug], "id": uuid7(), "values": values})
        with engine.begin() as connection:
            command.upgrade(configuration(Plugins.discover(), connection), "billing_0002")
        found = {}
        with engine.begin() as connection:
            for slug in tenants:
                connection.execute(text(_BIND), {"tenant": ids[slug]})
                [row] = connection.execute(text(_KEPT)).all()
                found[slug] = tuple(row)
            forced = connection.scalar(text("select relforcerowsecurity from pg_class where relname = 'tenant_settings'"))
    finally:
        engine.dispose()
        postgres.drop_database(name)
    assert found == {
        "usual": ("net_14", 14, None), "known": ("net_30", 30, {"footer": "Thanks"}), "own": ("net_45", 45, {"footer": "Thanks"}),
    }  # fmt: skip
    assert forced, "what was lifted for the move is in force again"


def test_files_bring_the_terms_of_clients_and_add_those_that_say_what_they_mean(acme: Any) -> None:
    rows = "C-1,Quellbach,company,EUR,monthly,eom_30\nC-2,Hill,company,EUR,monthly,net_45\nC-3,Dale,company,EUR,monthly,\n"
    assert run_import(acme, {"clients.csv": _HEAD + rows}) == []
    with acme.call() as ctx:
        clients = {one.name: one.id for one in ctx.session.scalars(select(Client))}
        found = terms.terms_of(ctx, list(clients.values()))
        assert {name: found[row].code for name, row in clients.items()} == {
            "Quellbach": "eom_30",
            "Hill": "net_45",
            "Dale": "net_14",
        }
        payers.change_payer(ctx, clients["Dale"], {"terms_id": found[clients["Hill"]].id, "reminders": False})
    again = rows.replace("net_45", "net_30")
    assert run_import(acme, {"clients.csv": _HEAD + again}, again=True) == []
    with acme.call() as ctx:
        found = terms.terms_of(ctx, list(clients.values()))
        assert (found[clients["Hill"]].code, found[clients["Dale"]].code) == ("net_30", "net_45")
        assert payers.get_payer(ctx, clients["Dale"]).reminders is False


@pytest.mark.parametrize("code", ["net_400", "soon", "eom_"])
def test_terms_that_nobody_knows_are_named_by_line(acme: Any, code: str) -> None:
    assert run_import(acme, {"clients.csv": f"{_HEAD}C-1,Hill,company,EUR,monthly,{code}\n"}) == [
        ("clients.csv", 2, "payment_terms")
    ]
    with acme.call() as ctx:
        assert ctx.session.scalar(select(Terms).where(Terms.code == code)) is None
