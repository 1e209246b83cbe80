"""What contracts owe, by the engine through the database and by the slow reference, for as many random contracts as wanted."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from typing import Any

from kernel.context import Actor
from tests.ground import found, ground
from tests.plugins.billing.reference.agreement import compare

CLIENTS = 250
"""In each round, of one company; nothing of a round is kept."""
AGAIN = 4
"""In every fourth round what is owed is billed, and what is due later on is compared as well."""


def contract_reference(notes: dict[str, Any], keep: Callable[[], None]) -> str:
    """Compare `SOAK_CONTRACTS` (20,000) random contracts; returns the figures in words. Raises at the first difference."""
    wanted = int(os.environ.get("SOAK_CONTRACTS", "20000"))
    seen = Counter(notes.setdefault("seen", {}))
    with ground() as (kernel, _):
        while seen["contracts"] < wanted:
            number = notes["rounds"] = notes.get("rounds", 0) + 1
            tenant_id = found(kernel, f"market-{number}")
            with kernel.call(tenant_id, Actor.system()) as ctx:
                seen += compare(ctx, CLIENTS, notes["seed"] * 1_000_000 + number, again=number % AGAIN == 0)
                ctx.session.rollback()
            notes["seen"] = dict(seen)
            keep()
            print(f"  round {number}: {seen['contracts']} contracts alike", flush=True)
    figures = ", ".join(f"{count} {what}" for what, count in sorted(seen.items()))
    return f"random contracts alike in fractions and in the engine ({figures})"
