"""The service desk: boards, six hundred tickets of a quarter, what was said on them and what was handed over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from story.catalog import price
from story.clients import Client, contact_key, location_key, technician_of
from story.dialects import Row
from story.dice import Dice

BOARDS = (
    ("B-DESK", "Service desk", "Everything people report", True),
    ("B-ALERT", "Monitoring", "Everything machines report", False),
    ("B-PROJ", "Changes", "Planned work", False),
)
STATUSES = {
    "B-DESK": ("New", "In progress", "Waiting for customer", "Resolved", "Closed"),
    "B-ALERT": ("Open", "Acknowledged", "Cleared"),
    "B-PROJ": ("Planned", "In progress", "Done"),
}
CLOSED = ("Resolved", "Closed", "Cleared", "Done")
PRIORITIES = (
    ("PRIO-1", "Critical", "#c92a2a"),
    ("PRIO-2", "High", "#e8590c"),
    ("PRIO-3", "Normal", "#1971c2"),
    ("PRIO-4", "Low", "#868e96"),
)
TITLES = {
    "B-DESK": (
        "Outlook fragt ständig nach dem Passwort",
        "Drucker im 2. OG druckt nur leere Seiten",
        "Laptop wird sehr heiß 🔥",
        "VPN bricht alle zehn Minuten ab",
        "Neue Kollegin ab Montag: Konto und Rechner",
        "Cannot open shared mailbox",
        "Teams call has no sound",
        "Bildschirm bleibt nach Standby schwarz",
        "Excel-Makro läuft seit dem Update nicht mehr",
        "Scanner sends to old address",
        "Verdächtige E-Mail mit Rechnung im Anhang",
        "L'imprimante n'est plus détectée",
        "Password reset for the front desk",
        'Ordner "Angebote" ist verschwunden',
        "Phone rings twice, then drops",
        "Wi-Fi weak in meeting room B",
        "Zugriff auf Buchhaltung; bitte freischalten",
        "Kasse startet nicht",
    ),
    "B-ALERT": (
        "Backup job failed on {host}",
        "Disk C: below 10 % on {host}",
        "{host} does not answer",
        "Certificate of {host} expires in 14 days",
        "Fan failure reported by {host}",
        "Replication lag on {host}",
    ),
    "B-PROJ": (
        "Umzug des Fileservers",
        "Roll out multi-factor sign-in",
        "Switches im Lager tauschen",
        "Migration to new mail tenant",
        "WLAN-Ausleuchtung Neubau",
        "Notfallhandbuch überarbeiten",
    ),
}
BODIES = (
    "Seit heute früh, vorher ging es.\nBetrifft mehrere Plätze.",
    'Caller says: "it worked yesterday".',
    "Bitte vor 17 Uhr melden, danach ist niemand mehr im Haus; Schlüssel liegt am Empfang.",
    "Reported by phone.",
    "Siehe Foto. Danke! 🙏",
    "Happens after every restart, on two devices.",
)
NOTES = (
    ("Angerufen, Fernwartung vereinbart.", "internal"),
    ("We are looking into it and will call you back today.", "public"),
    ("Treiber erneuert, Gerät neu gestartet. Bitte testen.", "public"),
    ("Vendor case opened; waiting for a part.", "internal"),
    ("Funktioniert wieder, vielen Dank!", "public"),
)
MATERIALS = ("P-SSD", "P-DOCK", "P-SCREEN", "P-AP", "P-SWITCH", "P-UPS", "P-LAPTOP")
FIRST_MORNING = datetime.fromisoformat("2026-06-26 07:30")  # what was still open when the quarter began
LAST_EVENING = datetime.fromisoformat("2026-09-30 18:00")
COUNT = 600


class Ticket(NamedTuple):
    """One ticket as time entries, comments and materials need it."""

    key: str
    client: Client
    opened: datetime
    closed: datetime | None
    technician: str
    team: str
    board: str


def boards() -> list[Row]:
    return [
        {"external_id": key, "name": name, "description": text, "position": n, "is_default": default}
        for n, (key, name, text, default) in enumerate(BOARDS, 1)
    ]


def statuses() -> list[Row]:
    return [
        {
            "external_id": status_key(board, n),
            "board": board,
            "name": name,
            "position": n,
            "is_closed": name in CLOSED,
            "is_default": n == 1,
        }
        for board, names in STATUSES.items()
        for n, name in enumerate(names, 1)
    ]


def priorities() -> list[Row]:
    return [
        {"external_id": key, "name": name, "position": n, "color": color} for n, (key, name, color) in enumerate(PRIORITIES, 1)
    ]


def status_key(board: str, number: int) -> str:
    return f"{board.replace('B-', 'ST-')}-{number}"


def build_tickets(clients: Sequence[Client], dice: Dice) -> list[Ticket]:
    """Tickets in the order in which they were opened, spread over the quarter's working hours."""
    step = (LAST_EVENING - FIRST_MORNING) / COUNT
    return [_ticket(n, working_hour(FIRST_MORNING + n * step, dice), clients, dice) for n in range(COUNT)]


def working_hour(moment: datetime, dice: Dice) -> datetime:
    """The same day between 7 and 18 o'clock; a weekend moves to the Monday after it."""
    day = moment + timedelta(days=7 - moment.weekday()) if moment.weekday() > 4 else moment
    return day.replace(hour=dice.number(7, 17), minute=dice.number(0, 59), second=0, microsecond=0)


def _ticket(n: int, opened: datetime, clients: Sequence[Client], dice: Dice) -> Ticket:
    board = dice.pick(("B-DESK", "B-DESK", "B-DESK", "B-DESK", "B-ALERT", "B-PROJ"))
    closed = opened + timedelta(hours=dice.number(1, 400), minutes=dice.number(0, 59))
    still_open = closed > LAST_EVENING or dice.chance(0.06)
    technician, team = technician_of(dice)
    return Ticket(f"TK-{20001 + n}", dice.pick(clients), opened, None if still_open else closed, technician, team, board)


def ticket_rows(tickets: Sequence[Ticket], dice: Dice) -> list[Row]:
    return [_ticket_row(ticket, dice) for ticket in tickets]


def _ticket_row(ticket: Ticket, dice: Dice) -> Row:
    title = dice.pick(TITLES[ticket.board]).format(host=f"srv{dice.number(1, 9):02d}")
    machine = ticket.board == "B-ALERT"
    return {
        "external_id": ticket.key,
        "number": ticket.key[3:],
        "title": f" {title}" if dice.chance(0.03) else title,
        "client": ticket.client.key,
        "location": location_key(ticket.client) if dice.chance(0.6) else None,
        "contact": None if machine else contact_key(ticket.client, dice.number(1, 2)),
        "board": ticket.board,
        "status": _status(ticket, dice),
        "priority": dice.pick(("PRIO-1", "PRIO-2", "PRIO-2", "PRIO-3", "PRIO-3", "PRIO-3", "PRIO-4")),
        "assigned_to": ticket.technician if ticket.closed or dice.chance(0.85) else None,
        "team": ticket.team,
        "origin": "api" if machine else dice.pick(("internal", "client_portal", "inbound_email", "inbound_email")),
        "opened_at": ticket.opened,
        "closed_at": ticket.closed,
        "due_at": ticket.opened + timedelta(days=dice.number(1, 10)) if dice.chance(0.4) else None,
        "description": None if machine else dice.pick(BODIES),
    }


def _status(ticket: Ticket, dice: Dice) -> str:
    wanted = [n for n, name in enumerate(STATUSES[ticket.board], 1) if (name in CLOSED) == (ticket.closed is not None)]
    return status_key(ticket.board, dice.pick(wanted))


def comment_rows(tickets: Sequence[Ticket], dice: Dice) -> list[Row]:
    """Something was said on every third ticket, the client's thanks among it."""
    rows: list[Row] = []
    for ticket in tickets:
        for number in range(1, dice.number(1, 3) + 1) if dice.chance(0.34) else ():
            rows.append(_comment(ticket, number, dice))
    return rows


def _comment(ticket: Ticket, number: int, dice: Dice) -> Row:
    body, visibility = dice.pick(NOTES)
    thanks = body.startswith("Funktioniert")
    return {
        "external_id": f"CM-{ticket.key[3:]}-{number}",
        "ticket": ticket.key,
        "author_user": None if thanks else ticket.technician,
        "author_contact": contact_key(ticket.client, 1) if thanks else None,
        "posted_at": ticket.opened + timedelta(minutes=20 * number + dice.number(0, 15)),
        "visibility": visibility,
        "is_resolution": body.startswith("Treiber"),
        "body": body,
    }


def material_rows(tickets: Sequence[Ticket], dice: Dice) -> list[Row]:
    """Hardware handed over with about every seventh ticket, in the client's currency."""
    rows: list[Row] = []
    for ticket in tickets:
        if ticket.board != "B-ALERT" and dice.chance(0.17):
            rows.append(_material(ticket, len(rows) + 1, dice))
    return rows


def _material(ticket: Ticket, number: int, dice: Dice) -> Row:
    item = "P-BOOK" if ticket.client.country == "DE" and dice.chance(0.15) else dice.pick(MATERIALS)
    list_price = price(item, ticket.client.currency)
    rebate = Decimal("0.95") if dice.chance(0.2) else Decimal(1)
    return {
        "external_id": f"MAT-{number:04d}",
        "ticket": ticket.key,
        "item": item,
        "quantity": Decimal(dice.pick((1, 1, 1, 2, 4))),
        "currency": ticket.client.currency,
        "unit_price": (list_price * rebate).quantize(Decimal("0.01")),
        "used_on": (ticket.closed or ticket.opened).date(),
        "description": "Handed over on site" if dice.chance(0.3) else None,
    }
