"""Lines as they are agreed, with their items, role rates, tiers and dated prices: a fixed number of queries for any number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, select

from kernel.context import CallContext
from kernel.db import among, id_array
from kernel.hookspecs.pricing import DatedPrice, price_on
from plugins.billing.buckets.terms import BucketTerms, read_terms, terms_view
from plugins.billing.bulk import plain_columns, read_rows
from plugins.billing.cycles.anchors import read_cycles
from plugins.billing.models.agreements import ScheduledPrice
from plugins.billing.models.contracts import Contract, ContractItem, ContractLine, RoleRate, UsageTier
from plugins.billing.periods import Anchoring
from plugins.billing.service_periods import CLIENT, Agreement, agreement
from plugins.billing.usage import Tier

_NONE: Mapping[Any, Any] = MappingProxyType({})
_agree = lru_cache(maxsize=4096)(agreement)  # a run has thousands of lines with the same days
_LINE_COLUMNS, _CONTRACT_COLUMNS = plain_columns(ContractLine), plain_columns(Contract)
_ITEM = (
    ContractItem.id, ContractItem.line_id, ContractItem.item_id, ContractItem.quantity, ContractItem.unit_price,
    ContractItem.minimum_quantity,
)  # fmt: skip
_SAME = (ContractLine.tenant_id == Contract.tenant_id) & (ContractLine.contract_id == Contract.id)
_IN_ORDER = (Contract.client_id, Contract.start_on, Contract.name_key, Contract.id, ContractLine.position, ContractLine.id)


class AgreedItem(NamedTuple):
    """A catalog item on a line; `unit_price` in minor units, None where the catalog's holds."""

    id: UUID
    item_id: UUID
    quantity: Decimal
    unit_price: int | None
    minimum_quantity: Decimal
    tiers: tuple[Tier, ...] = ()


class AgreedLine(NamedTuple):
    """A contract line with all that its price is made of; `prices` are dated ones, by item, None for the whole line."""

    contract: Contract
    line: ContractLine
    items: tuple[AgreedItem, ...]
    role_rates: Mapping[str, int]
    agreement: Agreement
    prices: Mapping[UUID | None, Sequence[DatedPrice]] = {}
    bucket: BucketTerms | None = None

    def scheduled(self, item_id: UUID | None, on: date) -> int | None:
        """The price by schedule that holds on a day, in minor units: of one unit of an item, or (None) of a whole period."""
        return price_on(self.prices[item_id], on) if item_id in self.prices else None

    @property
    def words(self) -> str:
        """How messages name it: the contract and the line."""
        return f"{self.contract.name} / {self.line.name}"

    @property
    def label(self) -> str:
        """How an invoice names it."""
        return self.line.invoice_text or self.line.name

    def item(self, item_id: UUID | None) -> AgreedItem | None:
        """The agreed item of a catalog item, if the line holds it."""
        return next((one for one in self.items if one.item_id == item_id), None)


def read_agreed(ctx: CallContext, wanted: ColumnElement[bool], *, plain: bool = False) -> list[AgreedLine]:
    """The contract lines that a condition on Contract or ContractLine names, in the order in which invoices show them.

    `plain` gives rows that read like the models and cannot be changed: a billing run looks at tens of thousands.
    """
    found = (_plain_rows if plain else _mapped_rows)(ctx, wanted)
    line_ids = id_array([line.id for _, line in found])
    items, rates, prices = _items(ctx, line_ids), _role_rates(ctx, line_ids), _scheduled(ctx, line_ids)
    cycles = read_cycles(ctx, {contract.client_id for contract, _ in found if contract.cadence == CLIENT})
    buckets = read_terms(ctx, [line.id for _, line in found if line.kind == "bucket"])
    return [
        AgreedLine(contract, line, tuple(items.get(line.id.int, ())), rates.get(line.id, _NONE) if rates else _NONE,
                   _agreement(contract, line, cycles.get(contract.client_id, ()) if cycles else ()),
                   prices.get(line.id, _NONE) if prices else _NONE, buckets.get(line.id) if buckets else None)
        for contract, line in found
    ]  # fmt: skip


def _mapped_rows(ctx: CallContext, wanted: ColumnElement[bool]) -> list[tuple[Contract, ContractLine]]:
    rows = ctx.session.execute(select(Contract, ContractLine).join(ContractLine, _SAME).where(wanted).order_by(*_IN_ORDER))
    return [(contract, line) for contract, line in rows]


def _plain_rows(ctx: CallContext, wanted: ColumnElement[bool]) -> list[tuple[Contract, ContractLine]]:
    asked = select(*_LINE_COLUMNS).join(Contract, _SAME)
    lines = read_rows(ctx.session, asked.where(wanted).order_by(*_IN_ORDER))
    theirs = among(Contract.id, {line.contract_id.int: line.contract_id for line in lines}.values())
    contracts = {one.id.int: one for one in read_rows(ctx.session, select(*_CONTRACT_COLUMNS).where(theirs))}
    return [(contracts[line.contract_id.int], line) for line in lines]


def _agreement(contract: Contract, line: ContractLine, anchorings: Sequence[Anchoring]) -> Agreement:
    return _agree(
        line.cycle, contract.cadence, (contract.start_on, contract.end_on), (line.start_on, line.end_on),
        contract.billed_until, tuple(anchorings),
    )  # fmt: skip


def _items(ctx: CallContext, line_ids: str) -> dict[int, list[AgreedItem]]:
    """The items by the numbers of their lines' ids: those are found ten times as fast as ids."""
    wanted = select(*_ITEM).where(among(ContractItem.line_id, line_ids))
    rows = read_rows(ctx.session, wanted.order_by(ContractItem.line_id, ContractItem.id))
    tiers = _tiers(ctx, line_ids)
    items: dict[int, list[AgreedItem]] = {}
    for item_id, line_id, *facts in rows:
        agreed = AgreedItem(item_id, *facts, tuple(tiers[item_id]) if tiers else ())
        items.setdefault(line_id.int, []).append(agreed)
    return items


def _tiers(ctx: CallContext, line_ids: str) -> defaultdict[UUID, list[Tier]]:
    theirs = select(ContractItem.id).where(among(ContractItem.line_id, line_ids))
    rows = ctx.session.scalars(
        select(UsageTier)
        .where(UsageTier.contract_item_id.in_(theirs))
        .order_by(UsageTier.contract_item_id, UsageTier.from_quantity)
    )
    tiers: defaultdict[UUID, list[Tier]] = defaultdict(list)
    for row in rows:
        tiers[row.contract_item_id].append(Tier(row.from_quantity, row.to_quantity, row.unit_price))
    return tiers


def _role_rates(ctx: CallContext, line_ids: str) -> defaultdict[UUID, dict[str, int]]:
    rates: defaultdict[UUID, dict[str, int]] = defaultdict(dict)
    for row in ctx.session.scalars(select(RoleRate).where(among(RoleRate.line_id, line_ids)).order_by(RoleRate.role)):
        rates[row.line_id][row.role] = row.hourly_rate
    return rates


def _scheduled(ctx: CallContext, line_ids: str) -> defaultdict[UUID, dict[UUID | None, list[DatedPrice]]]:
    columns = (getattr(ScheduledPrice, name) for name in ("line_id", "item_id", "amount", "start_on", "end_on"))
    prices: defaultdict[UUID, dict[UUID | None, list[DatedPrice]]] = defaultdict(dict)
    for line_id, item_id, *dated in ctx.session.execute(select(*columns).where(among(ScheduledPrice.line_id, line_ids))):
        prices[line_id].setdefault(item_id, []).append(DatedPrice(*dated))
    return prices


def item_ids_of(lines: Iterable[AgreedLine]) -> set[UUID]:
    """The catalog items that these lines name."""
    return set({item.item_id.int: item.item_id for line in lines for item in line.items}.values())


def as_view(agreed: AgreedLine) -> dict[str, Any]:
    """A line with its items, tiers and role rates, as interfaces show it."""
    row = agreed.line
    names = (
        "id", "version", "contract_id", "position", "name", "kind", "cycle", "timing", "prorate", "price", "hourly_rate",
        "minimum_minutes", "round_up_minutes", "overtime_after", "overtime_per", "overtime_rate", "overtime_factor",
        "location_id", "start_on", "end_on", "invoice_text",
    )  # fmt: skip
    return {name: getattr(row, name) for name in names} | {
        "items": [_item_view(item) for item in agreed.items],
        "role_rates": [{"role": role, "hourly_rate": rate} for role, rate in agreed.role_rates.items()],
        "bucket": terms_view(agreed.bucket),
    }


def _item_view(item: AgreedItem) -> dict[str, Any]:
    return {
        "id": item.id, "item_id": item.item_id, "quantity": item.quantity, "unit_price": item.unit_price,
        "minimum_quantity": item.minimum_quantity,
        "tiers": [
            {"from_quantity": tier.start, "to_quantity": tier.end, "unit_price": tier.unit_price} for tier in item.tiers
        ],
    }  # fmt: skip
