"""Lists of contracts and of usage, and what contracts come to in a month."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, literal, select

from kernel.api.listing import Page, paginate
from kernel.context import CallContext
from kernel.db import fetch_rows
from kernel.directory.models import Client
from kernel.hookspecs.pricing import ClientPrices, ItemFacts, price_on
from kernel.money import Rounding, multiply, round_ratio
from plugins.billing.agreements.monthly import A_MONTH, monthly_discounts
from plugins.billing.contracts.agreed import AgreedItem, AgreedLine, as_view, item_ids_of, read_agreed
from plugins.billing.models.contracts import Contract, ContractLine, UsageEntry
from plugins.billing.pricing import Price, choose_price

_SORTABLE: Mapping[str, Any] = {"name": Contract.name_key, "start_on": Contract.start_on, "updated_at": Contract.updated_at}
_USAGE_SORTABLE: Mapping[str, Any] = {"used_on": UsageEntry.used_on, "updated_at": UsageEntry.updated_at}


def _state(today: date) -> ColumnElement[str]:
    on = literal(today)
    return case(
        (Contract.status == "draft", "draft"), (Contract.end_on < on, "ended"), (Contract.start_on > on, "upcoming"),
        else_="active",
    )  # fmt: skip


def state_of(contract: Contract, today: date) -> str:
    """What a contract is on a day: draft, upcoming, active or ended."""
    if contract.status == "draft":
        return "draft"
    if contract.end_on is not None and contract.end_on < today:
        return "ended"
    return "upcoming" if contract.start_on > today else "active"


def list_contracts(ctx: CallContext, query: Mapping[str, Any], text: str = "") -> Page:
    """One page of contracts with their clients' names; `text` narrows by the name of either."""
    rows: Any = select(
        Contract.id, Contract.name, Contract.client_id, Client.name.label("client_name"), Contract.currency,
        Contract.start_on, Contract.end_on, Contract.status, _state(ctx.today()).label("state"), Contract.po_number,
        Contract.updated_at,
    ).join(Client, (Client.tenant_id == Contract.tenant_id) & (Client.id == Contract.client_id))  # fmt: skip
    if wanted := text.strip().lower():
        rows = rows.where((func.strpos(Contract.name_key, wanted) > 0) | (func.strpos(Client.name_key, wanted) > 0))
    page = paginate(ctx, rows, query, sortable=_SORTABLE, default="name")
    values = monthly_values(ctx, [row["id"] for row in page.items])
    return Page([{**row, "monthly_value": values.get(row["id"])} for row in page.items], page.next_cursor)


def monthly_values(ctx: CallContext, contract_ids: Sequence[UUID]) -> dict[UUID, int]:
    """What the fixed, product, license and bucket lines of contracts come to in a month, less the discounts that hold today, in
    minor units of each one's currency.

    Contracts with a line that has no price in their currency, or with no such line, are absent.
    """
    lines = read_agreed(ctx, Contract.id.in_(contract_ids)) if contract_ids else []
    if not lines:
        return {}
    ids, clients = sorted(item_ids_of(lines)), sorted({one.contract.client_id for one in lines})
    items = ctx.hooks.get_items(ctx=ctx, item_ids=ids)
    promised = ctx.hooks.get_client_prices(ctx=ctx, client_ids=clients, item_ids=ids)
    by_contract: defaultdict[UUID, list[tuple[AgreedLine, int | None]]] = defaultdict(list)
    for agreed in lines:
        if agreed.line.kind in ("fixed", "product", "license", "bucket") and not _over(agreed, ctx.today()):
            by_contract[agreed.contract.id].append((agreed, monthly_value(agreed, items, promised, ctx.today())))
    priced = {key: [(one, value) for one, value in found if value is not None] for key, found in by_contract.items()}
    whole = {key: found for key, found in priced.items() if len(found) == len(by_contract[key])}
    off = monthly_discounts(ctx, [one for found in whole.values() for one in found])
    return {key: sum(value for _, value in found) - off.get(key, 0) for key, found in whole.items()}


def _over(agreed: AgreedLine, today: date) -> bool:
    return agreed.line.end_on is not None and agreed.line.end_on < today


def monthly_value(agreed: AgreedLine, items: Mapping[UUID, ItemFacts], promised: ClientPrices, on: date) -> int | None:
    """What a recurring line comes to in a month at the prices of a day, in minor units; None if a price is missing."""
    scheduled = agreed.scheduled(None, on)
    whole = agreed.line.price if scheduled is None else scheduled
    if whole is None:
        prices = [_price(agreed, one, items.get(one.item_id), promised, on) for one in agreed.items]
        if None in prices:
            return None
        whole = sum(multiply(price or 0, one.quantity, Rounding.HALF_UP) for price, one in zip(prices, agreed.items, strict=True))
    top, bottom = A_MONTH[agreed.line.cycle]
    return round_ratio(whole * top, bottom, Rounding.HALF_UP)


def _price(agreed: AgreedLine, one: AgreedItem, facts: ItemFacts | None, promised: ClientPrices, on: date) -> Price | None:
    client_id, currency = agreed.contract.client_id, agreed.contract.currency
    own = price_on(promised.get((client_id, one.item_id, currency), ()), on)
    listed = facts.list_price(currency, on) if facts else None
    return choose_price(own, one.unit_price, listed, agreed.scheduled(one.item_id, on))[0]


def contract_view(ctx: CallContext, contract: Contract) -> dict[str, Any]:
    """A contract with its lines, as interfaces show it."""
    names = ("id", "version", "client_id", "name", "currency", "start_on", "end_on", "billed_until", "status", "cadence",
             "po_number", "po_required", "po_amount", "po_policy", "renewal_mode",
             "renewal_months", "notice_days", "notes", "created_at", "updated_at")  # fmt: skip
    lines = [as_view(one) for one in read_agreed(ctx, Contract.id == contract.id)]
    return {name: getattr(contract, name) for name in names} | {"state": state_of(contract, ctx.today()), "lines": lines}


def find_lines(ctx: CallContext, text: str, client_id: UUID | None, kind: str | None, limit: int) -> list[dict[str, Any]]:
    """Lines of contracts for pickers, by the words of line or contract."""
    wanted = text.strip().lower()
    rows = (
        select(ContractLine.id, ContractLine.name, ContractLine.kind, Contract.name.label("contract_name"),
               Client.name.label("client_name"))
        .join(Contract, (Contract.tenant_id == ContractLine.tenant_id) & (Contract.id == ContractLine.contract_id))
        .join(Client, (Client.tenant_id == Contract.tenant_id) & (Client.id == Contract.client_id))
        .order_by(Client.name_key, Contract.name_key, ContractLine.position, ContractLine.id)
        .limit(limit)
    )  # fmt: skip
    if client_id:
        rows = rows.where(Contract.client_id == client_id)
    if kind:
        rows = rows.where(ContractLine.kind == kind)
    if wanted:
        places = (Client.name_key, Contract.name_key, func.lower(ContractLine.name))
        rows = rows.where(func.strpos(func.concat_ws(" ", *places), wanted) > 0)
    return fetch_rows(ctx.session, rows)


def find_contracts(ctx: CallContext, text: str, limit: int) -> list[dict[str, Any]]:
    """Contracts whose name holds the text."""
    rows = (
        select(Contract.id, Contract.name, Client.name.label("client_name"))
        .join(Client, (Client.tenant_id == Contract.tenant_id) & (Client.id == Contract.client_id))
        .where(func.strpos(Contract.name_key, text.strip().lower()) > 0)
        .order_by(Contract.name_key, Contract.id)
        .limit(limit)
    )
    return fetch_rows(ctx.session, rows)


def list_usage(ctx: CallContext, query: Mapping[str, Any]) -> Page:
    """One page of usage records, the latest first."""
    rows: Any = select(
        UsageEntry.id, UsageEntry.client_id, Client.name.label("client_name"), UsageEntry.item_id,
        UsageEntry.contract_line_id, UsageEntry.used_on, UsageEntry.quantity, UsageEntry.note,
        UsageEntry.invoice_id.is_not(None).label("billed"), UsageEntry.invoice_id, UsageEntry.updated_at,
    ).join(Client, (Client.tenant_id == UsageEntry.tenant_id) & (Client.id == UsageEntry.client_id))  # fmt: skip
    return paginate(ctx, rows, query, sortable=_USAGE_SORTABLE, default="-used_on")
