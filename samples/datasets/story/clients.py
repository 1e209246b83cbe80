"""The companies Acme MSP serves, where they sit and who answers the phone there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from story.company import technicians
from story.dialects import Row
from story.dice import Dice
from story.taxids import tax_id


class Client(NamedTuple):
    """One client as the other tables need it."""

    key: str
    name: str
    region: str
    city: str

    @property
    def country(self) -> str:
        return self.region[:2]

    @property
    def currency(self) -> str:
        return "USD" if self.country in ("US", "CA") else "EUR"


NAMES = {
    "DE": (
        ("Müller Elektrotechnik GmbH", "Berlin"),
        ("Müller Elektrotechnik GmbH", "Stuttgart"),
        ("Bäckerei Sonnenkorn OHG", "Potsdam"),
        ("Kanzlei Wiesengrund & Partner", "Berlin"),
        ("Steuerbüro Ahornallee", "Leipzig"),
        ("Praxis Dr. Quendel", "Berlin"),
        ("Zahnärzte am Mühlenteich", "Hamburg"),
        ("Architekturbüro Lotrecht", "Weimar"),
        ("Spedition Fernblick GmbH", "Hannover"),
        ("Maschinenbau Eisenhut GmbH", "Chemnitz"),
        ("Hotel Seeufer Betriebs-GmbH", "Waren"),
        ("Weingut Rebenhang", "Mainz"),
        ("Druckerei Farbraum GmbH", "Berlin"),
        ("Autohaus Kurvenreich", "Köln"),
        ("Möbelwerk Eichengrund AG", "Bielefeld"),
        ("Stadtwerke Kleinfurth", "Kleinfurth"),
        ("Apotheke am Rosengarten", "Dresden"),
        ("Gärtnerei Immergrün", "Erfurt"),
        ("Logistik Nordlicht SE", "Rostock"),
        ("Verlag Blaue Feder GmbH", "Berlin"),
        ("Pflegedienst Lichtblick gGmbH", "Magdeburg"),
        ("Ingenieurbüro Tragwerk", "Jena"),
        ("Fahrrad Speichenwerk", "Münster"),
        ("Brauerei Hopfenkeller", "Bamberg"),
        ("Filmstudio Lichtspur GmbH", "Potsdam"),
        ("Immobilien Giebelstein", "Berlin"),
    ),
    "AT": (("Alpenblick Reisen GmbH", "Innsbruck"), ("Kaffeerösterei Bohnenzauber", "Wien")),
    "FR": (("Atelier Lumière Bleue SARL", "Strasbourg"), ("Librairie du Canal Vert", "Colmar")),
    "US-WA": (
        ("Evergreen Harbor Logistics LLC", "Seattle"),
        ("Puget Glass Works Inc", "Seattle"),
        ("Cedar & Salt Bakery", "Seattle"),
        ("Rainline Dental Group", "Seattle"),
        ("Northgate Youth Library", "Seattle"),
    ),
    "US-NY": (
        ("Brickyard Media Inc", "New York"),
        ("Hudson Lantern Theatre", "New York"),
        ("Five Lamps Law PLLC", "New York"),
        ("Ferry Street Robotics Inc", "New York"),
    ),
    "CA-QC": (
        ("Érablière du Nord inc.", "Montréal"),
        ("Clinique Rivière-Claire", "Québec"),
        ("Studio Boréal", "Montréal"),
    ),
    "CA-ON": (
        ("Maple Junction Foods Ltd", "Toronto"),
        ("Lakehead Survey Ltd", "Ottawa"),
        ("Trillium Print Co", "Toronto"),
    ),
}
WITHOUT_TAX_ID = (
    "Librairie du Canal Vert",
    "Gärtnerei Immergrün",
    "Cedar & Salt Bakery",
    "Studio Boréal",
    "Praxis Dr. Quendel",
)
EXEMPT = {
    "Northgate Youth Library": "Resale and exemption certificate 501(c)(3), number 7731",
    "Hudson Lantern Theatre": "Form ST-119.1, exempt organization",
}
ZONES = {
    "US-WA": "America/Los_Angeles",
    "US-NY": "America/New_York",
    "CA-QC": "America/Toronto",
    "CA-ON": "America/Toronto",
}
LANGUAGES = {"DE": "de", "AT": "de", "FR": "fr", "CA-QC": "fr"}
STREETS = {
    "DE": ["Lindenweg", "Am", "Anger", "Mühlgasse", "Ringstraße", "Bahnhofstraße"],
    "AT": ["Almgasse", "Brunnenweg"],
    "FR": ["quai des Tanneurs", "rue du Moulin"],
    "US": ["Harbor Ave", "Mill Street", "Orchard Way", "Third Street"],
    "CA": ["rue des Érables", "Elm Street", "King's Lane"],
}
FIRST = [
    "Adem",
    "Anke",
    "Birte",
    "Cosmo",
    "Dörte",
    "Edda",
    "Falk",
    "Gesa",
    "Henk",
    "Ilka",
    "Jannis",
    "Katja",
    "Lorenz",
    "Maren",
    "Nuri",
    "Oda",
    "Pepe",
    "Quirin",
    "Ronja",
    "Sören",
    "Thea",
    "Ulf",
    "Veit",
    "Wanda",
    "Yara",
    "Zoé",
]
LAST = [
    "Abendroth",
    "Birkenfeld",
    "Clausnitz",
    "Dämmrich",
    "Eschweiler",
    "Funkenstein",
    "Grünspan",
    "Hagebutte",
    "Immenhof",
    "Jasminek",
    "Kornblum",
    "Leuchtner",
    "Mondschein",
    "Nebelung",
    "Osterglock",
    "Pfefferkorn",
    "Quellbach",
    "Rosenquist",
    "Sommerfeldt",
    "Tannhaus",
    "Uferland",
    "Vogelsang",
    "Weidenbaum",
    "Zitterling",
]
JOBS = ("Geschäftsführung", "IT", "Buchhaltung", "Empfang", "Produktion", "Office manager", "Operations")


def build_clients() -> list[Client]:
    """Forty-five clients; two share a name and differ by key and city."""
    pairs = [(region, name, city) for region, group in NAMES.items() for name, city in group]
    return [Client(f"C-{1001 + n}", name, region, city) for n, (region, name, city) in enumerate(pairs)]


def client_rows(clients: list[Client], dice: Dice) -> list[Row]:
    return [_client(client, dice) for client in clients]


def _client(client: Client, dice: Dice) -> Row:
    known = client.name not in WITHOUT_TAX_ID
    abroad = client.country in ("AT", "FR")
    padded = f"  {client.name} " if dice.chance(0.1) else client.name
    return {
        "external_id": client.key,
        "name": padded,
        "client_type": "individual" if client.name.startswith("Praxis") else "company",
        "email": f"office@{domain(client)}",
        "phone": phone(client.country, dice),
        "website": f"https://www.{domain(client)}",
        "currency": client.currency,
        "billing_cycle": "quarterly" if dice.chance(0.15) else "monthly",
        "time_zone": ZONES.get(client.region, "Europe/Berlin"),
        "language": LANGUAGES.get(client.region, "en"),
        "payment_terms": dice.pick(("net_14", "net_14", "net_30", "eom_30", "due_on_receipt")),
        "billing_email": f"invoices@{domain(client)}",
        "account_manager": dice.pick(("U-LENA", "U-ALICE")),
        "active": True,
        "tax_region": "R-DE" if abroad and not known else f"R-{client.region}",
        "tax_id": tax_id(client.region, dice) if known else None,
        "tax_exempt": client.name in EXEMPT,
        "tax_exemption_reason": EXEMPT.get(client.name),
        "reverse_charge": abroad and known,
        "notes": 'Says "no calls before 9", writes instead; two gates.' if dice.chance(0.05) else None,
    }


def domain(client: Client) -> str:
    """A name below .example (RFC 2606) that no one can own."""
    plain = client.name.lower().translate(str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "é": "e", "è": "e"}))
    return "-".join(word for word in _words(plain))[:24].strip("-") + f"-{client.key[-2:]}.example"


def _words(text: str) -> Iterator[str]:
    return (word for word in "".join(c if c.isascii() and c.isalnum() else " " for c in text).split())


def phone(country: str, dice: Dice) -> str:
    """A number from the ranges that are kept free for fiction."""
    if country in ("US", "CA"):
        return f"+1 206 555 01{dice.digits(2)}"
    if country == "FR":
        return f"+33 1 99 00 {dice.digits(2)} {dice.digits(2)}"
    return f"+49 30 23125 {dice.digits(3)}"


def location_rows(clients: list[Client], dice: Dice) -> list[Row]:
    """One default place for each client and a second one for every third."""
    rows: list[Row] = []
    for n, client in enumerate(clients):
        rows.append(_location(client, "Hauptsitz" if client.country in ("DE", "AT") else "Head office", 1, dice))
        if n % 3 == 0:
            rows.append(_location(client, "Lager" if client.country in ("DE", "AT") else "Warehouse", 2, dice))
    return rows


def _location(client: Client, name: str, number: int, dice: Dice) -> Row:
    return {
        "external_id": location_key(client, number),
        "client": client.key,
        "name": name,
        "line1": f"{dice.pick(STREETS[client.country])} {dice.number(1, 120)}",
        "line2": "2. Hof, Aufgang B" if client.country == "DE" and number == 2 else None,
        "postal_code": dice.digits(5) if client.country != "AT" else dice.digits(4),
        "city": client.city if number == 1 or not dice.chance(0.3) else f"{client.city} ",
        "state": client.region[3:] or None,
        "country": client.country,
        "tax_region": f"R-{client.region}" if client.name not in WITHOUT_TAX_ID or client.country != "FR" else "R-DE",
        "phone": phone(client.country, dice),
        "is_default": number == 1,
    }


def location_key(client: Client, number: int = 1) -> str:
    return f"LOC-{client.key[2:]}-{number}"


def contact_key(client: Client, number: int = 1) -> str:
    return f"P-{client.key[2:]}-{number}"


def contact_rows(clients: list[Client], dice: Dice) -> list[Row]:
    """Two contacts for each client; the first takes the invoices. One of them is Dana."""
    return [_contact(client, number, dice) for client in clients for number in (1, 2)]


def _contact(client: Client, number: int, dice: Dice) -> Row:
    first, last = dice.pick(FIRST), dice.pick(LAST)
    if client.key == "C-1001" and number == 1:
        first, last = "Dana", "Dornbusch"
    return {
        "external_id": contact_key(client, number),
        "client": client.key,
        "full_name": f"{first} {last}",
        "email": f"{_ascii(first)}.{_ascii(last)}.{number}@{domain(client)}",
        "phone": phone(client.country, dice) if dice.chance(0.8) else None,
        "job_title": dice.pick(JOBS),
        "language": LANGUAGES.get(client.region, "en"),
        "is_billing_contact": number == 1,
        "active": not (number == 2 and dice.chance(0.08)),
    }


def _ascii(name: str) -> str:
    return name.lower().translate(str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "é": "e"}))


def technician_of(dice: Dice) -> tuple[str, str]:
    """(user, team) of somebody who takes a ticket."""
    return dice.pick(technicians())
