"""Writes random deals to the database, asks the engine what is owed, and holds it against the slow reference."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

from kernel.context import CallContext
from kernel.db import TenantTable
from kernel.directory.models import Client, User
from kernel.hookspecs.charging import ChargeWindow
from kernel.ids import uuid7
from kernel.money import Rounding
from kernel.tenancy import change_settings
from plugins.billing.assembly import Line, apply_discounts
from plugins.billing.bulk import insert_rows
from plugins.billing.drafts import DraftDiscount
from plugins.billing.due import Due, DueInvoice, collect_due
from plugins.billing.models import Invoice, InvoiceLine, Source
from plugins.billing.models.agreements import ContractDiscount, ScheduledPrice
from plugins.billing.models.buckets import Bucket, BucketMember, ClientCycle, DayOff, WorkingHours, WorkingSpan
from plugins.billing.models.contracts import Contract, ContractItem, ContractLine, RoleRate, UsageEntry, UsageTier
from plugins.catalog.models import ClientPrice, Item, Price
from plugins.timesheets.models import TimeEntry
from tests.plugins.billing.reference.deals import FIRST, Deal, random_deal, random_market
from tests.plugins.billing.reference.discounts import Gone, taken_off
from tests.plugins.billing.reference.reckoner import reckon
from tests.plugins.billing.reference.terms import Answer, Owed

_ORDER = (
    Client, User, Item, Price, WorkingHours, WorkingSpan, DayOff, ClientPrice, ClientCycle, Contract, ContractLine, ContractItem,
    UsageTier, RoleRate, ScheduledPrice, ContractDiscount, Bucket, BucketMember, TimeEntry, UsageEntry,
)  # fmt: skip


_LINE = (
    "id", "invoice_id", "position", "kind", "description", "quantity", "unit", "net", "discount", "tax", "total", "tax_parts",
    "contract_line_id", "trace", "period_start", "period_end",
)  # fmt: skip
_SOURCE = ("id", "source_kind", "source_id", "period_key", "invoice_id", "line_id", "amount")
_BY_PERIOD = ("fixed", "product", "license", "bucket")


def compare(ctx: CallContext, clients: int, seed: int, *, again: bool = True) -> Counter[str]:
    """Make deals of so many clients in this tenant and compare them all; then (`again`) bill them, and compare what is due
    later on. Raises AssertionError with the first that differs.

    Returns how many contracts, lines of bills and clients that cannot be billed there were, all alike.
    """
    dice = Random(seed)
    market = random_market(dice)
    deals = [random_deal(dice, market, number) for number in range(clients)]
    written = Written(ctx, market, deals)
    due = collect_due(ctx, ChargeWindow(FIRST, market["until"]), list(written.clients))
    answers = {client_id: reckon(market, deal) for client_id, deal in written.clients.items()}
    seen = _compare_all(written, market, answers, seed, due)
    if again:
        written.bill(ctx, due.invoices)
        later = {**market, "until": market["until"] + timedelta(dice.randrange(1, 100))}
        _compare_rest(ctx, written, answers, later, seed)
        seen["contracts once more after they were billed"] += seen["contracts"]
    return seen


def _compare_all(written: Written, market: Deal, answers: dict[UUID, Answer], seed: int, due: Due) -> Counter[str]:
    bills = _by_client(due)
    seen = Counter[str]()
    for client_id, deal in written.clients.items():
        wanted = answers[client_id]
        got = None if client_id in due.problems else written.read(bills[client_id])
        words = f"{deal['name']} of seed {seed}, before {market['until']}, {market['mode']}:\n{deal}\n"
        assert (got is None) == (wanted.owed is None), f"{words}engine    {due.problems.get(client_id)}\nreference {wanted}"
        if got is not None and wanted.owed is not None:
            differ = f"only engine    {_less(got, wanted.owed)}\nonly reference {_less(wanted.owed, got)}"
            assert got == wanted.owed, words + differ
            assert written.sources(bills[client_id]) == (wanted.entries, wanted.usage), f"{words}other sources"
            seen["lines with discounts"] += written.compare_discounts(bills[client_id], market, deal, words)
        seen["contracts"] += len(deal["contracts"])
        seen["lines"] += len(wanted.owed or ())
        seen["clients not to be billed"] += wanted.owed is None
    return seen


def _by_client(due: Due) -> dict[UUID, list[DueInvoice]]:
    bills: defaultdict[UUID, list[DueInvoice]] = defaultdict(list)
    for invoice in due.invoices:
        bills[invoice.client_id].append(invoice)
    return bills


def _compare_rest(ctx: CallContext, written: Written, answers: dict[UUID, Answer], later: Deal, seed: int) -> None:
    """Later on, what comes by periods is what the whole would be, less what was billed."""
    due = collect_due(ctx, ChargeWindow(FIRST, later["until"]), list(written.clients))
    bills = _by_client(due)
    for client_id, deal in written.clients.items():
        first = answers[client_id].owed
        whole = None if client_id in due.problems or first is None else reckon(later, deal).owed
        if first is None or whole is None:
            continue
        late = {one["line"] for one in deal["entries"] if one["on"] >= written.market["until"]}
        got = [one for one in written.read(bills[client_id]) if _by_period(one, late)]
        wanted = [one for one in _less(whole, first) if _by_period(one, late)]
        words = f"{deal['name']} of seed {seed}, before {later['until']}, billed before {written.market['until']}:\n{deal}\n"
        assert got == wanted, f"{words}only engine    {_less(got, wanted)}\nonly reference {_less(wanted, got)}"
        written.compare_discounts(bills[client_id], later, deal, words)


def _by_period(one: Owed, late: set[int | None]) -> bool:
    """False for what is billed by itself when work is booked on a bucket whose last period is billed already."""
    return one.kind in _BY_PERIOD and not (one.kind == "bucket" and one.line in late)


def _less(some: list[Owed], others: list[Owed]) -> list[Owed]:
    return sorted((Counter(some) - Counter(others)).elements(), key=str)


class Written:
    """Deals as rows, and the way back from what the engine says to the names of the deals."""

    def __init__(self, ctx: CallContext, market: Deal, deals: list[Deal]) -> None:
        change_settings(ctx, "billing", {"rounding_mode": market["mode"]})
        self.market = market
        self.items: dict[str, UUID] = {one["key"]: uuid7() for one in market["items"]}
        self.people: dict[str, UUID] = {one["key"]: uuid7() for one in market["people"]}
        self.hours = uuid7()
        self.clients = {uuid7(): deal for deal in deals}
        self.names: dict[UUID, Any] = {item_id: key for key, item_id in self.items.items()}
        self.entries: dict[UUID, int] = {}
        self.usage: dict[UUID, int] = {}
        self.gone: dict[str, Gone] = defaultdict(set)
        rows = [*self._market(), *(row for client_id, deal in self.clients.items() for row in self._deal(client_id, deal))]
        for kind in _ORDER:
            ctx.session.add_all(row for row in rows if type(row) is kind)
            ctx.session.flush()

    def _market(self) -> Iterator[TenantTable]:
        for one in self.market["items"]:
            yield Item(id=self.items[one["key"]], name=one["key"], kind="service", unit="each", billing_method="per_unit")
            for code, prices in one["prices"].items():
                for start, amount in prices:
                    yield Price(item_id=self.items[one["key"]], currency=code, start_on=start, amount=amount)
        for one in self.market["people"]:
            yield User(id=self.people[one["key"]], name=one["key"], email=f"{one['key'].lower()}@reference.example",
                       billing_role=one["role"])  # fmt: skip
        hours = self.market["hours"]
        yield WorkingHours(id=self.hours, name="Office", time_zone=hours["zone"])
        for day, begins, ends in hours["spans"]:
            yield WorkingSpan(hours_id=self.hours, weekday=day, begins=begins, ends=ends)
        for day in set(hours["off"]):
            yield DayOff(hours_id=self.hours, day=day)

    def _deal(self, client_id: UUID, deal: Deal) -> Iterator[TenantTable]:
        yield Client(id=client_id, name=deal["name"], currency=deal["currency"])
        for rule in deal["cycles"]:
            yield ClientCycle(client_id=client_id, starts_on=rule["starts"], cycle=rule["cycle"], weekday=rule["weekday"],
                              month=rule["month"], day=rule["day"], reference_on=rule["reference"])  # fmt: skip
        for item, prices in deal["promised"].items():
            for start, end, amount in prices:
                yield ClientPrice(client_id=client_id, item_id=self.items[item], currency=deal["currency"], amount=amount,
                                  start_on=start, end_on=end)  # fmt: skip
        lines: dict[int, UUID] = {}
        for contract in deal["contracts"]:
            yield from self._contract(client_id, contract, lines)
        yield from self._activity(client_id, deal, lines)

    def _contract(self, client_id: UUID, contract: Deal, lines: dict[int, UUID]) -> Iterator[TenantTable]:
        contract_id = uuid7()
        yield Contract(id=contract_id, client_id=client_id, name=contract["name"], currency=contract["currency"],
                       start_on=contract["start"], end_on=contract["end"], billed_until=contract["billed_until"],
                       status="active", cadence=contract["cadence"])  # fmt: skip
        for position, line in enumerate(contract["lines"], 1):
            lines[line["key"]] = line_id = uuid7()
            self.names[line_id] = line["key"]
            overtime = line["overtime"] or {"after": None, "per": "day", "rate": None, "factor": 1}
            yield ContractLine(
                id=line_id, contract_id=contract_id, position=position, name=f"Line {line['key']}", kind=line["kind"],
                cycle=line["cycle"], timing=line["timing"], prorate=line["prorate"], price=line["price"],
                hourly_rate=line["hourly_rate"], minimum_minutes=line["minimum"], round_up_minutes=line["round_up"],
                start_on=line["start"], end_on=line["end"], overtime_after=overtime["after"], overtime_per=overtime["per"],
                overtime_rate=overtime["rate"], overtime_factor=overtime["factor"],
            )  # fmt: skip
            yield from self._parts(line_id, line)
        for one in contract["discounts"]:
            yield ContractDiscount(id=uuid7(), contract_id=contract_id, line_id=lines.get(one["line"]), description="Loyalty",
                                   percent=one["percent"], fixed=one["fixed"], start_on=one["start"],
                                   end_on=one["end"])  # fmt: skip

    def _parts(self, line_id: UUID, line: Deal) -> Iterator[TenantTable]:
        for one in line["items"]:
            row_id = uuid7()
            yield ContractItem(id=row_id, line_id=line_id, item_id=self.items[one["item"]], quantity=one["quantity"],
                               unit_price=one["price"], minimum_quantity=one["minimum"])  # fmt: skip
            for start, end, price in one["tiers"]:
                yield UsageTier(contract_item_id=row_id, from_quantity=start, to_quantity=end, unit_price=price)
        for role, rate in line["role_rates"].items():
            yield RoleRate(line_id=line_id, role=role, hourly_rate=rate)
        for item, prices in line["scheduled"].items():
            for start, end, amount in prices:
                yield ScheduledPrice(line_id=line_id, item_id=self.items.get(item), amount=amount, start_on=start, end_on=end)
        if terms := line["bucket"]:
            bucket_id = uuid7()
            yield Bucket(
                id=bucket_id, line_id=line_id, unit=terms["unit"], included=terms["included"], overage_rate=terms["rate"],
                rollover=terms["rollover"], covers_all=terms["covers_all"], after_hours=terms["after"],
                hours_id=None if terms["after"] is None else self.hours,
            )  # fmt: skip
            for item, speed in terms["members"].items():
                yield BucketMember(bucket_id=bucket_id, item_id=self.items[item], multiplier=speed)

    def _activity(self, client_id: UUID, deal: Deal, lines: dict[int, UUID]) -> Iterator[TenantTable]:
        for at, one in enumerate(deal["entries"]):
            entry_id = uuid7()
            self.entries[entry_id] = at
            yield TimeEntry(
                id=entry_id, user_id=self.people[one["person"]], client_id=client_id, work_kind="ticket", work_id=uuid7(),
                item_id=self.items[one["item"]], contract_line_id=lines.get(one["line"]), started_at=one["began"],
                ended_at=one["ended"], worked_on=one["on"], minutes=one["minutes"], rate=one["rate"], state="approved",
                currency=one["currency"] if one["rate"] is not None else None,
            )  # fmt: skip
        for at, one in enumerate(deal["usage"]):
            record_id = uuid7()
            self.usage[record_id] = at
            yield UsageEntry(id=record_id, client_id=client_id, item_id=self.items[one["item"]], used_on=one["on"],
                             quantity=one["quantity"], contract_line_id=lines.get(one["line"]))  # fmt: skip

    def bill(self, ctx: CallContext, invoices: list[DueInvoice]) -> None:
        """Put lines on invoices, as far as billing's memory of what was billed is concerned."""
        lines: list[tuple[Any, ...]] = []
        sources: list[tuple[Any, ...]] = []
        for number, bill in enumerate(invoices):
            total = sum(line.amount for line in bill.lines)
            invoice = Invoice(
                id=uuid7(), origin="run", series="invoice", number=f"R-{number}", client_id=bill.client_id,
                currency=bill.currency, invoice_date=self.market["until"],
                due_date=self.market["until"], net=total, discount=0, subtotal=total, tax=0,
                total=total, created_by_kind="system", created_by_name="Deskhand", author_key="system",
            )  # fmt: skip
            ctx.session.add(invoice)
            for position, line in enumerate(bill.lines):
                line_id, period = uuid7(), line.service_period
                lines.append(
                    (line_id, invoice.id, position, line.kind, line.description, line.quantity, line.unit, line.amount, 0, 0,
                     line.amount, [], line.contract_line_id, line.trace, period and period.start, period and period.end)
                )  # fmt: skip
                sources += [(uuid7(), one.kind, one.id, one.period_key, invoice.id, line_id, one.amount) for one in line.sources]
        ctx.session.flush()
        insert_rows(ctx.session, InvoiceLine, _LINE, lines)
        insert_rows(ctx.session, Source, _SOURCE, sources)

    def read(self, invoices: list[DueInvoice]) -> list[Owed]:
        """The engine's lines in the words of the reference."""
        return sorted((one for invoice in invoices for one in self._printed(invoice)), key=str)

    def _printed(self, invoice: DueInvoice) -> list[Owed]:
        return [
            Owed(invoice.currency, self._name(line.contract_line_id), line.kind, *period, self._name(line.item_id), line.amount)
            for line in invoice.lines if (period := line.service_period)
        ]  # fmt: skip

    def compare_discounts(self, invoices: list[DueInvoice], market: Deal, deal: Deal, words: str) -> int:
        """What is taken off each line; also once more, when fixed amounts that were taken are not taken again.

        Returns how many lines have discounts.
        """
        seen = 0
        for invoice in invoices:
            lines = [Line(str(at), one.amount) for at, one in enumerate(invoice.lines, 1)]
            asked = [DraftDiscount(*one).as_discount(str(at)) for at, one in enumerate(invoice.discounts)]
            got = list(apply_discounts(lines, asked, Rounding(market["mode"])).taken)
            wanted = taken_off(market, deal, self._printed(invoice), self.gone[deal["name"]])
            assert got == wanted, f"{words}{invoice.lines}\nengine takes    {got}\nreference takes {wanted}"
            seen += sum(one > 0 for one in got)
        return seen

    def sources(self, invoices: list[DueInvoice]) -> tuple[frozenset[int], frozenset[int]]:
        """Which work and usage stand on the lines, each once; and every line's sources add up to it."""
        sources = [one for invoice in invoices for line in invoice.lines for one in line.sources]
        assert all(sum(one.amount for one in line.sources) == line.amount for invoice in invoices for line in invoice.lines)
        assert len({one[:3] for one in sources}) == len(sources)
        entries = frozenset(self.entries[one.id] for one in sources if one.kind == "timesheets.entry")
        return entries, frozenset(self.usage[one.id] for one in sources if one.kind == "billing.usage")

    def _name(self, row_id: UUID | None) -> Any:
        return None if row_id is None else self.names[row_id]
