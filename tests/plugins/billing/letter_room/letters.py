"""Letters: the least PDF there is, and a paragraph of HTML."""

from __future__ import annotations

from html import escape

from kernel.hookspecs.papers import InvoicePaper

KEY = "letter_room.letter"


def letter(paper: InvoicePaper, form: str) -> bytes:
    """Who owes whom how much."""
    words = f"{paper.buyer.name} owes {paper.seller.name} {paper.due} {paper.currency} for {paper.number}."
    if form == "html":
        return f"<!doctype html><title>Letter</title><p>{escape(words)}</p>".encode()
    return b"%PDF-1.4\n% " + words.encode() + b"\n%%EOF\n"
