"""Payments: money that came in, and what it pays; with no amount, the use of credit memos."""

from __future__ import annotations

from decimal import Decimal

from quickbooks_fake import faults, sales
from quickbooks_fake.books import Books, check_day, check_length
from quickbooks_fake.money import NOTHING, need_amount, reading, rounded
from quickbooks_fake.wire import Entity, ref

_LINKED = ("Invoice", "CreditMemo")


def prepare(books: Books, row: Entity) -> None:
    """Check a payment, and reckon what of it is not applied. Raises Fault."""
    customer = ref(row, "CustomerRef")
    if not customer:
        raise faults.missing("CustomerRef")
    payer = books.refer("Customer", customer)
    row["CustomerRef"] = {"value": customer, "name": payer["DisplayName"]}
    check_length(row, PaymentRefNum=21, PrivateNote=4000)
    check_day(row, "TxnDate")
    row["TxnDate"] = (row.get("TxnDate") or books.today())[:10]
    currency = sales.set_currency(books, row, payer)
    row["TotalAmt"] = rounded(need_amount(row, "TotalAmt"), currency)
    if row["TotalAmt"] < 0:
        raise faults.business("You must specify a transaction amount that is 0 or greater.")
    row["Line"] = [_line(books, line, customer, currency) for line in row.get("Line") or []]
    unapplied = row["TotalAmt"] + _sum(row, "CreditMemo") - _sum(row, "Invoice")
    if unapplied < 0:
        raise faults.business("The amounts applied are more than the payment and its credits.")
    row["UnappliedAmt"] = unapplied


def linked(row: Entity) -> set[tuple[str, str]]:
    """The transactions that a payment is linked to, as kind and id."""
    return {(one["TxnType"], one["TxnId"]) for line in row.get("Line", []) for one in line["LinkedTxn"]}


def unlink(row: Entity, kind: str, row_id: str) -> None:
    """Take the application to a transaction out of a payment; the money stays, not applied."""
    gone = {"TxnId": row_id, "TxnType": kind}
    freed = sum(sales.uses(row, kind, row_id), NOTHING)
    row["Line"] = [line for line in row["Line"] if gone not in line["LinkedTxn"]]
    if kind == "Invoice":
        row["UnappliedAmt"] = reading(row["UnappliedAmt"]) + freed
    else:
        _shrink(row, freed - reading(row["UnappliedAmt"]))


def void(row: Entity) -> None:
    """Let a payment stand in the books with nothing in it."""
    row |= {"TotalAmt": NOTHING, "UnappliedAmt": NOTHING, "Line": [], "PrivateNote": sales.voided_note(row)}


def _shrink(row: Entity, excess: Decimal) -> None:
    """Take from the invoices what a credit memo that is gone no longer covers, the last ones first."""
    row["UnappliedAmt"] = max(-excess, NOTHING)
    for line in reversed(row["Line"]):
        taken = min(max(excess, NOTHING), reading(line["Amount"]))
        line["Amount"] = reading(line["Amount"]) - taken
        excess -= taken
    row["Line"] = [line for line in row["Line"] if line["Amount"]]


def _line(books: Books, line: Entity, customer: str, currency: str) -> Entity:
    amount = rounded(need_amount(line, "Amount"), currency)
    if amount < 0:
        raise faults.business("The amount of a line has to be 0 or greater.")
    if not line.get("LinkedTxn"):
        raise faults.missing("Line.LinkedTxn")
    links = [{"TxnId": str(one.get("TxnId") or ""), "TxnType": one.get("TxnType")} for one in line["LinkedTxn"]]
    for one in links:
        if one["TxnType"] not in _LINKED:
            raise faults.Fault(620, "Txn ID Cannot Be Linked", f"The transaction {one['TxnId']} cannot be linked.")
        if ref(books.need(one["TxnType"], one["TxnId"]), "CustomerRef") != customer:
            raise faults.business("A payment can be applied to transactions of its own customer only.")
    return {"Amount": amount, "LinkedTxn": links}


def _sum(row: Entity, kind: str) -> Decimal:
    amounts = (line["Amount"] for line in row["Line"] if any(one["TxnType"] == kind for one in line["LinkedTxn"]))
    return sum(amounts, NOTHING)
