"""Contracts and usage from a former system's files, in the dialects that people have."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from kernel.directory.models import Client
from plugins.billing.contracts import services
from plugins.billing.due import collect_due
from plugins.billing.models.contracts import Contract, UsageEntry
from plugins.imports import services as imports
from tests.plugins.billing.contract_desk import ChargeWindow, Desk, amounts, day

FILES = {
    "catalog_items.csv": "external_id,name,kind,billing_method,tax_category,unit\nS-1,Care,service,fixed,standard,each\n"
    "S-2,Backup,service,usage,standard,GB\nS-3,Help,service,hourly,standard,hour\n",
    "catalog_prices.csv": "external_id,item,currency,unit_price\nP-1,S-1,EUR,59.00\nP-2,S-2,EUR,0.20\nP-3,S-3,EUR,95.00\n",
    "clients.csv": "external_id,name,client_type,currency,billing_cycle,payment_terms\n"
    "C-1,Quellbach,company,EUR,monthly,net_14\n",
    "contracts.csv": "external_id;client;name;currency;start_date;end_date;billed_until;status;po_number;notes\n"
    "K-1;C-1;Alles drin;EUR;01.01.2025;;30.06.2026;active;PO-3;\n",
    "contract_lines.csv": "external_id;contract;position;name;line_type;frequency;timing;prorate;currency;amount;hourly_rate;"
    "minimum_minutes;round_up_minutes;location;invoice_text\n"
    "L-1;K-1;1;Betreuung;fixed;monthly;advance;ja;EUR;1.003,00;;;;;17 Arbeitsplätze\n"
    "L-2;K-1;2;Sicherung;usage;monthly;arrears;nein;EUR;;;;;;\n"
    "L-3;K-1;3;Hilfe;hourly;monthly;arrears;nein;EUR;;91,20;15;15;;\n",
    "contract_line_items.csv": "external_id;contract_line;item;quantity;currency;unit_price;minimum_quantity\n"
    "I-1;L-1;S-1;17;EUR;;\nI-2;L-2;S-2;1;EUR;;200\nI-3;L-3;S-3;1;EUR;;\n",
    "contract_line_role_rates.csv": "external_id,contract_line,role,currency,hourly_rate\nR-1,L-3,engineer,EUR,86.40\n",
    "contract_line_tiers.csv": "external_id,contract_line_item,from_quantity,to_quantity,currency,unit_price\n"
    "T-1,I-2,0,500,EUR,0.12\nT-2,I-2,500,,EUR,0.10\n",
    "usage_records.csv": "external_id;client;item;contract_line;used_on;quantity;note\nU-1;C-1;S-2;L-2;05.07.2026;612,50;\n"
    "U-2;C-1;S-2;;06.07.2026;1,00;Nachtrag\n",
}


def run_import(world: Any, files: Mapping[str, str], **options: Any) -> list[tuple[str, int, str | None]]:
    """Load files, and give what is wrong with them."""
    with world.call() as ctx:
        told = {name: text.encode("cp1252") for name, text in files.items()}
        run_id: UUID = imports.begin_import(ctx, told, imports.Options(**options), "cli").id
    more = True
    while more:
        with world.call() as ctx:
            more = imports.next_step(ctx, run_id, lambda file, done, total: None)
    with world.call() as ctx:
        return [(one["file"], one["line"], one["column"]) for one in imports.find_problems(ctx, run_id)]


def test_files_become_contracts_that_are_billed_from_the_next_day_on(acme: Any) -> None:
    assert run_import(acme, FILES) == []
    with acme.call() as ctx:
        client_id = ctx.session.scalars(select(Client.id).where(Client.name == "Quellbach")).one()
        due = collect_due(ctx, ChargeWindow(day("2026-07-01"), day("2026-08-01")), [client_id])
        assert due.problems == {}
        (invoice,) = due.invoices
        assert invoice.po_number == "PO-3"
        # 500 × 0.12 + 113.5 × 0.10 = 71.35
        assert amounts(invoice.lines) == [("17 Arbeitsplätze", 100300), ("Backup", 7135)]
        contract = ctx.session.scalars(select(Contract)).one()
        hours = services.list_lines(ctx, contract.id)[2]
        assert (hours.line.hourly_rate, hours.line.minimum_minutes, dict(hours.role_rates)) == (
            9120,
            15,
            {"engineer": 8640},
        )


def test_loading_again_changes_what_may_change_and_doubles_nothing(acme: Any) -> None:
    run_import(acme, FILES)
    changed = {
        **FILES,
        "contract_lines.csv": FILES["contract_lines.csv"].replace("1.003,00", "1.100,00"),
        "usage_records.csv": FILES["usage_records.csv"].replace("612,50", "600,00"),
    }
    assert run_import(acme, changed, again=True) == []
    with acme.call() as ctx:
        contract = ctx.session.scalars(select(Contract)).one()
        lines = services.list_lines(ctx, contract.id)
        assert [len(one.items) for one in lines] == [1, 1, 1]
        assert lines[0].line.price == 110000
        assert sorted(ctx.session.scalars(select(UsageEntry.quantity))) == [Decimal(1), Decimal(600)]


@pytest.mark.forged_books
def test_what_was_billed_is_not_changed_by_a_file(acme: Any) -> None:
    run_import(acme, FILES)
    with acme.call() as ctx:
        contract = ctx.session.scalars(select(Contract)).one()
        desk = Desk.of(ctx, contract.client_id)
        desk.bill(desk.lines("2026-08-01"))
    changed = {
        "contracts.csv": FILES["contracts.csv"].replace("01.01.2025", "01.02.2025"),
        "contract_lines.csv": FILES["contract_lines.csv"].replace("fixed;monthly", "fixed;quarterly"),
    }
    assert run_import(acme, {"contracts.csv": changed["contracts.csv"]}) == [("contracts.csv", 2, "start_date")]
    assert run_import(acme, {"contract_lines.csv": changed["contract_lines.csv"]}) == [("contract_lines.csv", 2, "frequency")]


@pytest.mark.parametrize(("file", "old", "new", "column"), [
    ("contracts.csv", "01.01.2025;;", "01.01.2025;31.12.2024;", "end_date"),
    ("contract_lines.csv", "ja;EUR;1.003,00", "ja;USD;1.003,00", "currency"),
    ("contract_lines.csv", "usage;monthly;arrears", "usage;monthly;advance", "timing"),
    ("contract_lines.csv", "nein;EUR;;;;;;\n", "nein;EUR;12,00;;;;;\n", "amount"),
    ("contract_line_items.csv", "S-1;17;EUR", "S-1;0;EUR", "quantity"),
    ("contract_line_items.csv", "I-3;L-3;S-3", "I-3;L-1;S-1", "item"),
    ("contract_line_items.csv", "17;EUR;;", "17;EUR;;5", "minimum_quantity"),
    ("contract_line_role_rates.csv", "L-3,engineer", "L-1,engineer", "contract_line"),
    ("contract_line_tiers.csv", "500,,EUR", "500,400,EUR", "to_quantity"),
    ("contract_line_tiers.csv", "T-2,I-2", "T-2,I-1", "contract_line_item"),
    ("usage_records.csv", "S-2;L-2", "S-2;L-1", "contract_line"),
    ("usage_records.csv", "612,50", "0,00", "quantity"),
])  # fmt: skip
def test_a_row_that_makes_no_sense_is_named_with_its_column(acme: Any, file: str, old: str, new: str, column: str) -> None:
    assert old in FILES[file]
    wrong = run_import(acme, {**FILES, file: FILES[file].replace(old, new)})
    assert {(one[0], one[2]) for one in wrong} == {(file, column)}
