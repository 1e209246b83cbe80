"""What stands on invoices already: billing's memory of what was billed, once only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from kernel.context import CallContext
from kernel.db import among
from plugins.billing.bulk import read_rows
from plugins.billing.models import Invoice, InvoiceLine, Source
from plugins.billing.models.contracts import Contract, ContractLine
from plugins.billing.service_periods import period_of

CONTRACT_LINE = "billing.contract_line"

BilledKeys = Mapping[UUID, frozenset[str]]


def read_billed(ctx: CallContext, asked: Mapping[str, Iterable[UUID]]) -> dict[str, dict[int, frozenset[str]]]:
    """Which of these things stand on invoices, drafts too: period keys by source kind and id (its number, which is found ten
    times as fast). One query, which gives each thing one row, however long it has been billed.
    """
    wanted = [and_(Source.source_kind == kind, among(Source.source_id, ids)) for kind, ids in sorted(asked.items()) if ids]
    if not wanted:
        return {}
    keys = func.string_agg(Source.period_key, " ")
    found = select(Source.source_kind, Source.source_id, keys).where(Source.live, or_(*wanted))
    billed: defaultdict[str, dict[int, frozenset[str]]] = defaultdict(dict)
    for kind, source_id, listed in read_rows(ctx.session, found.group_by(Source.source_kind, Source.source_id)):
        billed[kind][source_id.int] = _keys(listed)
    return billed


@lru_cache(maxsize=16384)
def _keys(listed: str) -> frozenset[str]:
    """Lines that are billed alike share their keys, so that what is due of them is found once."""
    return frozenset(listed.split(" "))


def billed_periods(ctx: CallContext, line_ids: Sequence[UUID]) -> BilledKeys:
    """The keys of the periods of these contract lines that stand on invoices, drafts too."""
    return {UUID(int=one): keys for one, keys in read_billed(ctx, {CONTRACT_LINE: line_ids}).get(CONTRACT_LINE, {}).items()}


def last_billed_day(billed: BilledKeys) -> date | None:
    """The last day of the latest period among these."""
    return max((_last_day(key) for keys in billed.values() for key in keys), default=None)


def ever_billed(ctx: CallContext, line_ids: Sequence[UUID]) -> bool:
    """True if a line of any invoice, void ones too, came from one of these contract lines, or a period of it was closed."""
    return bool(billed_line_ids(ctx, ContractLine.id.in_(line_ids)))


def billed_line_ids(ctx: CallContext, wanted: ColumnElement[bool]) -> dict[UUID, UUID]:
    """The contract of each line that a condition on ContractLine names and that was ever billed.

    It is looked for on the invoices of the contract's client, which are found at once: lines have no index by contract line,
    since that would cost each run more than it spares here.
    """
    on_contract = (Contract.tenant_id == ContractLine.tenant_id) & (Contract.id == ContractLine.contract_id)
    on_invoice = (Invoice.tenant_id == Contract.tenant_id) & (Invoice.client_id == Contract.client_id)
    billed = exists().where(on_contract, on_invoice, InvoiceLine.tenant_id == Invoice.tenant_id,
                            InvoiceLine.invoice_id == Invoice.id, InvoiceLine.contract_line_id == ContractLine.id)  # fmt: skip
    closed = exists().where(Source.tenant_id == ContractLine.tenant_id, Source.source_id == ContractLine.id, Source.live,
                            Source.source_kind == CONTRACT_LINE)  # fmt: skip
    found = select(ContractLine.id, ContractLine.contract_id).where(wanted, billed | closed)
    return dict(ctx.session.execute(found).all())


def _last_day(key: str) -> date:
    return period_of(key).last_day
