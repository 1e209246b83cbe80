"""The ways the e-invoicing room says no."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kernel.errors import DeskhandError, Refused

if TYPE_CHECKING:
    from plugins.einvoicing.checks import Wanting


class EInvoiceNotFinal(Refused):
    """Only a finalized invoice or credit note goes out."""

    code = "e_invoice_not_final"
    title = "Not final"


class EInvoiceFactsWanting(Refused):
    """EN 16931 asks for facts that nobody entered yet; `wanting` lists each with its business term and where to enter it."""

    code = "e_invoice_facts_wanting"
    title = "The e-invoice lacks facts"

    def __init__(self, wanting: Sequence[Wanting]) -> None:
        told = " ".join(f"{one.term}: {one.words}" for one in wanting)
        self.facts = tuple(wanting)
        super().__init__(told, wanting=[{"term": one.term, "detail": one.words, "url": one.url} for one in wanting])


class EInvoiceNotExpressible(Refused):
    """The invoice is right, but EN 16931 has no words for something on it; `rule` names the business rule."""

    code = "e_invoice_not_expressible"
    title = "EN 16931 cannot express this invoice"

    def __init__(self, rule: str, detail: str) -> None:
        super().__init__(f"{detail} ({rule})", rule=rule)
        self.rule = rule


class EInvoiceInvalid(DeskhandError):
    """What was written does not fit the schema of its syntax; it is not given out."""

    code = "e_invoice_invalid"
    title = "The e-invoice does not fit its schema"
