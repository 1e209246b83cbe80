"""Units in codes of UN/ECE Recommendation 20, as EN 16931 wants them (BT-130). Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

PIECE = "C62"
_CODE = re.compile(r"[A-Z0-9]{2,3}")
_KNOWN = {
    "each": PIECE, "piece": "H87", "pieces": "H87", "pc": "H87", "pcs": "H87", "item": PIECE, "unit": PIECE, "units": PIECE,
    "license": PIECE, "licence": PIECE, "licenses": PIECE, "seat": PIECE, "seats": PIECE, "user": "IE", "users": "IE",
    "person": "IE", "device": PIECE, "devices": PIECE, "endpoint": PIECE, "server": PIECE, "mailbox": PIECE, "ticket": PIECE,
    "set": "SET", "pack": "XPK", "package": "XPK", "pair": "PR", "lot": PIECE, "flat": "LS", "lump sum": "LS", "flat fee": "LS",
    "second": "SEC", "minute": "MIN", "minutes": "MIN", "min": "MIN", "hour": "HUR", "hours": "HUR", "h": "HUR", "day": "DAY",
    "days": "DAY", "week": "WEE", "weeks": "WEE", "month": "MON", "months": "MON", "quarter": "QAN", "year": "ANN",
    "years": "ANN", "kb": "2P", "mb": "4L", "gb": "E34", "tb": "E35", "gib": "E34", "tib": "E35", "kwh": "KWH", "km": "KMT",
    "m": "MTR", "metre": "MTR", "meter": "MTR", "kg": "KGM", "g": "GRM", "l": "LTR", "litre": "LTR", "percent": "P1", "%": "P1",
}  # fmt: skip


def read_codes(text: str) -> dict[str, str]:
    """A tenant's own units, one in a line as `unit = code`. Raises ValueError with the line that is none.

    >>> read_codes("Device = c62\\n\\nrack unit=H87")
    {'device': 'C62', 'rack unit': 'H87'}
    """
    found = {}
    for line in filter(str.strip, text.splitlines()):
        unit, sign, code = (part.strip() for part in line.partition("="))
        if not (unit and sign and _CODE.fullmatch(code.upper())):
            raise ValueError(line.strip())
        found[unit.lower()] = code.upper()
    return found


def unit_code(unit: str, own: Mapping[str, str]) -> str | None:
    """The code of a unit, the tenant's own ones first; None for one that nobody knows.

    >>> unit_code("Hour", {}), unit_code("rack", {"rack": "H87"}), unit_code("", {}), unit_code("furlong", {})
    ('HUR', 'H87', 'C62', None)
    """
    word = unit.strip().lower()
    return own.get(word) or (_KNOWN.get(word) if word else PIECE)
