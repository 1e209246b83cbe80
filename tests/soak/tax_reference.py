"""The tax engine against the slow reference, on as many random documents as wanted."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.plugins.tax.agreement import compare

ROUND = 1_000


def tax_reference(notes: dict[str, Any], keep: Callable[[], None]) -> str:
    """Compare `SOAK_DOCUMENTS` (20,000) random documents; returns the figures in words. Raises at the first difference."""
    wanted = int(os.environ.get("SOAK_DOCUMENTS", "20000"))
    seen = Counter(notes.setdefault("seen", {}))
    while seen.total() < wanted:
        number = notes["rounds"] = notes.get("rounds", 0) + 1
        seen += compare(min(ROUND, wanted - seen.total()), notes["seed"] * 1_000_000 + number)
        notes["seen"] = dict(seen)
        keep()
        print(f"  round {number}: {seen.total()} documents alike")
    outcomes = ", ".join(f"{count} {outcome}" for outcome, count in sorted(seen.items()))
    return f"{seen.total()} random documents alike in fractions and in the engine, to the last group ({outcomes})"
