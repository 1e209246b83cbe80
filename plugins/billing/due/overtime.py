"""Which of the work to be billed is overtime; what of the same day or week is billed already counts towards it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from kernel.context import CallContext
from kernel.db import among
from kernel.hookspecs.charging import Charge
from plugins.billing.contracts.agreed import AgreedLine
from plugins.billing.models import Invoice, InvoiceLine
from plugins.billing.overtime import Overtime, beyond

_A_WEEK = timedelta(days=7)

Worked = Mapping[tuple[UUID, str, date], int]


class Piece(NamedTuple):
    """Work on a line with overtime, with its minutes as they are billed."""

    charge: Charge
    line_id: UUID
    terms: Overtime
    minutes: int


def terms_of(agreed: AgreedLine | None) -> Overtime | None:
    """What a line says on overtime."""
    line = agreed.line if agreed else None
    if line is None or line.overtime_after is None:
        return None
    return Overtime(line.overtime_after, line.overtime_per, line.overtime_rate, line.overtime_factor)


def read_worked(ctx: CallContext, lines: Iterable[AgreedLine], charges: Sequence[Charge]) -> dict[tuple[UUID, str, date], int]:
    """Minutes billed before by line, person and day, as far back as the weeks of these charges; the lines that bill it tell.

    Nothing is asked if no line has overtime; else only the invoices of clients with such lines are looked through.
    """
    wanted = {one.line.id: one.contract.client_id for one in lines if one.line.overtime_after is not None}
    if not wanted or not charges:
        return {}
    since = min(one.on_date for one in charges) - _A_WEEK
    invoice = (Invoice.tenant_id == InvoiceLine.tenant_id) & (Invoice.id == InvoiceLine.invoice_id)
    found = select(InvoiceLine.contract_line_id, InvoiceLine.trace["entries"]).join(Invoice, invoice).where(
        among(Invoice.client_id, sorted(set(wanted.values()))), Invoice.status != "void",
        among(InvoiceLine.contract_line_id, sorted(wanted)), InvoiceLine.kind == "hourly", InvoiceLine.period_end > since,
    )  # fmt: skip
    worked: defaultdict[tuple[UUID, str, date], int] = defaultdict(int)
    for line_id, entries in ctx.session.execute(found):
        for entry in entries or ():
            worked[line_id, entry.get("worker") or "", date.fromisoformat(entry["on"])] += entry["billed_minutes"]
    return dict(worked)


def overtime_of(pieces: Iterable[Piece], worked: Worked) -> dict[tuple[str, UUID], int]:
    """Minutes of overtime of each piece, by kind and id of its charge; each person's day or week is counted by itself."""
    spells: defaultdict[tuple[UUID, str, date], list[Piece]] = defaultdict(list)
    for piece in pieces:
        spells[piece.line_id, worker_of(piece.charge), piece.terms.spell(piece.charge.on_date)].append(piece)
    found = {}
    for (line_id, worker, first), own in spells.items():
        terms = own[0].terms
        before = sum(
            minutes for (line, person, day), minutes in worked.items()
            if line == line_id and person == worker and terms.spell(day) == first
        )  # fmt: skip
        ordered = sorted(own, key=_when)
        for piece, over in zip(ordered, beyond(terms.after, before, [one.minutes for one in ordered]), strict=True):
            found[piece.charge.source_kind, piece.charge.source_id] = over
    return found


def worker_of(charge: Charge) -> str:
    """Who did it, as the reckoning names a person."""
    return str(charge.worker_id) if charge.worker_id else ""


def _when(piece: Piece) -> tuple[date, float, UUID]:
    started = piece.charge.started_at
    return piece.charge.on_date, started.timestamp() if started else 0.0, piece.charge.source_id
