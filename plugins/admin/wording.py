"""Technical records in plain words: actions and changes of the audit trail, browsers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

LONGEST = 80
_ID = re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{8}([0-9a-f]{4})\b|\b[0-9a-f]{56}([0-9a-f]{8})\b")
_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (("Windows", "Windows"), ("Android", "Android"), ("iPhone", "iOS"), ("iPad", "iPadOS"), ("Mac OS", "macOS"),
            ("CrOS", "ChromeOS"), ("Linux", "Linux"))  # fmt: skip


def spoken_name(name: str) -> str:
    """A technical name as words.

    >>> spoken_name("api_key.revoked"), spoken_name("bank_lines")
    ('Api key revoked', 'Bank lines')
    """
    return name.replace(".", " ").replace("_", " ").capitalize()


def spoken_changes(changes: Mapping[str, Any]) -> str:
    """What was set, in one line; ids and digests by their ends.

    >>> spoken_changes({"roles": ["01a1fe80-be49-755e-91ea-c9c831415aaa"], "billing_role": None})
    'Roles: …5aaa, Billing role: –'
    """
    return ", ".join(f"{spoken_name(name)}: {_short(value)}" for name, value in changes.items())


def _short(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return "–"
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    text = _ID.sub(lambda found: f"…{found[1] or found[2]}", text)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def spoken_browser(agent: str | None) -> str:
    """A browser's name and system from what it says of itself; unknown ones as they are.

    >>> spoken_browser("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36")
    'Chrome · Linux'
    """
    said = agent or ""
    found = [next((name for sign, name in signs if sign in said), None) for signs in (_BROWSERS, _SYSTEMS)]
    return " · ".join(name for name in found if name) or said[:LONGEST] or "–"
