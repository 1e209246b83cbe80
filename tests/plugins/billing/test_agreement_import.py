"""Orders, renewals, dated prices and discounts from a former system's files."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from plugins.billing.agreements import discounts, price_schedules
from plugins.billing.models.contracts import Contract
from tests.plugins.billing.contract_desk import Desk
from tests.plugins.billing.test_contract_import import FILES, run_import

CONTRACTS = (
    "external_id;client;name;currency;start_date;end_date;billed_until;status;po_number;notes;po_required;po_amount;po_policy;"
    "renewal_mode;renewal_months;notice_days\n"
    "K-1;C-1;Alles drin;EUR;01.01.2025;31.12.2026;30.06.2026;active;PO-3;;ja;1.500,00;warn;auto;12;90\n"
)
PRICES = (
    "external_id;contract_line;item;currency;price;start_date;end_date;note\n"
    "P-1;L-1;;EUR;1.100,00;01.08.2026;31.08.2026;Anpassung\nP-2;L-1;;EUR;1.200,00;01.09.2026;;\n"
)
DISCOUNTS = (
    "external_id;contract;contract_line;description;currency;percentage;amount;start_date;end_date\n"
    "D-1;K-1;;Treue;EUR;5;;01.07.2026;31.08.2026\nD-2;K-1;L-1;Bonus;EUR;;25,00;01.09.2026;\n"
)
WHOLE = {**FILES, "contracts.csv": CONTRACTS, "contract_scheduled_prices.csv": PRICES, "contract_discounts.csv": DISCOUNTS}


def test_files_bring_what_stands_around_contracts(acme: Any) -> None:
    assert run_import(acme, WHOLE) == []
    assert run_import(acme, WHOLE, again=True) == []
    with acme.call() as ctx:
        contract = ctx.session.scalars(select(Contract)).one()
        assert (contract.po_required, contract.po_amount, contract.po_policy) == (True, 150000, "warn")
        assert (contract.renewal_mode, contract.renewal_months, contract.notice_days) == ("auto", 12, 90)
        assert [one.amount for one in price_schedules.list_prices(ctx, contract.id)] == [110000, 120000]
        assert [(one.percent, one.fixed) for one in discounts.list_discounts(ctx, contract.id)] == [
            (Decimal(5), None),
            (None, 2500),
        ]
        fees = [line.amount for line in Desk.of(ctx, contract.client_id).lines("2026-10-01") if line.kind == "fixed"]
        assert fees == [100300, 110000, 120000]
    assert run_import(acme, {"contracts.csv": FILES["contracts.csv"].replace("01.01.2025;;", "01.01.2025;31.12.2026;")}) == []
    with acme.call() as ctx:
        assert ctx.session.scalars(select(Contract)).one().renewal_mode == "auto", "a file without the column leaves it"


@pytest.mark.parametrize(("file", "old", "new", "column"), [
    ("contracts.csv", "auto;12;90", "auto;;90", "renewal_months"),
    ("contracts.csv", "auto;12;90", "auto;121;90", "renewal_months"),
    ("contracts.csv", "PO-3;;ja", ";;ja", "po_amount"),
    ("contract_scheduled_prices.csv", "01.09.2026;;", "31.08.2026;;", "start_date"),
    ("contract_scheduled_prices.csv", "P-2;L-1;;EUR", "P-2;L-2;;EUR", "item"),
    ("contract_scheduled_prices.csv", "P-2;L-1;;EUR", "P-2;L-3;S-3;EUR", "item"),
    ("contract_scheduled_prices.csv", "P-2;L-1;;EUR", "P-2;L-1;;USD", "currency"),
    ("contract_discounts.csv", "EUR;5;;", "EUR;5;5,00;", "percentage"),
    ("contract_discounts.csv", "EUR;5;;", "EUR;105;;", "percentage"),
    ("contract_discounts.csv", "01.07.2026;31.08.2026", "01.07.2026;30.06.2026", "end_date"),
])  # fmt: skip
def test_a_row_that_makes_no_sense_is_named_with_its_column(acme: Any, file: str, old: str, new: str, column: str) -> None:
    assert old in WHOLE[file]
    told = run_import(acme, {**WHOLE, file: WHOLE[file].replace(old, new, 1)})
    assert (file, column) in {(name, where) for name, _, where in told}, told
