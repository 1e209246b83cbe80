"""Acme MSP itself: teams, people, and the taxes of the places it bills to."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from story.dialects import Row

TEAMS = (
    ("T-DESK", "Service desk", "First and second level, remote"),
    ("T-FIELD", "Field service", "On site, hardware and networks"),
    ("T-OFFICE", "Back office", "Dispatch, finance, management"),
)
ENGINEER, SENIOR = "engineer", "senior engineer"
USERS = (
    ("U-ALICE", "Alice Anders", "admin", "T-OFFICE", True, None),
    ("U-BOB", "Bob Brandt", "technician", "T-DESK", True, SENIOR),
    ("U-CAROL", "Carol Castell", "finance", "T-OFFICE", False, None),
    ("U-EMRE", "Emre Engin", "technician", "T-DESK", False, ENGINEER),
    ("U-FRIEDA", "Frieda Föllmer", "technician", "T-DESK", False, ENGINEER),
    ("U-GREGOR", "Gregor Groß", "technician", "T-FIELD", True, SENIOR),
    ("U-HANA", "Hana Hruška", "technician", "T-FIELD", False, ENGINEER),
    ("U-IVO", "Ivo Ilves", "technician", "T-DESK", False, SENIOR),
    ("U-JULE", "Jule Jäger", "dispatcher", "T-OFFICE", False, None),
    ("U-KOFI", "Kofi Kyei", "technician", "T-FIELD", False, ENGINEER),
    ("U-LENA", "Lena Lindqvist", "manager", "T-OFFICE", False, None),
    ("U-MILO", "Milo Marchetti", "technician", "T-DESK", False, ENGINEER),
)
REGIONS = (
    ("DE", "Germany", "DE"),
    ("AT", "Austria", "AT"),
    ("FR", "France", "FR"),
    ("US-WA", "Washington, Seattle", "US"),
    ("US-NY", "New York City", "US"),
    ("CA-QC", "Québec", "CA"),
    ("CA-ON", "Ontario", "CA"),
)
RATES = (
    ("TX-DE-STD", "DE", "USt 19 %", "standard", "19", date(2021, 1, 1)),
    ("TX-DE-RED", "DE", "USt 7 %", "reduced", "7", date(2021, 1, 1)),
    ("TX-AT-STD", "AT", "USt 20 %", "standard", "20", date(2016, 1, 1)),
    ("TX-AT-RED", "AT", "USt 10 %", "reduced", "10", date(2016, 1, 1)),
    ("TX-FR-STD", "FR", "TVA 20 %", "standard", "20", date(2014, 1, 1)),
    ("TX-FR-RED", "FR", "TVA 5,5 %", "reduced", "5.5", date(2014, 1, 1)),
    ("TX-US-WA", "US-WA", "WA sales tax", "standard", "10.35", date(2025, 1, 1)),
    ("TX-US-NY", "US-NY", "NYC sales tax", "standard", "8.875", date(2011, 3, 1)),
    ("TX-CA-QC", "CA-QC", "GST + QST", "standard", None, date(2013, 1, 1)),
    ("TX-CA-ON", "CA-ON", "HST 13 %", "standard", "13", date(2010, 7, 1)),
)
COMPONENTS = (
    ("TX-CA-QC-GST", "TX-CA-QC", 1, "GST", "5"),
    ("TX-CA-QC-QST", "TX-CA-QC", 2, "QST", "9.975"),
)


def teams() -> list[Row]:
    return [{"external_id": key, "name": name, "description": text} for key, name, text in TEAMS]


def users() -> list[Row]:
    return [
        {
            "external_id": key,
            "full_name": name,
            "email": f"{name.split()[0].lower()}@acme-msp.example",
            "role": role,
            "billing_role": billing_role,
            "team": team,
            "team_lead": lead,
            "time_zone": "Europe/Berlin",
            "active": True,
        }
        for key, name, role, team, lead, billing_role in USERS
    ]


def technicians() -> list[tuple[str, str]]:
    """(user, team) of everybody who works on tickets."""
    return [(key, team) for key, _, role, team, _, _ in USERS if role == "technician"]


def tax_regions() -> list[Row]:
    return [{"external_id": f"R-{code}", "code": code, "name": name, "country": country} for code, name, country in REGIONS]


def tax_rates() -> list[Row]:
    return [
        {
            "external_id": key,
            "region": f"R-{region}",
            "name": name,
            "tax_category": category,
            "kind": "simple" if percentage else "composite",
            "percentage": Decimal(percentage) if percentage else None,
            "valid_from": since,
            "valid_to": None,
        }
        for key, region, name, category, percentage, since in RATES
    ]


def tax_rate_components() -> list[Row]:
    return [
        {
            "external_id": key,
            "rate": rate,
            "sequence": sequence,
            "name": name,
            "percentage": Decimal(percentage),
            "compound": False,
            "valid_from": date(2013, 1, 1),
            "valid_to": None,
        }
        for key, rate, sequence, name, percentage in COMPONENTS
    ]
