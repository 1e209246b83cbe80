"""What Acme MSP has agreed with whom: four kinds of contract over every kind of line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from story.catalog import price
from story.clients import Client, location_key
from story.company import ENGINEER, SENIOR
from story.dialects import Row
from story.dice import Dice

STARTS = (date(2025, 1, 1), date(2025, 10, 1), date(2026, 1, 1), date(2026, 4, 1))
LATE_STARTS = {3: date(2026, 7, 15), 10: date(2026, 8, 10), 21: date(2026, 7, 20), 30: date(2026, 9, 7)}
EARLY_ENDS = {5: date(2026, 8, 20), 14: date(2026, 9, 15), 23: date(2026, 7, 31), 33: date(2026, 8, 31)}
QUARTER_BEGINS = date(2026, 7, 1)
TERMS_END_AFTER = date(2026, 12, 1)
RENEWALS = {1: ("auto", 90), 4: ("manual", 30)}  # by the remainder by six of clients whose main contract has a term
WITHOUT_CONTRACT = 8  # the remainder by nine of clients that buy without one
TIERS = ((0, 500, "1"), (500, 2000, "0.8"), (2000, None, "0.6"))


class HourlyLine(NamedTuple):
    """An hourly line as time entries need it."""

    key: str
    start: date
    end: date | None
    items: tuple[str, ...]


class UsageLine(NamedTuple):
    """A usage line as usage records need it."""

    key: str
    client: str
    start: date
    end: date | None
    item: str


@dataclass
class Agreements:
    """The seven tables of contracts, and what work and usage are booked on."""

    contracts: list[Row] = field(default_factory=list)
    lines: list[Row] = field(default_factory=list)
    items: list[Row] = field(default_factory=list)
    role_rates: list[Row] = field(default_factory=list)
    tiers: list[Row] = field(default_factory=list)
    scheduled_prices: list[Row] = field(default_factory=list)
    discounts: list[Row] = field(default_factory=list)
    hourly: dict[str, HourlyLine] = field(default_factory=dict)
    usage: list[UsageLine] = field(default_factory=list)


class Draft:
    """One contract while it is being written down."""

    def __init__(self, book: Agreements, client: Client, number: int, name: str, dice: Dice) -> None:
        self.book, self.client, self.dice = book, client, dice
        self.key = f"K-{client.key[2:]}-{number}"
        n = int(client.key[2:]) - 1001
        self.start = LATE_STARTS.get(n) or dice.pick(STARTS)
        self.renewal = RENEWALS.get(n % 6) if n not in EARLY_ENDS and number == 1 else None
        self.end = EARLY_ENDS.get(n) or (_end_of_term(self.start) if self.renewal else None)
        self.prorate = n % 7 != 6
        self.count = 0
        book.contracts.append(self._header(name))

    def _header(self, name: str) -> Row:
        ordered = f"PO {self.dice.digits(6)}" if self.dice.chance(0.2) else None
        mode, notice = self.renewal or (None, None)
        return {
            "external_id": self.key,
            "client": self.client.key,
            "name": name,
            "currency": self.client.currency,
            "start_date": self.start,
            "end_date": self.end,
            "billed_until": date(2026, 6, 30) if self.start < QUARTER_BEGINS else None,
            "status": "active",
            "po_number": ordered,
            "notes": None,
            "po_required": True if ordered else None,
            "po_amount": Decimal("9000.00") if ordered else None,
            "po_policy": "warn" if ordered else None,
            "renewal_mode": mode,
            "renewal_months": 12 if mode else None,
            "notice_days": notice,
        }

    def line(self, name: str, line_type: str, frequency: str, timing: str, **terms: int | Decimal | str | None) -> str:
        """One line; `terms` are the columns that only some kinds of line have."""
        self.count += 1
        key = f"{self.key}-{self.count}"
        row: dict[str, int | Decimal | str | bool | None] = {
            "external_id": key,
            "contract": self.key,
            "position": self.count,
            "name": name,
            "line_type": line_type,
            "frequency": frequency,
            "timing": timing,
            "prorate": self.prorate and line_type not in ("hourly", "usage"),
            "currency": self.client.currency,
        }
        optional = ("amount", "hourly_rate", "minimum_minutes", "round_up_minutes", "location", "invoice_text")
        self.book.lines.append(row | {column: terms.get(column) for column in optional})
        return key

    def item(self, line: str, item: str, quantity: int, *, override: Decimal | None = None, minimum: int | None = None) -> str:
        key = f"{line}-{item}"
        self.book.items.append(
            {
                "external_id": key,
                "contract_line": line,
                "item": item,
                "quantity": Decimal(quantity),
                "currency": self.client.currency,
                "unit_price": override,
                "minimum_quantity": None if minimum is None else Decimal(minimum),
            }
        )
        return key

    def dated_price(self, line: str, item: str | None, amount: Decimal, start: date, note: str) -> None:
        """What a line or an item on it costs from a day on."""
        self.book.scheduled_prices.append(
            {
                "external_id": f"{line}-{item or 'line'}-{start:%y%m}",
                "contract_line": line,
                "item": item,
                "currency": self.client.currency,
                "price": amount.quantize(Decimal("0.01")),
                "start_date": start,
                "end_date": None,
                "note": note,
            }
        )

    def discount(self, words: str, last: date, *, line: str | None = None, percent: int | None = None) -> None:
        """A percentage of a line or of the whole contract, or without one a fixed amount each month."""
        self.book.discounts.append(
            {
                "external_id": f"{self.key}-{'FIXED' if percent is None else 'PERCENT'}",
                "contract": self.key,
                "contract_line": line,
                "description": words,
                "currency": self.client.currency,
                "percentage": None if percent is None else Decimal(percent),
                "amount": Decimal("25.00") if percent is None else None,
                "start_date": self.start,
                "end_date": last,
            }
        )

    def hourly(self, name: str, items: tuple[str, ...], *, minimum: int, step: int, negotiated: bool) -> None:
        """Support by the hour; negotiated rates are by role, else the line's own or the catalog's holds."""
        rate = None if negotiated else (price(items[0], self.client.currency) * Decimal("0.95")).quantize(Decimal("0.01"))
        line = self.line(name, "hourly", "monthly", "arrears", hourly_rate=rate, minimum_minutes=minimum, round_up_minutes=step)
        for item in items:
            self.item(line, item, 1)
        if negotiated:
            self._role_rates(line)
        self.book.hourly[self.client.key] = HourlyLine(line, self.start, self.end, items)

    def _role_rates(self, line: str) -> None:
        base = price("S-REMOTE", self.client.currency)
        for role, factor in ((ENGINEER, "0.9"), (SENIOR, "1.25")):
            self.book.role_rates.append(
                {
                    "external_id": f"{line}-{role.split()[0]}",
                    "contract_line": line,
                    "role": role,
                    "currency": self.client.currency,
                    "hourly_rate": (base * Decimal(factor)).quantize(Decimal("0.01")),
                }
            )

    def usage(self, name: str, item: str, *, minimum: int | None, tiered: bool) -> None:
        """Consumption, with graduated prices where tiers are agreed; the last tier is open."""
        line = self.line(name, "usage", "monthly", "arrears")
        key = self.item(line, item, 1, minimum=minimum)
        self.book.usage.append(UsageLine(line, self.client.key, self.start, self.end, item))
        for start, stop, factor in TIERS if tiered else ():
            unit = (price(item, self.client.currency) * Decimal(factor)).quantize(Decimal("0.01"))
            self.book.tiers.append(
                {
                    "external_id": f"{key}-{start}",
                    "contract_line_item": key,
                    "from_quantity": Decimal(start),
                    "to_quantity": None if stop is None else Decimal(stop),
                    "currency": self.client.currency,
                    "unit_price": unit,
                }
            )


def _end_of_term(start: date) -> date:
    """The last day of the yearly term that is not over in the quarter."""
    years = range(start.year + 1, start.year + 4)
    return next(day for year in years if (day := start.replace(year=year) - timedelta(days=1)) > TERMS_END_AFTER)


def build_agreements(clients: Sequence[Client], dice: Dice) -> Agreements:
    """At least one contract for eight of nine clients, a second one for every fourth."""
    book = Agreements()
    for n, client in enumerate(clients):
        if n % 9 != WITHOUT_CONTRACT:
            (workplaces, support, servers, cloud)[n % 4](book, client, dice)
    offered = Draft(book, clients[7], 2, "Angebot Arbeitsplätze 2027", dice)
    book.contracts[-1] = {**book.contracts[-1], "start_date": date(2027, 1, 1), "billed_until": None, "status": "draft"}
    offered.item(offered.line("Arbeitsplätze", "fixed", "monthly", "advance"), "S-WORKPL", 12)
    return book


def workplaces(book: Agreements, client: Client, dice: Dice) -> None:
    """Flat fee over three services, licences beside it, and an hourly contract for what is not covered."""
    seats = dice.number(6, 60)
    draft = Draft(book, client, 1, "Managed workplace", dice)
    agreed = seats * Decimal("59.00") if dice.chance(0.5) else None
    line = draft.line("Workplaces", "fixed", "monthly", "advance", amount=agreed, invoice_text=f"{seats} managed workplaces")
    for item in ("S-WORKPL", "S-MONITOR", "S-AWARE"):
        draft.item(line, item, seats)
    if agreed is not None:
        draft.dated_price(line, None, agreed * Decimal("1.03"), date(2026, 9, 1), "Anpassung laut Rahmenvertrag")
    if seats > 40:
        draft.discount("Mengenrabatt", date(2026, 12, 31), percent=5)
    licences = draft.line("Licences", "license", "monthly", "advance")
    draft.item(licences, "L-OFFICE", seats)
    draft.item(licences, "L-SHIELD", seats + dice.number(0, 5))
    extra = Draft(book, client, 2, "Support by the hour", dice)
    extra.hourly("Support", ("S-REMOTE", "S-ONSITE"), minimum=15, step=15, negotiated=dice.chance(0.5))


def support(book: Agreements, client: Client, dice: Dice) -> None:
    """Support by the hour at rates by role, and a mail filter."""
    draft = Draft(book, client, 1, "Support on demand", dice)
    items = ("S-REMOTE", "S-ONSITE", "S-SENIOR")
    draft.hourly("Support", items, minimum=dice.pick((0, 15, 30)), step=dice.pick((1, 6, 15)), negotiated=True)
    line = draft.line("Mail filter", "license", "monthly", "arrears")
    draft.item(line, "L-MAIL", dice.number(5, 80), override=Decimal("1.95") if dice.chance(0.3) else None)


def servers(book: Agreements, client: Client, dice: Dice) -> None:
    """Servers and network each quarter in advance, help by the hour, backup by consumption."""
    draft = Draft(book, client, 1, "Servers & network", dice)
    line = draft.line("Infrastructure", "fixed", "quarterly", "advance", location=location_key(client))
    draft.item(line, "S-SERVER", dice.number(1, 6) * 3)
    draft.item(line, "S-NETWORK", 3)
    draft.item(line, "S-FIREWALL", 3, override=Decimal("69.00") if dice.chance(0.3) else None)
    draft.hourly("Help", ("S-REMOTE", "S-ONSITE", "S-SENIOR"), minimum=30, step=15, negotiated=False)
    draft.usage("Backup", "S-BACKUP", minimum=200, tiered=True)


def cloud(book: Agreements, client: Client, dice: Dice) -> None:
    """Telephony and storage by consumption, rented phones, network care after the month."""
    draft = Draft(book, client, 1, "Cloud & telephony", dice)
    draft.usage("Voice", "S-VOICE", minimum=500, tiered=False)
    draft.usage("Storage", "S-STORAGE", minimum=None, tiered=True)
    line = draft.line("Phones", "product", "monthly", "advance")
    draft.item(line, "P-PHONE", dice.number(3, 40))
    care = draft.line("Network care", "fixed", "monthly", "arrears", amount=price("S-NETWORK", client.currency))
    draft.item(care, "S-NETWORK", 1)
    draft.dated_price(line, "P-PHONE", price("P-PHONE", client.currency) * Decimal("0.95"), date(2026, 8, 1), "Neue Staffel")
    draft.discount("Einführungsrabatt", date(2026, 8, 31), line=care)
