"""Invoices, credit memos and estimates."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from quickbooks_fake import faults, taxes
from quickbooks_fake.books import Books, check_day, check_length
from quickbooks_fake.money import NOTHING, need_amount, read_amount, reading, rounded
from quickbooks_fake.wire import Entity, ref

POSTED = frozenset({"Invoice", "CreditMemo"})
SALES = POSTED | {"Estimate"}
_OURS = frozenset({"SubTotalLineDetail"})
_LINES = frozenset({"SalesItemLineDetail", "DescriptionOnly", "DiscountLineDetail"}) | _OURS


def prepare(books: Books, kind: str, row: Entity) -> None:
    """Check an invoice, credit memo or estimate, and reckon it. Raises Fault."""
    customer = ref(row, "CustomerRef")
    if not customer:
        raise faults.missing("CustomerRef")
    payer = books.refer("Customer", customer)
    row["CustomerRef"] = {"value": customer, "name": payer["DisplayName"]}
    check_length(row, DocNumber=21, PrivateNote=4000)
    check_day(row, "TxnDate")
    check_day(row, "DueDate")
    row["TxnDate"] = (row.get("TxnDate") or books.today())[:10]
    currency = set_currency(books, row, payer)
    _lines(books, row, currency)
    row["TxnTaxDetail"] = taxes.reckon(books, row, currency)
    _total(kind, row, currency)
    _number(books, kind, row)
    if kind == "Invoice":
        _due(books, row)
    if kind == "Estimate":
        row.setdefault("TxnStatus", "Pending")


def set_currency(books: Books, row: Entity, payer: Entity) -> str:
    """The currency of a transaction, which is its customer's. Raises Fault 6000."""
    theirs = ref(payer, "CurrencyRef") or books.home_currency
    currency = ref(row, "CurrencyRef") or theirs
    if currency != theirs:
        raise faults.business(f"The currency of the transaction, {currency}, is not the customer's, {theirs}.")
    row["CurrencyRef"] = {"value": currency, "name": currency}
    if books.multi_currency:
        row["ExchangeRate"] = read_amount(row, "ExchangeRate") or Decimal(1)
    return currency


def applied_to(books: Books, kind: str, row_id: str) -> Decimal:
    """How much payments use of an invoice or credit memo."""
    return sum((amount for payment in books.rows("Payment") for amount in uses(payment, kind, row_id)), NOTHING)


def uses(payment: Entity, kind: str, row_id: str) -> list[Decimal]:
    """The amounts of a payment's lines that are linked to a transaction."""
    linked = {"TxnId": row_id, "TxnType": kind}
    return [reading(line["Amount"]) for line in payment.get("Line", []) if linked in line["LinkedTxn"]]


def settle(books: Books, kind: str, row: Entity) -> None:
    """Set what is open of a transaction, and by what it was paid. Raises Fault 6000 if it is paid more than it is."""
    open_amount = reading(row["TotalAmt"]) - applied_to(books, kind, row["Id"])
    if open_amount < 0:
        raise faults.business(f"The amount applied is more than the transaction's, by {-open_amount}.")
    row["Balance"] = open_amount
    if kind == "CreditMemo":
        row["RemainingCredit"] = open_amount
    paying = [one["Id"] for one in books.rows("Payment") if uses(one, kind, row["Id"])]
    row["LinkedTxn"] = [{"TxnId": one, "TxnType": "Payment"} for one in paying]


def void(row: Entity) -> None:
    """Let a transaction stand in the books with nothing in it."""
    for line in row["Line"]:
        line["Amount"] = NOTHING
        if "SalesItemLineDetail" in line:
            line["SalesItemLineDetail"] |= {"Qty": NOTHING}
    row["TxnTaxDetail"] = {"TotalTax": NOTHING}
    row |= {"TotalAmt": NOTHING, "Balance": NOTHING, "PrivateNote": voided_note(row)}


def voided_note(row: Entity) -> str:
    """What the memo of something voided says."""
    return f"Voided - {row['PrivateNote']}" if row.get("PrivateNote") else "Voided"


def _lines(books: Books, row: Entity, currency: str) -> None:
    lines = [line for line in row.get("Line") or [] if line.get("DetailType") not in _OURS]
    if not lines:
        raise faults.missing("Line")
    for place, line in enumerate(lines, 1):
        if line.get("DetailType") not in _LINES:
            raise faults.missing("Line.DetailType") if not line.get("DetailType") else faults.unsupported(str(line["DetailType"]))
        _line(books, line, currency)
        line |= {"Id": line.get("Id") or str(place), "LineNum": place}
    subtotal = sum((_signed(line) for line in lines), NOTHING)
    row["Line"] = [*lines, {"Amount": subtotal, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}]


def _line(books: Books, line: Entity, currency: str) -> None:
    check_length(line, Description=4000)
    if line["DetailType"] == "DescriptionOnly":
        line["Amount"] = NOTHING
        return
    line["Amount"] = rounded(need_amount(line, "Amount"), currency)
    if line["DetailType"] == "DiscountLineDetail":
        line.setdefault("DiscountLineDetail", {"PercentBased": False})
        return
    detail = line.setdefault("SalesItemLineDetail", {})
    quantity, price = read_amount(detail, "Qty"), read_amount(detail, "UnitPrice")
    if quantity is not None and price is not None and rounded(quantity * price, currency) != line["Amount"]:
        raise faults.wrong_amount(line["Amount"])
    item = ref(detail, "ItemRef") or next((one["Id"] for one in books.rows("Item")), "")
    detail["ItemRef"] = {"value": item, "name": books.refer("Item", item)["Name"]}
    check_day(detail, "ServiceDate")


def _signed(line: Entity) -> Decimal:
    amount = reading(line["Amount"])
    return -amount if line["DetailType"] == "DiscountLineDetail" else amount


def _total(kind: str, row: Entity, currency: str) -> None:
    net = row["Line"][-1]["Amount"]
    row["TotalAmt"] = rounded(net + row["TxnTaxDetail"]["TotalTax"], currency)
    if row["TotalAmt"] < 0:
        raise faults.business("You must specify a transaction amount that is 0 or greater.")
    if kind in POSTED:
        row["Balance"] = row["TotalAmt"]
    if kind == "CreditMemo":
        row["RemainingCredit"] = row["TotalAmt"]


def _number(books: Books, kind: str, row: Entity) -> None:
    number = row.get("DocNumber")
    if not number:
        taken = [int(one["DocNumber"]) for one in books.rows(kind) if one["DocNumber"].isdecimal()]
        row["DocNumber"] = str(max(taken, default=1000) + 1)
        return
    for other in books.rows(kind):
        if other["DocNumber"] == number and other["Id"] != row.get("Id"):
            raise faults.duplicate_number(number, kind, other["Id"])


def _due(books: Books, row: Entity) -> None:
    term = ref(row, "SalesTermRef")
    days = int(books.refer("Term", term).get("DueDays") or 0) if term else 0
    if not row.get("DueDate"):
        row["DueDate"] = (date.fromisoformat(row["TxnDate"]) + timedelta(days=days)).isoformat()
