"""What was done and consumed: time entries, usage of the contracted services, and the machines in care."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from story.clients import Client, contact_key, location_key
from story.company import technicians
from story.contracts import Agreements, HourlyLine, UsageLine
from story.desk import Ticket
from story.dialects import Row
from story.dice import Dice

FIRST_DAY = date(2026, 7, 1)
LAST_DAY = date(2026, 9, 30)
NIGHTS = (date(2026, 7, 31), date(2026, 8, 31), date(2026, 9, 30), date(2026, 7, 16), date(2026, 9, 9))
WITHOUT_CONTRACT = ("S-REMOTE", "S-REMOTE", "S-ONSITE", "S-SENIOR", "S-EMERG")
NOTES = ("Fernwartung", "Vor Ort", "Telefonat, Lösung getestet", "Remote session", "Analyse & Rückruf", None)
VOLUMES = {"S-BACKUP": (8_000, 70_000), "S-STORAGE": (20_000, 90_000), "S-VOICE": (2_000, 60_000)}
MODELS = {
    "workstation": "NB",
    "server": "SRV",
    "network_device": "SW",
    "mobile_device": "TAB",
    "printer": "PRN",
}


def time_rows(tickets: Sequence[Ticket], book: Agreements, dice: Dice) -> list[Row]:
    """Entries of each technician, day by day, never overlapping; nights run over midnight and month ends."""
    diary = Diary(tickets, book, dice)
    rows = [row for day in _days() for user, _ in technicians() for row in diary.one_day(user, day)]
    return [{"external_id": f"TE-{n:05d}", **row} for n, row in enumerate(rows, 1)]


def _days() -> list[date]:
    span = (LAST_DAY - FIRST_DAY).days + 1
    return [day for n in range(span) if (day := FIRST_DAY + timedelta(days=n)).weekday() < 5]


class Diary:
    """What technicians write down, given the tickets and the agreements."""

    def __init__(self, tickets: Sequence[Ticket], book: Agreements, dice: Dice) -> None:
        self.tickets, self.book, self.dice = tickets, book, dice

    def one_day(self, user: str, day: date) -> Iterator[Row]:
        """Two or three entries by day, and on some days one late in the evening."""
        dice = self.dice
        cursor = datetime.combine(day, time(8)) + timedelta(minutes=dice.number(0, 90))
        for _ in range(dice.pick((2, 3, 3, 3, 3, 3))):
            minutes = dice.pick((10, 15, 20, 30, 35, 45, 60, 75, 90, 120, 150, 180))
            yield self._entry(user, cursor, minutes)
            cursor += timedelta(minutes=minutes + dice.pick((0, 0, 15, 40)))
        if day in NIGHTS and dice.chance(0.6):
            yield self._entry(user, datetime.combine(day, time(22, dice.number(0, 59))), dice.number(130, 260))

    def _entry(self, user: str, start: datetime, minutes: int) -> Row:
        dice = self.dice
        client, ticket = self._open_ticket(start)
        item, line = self._service(client, start.date())
        billable = minutes if dice.chance(0.9) else 0
        agreed = billable > 0 and dice.chance(0.02)
        return {
            "user": user,
            "ticket": ticket,
            "item": item,
            "contract_line": line,
            "started_at": start,
            "ended_at": start + timedelta(minutes=minutes),
            "billable_minutes": billable,
            "currency": client.currency if agreed else None,
            "hourly_rate": Decimal("125.00") if agreed else None,
            "status": _status(start, dice),
            "notes": dice.pick(NOTES),
        }

    def _open_ticket(self, moment: datetime) -> tuple[Client, str]:
        started = [ticket for ticket in self.tickets if ticket.opened <= moment]
        still_open = [ticket for ticket in started if ticket.closed is None or ticket.closed >= moment]
        ticket = self.dice.pick((still_open or started)[-60:])
        return ticket.client, ticket.key

    def _service(self, client: Client, day: date) -> tuple[str, str | None]:
        """A service of the client's hourly line, every other time naming it; without one, the catalog."""
        line = self.book.hourly.get(client.key)
        if line is None or not _covers(line, day):
            return self.dice.pick(WITHOUT_CONTRACT), None
        return self.dice.pick(line.items), line.key if self.dice.chance(0.5) else None


def _covers(line: HourlyLine | UsageLine, day: date) -> bool:
    return line.start <= day and (line.end is None or day <= line.end)


def _status(start: datetime, dice: Dice) -> str:
    if start.month == 7 and dice.chance(0.35):
        return "approved"
    return "draft" if dice.chance(0.06) else "submitted"


def usage_rows(book: Agreements, dice: Dice) -> list[Row]:
    """One reading a week for each usage line; printing and text messages also without a contract."""
    rows: list[Row] = []
    for line in book.usage:
        for week in range(13):
            day = FIRST_DAY + timedelta(days=7 * week + dice.number(0, 4))
            if _covers(line, day) and day <= LAST_DAY:
                rows.append(_reading(len(rows) + 1, line, day, dice))
    return rows


def _reading(number: int, line: UsageLine, day: date, dice: Dice) -> Row:
    low, high = VOLUMES[line.item]
    whole = line.item == "S-VOICE"
    quantity = Decimal(dice.number(low, high)) / 100
    return {
        "external_id": f"US-{number:05d}",
        "client": line.client,
        "item": line.item,
        "contract_line": line.key if dice.chance(0.7) else None,
        "used_on": day,
        "quantity": quantity.to_integral_value() if whole else quantity,
        "note": "Ablesung von Hand" if dice.chance(0.05) else None,
    }


def unplanned_usage_rows(clients: Sequence[Client], first_number: int, dice: Dice) -> list[Row]:
    """Pages and messages of clients without a usage contract: billed at the catalog's price."""
    return [
        {
            "external_id": f"US-{first_number + n:05d}",
            "client": client.key,
            "item": dice.pick(("S-PRINT", "S-SMS")),
            "contract_line": None,
            "used_on": date(2026, 7 + n % 3, dice.number(1, 28)),
            "quantity": Decimal(dice.number(40, 2400)),
            "note": None,
        }
        for n, client in enumerate(clients[8::9])
    ]


def asset_rows(clients: Sequence[Client], dice: Dice) -> list[Row]:
    """Two or three machines for each client."""
    rows: list[Row] = []
    for client in clients:
        for number in range(1, dice.number(2, 3) + 1):
            rows.append(_asset(client, number, dice))
    return rows


def _asset(client: Client, number: int, dice: Dice) -> Row:
    kind = dice.pick(("workstation", "workstation", "server", "network_device", "mobile_device", "printer"))
    bought = date(2021, 1, 1) + timedelta(days=dice.number(0, 1900))
    tag = f"{MODELS[kind]}-{client.key[2:]}-{number}"
    return {
        "external_id": f"AS-{client.key[2:]}-{number}",
        "client": client.key,
        "location": location_key(client),
        "contact": contact_key(client, dice.number(1, 2)) if kind in ("workstation", "mobile_device") else None,
        "asset_type": kind,
        "asset_tag": tag,
        "name": f"{MODELS[kind].lower()}{number:02d}.{client.city.lower().replace(' ', '-')}",
        "serial_number": f"SN{dice.digits(8)}" if dice.chance(0.9) else None,
        "status": dice.pick(("active",) * 8 + ("inactive", "retired")),
        "purchase_date": bought,
        "warranty_end": bought.replace(year=bought.year + 3, day=min(bought.day, 28)),
        "notes": "Gerät fällt gelegentlich aus" if dice.chance(0.05) else None,
    }
