"""What QuickBooks would refuse, found without asking it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kernel.context import CallContext
from kernel.hookspecs.accounting import Document, Problem
from plugins.quickbooks.documents import LONGEST_NUMBER


def check(_: CallContext, documents: Sequence[Document]) -> list[Problem]:
    """The problems of documents as they are."""
    return [problem for one in documents for problem in _of(one)]


def _of(document: Document) -> Iterator[Problem]:
    if len(document.number) > LONGEST_NUMBER:
        said = f"QuickBooks takes numbers of up to {LONGEST_NUMBER} characters; {document.number} has {len(document.number)}."
        yield Problem(document.id, "number_too_long", said)
    if document.total < 0:
        yield Problem(document.id, "total_negative", f"{document.number} comes to less than nothing, which QuickBooks refuses.")
    if not document.lines:
        yield Problem(document.id, "without_lines", f"{document.number} has no lines, which QuickBooks refuses.")
