"""The accounting port: one room keeps batches, mappings and what was delivered; each accounting system is a gateway or a file.

Amounts are minor units of the document's currency. Ids of the other side are text; a `version` is what it wants back before it
lets something be changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple, Protocol
from uuid import UUID

from kernel.hookspecs import hookspec
from kernel.hookspecs.connections import Access
from kernel.hookspecs.papers import PaperPlace

if TYPE_CHECKING:
    from kernel.context import CallContext

MAPPED = ("item", "category", "client", "tax", "term", "account")
"""Kinds of ours that may be mapped. An `item` is looked up by itself, then by its `category`, then by the default of the kind."""

DEFAULT = "*"
"""The key under which a kind's default is mapped: for what has neither a mapping of its own nor one of its category."""

INVOICE, CREDIT_NOTE, PAYMENT, CUSTOMER, ITEM = "invoice", "credit_note", "payment", "client", "item"
"""Kinds of what stands on both sides."""

CREDIT_USE = "credit_use"
"""What a credit note pays of an invoice. Systems that know no such thing have a payment of nothing in its place, or refuse."""

TAXED = "S"
"""The tax key of a line that is taxed by whatever the other side finds."""


class Ours(NamedTuple):
    """Something of ours that may be mapped: its `key` (an id as text, or words of ours), and for an item its category's key."""

    key: str
    name: str
    category: str = ""
    url: str = ""


class External(NamedTuple):
    """Something of the other side: its id, the version that the other side had it in, and what people call it by."""

    id: str
    version: str = ""
    name: str = ""


class Company(NamedTuple):
    """Whose books a gateway opens. `home_currency` is an ISO 4217 code; `currencies` are all that its documents may have, none
    where it takes any.
    """

    id: str
    name: str
    home_currency: str
    currencies: tuple[str, ...] = ()


class Choice(NamedTuple):
    """Something of the other side that ours may be mapped to; `detail` helps people to tell it from others."""

    id: str
    name: str
    detail: str = ""
    active: bool = True


class Theirs(NamedTuple):
    """A customer or item of theirs with what it takes to make ours of it. `number` is an item's SKU or our own id of a client,
    `price` in minor units of `currency`, which may be empty. `kind` is `service` or `product`.
    """

    id: str
    name: str
    number: str = ""
    email: str = ""
    phone: str = ""
    currency: str = ""
    place: PaperPlace = PaperPlace()
    kind: str = "service"
    description: str = ""
    price: int | None = None
    taxable: bool = True


class NewCustomer(NamedTuple):
    """A client that the other side shall have; `request_id` (at most 50 characters) makes a second try harmless."""

    id: UUID
    request_id: str
    name: str
    currency: str
    email: str | None = None
    address: PaperPlace = PaperPlace()
    tax_id: str | None = None


class NewItem(NamedTuple):
    """A service or product that the other side shall have. `account` is the mapped income account, if its system wants one."""

    id: UUID
    request_id: str
    name: str
    sku: str | None = None
    account: str | None = None


class DocumentLine(NamedTuple):
    """A line as it is delivered: `net` after discounts. `item` and `tax_code` are their ids, `unit_price` is None where
    `quantity` times one price does not make `net`. `taxed` says whether tax is levied on it, or will be.
    """

    position: int
    description: str
    item: str | None
    quantity: Decimal
    unit_price: int | None
    net: int
    tax: int
    tax_code: str | None = None
    period_start: date | None = None
    period_end: date | None = None
    taxed: bool = False


class DocumentTax(NamedTuple):
    """A tax of a document; `code` is their id of it."""

    code: str | None
    name: str
    percent: Decimal
    base: int
    tax: int


class Document(NamedTuple):
    """An invoice or credit note as it is delivered; amounts of a credit note are above zero as well. `kind` is `invoice` or
    `credit_note`. `external` is set where the other side has it already. With `tax_theirs` the other side reckons the tax.
    `request_id` (at most 50 characters) is the same in each try of the same delivery. `accounts` are their accounts by the keys
    of `AccountingSystem.accounts`; `corrects` is the number of the invoice that a credit note is about.
    """

    id: UUID
    kind: str
    request_id: str
    number: str
    customer: str
    currency: str
    exponent: int
    issued_on: date
    due_on: date
    term: str | None
    lines: tuple[DocumentLine, ...]
    taxes: tuple[DocumentTax, ...]
    net: int
    tax: int
    total: int
    po_number: str | None = None
    memo: str = ""
    tax_theirs: bool = False
    external: External | None = None
    accounts: Mapping[str, str] = {}
    customer_name: str = ""
    corrects: str = ""


class MoneyShare(NamedTuple):
    """How much of money goes to a document of the other side; `kind` is `invoice` or `credit_note`."""

    kind: str
    id: str
    amount: int


class Money(NamedTuple):
    """A payment as it is delivered, or the use of a credit note, whose `amount` is nothing. `account` is theirs for the money,
    if one is mapped. With `sent_before` it went out under this request id already, and nobody knows whether it arrived.
    """

    id: UUID
    request_id: str
    customer: str
    currency: str
    exponent: int
    amount: int
    received_on: date
    reference: str
    shares: tuple[MoneyShare, ...]
    external: External | None = None
    account: str | None = None
    method: str = ""
    sent_before: bool = False


class Voiding(NamedTuple):
    """Something of `kind` that shall count no more on the other side: a document, a payment, or a `CREDIT_USE`."""

    kind: str
    request_id: str
    external: External


class KeptLine(NamedTuple):
    """A line as the other side keeps it, to tell whether somebody changes it there: its `item` (or what stands in its place), how
    many where it says so, and `amount` in minor units. `text` is for people, and changes freely.
    """

    item: str
    quantity: Decimal | None
    amount: int
    text: str = ""


class Done(NamedTuple):
    """The other side has it. `total` and `tax` are what it reckoned, in minor units, and `lines` what it keeps of a document's
    lines, where it says so.
    """

    external: External
    total: int | None = None
    tax: int | None = None
    lines: tuple[KeptLine, ...] = ()


class Failed(NamedTuple):
    """The other side has it not. `code` is one of `FAILURES`; with `again` a later try may do better by itself, `wait` seconds
    from now at the earliest.
    """

    code: str
    detail: str
    again: bool = False
    wait: int = 0


FAILURES = {
    "unavailable": "The other side could not be reached, or asked to wait.",
    "stale": "Somebody changed it on the other side meanwhile.",
    "duplicate_number": "The other side has another document of this number.",
    "refused": "The other side found a mistake in it.",
    "gone": "It is not there any more.",
    "closed": "The other side's books are closed for this day.",
    "taxes_not_reckoned": "The other side reckons no taxes for this company as it is set up.",
}
"""Codes of what went wrong at delivery, and what each says."""


class Change(NamedTuple):
    """Something of the other side as it is now. `customer` is their id; `balance` what is open of an invoice, or unused of a
    payment or credit note; `shares` what a payment pays, `lines` those of a document. `deleted` and `voided` things carry no
    amounts.
    """

    kind: str
    external: External
    changed_at: datetime
    customer: str = ""
    number: str = ""
    currency: str = ""
    on: date | None = None
    total: int = 0
    tax: int = 0
    balance: int = 0
    shares: tuple[MoneyShare, ...] = ()
    reference: str = ""
    deleted: bool = False
    voided: bool = False
    lines: tuple[KeptLine, ...] = ()


class Changes(NamedTuple):
    """What changed up to `until`; not `complete` where the other side no longer knows all since the instant that was asked
    for, so that everything has to be looked at.
    """

    until: datetime
    changed: Sequence[Change]
    complete: bool = True


class Gateway(Protocol):
    """One company's books in an accounting system. Called outside any transaction; a list is answered in its order.

    All raise Unavailable where nothing at all was possible (outage, limits), and ConsentWithdrawn where the token is refused.
    """

    def company(self) -> Company: ...

    def choices(self, kind: str) -> Sequence[Choice]:
        """All of theirs that a kind of `MAPPED` may be mapped to."""
        ...

    def theirs(self, kind: str) -> Sequence[Theirs]:
        """All customers (`client`) or items (`item`) in use, to make ours of them."""
        ...

    def put_customers(self, customers: Sequence[NewCustomer]) -> Sequence[Done | Failed]: ...

    def put_items(self, items: Sequence[NewItem]) -> Sequence[Done | Failed]: ...

    def put_documents(self, documents: Sequence[Document]) -> Sequence[Done | Failed]:
        """Create them, or bring those with `external` up to date."""
        ...

    def put_money(self, money: Sequence[Money]) -> Sequence[Done | Failed]: ...

    def void(self, voidings: Sequence[Voiding]) -> Sequence[Done | Failed]:
        """Let them count no more; what is void already is Done."""
        ...

    def changes(self, since: datetime, kinds: Sequence[str]) -> Changes: ...

    def read(self, kind: str, ids: Sequence[str]) -> Sequence[Change]:
        """Things as they are now; those that are not there are left out."""
        ...

    def find(self, kind: str, numbers: Sequence[str]) -> Sequence[Change]:
        """Documents of these numbers, for what was sent and never answered."""
        ...


class Problem(NamedTuple):
    """Why a document cannot be delivered as it is: a named `code`, in words, and the page that mends it."""

    document_id: UUID
    code: str
    detail: str
    mend_url: str = ""


class ExportFile(NamedTuple):
    """A file of documents for a system that reads files."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class AccountingSystem:
    """A system that documents can be delivered to: by `open`, a gateway for a connection of `provider`, or by `write`, one file
    of all documents of a batch; one of both is set.

    `maps` says which kinds of `MAPPED` it asks for, and what it calls them; those in `needs` have to be mapped before anything
    is delivered. `accounts` names the accounts of theirs that it needs beside those of items, by keys such as `income`, `deposit`
    and `receivable`; they are mapped as the kind `account`. `pays_back` says whether money noted there comes back,
    `delegates_tax` whether `open` gives a `TaxGateway`. `check` finds what it would refuse, without asking it.

    Systems that `write` have no `choices`: people type what ours is called there. What is not in `needs` and not mapped stays
    empty in the documents (`customer`, `item`, `tax_code`, `term`), and the system does without, or puts our own name there.
    """

    key: str
    title: str
    says: str
    maps: Mapping[str, str]
    needs: frozenset[str] = frozenset()
    provider: str = ""
    open: Callable[[Access], Gateway] | None = None
    write: Callable[[CallContext, Sequence[Document]], Sequence[ExportFile]] | None = None
    check: Callable[[CallContext, Sequence[Document]], Sequence[Problem]] | None = None
    pays_back: bool = False
    delegates_tax: bool = False
    accounts: Mapping[str, str] = field(default_factory=dict)


@hookspec
def register_accounting_systems() -> Sequence[AccountingSystem]:
    """Register: name the accounting systems that your room delivers to. Any room; once per process.

    Example: `[AccountingSystem("quickbooks", "QuickBooks Online", "…", {"item": "Products and services"}, open=open_books, …)]`.
    """


@hookspec
def collect_ours(ctx: CallContext, kind: str) -> Sequence[Ours]:
    """Collect: name what you have of a kind of `MAPPED` that an accounting system may know: items and categories (the catalog),
    terms of payment (billing), taxes by `tax_key` (tax). Once per page of mappings.

    Example: `[Ours(str(item_id), "Remote support", category=str(category_id), url="/catalog/…")]`.
    """


@hookspec(firstresult=True)
def books_changed(ctx: CallContext, system: str, account_id: str, told: Sequence[tuple[str, str]]) -> bool | None:
    """Ask: something changed in a company's books, as the other side said (`told`: kind and id of each, may be empty); look for
    the truth soon. The accounting room; for each delivery of webhooks, in a transaction of the tenant. False where the tenant has
    no such company.

    Example: `True`.
    """
