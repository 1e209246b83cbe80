"""The judge of `accounting-sync`: what Deskhand's tables say beside what stands in the other books, to the minor unit.

It asks by SQL of its own here and looks into the books themselves there, and imports nothing of the room that syncs them.
Findings are sentences; none is good news.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from psycopg.rows import namedtuple_row
from quickbooks_fake import Company

Row = dict[str, Any]
_DOCUMENTS = """
select i.id, i.kind, i.status, i.number, i.client_id, i.currency, i.invoice_date, i.total, i.tax,
  i.total - coalesce((select sum(a.amount) from billing_payment_allocations a where a.invoice_id = i.id), 0)
    - coalesce((select sum(u.amount) from billing_credit_applications u
      where u.invoice_id = i.id and u.reversed_at is null), 0) as due,
  i.total - coalesce((select sum(u.amount) from billing_credit_applications u join billing_credits c on c.id = u.credit_id
    where c.invoice_id = i.id and u.reversed_at is null), 0) as unused
from billing_invoices i where i.kind in ('invoice', 'credit_note') and i.status <> 'draft' order by i.number
"""
_LINES = "select invoice_id, description, net - discount as net from billing_invoice_lines order by invoice_id, position"
_TAXES = "select invoice_id, percent, tax from billing_invoice_taxes order by invoice_id, position"
_PAYMENTS = """
select p.id, p.client_id, p.currency, p.amount - p.refunded as amount, p.taken_back_at, p.idempotency_key
from billing_payments p order by p.id
"""
_SHARES = """
select payment_id, invoice_id, sum(amount)::bigint as amount from (
  select a.payment_id, a.invoice_id, a.amount from billing_payment_allocations a
  union all
  select c.payment_id, u.invoice_id, u.amount from billing_credit_applications u join billing_credits c on c.id = u.credit_id
  where u.reversed_at is null and c.origin = 'payment'
) x group by 1, 2 having sum(amount) <> 0
"""
_USES = """
select u.id, u.amount, u.invoice_id, c.invoice_id as note_id from billing_credit_applications u
join billing_credits c on c.id = u.credit_id where u.reversed_at is null and c.origin = 'credit_note' order by u.id
"""
_OPEN_WORK = """
select kind, action, our_id, label, state, code, detail from accounting_outgoing where state in ('waiting', 'sending', 'failed')
"""
_OPEN_DOCUMENTS = "select number, state, code from accounting_documents where state not in ('delivered', 'cancelled', 'left_out')"
_TWICE = """
select 'request ' || request_id from accounting_outgoing group by request_id having count(*) > 1
union all select 'link to ' || kind || ' ' || external_id from accounting_links group by kind, external_id having count(*) > 1
union all select 'link of ' || kind || ' ' || our_id from accounting_links group by kind, our_id having count(*) > 1
union all select 'document ' || invoice_id from accounting_documents where state not in ('left_out', 'cancelled')
  group by invoice_id having count(*) > 1
"""
_NAMED = """
select external_id as about from accounting_exceptions where state in ('open', 'accepted')
union select our_id::text from accounting_exceptions where state in ('open', 'accepted')
union select our_id::text from accounting_outgoing where state = 'failed'
"""


@dataclass
class Drifted:
    """What people changed there, of which the product must not decide: documents by their numbers here, each with its id there
    and what was left of it, and payments by their ids here or there.
    """

    numbers: dict[str, tuple[str, Row | None]] = field(default_factory=dict)
    payments: set[str] = field(default_factory=set)


class Ours(NamedTuple):
    """What our tables say of one tenant."""

    documents: list[Any]
    lines: dict[UUID, list[tuple[str, int]]]
    taxes: dict[UUID, dict[Decimal, int]]
    payments: list[Any]
    shares: dict[UUID, dict[UUID, int]]
    uses: list[Any]


def essence(row: Row) -> Row:
    """What of an invoice there people decided."""
    told: Row = {name: row.get(name) for name in ("DocNumber", "TotalAmt", "CustomerRef")}
    return told | {"Line": [(one.get("Description"), one["Amount"]) for one in row["Line"]]}


def judge(database: psycopg.Connection[Any], company: Company, drifted: Drifted) -> list[str]:
    """All that differs between a tenant's tables and the books of its company; `database` is bound to the tenant."""
    return list(Judge(database, company, drifted).findings())


class Judge:
    """Both sides of one tenant, read once."""

    def __init__(self, database: psycopg.Connection[Any], company: Company, drifted: Drifted) -> None:
        self._database, self._drifted = database, drifted
        self._us = company.books.country == "US"
        self.ours = self._read()
        self.theirs = {kind: company.rows(kind) for kind in ("Customer", "Invoice", "CreditMemo", "Payment")}
        self._numbers = {one.id: one.number for one in self.ours.documents}
        self._loose = {one.id for one in self.ours.documents if one.number in drifted.numbers}
        self._ids = {**self._marked("Invoice"), **self._marked("CreditMemo")}

    def findings(self) -> Iterator[str]:
        yield from self._twice()
        yield from self._customers()
        for one in self.ours.documents:
            yield from self._changed(one) if one.id in self._loose else self._document(one)
        yield from self._strangers()
        yield from self._payments()
        yield from self._uses()
        yield from self._balances()
        yield from self._lost()

    # --- reading ---

    def _read(self) -> Ours:
        lines, taxes, shares = defaultdict(list), defaultdict[UUID, dict[Decimal, int]](dict), defaultdict(dict)
        for row in self._ask(_LINES):
            lines[row.invoice_id].append((row.description, row.net))
        for row in self._ask(_TAXES):
            before = taxes[row.invoice_id].get(row.percent.normalize(), 0)
            taxes[row.invoice_id][row.percent.normalize()] = before + row.tax
        for row in self._ask(_SHARES):
            shares[row.payment_id][row.invoice_id] = row.amount
        return Ours(self._ask(_DOCUMENTS), lines, taxes, self._ask(_PAYMENTS), shares, self._ask(_USES))

    def _ask(self, query: str) -> list[Any]:
        with self._database.cursor(row_factory=namedtuple_row) as cursor:
            return cursor.execute(query).fetchall()  # type: ignore[arg-type]

    def _marked(self, kind: str) -> dict[str, Row]:
        """What stands there of ours, by our ids."""
        return {mark: row for row in self.theirs[kind] if (mark := mark_of(row))}

    def _minor(self, value: Any, currency: str) -> int | str:
        scaled = Decimal(value or 0).scaleb(0 if currency == "JPY" else 2)
        return int(scaled) if scaled == scaled.to_integral_value() else f"{value}, which has parts of a minor unit"

    # --- nothing twice ---

    def _twice(self) -> Iterator[str]:
        yield from (f"{one[0]} exists twice" for one in self._ask(_TWICE))
        for kind, rows in self.theirs.items():
            marks = Counter(mark for row in rows if (mark := mark_of(row)))
            yield from (f"{kind} of {mark} exists {count} times there" for mark, count in marks.items() if count > 1)
            numbers = Counter(row["DocNumber"] for row in rows if "DocNumber" in row)
            yield from (f"{kind} {number} exists {count} times there" for number, count in numbers.items() if count > 1)
        received = Counter(_theirs_of(one) for one in self.ours.payments if _theirs_of(one) and not one.taken_back_at)
        yield from (f"Payment {one} of theirs is {count} payments here" for one, count in received.items() if count > 1)
        names = Counter(row["DisplayName"] for row in self.theirs["Customer"])
        yield from (f"Customer {name} exists {count} times" for name, count in names.items() if count > 1)

    def _customers(self) -> Iterator[str]:
        known = set(self._marked("Customer"))
        for one in sorted({str(row.client_id) for row in self.ours.documents if row.status == "finalized"} - known):
            yield f"Client {one} is no customer there"

    # --- documents ---

    def _document(self, one: Any) -> Iterator[str]:
        kind = "CreditMemo" if one.kind == "credit_note" else "Invoice"
        row = self._marked(kind).get(str(one.id))
        if one.status == "void":
            if row is not None and not _is_void(row):
                yield f"{one.number} is void here and counts there"
        elif row is None:
            yield f"{one.number} is not there"
        else:
            for name, mine, other in self._sides(one, row):
                if mine != other:
                    yield f"{one.number}: {name} is {mine} here, {other} there"

    def _sides(self, one: Any, row: Row) -> Iterator[tuple[str, Any, Any]]:
        def minor(value: Any) -> int | str:
            return self._minor(value, one.currency)

        sold = [line for line in row["Line"] if line["DetailType"] == "SalesItemLineDetail"]
        yield "number", one.number, row["DocNumber"]
        yield "customer", str(one.client_id), self._client_of(row)
        yield "day", one.invoice_date.isoformat(), row["TxnDate"]
        yield "currency", one.currency, row["CurrencyRef"]["value"]
        yield "lines", self.ours.lines[one.id], [(line.get("Description", ""), minor(line["Amount"])) for line in sold]
        yield "tax", one.tax, minor(row["TxnTaxDetail"]["TotalTax"])
        if not self._us:
            yield "tax by rate", self._rates(one.id), _rates_there(row, minor)
        yield "total", one.total, minor(row["TotalAmt"])
        if one.kind == "invoice":
            yield "balance", one.due, minor(row["Balance"])
        elif not {use.invoice_id for use in self.ours.uses if use.note_id == one.id} & self._loose:
            yield "unused", one.unused, minor(row["RemainingCredit"])

    def _rates(self, invoice_id: UUID) -> dict[Decimal, int]:
        return {percent: amount for percent, amount in self.ours.taxes[invoice_id].items() if amount}

    def _client_of(self, row: Row) -> str:
        marks = {customer["Id"]: mark_of(customer) for customer in self.theirs["Customer"]}
        return marks.get(row["CustomerRef"]["value"], "nobody of ours")

    def _changed(self, one: Any) -> Iterator[str]:
        """What people changed there is named as an exception, and stands as they left it unless it was taken back here."""
        there_id, left = self._drifted.numbers[one.number]
        row = next((row for row in self.theirs["Invoice"] if row["Id"] == there_id), None)
        if one.status != "void" and (row and essence(row)) != left:
            yield f"{one.number} was changed there by people, and overwritten: {row and essence(row)} in place of {left}"
        named = {about.about for about in self._ask(_NAMED)}
        paid = {
            mark_of(pay) or pay["Id"] for pay in self.theirs["Payment"] if any(share == there_id for _, share, _ in _links(pay))
        }
        if one.status != "void" and not ({there_id, str(one.id), *paid} | self._paying(one.id)) & named:
            yield f"{one.number} was changed there by people, and nobody is told"

    def _paying(self, invoice_id: UUID) -> set[str]:
        return {str(payment) for payment, shares in self.ours.shares.items() if invoice_id in shares}

    def _strangers(self) -> Iterator[str]:
        known = {str(one.id) for one in self.ours.documents}
        for kind in ("Invoice", "CreditMemo"):
            yield from (f"{kind} {row['DocNumber']} there is of {mark}, which is none of ours"
                        for mark, row in self._marked(kind).items() if mark not in known)  # fmt: skip

    # --- money ---

    def _payments(self) -> Iterator[str]:
        marked, by_id = self._marked("Payment"), {row["Id"]: row for row in self.theirs["Payment"]}
        counted = set()
        for one in self.ours.payments:
            row = by_id.get(_theirs_of(one)) if _theirs_of(one) else marked.get(str(one.id))
            live = one.taken_back_at is None and one.amount > 0
            counted |= {row["Id"]} if row and live else set()
            if self._is_loose(str(one.id), self.ours.shares.get(one.id, {}), row):
                continue
            if live and (row is None or _is_void(row)):
                yield f"Payment {one.id} of {one.amount} is not there"
            elif live and row is not None:
                yield from self._payment(one, row)
        for row in self.theirs["Payment"]:
            if row["TotalAmt"] and row["Id"] not in counted and not self._is_loose("", {}, row):
                yield f"Payment {row['Id']} there, of {row['TotalAmt']} ({mark_of(row) or 'noted there'}), is none here"

    def _payment(self, one: Any, row: Row) -> Iterator[str]:
        shares = self.ours.shares.get(one.id, {})
        there = self._shares_there(row, one.currency)
        for name, mine, other in (
            ("amount", one.amount, self._minor(row["TotalAmt"], one.currency)), ("shares", self._told(shares), there),
            ("client", str(one.client_id), self._client_of(row)), ("currency", one.currency, row["CurrencyRef"]["value"]),
            ("rest", one.amount - sum(shares.values()), self._minor(row["UnappliedAmt"], one.currency)),
        ):  # fmt: skip
            if mine != other:
                yield f"Payment {one.id} ({row['Id']} there): {name} is {mine} here, {other} there"

    def _told(self, shares: dict[UUID, int]) -> dict[str, int]:
        return {self._numbers.get(invoice_id, str(invoice_id)): amount for invoice_id, amount in shares.items()}

    def _shares_there(self, row: Row, currency: str) -> dict[str, Any]:
        told: dict[str, Any] = defaultdict(int)
        for kind, row_id, amount in _links(row):
            [document] = [one for one in self.theirs[kind] if one["Id"] == row_id]
            told[document["DocNumber"]] += self._minor(amount, currency)
        return dict(told)

    def _uses(self) -> Iterator[str]:
        marked, known = self._marked("Payment"), {str(one.id) for one in self.ours.uses}
        for one in self.ours.uses:
            row, note, paid = marked.get(str(one.id)), self._ids.get(str(one.note_id)), self._ids.get(str(one.invoice_id))
            if {one.invoice_id, one.note_id} & self._loose:
                continue
            if row is None or _is_void(row) or note is None or paid is None:
                yield f"The use {one.id} of {self._numbers[one.note_id]} for {self._numbers[one.invoice_id]} is not there"
                continue
            told = {kind: (row_id, self._minor(amount, row["CurrencyRef"]["value"])) for kind, row_id, amount in _links(row)}
            wanted = {"Invoice": (paid["Id"], one.amount), "CreditMemo": (note["Id"], one.amount)}
            if told != wanted or row["TotalAmt"]:
                yield f"The use {one.id} is {wanted} here, {told} and {row['TotalAmt']} there"
        for mark, row in marked.items():
            used = not row["TotalAmt"] and not _is_void(row) and bool(row["Line"])
            if used and mark not in known and not self._is_loose(mark, {}, row):
                yield f"Payment {row['Id']} there uses a credit note, which nothing here does"

    def _is_loose(self, our_id: str, shares: Iterable[UUID], row: Row | None) -> bool:
        """Money of documents that people changed there is theirs to sort out."""
        loose_there = {there_id for there_id, _ in self._drifted.numbers.values()}
        touched = {row_id for _, row_id, _ in _links(row)} if row else set()
        mine = {our_id, row["Id"] if row else ""} & self._drifted.payments
        return bool(mine or set(shares) & self._loose or touched & loose_there)

    # --- sums, and what is left over ---

    def _balances(self) -> Iterator[str]:
        """What each client owes, all in all, unless people changed something of its."""
        loose = {str(one.client_id) for one in self.ours.documents if one.id in self._loose}
        loose |= {str(one.client_id) for one in self.ours.payments if str(one.id) in self._drifted.payments}
        moved = {row_id for row_id, _ in self._drifted.numbers.values()}
        loose |= {self._client_of(row) for row in self.theirs["Invoice"] if row["Id"] in moved}
        ours: dict[str, int] = defaultdict(int)
        for one in self.ours.documents:
            if one.status == "finalized":
                ours[str(one.client_id)] += one.due if one.kind == "invoice" else -one.unused
        for one in self.ours.payments:
            if not one.taken_back_at:
                ours[str(one.client_id)] -= one.amount - sum(self.ours.shares.get(one.id, {}).values())
        theirs: dict[str, Any] = defaultdict(int)
        for kind, name, sign in (
            ("Invoice", "Balance", 1),
            ("CreditMemo", "RemainingCredit", -1),
            ("Payment", "UnappliedAmt", -1),
        ):
            for row in self.theirs[kind]:
                theirs[self._client_of(row)] += sign * int(self._minor(row.get(name), row["CurrencyRef"]["value"]))
        for client in sorted(ours):
            if client not in loose and ours[client] != theirs[client]:
                yield f"Client {client} owes {ours[client]} here, {theirs[client]} there"

    def _lost(self) -> Iterator[str]:
        """Work that waits, and documents that did not arrive, unless they are about what people changed there."""
        about = {str(one.id) for one in self.ours.documents if one.id in self._loose} | self._drifted.payments
        about |= {str(one.id) for one in self.ours.uses if {one.invoice_id, one.note_id} & self._loose}
        about |= {str(payment) for payment, shares in self.ours.shares.items() if set(shares) & self._loose}
        for row in self._ask(_OPEN_WORK):
            if row.state != "failed" or str(row.our_id) not in about:
                yield f"{row.action} {row.kind} {row.label or row.our_id} is {row.state}: {row.code} {row.detail}"
        for row in self._ask(_OPEN_DOCUMENTS):
            if row.number not in self._drifted.numbers:
                yield f"{row.number} is {row.state} {row.code}"


def mark_of(row: Row) -> str:
    """The id of ours that something there carries; empty for what people made there."""
    said = str(row.get("PrivateNote") or row.get("Notes") or "")
    return said.rpartition("Deskhand ")[2] if "Deskhand " in said else ""


def _is_void(row: Row) -> bool:
    return not row["TotalAmt"] and str(row.get("PrivateNote") or "").startswith("Voided")


def _links(row: Row) -> list[tuple[str, str, Decimal]]:
    return [(one["TxnType"], one["TxnId"], line["Amount"]) for line in row.get("Line", []) for one in line["LinkedTxn"]]


def _theirs_of(payment: Any) -> str:
    """The id there of a payment that was noted there."""
    key = payment.idempotency_key or ""
    return key.split(":")[2] if key.startswith("accounting:") else ""


def _rates_there(row: Row, minor: Any) -> dict[Decimal, Any]:
    lines = row["TxnTaxDetail"].get("TaxLine", [])
    told = {Decimal(line["TaxLineDetail"]["TaxPercent"]).normalize(): minor(line["Amount"]) for line in lines}
    return {percent: amount for percent, amount in told.items() if amount}
