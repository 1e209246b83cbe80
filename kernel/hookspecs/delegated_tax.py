"""Taxes of drafts that an accounting system reckons: what it is asked, what it says, and taking that over."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple, Protocol
from uuid import UUID

from kernel.hookspecs import hookspec
from kernel.hookspecs.accounting import Document, Failed, Gateway

if TYPE_CHECKING:
    from kernel.context import CallContext

TAX = "tax"
"""The kind of outgoing work that asks what a draft is taxed."""


class LineTax(NamedTuple):
    """What somebody else says a line of a draft is taxed: the line by its position, `tax` in minor units. `percent` None leaves
    it to be worked out.
    """

    position: int
    tax: int
    name: str = "Tax"
    percent: Decimal | None = None


class TaxQuestion(NamedTuple):
    """What is this draft of ours taxed? `document` is it as it stands; None where nobody wants to know any more, so that only
    what an earlier try left there has to go.
    """

    id: UUID
    request_id: str
    document: Document | None


class Reckoned(NamedTuple):
    """What the other side says: each line of the document that is `taxed`; none where there was no document."""

    lines: tuple[LineTax, ...] = ()


class TaxGateway(Gateway, Protocol):
    """Books of a system that `delegates_tax`."""

    def reckon_taxes(self, questions: Sequence[TaxQuestion]) -> Sequence[Reckoned | Failed]:
        """What these drafts are taxed, one answer each in their order. Nothing stays there that counts, and nothing at all once
        it was answered; what an earlier try for the same drafts left goes as well.
        """
        ...


@hookspec(firstresult=True)
def import_taxes(ctx: CallContext, invoice_id: UUID, lines: Sequence[LineTax], reference: str) -> int | None:
    """Ask: take over what somebody else says a draft is taxed, for each of its lines that waits for it; `reference` says who.
    Gives the tax of the whole draft, whose totals follow. The tax room; in the caller's transaction, which holds the draft then.

    Raises InvalidInput where lines are missing or want none, and what refuses amounts of this draft. Example: `2850`.
    """
