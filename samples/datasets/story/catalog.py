"""What Acme MSP sells: thirty services, products and licences with prices in two currencies."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from story.dialects import Row

# key, name, kind, billing method, category, unit, tax category, EUR, USD
ITEMS = (
    ("S-REMOTE", "Remote support", "service", "hourly", "Support", "hour", "standard", "96.00", "110.00"),
    ("S-ONSITE", "On-site support", "service", "hourly", "Support", "hour", "standard", "118.00", "135.00"),
    ("S-SENIOR", "Senior engineering", "service", "hourly", "Projects", "hour", "standard", "148.00", "170.00"),
    ("S-CONSULT", "Consulting", "service", "hourly", "Projects", "hour", "standard", "165.00", "190.00"),
    ("S-EMERG", "Emergency call-out", "service", "hourly", "Support", "hour", "standard", "189.00", "215.00"),
    ("S-COURSE", "Certified IT training", "service", "hourly", "Training", "hour", "exempt", "90.00", None),
    (
        "S-WORKPL",
        "Managed workplace",
        "service",
        "fixed",
        "Managed services",
        "workplace",
        "standard",
        "49.00",
        "56.00",
    ),
    ("S-SERVER", "Managed server", "service", "fixed", "Managed services", "server", "standard", "129.00", "149.00"),
    ("S-NETWORK", "Managed network", "service", "fixed", "Managed services", "site", "standard", "89.00", "102.00"),
    ("S-FIREWALL", "Managed firewall", "service", "fixed", "Managed services", "device", "standard", "75.00", "86.00"),
    ("S-MONITOR", "Monitoring", "service", "fixed", "Managed services", "device", "standard", "9.50", "10.90"),
    ("S-AWARE", "Security awareness", "service", "fixed", "Training", "person", "standard", "4.90", "5.60"),
    ("S-BACKUP", "Backup storage", "service", "usage", "Cloud", "GB", "standard", "0.12", "0.14"),
    ("S-STORAGE", "Object storage", "service", "usage", "Cloud", "GB", "standard", "0.09", "0.10"),
    ("S-VOICE", "Voice minutes", "service", "usage", "Telephony", "minute", "standard", "0.03", "0.04"),
    ("S-PRINT", "Printed pages", "service", "usage", "Printing", "page", "standard", "0.02", "0.03"),
    ("S-SMS", "Text messages", "service", "usage", "Telephony", "message", "standard", "0.08", "0.09"),
    ("P-LAPTOP", "Business laptop 14″", "product", "per_unit", "Hardware", "piece", "standard", "1249.00", "1399.00"),
    ("P-DOCK", "Docking station", "product", "per_unit", "Hardware", "piece", "standard", "189.00", "209.00"),
    ("P-SCREEN", "Display 27″", "product", "per_unit", "Hardware", "piece", "standard", "279.00", "299.00"),
    ("P-AP", "Wireless access point", "product", "per_unit", "Network", "piece", "standard", "149.00", "165.00"),
    ("P-SWITCH", "Switch 24 ports", "product", "per_unit", "Network", "piece", "standard", "429.00", "479.00"),
    ("P-UPS", "UPS 1500 VA", "product", "per_unit", "Hardware", "piece", "standard", "389.00", "429.00"),
    ("P-SSD", "SSD 1 TB", "product", "per_unit", "Hardware", "piece", "standard", "94.90", "99.90"),
    ("P-PHONE", "Desk phone (rental)", "product", "per_unit", "Telephony", "piece", "standard", "6.90", "7.50"),
    ("P-BOOK", "Printed user handbook", "product", "per_unit", "Training", "copy", "reduced", "24.90", None),
    ("L-OFFICE", "Office suite, per user", "license", "per_unit", "Licences", "user", "standard", "11.70", "12.50"),
    ("L-SHIELD", "Endpoint protection", "license", "per_unit", "Licences", "device", "standard", "3.90", "4.30"),
    ("L-MAIL", "Mail filter, per mailbox", "license", "per_unit", "Licences", "mailbox", "standard", "2.10", "2.40"),
    ("L-VAULT", "Password vault, per year", "license", "per_unit", "Licences", "user", "standard", "42.00", "47.00"),
)
SINCE = date(2026, 1, 1)

# key: vendor, manufacturer, its part number, cost of one in EUR
ORIGINS = {
    "P-LAPTOP": ("Nordhandel", "Corvid", "CV-14-G5", "982.00"),
    "P-DOCK": ("Nordhandel", "Corvid", "CV-DK2", "131.50"),
    "P-SCREEN": ("Nordhandel", "Lumora", "LM27Q", "204.00"),
    "P-AP": ("Funkhaus Distribution", "Airwell", "AW-610", "102.30"),
    "P-SWITCH": ("Funkhaus Distribution", "Airwell", "SW-24P", "318.00"),
    "P-UPS": ("Nordhandel", "Stromfels", "SF1500", "289.00"),
    "P-SSD": ("Nordhandel", "Kernspeicher", "KS-1T-N", "61.20"),
    "P-PHONE": ("Funkhaus Distribution", "Ringwerk", "RW-20", "3.10"),
    "P-BOOK": ("Druckerei Lind", None, None, "9.80"),
    "L-OFFICE": ("Cloudkontor", "Blattwerk", "BW-OFF-U", "9.36"),
    "L-SHIELD": ("Cloudkontor", "Wallgraben", "WG-EP", "2.34"),
    "L-MAIL": ("Cloudkontor", "Wallgraben", "WG-MF", "1.26"),
    "L-VAULT": ("Cloudkontor", "Riegel", "RG-VLT-A", "29.40"),
}


def catalog_items() -> list[Row]:
    return [_item(item) for item in ITEMS]


def _item(item: tuple[str | None, ...]) -> Row:
    key, name, kind, method, category, unit, tax = (str(part) for part in item[:7])
    vendor, manufacturer, part_number, cost = ORIGINS.get(key, (None, None, None, None))
    term = None if kind != "license" else "annual" if key == "L-VAULT" else "monthly"
    return {
        "external_id": key,
        "name": name,
        "kind": kind,
        "billing_method": method,
        "category": category,
        "unit": unit,
        "sku": f"ACM-{key[2:]}" if kind != "service" else None,
        "tax_category": tax,
        "license_term": term,
        "license_cadence": term,
        "vendor": vendor,
        "manufacturer": manufacturer,
        "part_number": part_number,
        "cost_currency": "EUR" if cost else None,
        "cost": Decimal(cost) if cost else None,
        "description": None,
        "active": True,
    }


def catalog_prices() -> list[Row]:
    return [
        {
            "external_id": f"PR-{item[0]}-{currency}",
            "item": item[0],
            "currency": currency,
            "unit_price": Decimal(price),
            "valid_from": SINCE,
        }
        for item in ITEMS
        for currency, price in (("EUR", item[7]), ("USD", item[8]))
        if price
    ]


def price(item: str, currency: str) -> Decimal:
    """The catalog's price of an item; KeyError where it has none in that currency."""
    return PRICES[item, currency]


PRICES = {
    (item[0], currency): Decimal(value) for item in ITEMS for currency, value in (("EUR", item[7]), ("USD", item[8])) if value
}
