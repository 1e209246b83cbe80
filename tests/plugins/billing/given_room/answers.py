"""What the room answers: for each of its layouts something else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kernel.hookspecs.papers import InvoicePaper, LaidOut

SAID = ["One"]
"""What the layout `words` prints; a test changes it as a new release would."""
BAD: dict[str, Any] = {
    "no-object": "layout",
    "strange-block": {"format": 1, "blocks": [{"kind": "script", "text": "alert(1)"}]},
    "strange-field": {"format": 1, "blocks": [{"kind": "text", "text": "{invoice.__class__}"}]},
    "huge": {"format": 1, "blocks": [{"kind": "text", "text": "x" * 70_000}]},
    "many": {"format": 1, "blocks": [{"kind": "rule"}] * 61},
    "deep": {"format": 1, "blocks": [{"kind": "columns", "columns": [{"blocks": [{"kind": "columns", "columns": []}]}]}]},
    "nothing": {"format": 1, "blocks": [{"kind": "text", "text": "a\0b"}]},
    "foreign-picture": {"format": 1, "blocks": [{"kind": "image", "image": "0198c1d0-0000-7000-8000-0000000000aa"}]},
    "other-key": {"format": 1, "code": "letter_room.letter"},
}
KEYS = [f"given_room.{one}" for one in ("words", "client", "open", "skip", "closed", "late", *BAD)]


def answers(key: str, papers: Sequence[InvoicePaper]) -> list[LaidOut]:
    """One answer for each paper; `late` gives one too few."""
    kind = key.partition(".")[2]
    return [_answer(kind, paper) for paper in papers[kind == "late" :]]


def _answer(kind: str, paper: InvoicePaper) -> LaidOut:
    if kind in BAD:
        return LaidOut(BAD[kind], "room 1.0.0", "skip")
    if kind in ("open", "skip", "closed"):
        return LaidOut(None, "room 1.0.0", kind, "The printer is away.")
    said = f"For {paper.buyer.name}: <script>" if kind == "client" else SAID[0]
    blocks = [{"kind": "text", "text": f"{said} {{invoice.number}}"}, {"kind": "totals"}]
    return LaidOut({"format": 1, "blocks": blocks}, f"room {SAID[0]}", "closed")
