"""What is due: everything that the clients owe up to a day and that no invoice bills yet, priced and explained."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import chain
from uuid import UUID

from sqlalchemy import select

from kernel.context import CallContext
from kernel.db import among
from kernel.directory.models import Client, Location
from kernel.hookspecs.charging import Charge, ChargeWindow
from plugins.billing.agreements.orders import numbers_missing
from plugins.billing.agreements.taking import take_discounts
from plugins.billing.bounds import find_crowded
from plugins.billing.buckets.pools import read_pools, read_used
from plugins.billing.bulk import plain_columns, read_rows
from plugins.billing.contracts.agreed import AgreedLine, item_ids_of, read_agreed
from plugins.billing.contracts.billed import CONTRACT_LINE, read_billed
from plugins.billing.due.book import Book
from plugins.billing.due.buckets import find_buckets
from plugins.billing.due.charged import find_charged, owed_before
from plugins.billing.due.days_back import find_days_back
from plugins.billing.due.fees_back import find_fees_back
from plugins.billing.due.late import find_late_fees
from plugins.billing.due.overtime import read_worked
from plugins.billing.due.recurring import find_recurring
from plugins.billing.due.used import find_used
from plugins.billing.due.values import USAGE, Due, DueInvoice, DueLine, Findings, Source
from plugins.billing.models.contracts import Contract, UsageEntry
from plugins.billing.settings import billing_settings

__all__ = ["Due", "DueInvoice", "DueLine", "Source", "collect_due", "unbilled_usage"]

_USAGE = plain_columns(UsageEntry)


def collect_due(ctx: CallContext, window: ChargeWindow, client_ids: Sequence[UUID], most_on_a_day: int = 0) -> Due:
    """What these clients owe before `window.end`, one invoice for each client, currency and PO number.

    Recurring lines owe in advance the periods that begin before the window's end, in arrears those that end by then,
    both from the contract's first day (or the day after `billed_until`) on; whatever is older and unbilled is owed too.
    Rooms add their charges. A client for whom something has no price is a problem, and none of it is among the invoices;
    so is one with more than `most_on_a_day` charges and usage records of one day (0: any number).
    A fixed number of queries serves any number of clients, and the answer is the same each time it is asked.
    """
    currencies = _currencies(ctx, client_ids)
    lines = read_agreed(ctx, among(Contract.client_id, currencies) & (Contract.status == "active"), plain=True)
    usage = unbilled_usage(ctx, window, list(currencies))
    answers = ctx.hooks.collect_charges(ctx=ctx, window=window, clients=list(currencies))
    offered = list(chain.from_iterable(answers))
    billed = _billed(ctx, lines, offered, usage)
    charges = owed_before(offered, currencies, window.end, billed)
    used = {one.item_id.int: one.item_id for one in usage}.values()
    wanted = item_ids_of(lines) | set(used) | {one.item_id for one in charges if one.item_id}
    items = ctx.hooks.get_items(ctx=ctx, item_ids=sorted(wanted))
    promised = ctx.hooks.get_client_prices(ctx=ctx, client_ids=list(currencies), item_ids=sorted(wanted))
    mode = billing_settings(ctx)["rounding_mode"]
    facts = {item_id.int: one for item_id, one in items.items()}
    book = Book(window, mode, currencies, lines, facts, billed.get(CONTRACT_LINE, {}), _places(ctx, charges), promised,
                read_worked(ctx, lines, charges))  # fmt: skip
    findings = Findings()
    dated = chain(((one.client_id, one.on_date) for one in charges), ((one.client_id, one.used_on) for one in usage))
    findings.refuse_all(find_crowded(dated, most_on_a_day, window))
    find_recurring(book, findings)
    pools = read_pools(ctx, lines)
    done = billed.get(USAGE, {})
    records = [one for one in usage if one.id.int not in done]
    charges, records = find_buckets(book, pools, read_used(ctx, pools), charges, records, findings)
    find_used(book, records, findings)
    find_charged(book, charges, findings)
    find_days_back(ctx, book, findings)
    find_late_fees(ctx, book, findings)
    find_fees_back(ctx, book, findings)
    findings.refuse_all(numbers_missing(lines, findings.lines))
    return take_discounts(ctx, lines, findings.due())


def _currencies(ctx: CallContext, client_ids: Sequence[UUID]) -> dict[UUID, str]:
    found = select(Client.id, Client.currency).where(among(Client.id, client_ids)).order_by(Client.id)
    return dict(ctx.session.execute(found).all())


def _places(ctx: CallContext, charges: Sequence[Charge]) -> dict[UUID, str]:
    wanted = {one.location_id for one in charges if one.location_id}
    return dict(ctx.session.execute(select(Location.id, Location.name).where(among(Location.id, sorted(wanted)))).all())


def unbilled_usage(ctx: CallContext, window: ChargeWindow, client_ids: Sequence[UUID]) -> list[UsageEntry]:
    """What clients used before the window's end and no invoice bills yet, oldest first."""
    found = (
        select(*_USAGE)
        .where(among(UsageEntry.client_id, client_ids), UsageEntry.used_on < window.end, UsageEntry.invoice_id.is_(None))
        .order_by(UsageEntry.client_id, UsageEntry.used_on, UsageEntry.id)
    )
    return read_rows(ctx.session, found)


def _billed(
    ctx: CallContext, lines: Sequence[AgreedLine], charges: Sequence[Charge], usage: Sequence[UsageEntry]
) -> dict[str, dict[int, frozenset[str]]]:
    """Which of these things stand on invoices: period keys by source kind and id."""
    asked: defaultdict[str, list[UUID]] = defaultdict(list)
    asked[CONTRACT_LINE] = [one.line.id for one in lines]
    asked[USAGE] = [one.id for one in usage]
    for charge in charges:
        asked[charge.source_kind].append(charge.source_id)
    return read_billed(ctx, asked)
