"""One organisation's books in Xero, behind the accounting port."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol

from kernel.errors import Unavailable
from kernel.hookspecs.accounting import (
    CREDIT_NOTE,
    INVOICE,
    PAYMENT,
    Change,
    Changes,
    Choice,
    Company,
    Document,
    Done,
    Failed,
    Money,
    NewCustomer,
    NewItem,
    Theirs,
    Voiding,
)  # fmt: skip
from kernel.hookspecs.connections import Access
from plugins.xero import reading, writing
from plugins.xero.calls import SECONDS, Mistaken, NotThere, asking, failed, open_api, told_mistakes
from plugins.xero.shapes import kept_lines, latest, minor, stamp

MOST = 50
"""Objects in one request, as Xero advises."""
Outcome = Done | Failed


class Asked(Protocol):
    """What may be asked for once, however often it is sent."""

    @property
    def request_id(self) -> str: ...


class XeroBooks:
    """A gateway (see `kernel.hookspecs.accounting.Gateway`)."""

    def __init__(self, access: Access) -> None:
        self.tenant = access.account_id
        self.api = open_api(access)

    def company(self) -> Company:
        with asking():
            found = self.api.get_organisations(self.tenant, _request_timeout=SECONDS).organisations[0]
        code = found.base_currency
        return Company(self.tenant, str(found.name), str(getattr(code, "value", code)))

    def choices(self, kind: str) -> Sequence[Choice]:
        """Items by their code, contacts by id, tax rates by type, accounts by code."""
        with asking():
            return reading.choices(self.api, self.tenant, kind)

    def theirs(self, kind: str) -> Sequence[Theirs]:
        home = self.company().home_currency
        with asking():
            return reading.theirs(self.api, self.tenant, kind, home)

    def put_customers(self, customers: Sequence[NewCustomer]) -> Sequence[Outcome]:
        return self._each(customers, lambda part: writing.create_contacts(self.api, self.tenant, part, _key(part)))

    def put_items(self, items: Sequence[NewItem]) -> Sequence[Outcome]:
        return self._each(items, lambda part: writing.create_items(self.api, self.tenant, part, _key(part)))

    def put_documents(self, documents: Sequence[Document]) -> Sequence[Outcome]:
        outcomes: dict[str, Outcome] = {}
        for kind in (INVOICE, CREDIT_NOTE):
            for known in (False, True):
                part = [one for one in documents if one.kind == kind and bool(one.external) == known]
                told = self._each(part, lambda some, kind=kind, known=known: self._documents(kind, some, known))  # type: ignore[misc]
                outcomes |= {one.request_id: outcome for one, outcome in zip(part, told, strict=True)}
        return [outcomes[one.request_id] for one in documents]

    def put_money(self, money: Sequence[Money]) -> Sequence[Outcome]:
        """New payments of one invoice go together; what ties documents together, or may be there, goes by itself."""
        fresh = [one for one in money if _is_new_payment(one)]
        told = self._each(
            fresh, lambda part: writing.pay_each(self.api, self.tenant, [(one, one.shares[0]) for one in part], _key(part))
        )
        outcomes = {one.request_id: outcome for one, outcome in zip(fresh, told, strict=True)}
        rest = [one for one in money if one.request_id not in outcomes]
        told = self._each(rest, lambda part: [self._money(one) for one in part], most=1)
        outcomes |= {one.request_id: outcome for one, outcome in zip(rest, told, strict=True)}
        return [outcomes[one.request_id] for one in money]

    def void(self, voidings: Sequence[Voiding]) -> Sequence[Outcome]:
        return self._each(voidings, lambda part: [self._void(one) for one in part], most=1)

    def changes(self, since: datetime, kinds: Sequence[str]) -> Changes:
        with asking():
            found = [one for kind in kinds for one in reading.changed(self.api, self.tenant, kind, since)]
        return Changes(latest(found, since), found)

    def read(self, kind: str, ids: Sequence[str]) -> Sequence[Change]:
        with asking():
            return reading.read(self.api, self.tenant, kind, ids)

    def find(self, kind: str, numbers: Sequence[str]) -> Sequence[Change]:
        with asking():
            return reading.find(self.api, self.tenant, kind, numbers)

    def _each(self, asked: Sequence[Any], send: Callable[[Sequence[Any]], Sequence[Outcome]], most: int = MOST) -> list[Outcome]:
        """Part by part. What was not sent because Xero stopped answering may be tried again; if that was all, Unavailable is
        raised.
        """
        outcomes: list[Outcome] = []
        for start in range(0, len(asked), most):
            part = asked[start : start + most]
            try:
                with asking():
                    outcomes += send(part)
            except (Mistaken, NotThere) as error:
                outcomes += [Failed("gone", error.detail) if isinstance(error, NotThere) else failed(error.detail)] * len(part)
            except Unavailable as error:
                if not outcomes:
                    raise
                wait = int(error.extra.get("retry_after") or 0)
                return outcomes + [Failed("unavailable", error.detail, again=True, wait=wait)] * (len(asked) - len(outcomes))
        return outcomes

    def _documents(self, kind: str, part: Sequence[Document], known: bool) -> list[Outcome]:
        """Write what nobody changed over there since we last saw it."""
        stale = self._stale(kind, part) if known else set()
        fresh = [one for one in part if one.request_id not in stale]
        rows = writing.put_documents(self.api, self.tenant, kind, fresh, _key(fresh), update=known) if fresh else []
        told = {one.request_id: _document_outcome(one, row) for one, row in zip(fresh, rows, strict=True)}
        gone = Failed("stale", "Somebody changed it in Xero meanwhile.")
        return [told.get(one.request_id, gone) for one in part]

    def _stale(self, kind: str, part: Sequence[Document]) -> set[str]:
        seen = {one.request_id: one.external for one in part if one.external and one.external.version}
        now = {one.external.id: one.external.version for one in reading.read(self.api, self.tenant, kind, [
            external.id for external in seen.values()])}  # fmt: skip
        return {key for key, external in seen.items() if now.get(external.id, external.version) != external.version}

    def _money(self, money: Money) -> Outcome:
        invoices = [one for one in money.shares if one.kind == INVOICE]
        notes = [one for one in money.shares if one.kind == CREDIT_NOTE]
        if notes and invoices and not money.amount:
            return writing.allocate(self.api, self.tenant, money, notes[0], invoices[0])
        if len(invoices) != 1 or invoices[0].amount != money.amount:
            return Failed(
                "refused", "Xero keeps a payment for each invoice, and none for what pays nothing. Note this one there."
            )
        if not money.account:
            return Failed("refused", "Say which of Xero's accounts takes payments: map the account for money that came in.")
        return writing.pay(self.api, self.tenant, money, invoices[0])

    def _void(self, voiding: Voiding) -> Outcome:
        if voiding.kind not in (INVOICE, CREDIT_NOTE, PAYMENT, writing.CREDIT_USE):
            return Failed("refused", "Only documents and money can be void in Xero.")
        kind = PAYMENT if voiding.kind == writing.CREDIT_USE else voiding.kind
        [*there] = reading.read(self.api, self.tenant, kind, [voiding.external.id])
        if not there:
            return Failed("gone", "It is not there any more.")
        if not (there[0].voided or there[0].deleted):
            writing.end(self.api, self.tenant, voiding, _key([voiding]))
        return Done(voiding.external)


def _is_new_payment(money: Money) -> bool:
    alone = [(one.kind, one.amount) for one in money.shares] == [(INVOICE, money.amount)]
    return alone and bool(money.account) and money.external is None and not money.sent_before


def _document_outcome(document: Document, row: Any) -> Outcome:
    if mistakes := told_mistakes(row):
        return failed(mistakes)
    row_id = row.invoice_id if document.kind == INVOICE else row.credit_note_id
    places = document.exponent
    known = writing.External(str(row_id), stamp(row.updated_date_utc), document.number)
    return Done(known, minor(row.total, places), minor(row.total_tax, places), kept_lines(row, places))


def _key(asked: Sequence[Asked]) -> str:
    """The same for the same requests together; Xero gives its first answer again for some minutes."""
    return hashlib.sha256("|".join(one.request_id for one in asked).encode()).hexdigest()
