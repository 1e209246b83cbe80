"""Bounds of billing: what is more likely a mistake than work is parked until a person has looked at it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from uuid import UUID

from kernel.errors import DeskhandError
from kernel.hookspecs.charging import ChargeWindow
from kernel.money import format_minor
from plugins.billing.comparing import last_billed, sums_of
from plugins.billing.errors import AmountJumped, TooManyOnADay

if TYPE_CHECKING:
    from datetime import date

    from kernel.context import CallContext
    from plugins.billing.drafts import Assembled


def find_crowded(days: Iterable[tuple[UUID, date]], most: int, window: ChargeWindow) -> dict[UUID, DeskhandError]:
    """The clients with more than `most` items on one day; 0 is no bound."""
    if not most:
        return {}
    found: dict[UUID, DeskhandError] = {}
    counted = Counter((client_id.int, day) for client_id, day in days)
    for (number, day), count in sorted(item for item in counted.items() if item[1] > most):
        client_id = UUID(int=number)
        found[client_id] = TooManyOnADay(
            f"{count} items are to be billed for {day.isoformat()}; more than {most} are looked at first. {_ADVICE}",
            mend_url=_look(window, client_id),
        )
    return found


def find_jumps(ctx: CallContext, window: ChargeWindow, invoices: Sequence[Assembled], factor: int) -> dict[UUID, DeskhandError]:
    """The clients who owe more than `factor` times what the last window billed them in that currency; 0 is no bound."""
    if not factor or not invoices:
        return {}
    now = sums_of(invoices)
    last = last_billed(ctx, window.start, {client_id for client_id, _ in now})
    found: dict[UUID, DeskhandError] = {}
    for (client_id, currency), amount in now.items():
        before = last.get((client_id, currency))
        if before and 0 < before.amount * factor < amount:
            found[client_id] = AmountJumped(
                f"{format_minor(amount, currency)} before tax is more than {factor} times the"
                f" {format_minor(before.amount, currency)} billed up to {before.window_end.isoformat()}. {_ADVICE}",
                mend_url=_look(window, client_id),
            )
    return found


_ADVICE = "If it is right, bill this client without bounds."


def _look(window: ChargeWindow, client_id: UUID) -> str:
    """The preview of this client alone, as a run without bounds would bill it."""
    asked: Mapping[str, object] = {
        "window_start": window.start, "window_end": window.end, "client_ids": client_id, "bounded": "false",
    }  # fmt: skip
    return f"/billing-runs/preview?{urlencode(asked)}"
