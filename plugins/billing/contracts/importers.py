"""Contracts, their lines and usage from files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from kernel.context import CallContext
from kernel.db import upsert
from kernel.directory.models import Location
from kernel.hookspecs.transfer import Column, Importer, ImportRow, Resolver, RowError
from plugins.billing.contracts.billed import billed_line_ids
from plugins.billing.contracts.checks import FLAT, MEASURED
from plugins.billing.contracts.ends import move_ends_of
from plugins.billing.contracts.schemas import CYCLES, KINDS, TIMINGS
from plugins.billing.contracts.turns import begin_change
from plugins.billing.contracts.usage_records import usage_lines_of
from plugins.billing.days import BETWEEN, EARLIEST, LATEST
from plugins.billing.errors import PeriodsBilled
from plugins.billing.models.contracts import Contract, ContractItem, ContractLine, RoleRate, UsageEntry, UsageTier

_ONLY = {"amount": FLAT, "hourly_rate": ("hourly",), "minimum_minutes": ("hourly",), "round_up_minutes": ("hourly",)}


def _met(resolver: Resolver, kind: str, rows: Sequence[ImportRow], known: Mapping[Any, UUID],
         key: Callable[[ImportRow], Any]) -> Mapping[str, UUID]:  # fmt: skip
    """Ids for the rows: those remembered, those met by their natural key, and new ones."""
    externals = [row.external_id for row in rows]
    remembered = resolver.resolve(kind, externals)
    met = {row.external_id: known[key(row)] for row in rows if row.external_id not in remembered and key(row) in known}
    return resolver.claim(kind, externals, met)


def _twice(rows: Sequence[ImportRow], column: str, words: str, key: Callable[[ImportRow], Any]) -> Iterator[RowError]:
    seen: set[Any] = set()
    for row in rows:
        if key(row) in seen:
            yield RowError(row.line, column, words)
        seen.add(key(row))


def load_contracts(ctx: CallContext, rows: Sequence[ImportRow], resolver: Resolver) -> list[RowError]:
    """Contracts; what billed periods stand on stays as it is."""
    ids = resolver.claim("contract", [row.external_id for row in rows])
    wanted = {row.external_id: _contract(row, ids[row.external_id]) for row in rows}
    wrong = [RowError(row.line, "end_date", "The last day is before the first.") for row in rows
             if row.values["end_date"] and row.values["end_date"] < row.values["start_date"]]  # fmt: skip
    wrong += [RowError(row.line, column, BETWEEN) for row in rows for column in ("start_date", "billed_until")
              if not EARLIEST <= (row.values[column] or EARLIEST) <= LATEST]  # fmt: skip
    begin_change(ctx)
    wrong += _frozen_contracts(ctx, rows, wanted)
    if not wrong:
        upsert(ctx.session, Contract, list(wanted.values()))
    return wrong


def _contract(row: ImportRow, contract_id: UUID) -> dict[str, Any]:
    values = row.values
    return {
        "id": contract_id, "client_id": values["client"], "name": values["name"], "currency": values["currency"],
        "start_on": values["start_date"], "end_on": values["end_date"], "billed_until": values["billed_until"],
        "status": values["status"], "po_number": values["po_number"], "notes": values["notes"] or "",
    }  # fmt: skip


def _frozen_contracts(ctx: CallContext, rows: Sequence[ImportRow], wanted: Mapping[str, Mapping[str, Any]]) -> list[RowError]:
    ids = [one["id"] for one in wanted.values()]
    billed = set(billed_line_ids(ctx, ContractLine.contract_id.in_(ids)).values())
    present = {one.id: one for one in ctx.session.scalars(select(Contract).where(Contract.id.in_(billed)))}
    columns = {"client_id": "client", "currency": "currency", "start_on": "start_date", "billed_until": "billed_until",
               "status": "status"}  # fmt: skip
    return [
        RowError(row.line, column, "This contract was billed: this cannot change any more.")
        for row in rows
        for name, column in columns.items()
        if (found := present.get(wanted[row.external_id]["id"])) and getattr(found, name) != wanted[row.external_id][name]
    ] + list(_moved_ends(ctx, rows, wanted, present))


def _moved_ends(ctx: CallContext, rows: Sequence[ImportRow], wanted: Mapping[str, Mapping[str, Any]],
                present: Mapping[UUID, Contract]) -> Iterator[RowError]:  # fmt: skip
    """Rows that move the last day of a contract to where what is billed does not let it."""
    for row in rows:
        contract = present.get(wanted[row.external_id]["id"])
        if contract is not None and contract.end_on != row.values["end_date"]:
            try:
                move_ends_of(ctx, contract.id, row.values["end_date"])
            except PeriodsBilled as error:
                yield RowError(row.line, "end_date", error.detail)


def load_lines(ctx: CallContext, rows: Sequence[ImportRow], resolver: Resolver) -> list[RowError]:
    """Contract lines; kind and cycle of billed ones stay as they are."""
    ids = resolver.claim("contract_line", [row.external_id for row in rows])
    contracts = _contracts_of(ctx, {row.values["contract"] for row in rows})
    places = {row.values["location"] for row in rows if row.values["location"]}
    owners = dict(ctx.session.execute(select(Location.id, Location.client_id).where(Location.id.in_(places))).all())
    wrong = [error for row in rows for error in _line_errors(row, contracts[row.values["contract"]], owners)]
    begin_change(ctx)
    wrong += _frozen_lines(ctx, rows, ids)
    if not wrong:
        upsert(ctx.session, ContractLine, [_line(row, ids[row.external_id]) for row in rows])
    return wrong


def _contracts_of(ctx: CallContext, ids: Iterable[UUID]) -> dict[UUID, Contract]:
    return {one.id: one for one in ctx.session.scalars(select(Contract).where(Contract.id.in_(list(ids))))}


def _line_errors(row: ImportRow, contract: Contract, owners: Mapping[UUID, UUID]) -> Iterator[RowError]:
    values, kind = row.values, row.values["line_type"]
    if values["currency"] != contract.currency:
        yield RowError(row.line, "currency", f"The contract is in {contract.currency}.")
    if kind in MEASURED and values["timing"] == "advance":
        yield RowError(row.line, "timing", "What is measured can only be billed in arrears.")
    for column, only in _ONLY.items():
        if kind not in only and values[column]:
            yield RowError(row.line, column, f"Only {' and '.join(only)} lines have this.")
    for column in ("minimum_minutes", "round_up_minutes"):
        if not 0 <= (values[column] or 0) <= 1440:
            yield RowError(row.line, column, "Give 0 to 1440 minutes.")
    for column in ("amount", "hourly_rate"):
        if (values[column] or 0) < 0:
            yield RowError(row.line, column, "Give zero or more.")
    if values["location"] and owners[values["location"]] != contract.client_id:
        yield RowError(row.line, "location", "This location is another client's.")


def _frozen_lines(ctx: CallContext, rows: Sequence[ImportRow], ids: Mapping[str, UUID]) -> list[RowError]:
    billed = billed_line_ids(ctx, ContractLine.id.in_(list(ids.values())))
    present = {one.id: one for one in ctx.session.scalars(select(ContractLine).where(ContractLine.id.in_(billed)))}
    columns = {"contract_id": "contract", "kind": "line_type", "cycle": "frequency"}
    return [
        RowError(row.line, column, "This line was billed: this cannot change any more.")
        for row in rows
        for name, column in columns.items()
        if (found := present.get(ids[row.external_id])) and getattr(found, name) != row.values[column]
    ]


def _line(row: ImportRow, line_id: UUID) -> dict[str, Any]:
    values = row.values
    return {
        "id": line_id, "contract_id": values["contract"], "position": values["position"], "name": values["name"],
        "kind": values["line_type"], "cycle": values["frequency"], "timing": values["timing"],
        "prorate": bool(values["prorate"]), "price": values["amount"], "hourly_rate": values["hourly_rate"],
        "minimum_minutes": values["minimum_minutes"] or 0, "round_up_minutes": values["round_up_minutes"] or 0,
        "location_id": values["location"], "invoice_text": values["invoice_text"] or "",
    }  # fmt: skip


def _lines_of(ctx: CallContext, rows: Sequence[ImportRow]) -> dict[UUID, tuple[str, str]]:
    """Kind and currency of the lines that these rows name."""
    wanted = {row.values["contract_line"] for row in rows}
    found = (
        select(ContractLine.id, ContractLine.kind, Contract.currency)
        .join(Contract, (Contract.tenant_id == ContractLine.tenant_id) & (Contract.id == ContractLine.contract_id))
        .where(ContractLine.id.in_(wanted))
    )
    return {line_id: (kind, currency) for line_id, kind, currency in ctx.session.execute(found)}


def load_items(ctx: CallContext, rows: Sequence[ImportRow], resolver: Resolver) -> list[RowError]:
    """Items of contract lines, met by line and item."""
    lines = _lines_of(ctx, rows)
    wrong = [error for row in rows for error in _item_errors(row, *lines[row.values["contract_line"]])]
    wrong += _twice(rows, "item", "This item is on the line already.", _item_key)
    if wrong:
        return wrong
    present = ctx.session.scalars(select(ContractItem).where(ContractItem.line_id.in_(list(lines))))
    ids = _met(resolver, "contract_line_item", rows, {(one.line_id, one.item_id): one.id for one in present}, _item_key)
    upsert(ctx.session, ContractItem, [
        {"id": ids[row.external_id], "line_id": row.values["contract_line"], "item_id": row.values["item"],
         "quantity": row.values["quantity"], "unit_price": row.values["unit_price"],
         "minimum_quantity": row.values["minimum_quantity"] or 0}
        for row in rows
    ])  # fmt: skip
    return []


def _item_key(row: ImportRow) -> tuple[UUID, UUID]:
    return row.values["contract_line"], row.values["item"]


def _item_errors(row: ImportRow, kind: str, currency: str) -> Iterator[RowError]:
    values = row.values
    if values["currency"] != currency:
        yield RowError(row.line, "currency", f"The contract is in {currency}.")
    if values["quantity"] <= 0:
        yield RowError(row.line, "quantity", "Give more than zero.")
    if (values["unit_price"] or 0) < 0:
        yield RowError(row.line, "unit_price", "Give zero or more.")
    if (values["minimum_quantity"] or 0) < 0 or (values["minimum_quantity"] and kind != "usage"):
        yield RowError(row.line, "minimum_quantity", "Only usage lines have a minimum, of zero or more.")


def load_role_rates(ctx: CallContext, rows: Sequence[ImportRow], resolver: Resolver) -> list[RowError]:
    """Hourly rates by role, met by line and role."""
    lines = _lines_of(ctx, rows)
    wrong = [error for row in rows for error in _rate_errors(row, *lines[row.values["contract_line"]])]
    wrong += _twice(rows, "role", "This role has a rate on the line already.", _rate_key)
    if wrong:
        return wrong
    present = ctx.session.scalars(select(RoleRate).where(RoleRate.line_id.in_(list(lines))))
    ids = _met(resolver, "contract_line_role_rate", rows, {(one.line_id, one.role): one.id for one in present}, _rate_key)
    upsert(ctx.session, RoleRate, [
        {"id": ids[row.external_id], "line_id": row.values["contract_line"], "role": row.values["role"],
         "hourly_rate": row.values["hourly_rate"]}
        for row in rows
    ])  # fmt: skip
    return []


def _rate_key(row: ImportRow) -> tuple[UUID, str]:
    return row.values["contract_line"], row.values["role"]


def _rate_errors(row: ImportRow, kind: str, currency: str) -> Iterator[RowError]:
    if row.values["currency"] != currency:
        yield RowError(row.line, "currency", f"The contract is in {currency}.")
    if kind != "hourly":
        yield RowError(row.line, "contract_line", "Only hourly lines have rates by role.")
    if row.values["hourly_rate"] < 0:
        yield RowError(row.line, "hourly_rate", "Give zero or more.")


def load_tiers(ctx: CallContext, rows: Sequence[ImportRow], resolver: Resolver) -> list[RowError]:
    """Tiers of usage prices, met by item and first quantity; whether they leave gaps is seen when they are used."""
    items = _items_of(ctx, rows)
    wrong = [error for row in rows for error in _tier_errors(row, *items[row.values["contract_line_item"]])]
    wrong += _twice(rows, "from_quantity", "Another tier of this item begins there.", _tier_key)
    if wrong:
        return wrong
    present = ctx.session.scalars(select(UsageTier).where(UsageTier.contract_item_id.in_(list(items))))
    known = {(one.contract_item_id, one.from_quantity): one.id for one in present}
    ids = _met(resolver, "contract_line_tier", rows, known, _tier_key)
    upsert(ctx.session, UsageTier, [
        {"id": ids[row.external_id], "contract_item_id": row.values["contract_line_item"],
         "from_quantity": row.values["from_quantity"], "to_quantity": row.values["to_quantity"],
         "unit_price": row.values["unit_price"]}
        for row in rows
    ])  # fmt: skip
    return []


def _tier_key(row: ImportRow) -> tuple[UUID, Any]:
    return row.values["contract_line_item"], row.values["from_quantity"]


def _items_of(ctx: CallContext, rows: Sequence[ImportRow]) -> dict[UUID, tuple[str, str]]:
    """Kind and currency of the lines of the items that these rows name."""
    found = (
        select(ContractItem.id, ContractLine.kind, Contract.currency)
        .join(ContractLine, (ContractLine.tenant_id == ContractItem.tenant_id) & (ContractLine.id == ContractItem.line_id))
        .join(Contract, (Contract.tenant_id == ContractLine.tenant_id) & (Contract.id == ContractLine.contract_id))
        .where(ContractItem.id.in_({row.values["contract_line_item"] for row in rows}))
    )
    return {item_id: (kind, currency) for item_id, kind, currency in ctx.session.execute(found)}


def _tier_errors(row: ImportRow, kind: str, currency: str) -> Iterator[RowError]:
    values = row.values
    if kind != "usage":
        yield RowError(row.line, "contract_line_item", "Only usage lines have tiers.")
    if values["currency"] != currency:
        yield RowError(row.line, "currency", f"The contract is in {currency}.")
    if values["from_quantity"] < 0:
        yield RowError(row.line, "from_quantity", "Give zero or more.")
    if values["to_quantity"] is not None and values["to_quantity"] <= values["from_quantity"]:
        yield RowError(row.line, "to_quantity", "A tier ends after it begins.")
    if values["unit_price"] < 0:
        yield RowError(row.line, "unit_price", "Give zero or more.")


def load_usage(ctx: CallContext, rows: Sequence[ImportRow], resolver: Resolver) -> list[RowError]:
    """Usage records; what is billed already stays as it was billed."""
    lines = [row.values["contract_line"] for row in rows if row.values["contract_line"]]
    owners = usage_lines_of(ctx, lines) if lines else {}
    wrong = [RowError(row.line, "quantity", "Give a quantity other than zero.") for row in rows if not row.values["quantity"]]
    wrong += [
        RowError(row.line, "contract_line", "This is no usage line of the client's contracts.") for row in rows
        if row.values["contract_line"] and owners.get(row.values["contract_line"]) != row.values["client"]
    ]  # fmt: skip
    if wrong:
        return wrong
    ids = resolver.claim("usage_record", [row.external_id for row in rows])
    known = select(UsageEntry.id, UsageEntry.invoice_id).where(UsageEntry.id.in_(list(ids.values()))).with_for_update()
    billed = {entry_id for entry_id, invoice_id in ctx.session.execute(known) if invoice_id is not None}
    upsert(ctx.session, UsageEntry, [
        {"id": ids[row.external_id], "client_id": row.values["client"], "item_id": row.values["item"],
         "contract_line_id": row.values["contract_line"], "used_on": row.values["used_on"],
         "quantity": row.values["quantity"], "note": row.values["note"] or ""}
        for row in rows if ids[row.external_id] not in billed
    ])  # fmt: skip
    return []


def _to(name: str, kind: str, *, required: bool = False) -> Column:
    return Column(name, "reference", required=required, refers_to=kind)


_CURRENCY = Column("currency", "currency", required=True)
IMPORTERS = (
    Importer("contract", "contracts.csv", 110, (
        _to("client", "client", required=True), Column("name", required=True, max_length=255), _CURRENCY,
        Column("start_date", "date", required=True), Column("end_date", "date"), Column("billed_until", "date"),
        Column("status", "enum", required=True, choices=("draft", "active")), Column("po_number", max_length=100),
        Column("notes"),
    ), load_contracts, "Contracts"),
    Importer("contract_line", "contract_lines.csv", 120, (
        _to("contract", "contract", required=True), Column("position", "integer", required=True),
        Column("name", required=True, max_length=255), Column("line_type", "enum", required=True, choices=KINDS),
        Column("frequency", "enum", required=True, choices=CYCLES), Column("timing", "enum", required=True, choices=TIMINGS),
        Column("prorate", "boolean"), _CURRENCY, Column("amount", "money"), Column("hourly_rate", "money"),
        Column("minimum_minutes", "integer"), Column("round_up_minutes", "integer"), _to("location", "location"),
        Column("invoice_text", max_length=1000),
    ), load_lines, "Contract lines"),
    Importer("contract_line_item", "contract_line_items.csv", 130, (
        _to("contract_line", "contract_line", required=True), _to("item", "catalog_item", required=True),
        Column("quantity", "decimal", required=True), _CURRENCY, Column("unit_price", "money"),
        Column("minimum_quantity", "decimal"),
    ), load_items, "Items of contract lines"),
    Importer("contract_line_role_rate", "contract_line_role_rates.csv", 140, (
        _to("contract_line", "contract_line", required=True), Column("role", required=True, max_length=100), _CURRENCY,
        Column("hourly_rate", "money", required=True),
    ), load_role_rates, "Hourly rates by role"),
    Importer("contract_line_tier", "contract_line_tiers.csv", 150, (
        _to("contract_line_item", "contract_line_item", required=True), Column("from_quantity", "decimal", required=True),
        Column("to_quantity", "decimal"), _CURRENCY, Column("unit_price", "money", required=True),
    ), load_tiers, "Usage tiers"),
    Importer("usage_record", "usage_records.csv", 230, (
        _to("client", "client", required=True), _to("item", "catalog_item", required=True),
        _to("contract_line", "contract_line"), Column("used_on", "date", required=True),
        Column("quantity", "decimal", required=True), Column("note"),
    ), load_usage, "Usage records"),
)  # fmt: skip
