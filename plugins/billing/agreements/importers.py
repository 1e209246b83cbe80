"""Orders and renewals of contracts, dated prices and discounts from files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from kernel.context import CallContext
from kernel.db import among, upsert
from kernel.hookspecs.transfer import Column, Importer, ImportRow, Resolver, RowError
from plugins.billing.agreements.price_schedules import misfit
from plugins.billing.contracts.agreed import AgreedLine, read_agreed
from plugins.billing.contracts.checks import check_terms
from plugins.billing.contracts.schemas import PO_POLICIES, RENEWALS
from plugins.billing.contracts.turns import begin_change
from plugins.billing.due.values import GOODS
from plugins.billing.models.agreements import ContractDiscount, ScheduledPrice
from plugins.billing.models.contracts import Contract, ContractLine

_TERMS = ("po_number", "po_amount", "renewal_mode", "renewal_months", "end_on")
_COLUMNS = ("po_required", "po_amount", "po_policy", "renewal_mode", "renewal_months", "notice_days")
_IN_FILE = {"end_on": "end_date"}
Span = tuple[date, date | None]


def load_terms(ctx: CallContext, every: Sequence[ImportRow], resolver: Resolver) -> list[RowError]:
    """Orders and renewals beside the contracts' own columns; an empty cell leaves what is there."""
    rows = [row for row in every if any(row.values[name] is not None for name in _COLUMNS)]
    ids = resolver.resolve("contract", [row.external_id for row in rows])
    begin_change(ctx)
    contracts = {one.id: one for one in ctx.session.scalars(select(Contract).where(among(Contract.id, ids.values())))}
    wrong: list[RowError] = []
    for row in rows:
        contract = contracts[ids[row.external_id]]
        given = {name: row.values[name] for name in _COLUMNS if row.values[name] is not None}
        terms = {name: getattr(contract, name) for name in _TERMS} | given
        problems = check_terms({name: terms[name] for name in _TERMS}) | _out_of_range(given)
        wrong += [RowError(row.line, _IN_FILE.get(field, field), words) for field, words in problems.items()]
        if not problems:
            for name, value in given.items():
                setattr(contract, name, value)
    return wrong


def _out_of_range(given: Mapping[str, Any]) -> dict[str, str]:
    bounds = {"renewal_months": (1, 120), "notice_days": (0, 3650), "po_amount": (0, 10**15)}
    return {name: f"Give {low} to {high}." for name, (low, high) in bounds.items() if not low <= given.get(name, low) <= high}


def load_prices(ctx: CallContext, rows: Sequence[ImportRow], resolver: Resolver) -> list[RowError]:
    """Dated prices of contract lines; no two of one thing hold on one day, those that are there among them."""
    lines = _lines(ctx, {row.values["contract_line"] for row in rows})
    ids = resolver.claim("contract_scheduled_price", [row.external_id for row in rows])
    begin_change(ctx)
    wrong = [error for row in rows for error in _price_errors(row, lines[row.values["contract_line"]])]
    wrong += _overlaps(ctx, rows, ids)
    if not wrong:
        upsert(ctx.session, ScheduledPrice, [
            {"id": ids[row.external_id], "line_id": row.values["contract_line"], "item_id": row.values["item"],
             "amount": row.values["price"], "start_on": row.values["start_date"], "end_on": row.values["end_date"],
             "note": row.values["note"] or ""}
            for row in rows
        ])  # fmt: skip
    return wrong


def _lines(ctx: CallContext, ids: Iterable[UUID]) -> dict[UUID, AgreedLine]:
    return {one.line.id: one for one in read_agreed(ctx, among(ContractLine.id, ids), plain=True)}


def _price_errors(row: ImportRow, agreed: AgreedLine) -> Iterator[RowError]:
    values = row.values
    yield from _day_errors(row)
    if values["currency"] != agreed.contract.currency:
        yield RowError(row.line, "currency", f"The contract is in {agreed.contract.currency}.")
    if values["price"] < 0:
        yield RowError(row.line, "price", "Give zero or more.")
    if found := misfit(agreed, values["item"]):
        yield RowError(row.line, "item" if found[0] == "item_id" else "contract_line", found[1])


def _day_errors(row: ImportRow) -> Iterator[RowError]:
    if row.values["end_date"] and row.values["end_date"] < row.values["start_date"]:
        yield RowError(row.line, "end_date", "The last day is before the first.")


def _overlaps(ctx: CallContext, rows: Sequence[ImportRow], ids: Mapping[str, UUID]) -> Iterator[RowError]:
    held: defaultdict[tuple[UUID, UUID | None], list[Span]] = defaultdict(list)
    line_ids = [row.values["contract_line"] for row in rows]
    mine = set(ids.values())
    for one in ctx.session.scalars(select(ScheduledPrice).where(among(ScheduledPrice.line_id, line_ids))):
        if one.id not in mine:
            held[one.line_id, one.item_id].append((one.start_on, one.end_on))
    for row in rows:
        span = (row.values["start_date"], row.values["end_date"])
        spans = held[row.values["contract_line"], row.values["item"]]
        if any(_meet(span, other) for other in spans):
            yield RowError(row.line, "start_date", "Another price of this line holds on one of these days.")
        spans.append(span)


def _meet(one: Span, other: Span) -> bool:
    return one[0] <= (other[1] or date.max) and other[0] <= (one[1] or date.max)


def load_discounts(ctx: CallContext, rows: Sequence[ImportRow], resolver: Resolver) -> list[RowError]:
    """Discounts of contracts or of single lines."""
    wanted = {row.values["contract"] for row in rows}
    currencies = dict(ctx.session.execute(select(Contract.id, Contract.currency).where(among(Contract.id, wanted))).all())
    lines = _lines(ctx, {row.values["contract_line"] for row in rows if row.values["contract_line"]})
    begin_change(ctx)
    wrong = [error for row in rows for error in _discount_errors(row, currencies[row.values["contract"]], lines)]
    if wrong:
        return wrong
    ids = resolver.claim("contract_discount", [row.external_id for row in rows])
    upsert(ctx.session, ContractDiscount, [
        {"id": ids[row.external_id], "contract_id": row.values["contract"], "line_id": row.values["contract_line"],
         "description": row.values["description"], "percent": row.values["percentage"], "fixed": row.values["amount"],
         "start_on": row.values["start_date"], "end_on": row.values["end_date"]}
        for row in rows
    ])  # fmt: skip
    return []


def _discount_errors(row: ImportRow, currency: str, lines: Mapping[UUID, AgreedLine]) -> Iterator[RowError]:
    values, agreed = row.values, lines.get(row.values["contract_line"])
    yield from _day_errors(row)
    if values["currency"] != currency:
        yield RowError(row.line, "currency", f"The contract is in {currency}.")
    if (values["percentage"] is None) == (values["amount"] is None):
        yield RowError(row.line, "percentage", "Give a percentage or an amount, one of them.")
    if values["percentage"] is not None and not 0 <= values["percentage"] <= 100:
        yield RowError(row.line, "percentage", "A percentage is from 0 to 100.")
    if (values["amount"] or 0) < 0:
        yield RowError(row.line, "amount", "Give zero or more.")
    if agreed and agreed.contract.id != values["contract"]:
        yield RowError(row.line, "contract_line", "This line is on another contract.")
    if agreed and agreed.line.kind in GOODS:
        yield RowError(row.line, "contract_line", "Products and licenses have no discount.")


def _to(name: str, kind: str, *, required: bool = False) -> Column:
    return Column(name, "reference", required=required, refers_to=kind)


_DATES = (Column("start_date", "date", required=True), Column("end_date", "date"))
IMPORTERS = (
    Importer("contract_terms", "contracts.csv", 111, (
        Column("currency", "currency", required=True), Column("po_required", "boolean"), Column("po_amount", "money"),
        Column("po_policy", "enum", choices=PO_POLICIES), Column("renewal_mode", "enum", choices=RENEWALS),
        Column("renewal_months", "integer"), Column("notice_days", "integer"),
    ), load_terms, "Orders and renewals of contracts"),
    Importer("contract_scheduled_price", "contract_scheduled_prices.csv", 155, (
        _to("contract_line", "contract_line", required=True), _to("item", "catalog_item"),
        Column("currency", "currency", required=True), Column("price", "money", required=True), *_DATES,
        Column("note", max_length=500),
    ), load_prices, "Prices of contract lines by date"),
    Importer("contract_discount", "contract_discounts.csv", 156, (
        _to("contract", "contract", required=True), _to("contract_line", "contract_line"),
        Column("description", required=True, max_length=255), Column("currency", "currency", required=True),
        Column("percentage", "decimal"), Column("amount", "money"), *_DATES,
    ), load_discounts, "Discounts of contracts"),
)  # fmt: skip
