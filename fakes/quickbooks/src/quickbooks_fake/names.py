"""The lists: customers, items, accounts, terms."""

from __future__ import annotations

from collections.abc import Callable

from quickbooks_fake import faults
from quickbooks_fake.books import Books, check_length
from quickbooks_fake.wire import Entity, ref

WRITABLE = frozenset({"Customer", "Item", "Account", "Term"})
_NAME = {"Customer": "DisplayName", "Item": "Name", "Account": "Name", "Term": "Name"}
_ITEM_TYPES = frozenset({"Service", "NonInventory", "Inventory", "Category", "Group"})


def prepare(books: Books, kind: str, row: Entity) -> None:
    """Check a row of a list and fill what the service fills. Raises Fault."""
    _CHECKS[kind](books, row)
    row.setdefault("Active", True)
    row["FullyQualifiedName"] = row[_NAME[kind]]
    _check_name(books, kind, row)


def _check_name(books: Books, kind: str, row: Entity) -> None:
    name = row[_NAME[kind]].casefold()
    for other in books.rows(kind):
        same = other.get("Id") != row.get("Id") and other[_NAME[kind]].casefold() == name
        if same and other["Active"] and row["Active"]:
            raise faults.duplicate_name(other["Id"])


def _customer(books: Books, row: Entity) -> None:
    parts = (row.get(part) for part in ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix"))
    row["DisplayName"] = (row.get("DisplayName") or " ".join(part for part in parts if part)).strip()
    if not row["DisplayName"]:
        raise faults.Fault(6080, "No Name Provided", "Title, GivenName, MiddleName, FamilyName, DisplayName, Suffix - one of "
                                                     "these must be non-empty")  # fmt: skip
    check_length(row, DisplayName=500, CompanyName=100, Notes=2000, PrintOnCheckName=110)
    if any(one in row["DisplayName"] for one in ":\t\n"):
        raise faults.business("Names cannot hold a colon, a tab or a new line.")
    currency = ref(row, "CurrencyRef") or books.home_currency
    if currency != books.home_currency and not books.multi_currency:
        raise faults.business("Multi-currency is not enabled.")
    row["CurrencyRef"] = {"value": currency, "name": currency}
    row.setdefault("Balance", 0)
    row.setdefault("Taxable", True)


def _item(books: Books, row: Entity) -> None:
    name = row["Name"] = (row.get("Name") or "").strip()
    if not name:
        raise faults.missing("Name")
    check_length(row, Name=100, Sku=100, Description=4000)
    if any(one in name for one in ":\t\n"):
        raise faults.business("Names cannot hold a colon, a tab or a new line.")
    row.setdefault("Type", "Service")
    if row["Type"] not in _ITEM_TYPES:
        raise faults.unreadable("Type", row["Type"])
    if row["Type"] != "Category":
        account = ref(row, "IncomeAccountRef")
        if not account:
            raise faults.business("When you create an item, you need to select an income account.")
        row["IncomeAccountRef"] = {"value": account, "name": books.refer("Account", account)["Name"]}


def _account(_books: Books, row: Entity) -> None:
    if not row.get("Name"):
        raise faults.missing("Name")
    if not (row.get("AccountType") or row.get("AccountSubType")):
        raise faults.Fault(6010, "Invalid Account.AccountType && Account.SubType",
                           "Either an Account.AccountType or an Account.AccountSubType must be specified")  # fmt: skip
    check_length(row, Name=100)
    row.setdefault("CurrentBalance", 0)


def _term(_books: Books, row: Entity) -> None:
    if not row.get("Name"):
        raise faults.missing("Name")
    check_length(row, Name=31)
    row.setdefault("Type", "STANDARD")


_CHECKS: dict[str, Callable[[Books, Entity], None]] = {"Customer": _customer, "Item": _item, "Account": _account, "Term": _term}
