"""QuickBooks' JSON as things of the accounting port. Pure: no network, no database."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from kernel.currencies import currencies
from kernel.hookspecs.accounting import (
    CREDIT_NOTE,
    CUSTOMER,
    INVOICE,
    ITEM,
    PAYMENT,
    Change,
    Choice,
    Done,
    External,
    KeptLine,
    MoneyShare,
    Theirs,
)
from kernel.hookspecs.papers import PaperPlace
from plugins.quickbooks.documents import KINDS

Entity = dict[str, Any]
OURS = {theirs: ours for ours, theirs in KINDS.items()}
_BALANCE = {INVOICE: "Balance", CREDIT_NOTE: "RemainingCredit", PAYMENT: "UnappliedAmt"}
_SOLD = ("SalesItemLineDetail", "DiscountLineDetail")
_NAME = {CUSTOMER: "DisplayName", ITEM: "Name", INVOICE: "DocNumber", CREDIT_NOTE: "DocNumber", PAYMENT: "PaymentRefNum"}


def minor(value: Any, currency: str) -> int:
    """An amount that QuickBooks wrote, in minor units.

    >>> minor(Decimal("120.1"), "USD"), minor(None, "USD"), minor("7", "JPY")
    (12010, 0, 7)
    """
    known = currencies().get(currency)
    scaled = Decimal(str(value or 0)).scaleb(known.exponent if known else 2)
    return int(scaled.quantize(Decimal(1), ROUND_HALF_UP))


def instant(text: str) -> datetime:
    """A time that QuickBooks wrote, in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)


def external(kind: str, row: Entity) -> External:
    """A row as what stands on the other side."""
    return External(str(row["Id"]), str(row.get("SyncToken", "")), str(row.get(_NAME[kind]) or ""))


def done(kind: str, row: Entity, home: str) -> Done:
    """A row as what became of a delivery; documents say what they come to."""
    if kind not in _BALANCE:
        return Done(external(kind, row))
    currency = _ref(row, "CurrencyRef") or home
    tax = minor((row.get("TxnTaxDetail") or {}).get("TotalTax"), currency) if kind != PAYMENT else None
    return Done(external(kind, row), minor(row.get("TotalAmt"), currency), tax, _lines(row, currency))


def change(kind: str, row: Entity, home: str) -> Change:
    """A row as it is now."""
    at = instant(row["MetaData"]["LastUpdatedTime"])
    if row.get("status") == "Deleted":
        return Change(kind, External(str(row["Id"])), at, deleted=True)
    if kind not in _BALANCE:
        return Change(kind, external(kind, row), at, currency=_ref(row, "CurrencyRef"), deleted=not row.get("Active", True))
    currency = _ref(row, "CurrencyRef") or home
    facts = Change(kind, external(kind, row), at, _ref(row, "CustomerRef"), str(row.get("DocNumber") or ""), currency,
                   date.fromisoformat(row["TxnDate"][:10]), reference=str(row.get("PaymentRefNum") or ""))  # fmt: skip
    if is_void(row):
        return facts._replace(voided=True)
    tax = minor((row.get("TxnTaxDetail") or {}).get("TotalTax"), currency)
    return facts._replace(total=minor(row.get("TotalAmt"), currency), tax=tax, balance=minor(row.get(_BALANCE[kind]), currency),
                          shares=_shares(row, currency) if kind == PAYMENT else (), lines=_lines(row, currency))  # fmt: skip


def _lines(row: Entity, currency: str) -> tuple[KeptLine, ...]:
    """What was sold, those of bundles as well, and discounts; sums of others are no lines."""
    flat = [one for line in row.get("Line", []) for one in (line.get("GroupLineDetail") or {}).get("Line", [line])]
    return tuple(_line(one, currency) for one in flat if one.get("DetailType") in _SOLD)


def _line(line: Entity, currency: str) -> KeptLine:
    detail = line.get(line["DetailType"]) or {}
    item = (detail.get("ItemRef") or {}).get("value") or line["DetailType"]
    quantity = Decimal(str(detail["Qty"])) if detail.get("Qty") is not None else None
    return KeptLine(str(item), quantity, minor(line.get("Amount"), currency), str(line.get("Description") or ""))


def is_void(row: Entity) -> bool:
    """Whether something was voided: it comes to nothing, and its private note begins so."""
    return not Decimal(str(row.get("TotalAmt") or 0)) and str(row.get("PrivateNote") or "").startswith("Voided")


def choice(row: Entity) -> Choice:
    """A row of a list as something to choose."""
    name = row.get("FullyQualifiedName") or row.get("DisplayName") or row.get("Name") or row["Id"]
    return Choice(str(row["Id"]), str(name), _detail(row), bool(row.get("Active", True)))


def theirs(kind: str, row: Entity, home: str) -> Theirs:
    """A customer or item with what it takes to make ours of it."""
    return _customer(row, home) if kind == CUSTOMER else _item(row, home)


def _customer(row: Entity, home: str) -> Theirs:
    sent = row.get("BillAddr") or {}
    place = PaperPlace(*(str(sent.get(name) or "") for name in ("Line1", "Line2", "PostalCode", "City",
                                                                 "CountrySubDivisionCode", "Country")))  # fmt: skip
    return Theirs(
        str(row["Id"]), str(row["DisplayName"]), email=str((row.get("PrimaryEmailAddr") or {}).get("Address") or ""),
        phone=str((row.get("PrimaryPhone") or {}).get("FreeFormNumber") or ""), currency=_ref(row, "CurrencyRef") or home,
        place=place, description=str(row.get("Notes") or ""),
    )  # fmt: skip


def _item(row: Entity, home: str) -> Theirs:
    price = minor(row["UnitPrice"], home) if row.get("UnitPrice") else None
    return Theirs(
        str(row["Id"]), str(row["Name"]), str(row.get("Sku") or ""), currency=home,
        kind="service" if row.get("Type") == "Service" else "product", description=str(row.get("Description") or ""),
        price=price, taxable=bool(row.get("Taxable", True)),
    )  # fmt: skip


def _detail(row: Entity) -> str:
    mail = (row.get("PrimaryEmailAddr") or {}).get("Address", "")
    days = f"{row['DueDays']} days" if row.get("DueDays") is not None else ""
    told = (row.get("Sku"), row.get("AccountType"), row.get("Type") if "IncomeAccountRef" in row else "", row.get("CompanyName"),
            mail, days, row.get("Description"))  # fmt: skip
    return " · ".join(dict.fromkeys(str(one) for one in told if one and one != row.get("Name")))


def _shares(row: Entity, currency: str) -> tuple[MoneyShare, ...]:
    return tuple(
        MoneyShare(OURS[one["TxnType"]], str(one["TxnId"]), minor(line.get("Amount"), currency))
        for line in row.get("Line", []) for one in line.get("LinkedTxn", []) if one["TxnType"] in OURS
    )  # fmt: skip


def _ref(row: Entity, name: str) -> str:
    return str((row.get(name) or {}).get("value") or "")
