"""A company's books in QuickBooks Online, by the accounting port.

Documents go thirty at a time: should an answer be lost, their numbers and the mark in their private notes tell at the next try
what is there already. What has no number of its own (payments, customers, items, voidings) goes one by one, each with its
request id, which QuickBooks answers the same way again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple, TypeVar

from kernel.errors import Unavailable
from kernel.hookspecs.accounting import (
    CREDIT_NOTE,
    CREDIT_USE,
    CUSTOMER,
    INVOICE,
    ITEM,
    PAYMENT,
    Change,
    Changes,
    Choice,
    Company,
    Document,
    Done,
    External,
    Failed,
    Money,
    NewCustomer,
    NewItem,
    Theirs,
    Voiding,
)
from kernel.hookspecs.connections import Access, ConsentWithdrawn
from kernel.hookspecs.delegated_tax import Reckoned, TaxQuestion
from plugins.quickbooks import estimates, looking, reading, refusals
from plugins.quickbooks.client import BATCH, BooksClient, Entity, Fault, Item
from plugins.quickbooks.documents import (
    KINDS,
    Books,
    customer_body,
    document_body,
    item_body,
    mark_of,
    money_body,
    same,
)
from plugins.quickbooks.request_ids import batch_id, short_id

Result = Done | Failed
Thing = TypeVar("Thing")
_LISTS = {"item": "Item", "category": "Item", "client": "Customer", "tax": "TaxCode", "term": "Term", "account": "Account"}
_SILENT = "QuickBooks did not answer any more; the rest goes with the next try."


class Wanted(NamedTuple):
    """Something as it shall be on the other side: of which kind of ours, its body there, and the mark that makes it ours."""

    kind: str
    body: Entity
    mark: str
    request_id: str
    external: External | None


class QuickBooksGateway:
    """`kernel.hookspecs.accounting.Gateway` for one company."""

    def __init__(self, client: BooksClient, company_id: str) -> None:
        self._client, self._company_id = client, company_id

    def company(self) -> Company:
        name = str(self._info.get("CompanyName") or self._company_id)
        home = self._books.home_currency
        return Company(self._company_id, name, home, () if self._currencies.get("MultiCurrencyEnabled", True) else (home,))

    def choices(self, kind: str) -> Sequence[Choice]:
        entity = _LISTS[kind]
        where = "" if entity == "TaxCode" else "Active in (true, false)"
        rows = looking.all_rows(self._client, entity, where)
        return [reading.choice(row) for row in rows if row.get("Type") != "Category"]

    def theirs(self, kind: str) -> Sequence[Theirs]:
        rows = looking.all_rows(self._client, _LISTS[kind], "Active = true")
        return [
            reading.theirs(kind, row, self._books.home_currency) for row in rows if row.get("Type") not in ("Category", "Group")
        ]

    def put_customers(self, customers: Sequence[NewCustomer]) -> Sequence[Result]:
        return self._each(customers, lambda one: self._put(_wanted(CUSTOMER, one, customer_body(one))))

    def put_items(self, items: Sequence[NewItem]) -> Sequence[Result]:
        return self._each(items, lambda one: self._put(_wanted(ITEM, one, item_body(one))))

    def put_money(self, money: Sequence[Money]) -> Sequence[Result]:
        return self._each(money, lambda one: self._put(_wanted(PAYMENT, one, money_body(one), one.external)))

    def put_documents(self, documents: Sequence[Document]) -> Sequence[Result]:
        books = self._books
        wanted = [_wanted(one.kind, one, document_body(one, books), one.external) for one in documents]
        results: list[Result] = []
        for start in range(0, len(wanted), BATCH):
            try:
                results += self._put_batch(wanted[start : start + BATCH])
            except (Unavailable, ConsentWithdrawn) as error:
                if not results:
                    raise
                rest = Failed("unavailable", f"{_SILENT} {error.detail}", again=True)
                return results + [rest] * (len(wanted) - len(results))
        return results

    def reckon_taxes(self, questions: Sequence[TaxQuestion]) -> Sequence[Reckoned | Failed]:
        return estimates.reckon(self._client, self._books, questions)

    def void(self, voidings: Sequence[Voiding]) -> Sequence[Result]:
        return self._each([one._replace(kind=_known(one.kind)) for one in voidings], self._void)

    def changes(self, since: datetime, kinds: Sequence[str]) -> Changes:
        return looking.changes(self._client, since, kinds, self._books.home_currency)

    def read(self, kind: str, ids: Sequence[str]) -> Sequence[Change]:
        return [self._change(_known(kind), row) for row in looking.rows_where(self._client, KINDS[_known(kind)], "Id", ids)]

    def find(self, kind: str, numbers: Sequence[str]) -> Sequence[Change]:
        return [self._change(kind, row) for row in looking.rows_named(self._client, kind, numbers)]

    def _change(self, kind: str, row: Entity) -> Change:
        return reading.change(kind, row, self._books.home_currency)

    @cached_property
    def _info(self) -> Entity:
        return self._client.company_info()

    @cached_property
    def _preferences(self) -> Entity:
        return self._client.preferences()

    @property
    def _currencies(self) -> Entity:
        return self._preferences.get("CurrencyPrefs") or {}

    @cached_property
    def _books(self) -> Books:
        currency = self._currencies.get("HomeCurrency") or {}
        united_states = self._info.get("Country", "US") in ("US", "USA", "United States")
        rates = {} if united_states else self._rates()
        automated = (self._preferences.get("TaxPrefs") or {}).get("PartnerTaxEnabled") in (True, "true")
        return Books(united_states, str(currency.get("value") or "USD"), rates, automated)

    def _rates(self) -> dict[str, list[tuple[str, Decimal]]]:
        percents = {row["Id"]: Decimal(str(row.get("RateValue") or 0)) for row in looking.all_rows(self._client, "TaxRate")}
        codes = looking.all_rows(self._client, "TaxCode")
        listed = {row["Id"]: (row.get("SalesTaxRateList") or {}).get("TaxRateDetail", []) for row in codes}
        return {code: [(one["TaxRateRef"]["value"], percents.get(one["TaxRateRef"]["value"], Decimal(0))) for one in rates]
                for code, rates in listed.items()}  # fmt: skip

    def _each(self, things: Sequence[Thing], put: Callable[[Thing], Result]) -> list[Result]:
        """Do things one by one; once QuickBooks is silent, the rest is left for another time."""
        results: list[Result] = []
        for one in things:
            try:
                results.append(put(one))
            except (Unavailable, ConsentWithdrawn) as error:
                if not results:
                    raise
                rest = Failed("unavailable", f"{_SILENT} {error.detail}", again=True)
                return results + [rest] * (len(things) - len(results))
        return results

    def _put_batch(self, wanted: Sequence[Wanted]) -> list[Result]:
        items = [
            Item(short_id(one.request_id), "update" if one.external else "create", KINDS[one.kind], one.body) for one in wanted
        ]
        answers = self._client.batch(items, batch_id([one.request_id for one in wanted]))
        return [self._settled(one, answer) for one, answer in zip(wanted, answers, strict=True)]

    def _settled(self, wanted: Wanted, answer: Entity | Fault) -> Result:
        """What became of one of a batch. What it takes to find out may fail by itself, and does not touch the others."""
        if not isinstance(answer, Fault):
            return self._done(wanted.kind, answer)
        try:
            return self._refused(wanted, answer)
        except (Unavailable, ConsentWithdrawn) as error:
            return Failed("unavailable", error.detail, again=True)

    def _put(self, wanted: Wanted) -> Result:
        try:
            row = self._client.send(KINDS[wanted.kind], wanted.body, wanted.request_id)
        except Fault as fault:
            return self._refused(wanted, fault)
        if wanted.kind == PAYMENT and not same(wanted.body, row):
            row = self._brought_up(wanted, row)
        return self._done(wanted.kind, row)

    def _brought_up(self, wanted: Wanted, answered: Entity) -> Entity:
        """QuickBooks gave the answer to an earlier try, when the payment said something else. It is brought up to date, unless
        somebody changed it since or QuickBooks refuses that: it is ours either way, and a look will find the difference.
        """
        there = self._there(wanted.kind, answered["Id"]) or answered
        if same(wanted.body, there) or there["SyncToken"] != answered["SyncToken"]:
            return there
        body = wanted.body | {"Id": there["Id"], "SyncToken": there["SyncToken"], "sparse": False}
        try:
            return self._client.send(KINDS[wanted.kind], body)
        except Fault:
            return there

    def _refused(self, wanted: Wanted, fault: Fault) -> Result:
        code = refusals.code_of(fault)
        if code == "stale" and wanted.external:
            return self._if_stale(wanted, wanted.external)
        if code in ("duplicate_number", refusals.NAME_TAKEN):
            return self._if_taken(wanted, fault)
        if code == "gone" and (not wanted.external or self._there(wanted.kind, wanted.external.id)):
            return Failed("refused", fault.words)  # it is there, or was never: something that it names is not
        return refusals.failed(fault)

    def _if_stale(self, wanted: Wanted, external: External) -> Result:
        """Somebody changed it meanwhile: it may say what it shall by now."""
        there = self._there(wanted.kind, external.id)
        if there is None:
            return Failed("gone", "It was deleted in QuickBooks.")
        if same(wanted.body, there):
            return self._done(wanted.kind, there)
        return Failed("stale", "Somebody changed it in QuickBooks since it was last read.")

    def _if_taken(self, wanted: Wanted, fault: Fault) -> Result:
        """Its number or name is taken: by itself, if an earlier try was carried out and never answered."""
        name = wanted.body.get("DocNumber") or wanted.body.get("DisplayName") or wanted.body.get("Name") or ""
        found = looking.rows_named(self._client, wanted.kind, [name])
        ours = next((row for row in found if wanted.mark in str(row.get("PrivateNote") or row.get("Notes") or "")), None)
        if ours is None or wanted.external:
            return refusals.failed(fault)
        if wanted.kind in (CUSTOMER, ITEM) or same(wanted.body, ours):
            return self._done(wanted.kind, ours)
        body = wanted.body | {"Id": ours["Id"], "SyncToken": ours["SyncToken"], "sparse": False}
        try:
            return self._done(wanted.kind, self._client.send(KINDS[wanted.kind], body))
        except Fault as other:
            return refusals.failed(other)

    def _void(self, voiding: Voiding) -> Result:
        body, arguments = _voided(voiding)
        try:
            answer = self._client.send(KINDS[voiding.kind], body, voiding.request_id, **arguments)
        except Fault as fault:
            return self._if_not_voided(voiding, fault)
        return Done(voiding.external if voiding.kind == CREDIT_NOTE else reading.external(voiding.kind, answer))

    def _if_not_voided(self, voiding: Voiding, fault: Fault) -> Result:
        if refusals.code_of(fault) not in ("stale", "gone"):
            return refusals.failed(fault)
        there = self._there(voiding.kind, voiding.external.id)
        if there is None:
            return Done(voiding.external)
        if reading.is_void(there):
            return Done(reading.external(voiding.kind, there))
        return Failed("stale", "Somebody changed it in QuickBooks since it was last read.")

    def _there(self, kind: str, row_id: str) -> Entity | None:
        return next(iter(looking.rows_where(self._client, KINDS[kind], "Id", [row_id])), None)

    def _done(self, kind: str, row: Entity) -> Done:
        return reading.done(kind, row, self._books.home_currency)


def _known(kind: str) -> str:
    """QuickBooks uses credit memos by payments of nothing."""
    return PAYMENT if kind == CREDIT_USE else kind


def _wanted(kind: str, one: Document | Money | NewCustomer | NewItem, body: Entity, external: External | None = None) -> Wanted:
    return Wanted(kind, body, mark_of(one.id), one.request_id, external)


def _item(one: Wanted) -> Item:
    return Item(short_id(one.request_id), "update" if one.external else "create", KINDS[one.kind], one.body)


def _voided(voiding: Voiding) -> tuple[Entity, dict[str, str]]:
    """How QuickBooks is asked to let something count no more; it knows no void credit memos, and lists are made inactive."""
    body: Entity = {"Id": voiding.external.id, "SyncToken": voiding.external.version}
    if voiding.kind == INVOICE:
        return body, {"operation": "void"}
    if voiding.kind == CREDIT_NOTE:
        return body, {"operation": "delete"}
    if voiding.kind == PAYMENT:
        return body | {"sparse": True}, {"operation": "update", "include": "void"}
    return body | {"sparse": True, "Active": False}, {}


def open_books(access: Access) -> QuickBooksGateway:
    """The gateway of a connection: to the company that its consent is for, and to no other."""
    return QuickBooksGateway(BooksClient(access), access.account_id)
