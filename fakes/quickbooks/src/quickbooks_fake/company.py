"""A company: what programs and people do with its books. Bodies and answers are entities as in the API's JSON."""

from __future__ import annotations

import copy
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from quickbooks_fake import faults, names, payments, sales
from quickbooks_fake.books import KINDS, Books, check_version, merged, shown
from quickbooks_fake.clock import Clock, read_stamp, stamp
from quickbooks_fake.money import reading
from quickbooks_fake.queries import Query, parse, run
from quickbooks_fake.wire import Entity

WRITABLE = names.WRITABLE | sales.SALES | {"Payment"}
TRANSACTIONS = sales.SALES | {"Payment"}
VOIDABLE = frozenset({"Invoice", "Payment"})
REMEMBERED = timedelta(days=30)
MOST_CHANGES = 1000
NOT_CAPTURED = frozenset({"TaxCode", "TaxRate"})


class Company:
    """One company (realm). Whoever calls these methods is a person at the screen of QuickBooks; programs come over HTTP."""

    def __init__(self, realm: str, name: str, clock: Clock, books: Books) -> None:
        self.realm, self.name, self.clock, self.books = realm, name, clock, books

    def close_books(self, until: date | None) -> None:
        """Refuse transactions up to a day."""
        self.books.closed_until = until

    def create(self, kind: str, body: Entity) -> Entity:
        """Put something new into the books. Raises Fault."""
        _check_kind(kind)
        row = copy.deepcopy({name: value for name, value in body.items() if name not in ("Id", "SyncToken", "MetaData")})
        self._prepare(kind, row)
        self._check_open(kind, row.get("TxnDate"))
        self.books.add(kind, row)
        self._settle_linked(payments.linked(row) if kind == "Payment" else set())
        return shown(row)

    def update(self, kind: str, body: Entity) -> Entity:
        """Change something: what it names if `sparse`, else the whole. Raises Fault."""
        _check_kind(kind)
        old = self._present(kind, body)
        row = copy.deepcopy(merged(old, body))
        if "TxnTaxDetail" not in body and "TxnTaxDetail" in old:
            row["TxnTaxDetail"] = {name: value for name, value in old["TxnTaxDetail"].items() if name == "TxnTaxCodeRef"}
        self._prepare(kind, row)
        self._check_open(kind, old.get("TxnDate"), row.get("TxnDate"))
        before = payments.linked(old) if kind == "Payment" else set()
        if kind in sales.POSTED:
            sales.settle(self.books, kind, row)
        self.books.touch(kind, row)
        self._settle_linked(before | payments.linked(row) if kind == "Payment" else set())
        return shown(row)

    def void(self, kind: str, body: Entity) -> Entity:
        """Let an invoice or payment stand with nothing in it; what paid the invoice is not applied any more. Raises Fault."""
        if kind not in VOIDABLE:
            raise faults.unsupported(f"void of {kind}")
        old = self._present(kind, body)
        self.books.check_open(old["TxnDate"])
        row = copy.deepcopy(old)
        before = payments.linked(row) if kind == "Payment" else set()
        if kind == "Payment":
            payments.void(row)
        else:
            self._unlink(kind, row["Id"])
            sales.void(row)
            row["LinkedTxn"] = []
        self.books.touch(kind, row, "voided")
        self._settle_linked(before)
        return shown(row)

    def delete(self, kind: str, body: Entity) -> Entity:
        """Take a transaction out of the books. Raises Fault."""
        if kind not in TRANSACTIONS:
            raise faults.unsupported(f"delete of {kind}")
        old = self._present(kind, body)
        self._check_open(kind, old["TxnDate"])
        before = payments.linked(old) if kind == "Payment" else set()
        self._unlink(kind, old["Id"])
        self.books.remove(kind, old["Id"])
        self._settle_linked(before)
        return {"status": "Deleted", "domain": "QBO", "Id": old["Id"]}

    def read(self, kind: str, row_id: str) -> Entity:
        """Something as it is now. Raises Fault 610."""
        if kind in ("CompanyInfo", "Preferences"):
            return self.about()[kind]
        if kind not in KINDS:
            raise faults.unsupported(kind)
        return shown(self.books.need(kind, row_id))

    def rows(self, kind: str) -> list[Entity]:
        """All of a kind, as they are now."""
        return [shown(row) for row in self.books.rows(kind)]

    def query(self, text: str) -> Entity:
        """What answers a select statement: the value of `QueryResponse`. Raises Fault 4000 or 4001."""
        asked = parse(text)
        found = run(asked, self._queried(asked))
        if asked.count:
            return {"totalCount": len(found)}
        page = found[asked.start - 1 : asked.start - 1 + asked.most]
        if not page:
            return {}
        return {asked.entity: [shown(row) for row in page], "startPosition": asked.start, "maxResults": len(page)}

    def changes(self, kinds: list[str], since: str) -> list[Entity]:
        """What changed since a time (change data capture), as the list in `QueryResponse`; the newest 1,000. Raises Fault."""
        if unknown := [kind for kind in kinds if kind not in KINDS or kind in NOT_CAPTURED]:
            raise faults.unsupported(f"cdc of {', '.join(unknown)}")
        after = _read_since(since)
        if self.clock.now() - after > REMEMBERED:
            raise faults.business("changedSince has to be within the last 30 days.")
        changed = [(row["MetaData"]["LastUpdatedTime"], kind, shown(row)) for kind in kinds for row in self.books.rows(kind)]
        changed += [(at, kind, _tombstone(row_id, at)) for kind in kinds for row_id, at in self.books.deleted[kind].items()]
        recent = [one for one in changed if read_stamp(one[0]) >= after]
        recent.sort(key=lambda one: read_stamp(one[0]), reverse=True)
        return [_captured(kind, recent[:MOST_CHANGES]) for kind in kinds]

    def about(self) -> dict[str, Entity]:
        """What the company is, and how it works."""
        books = self.books
        now = {"CreateTime": "2020-01-01T00:00:00-08:00", "LastUpdatedTime": "2020-01-01T00:00:00-08:00"}
        same = {"domain": "QBO", "sparse": False, "Id": "1", "SyncToken": "0", "MetaData": now}
        closed = {"BookCloseDate": books.closed_until.isoformat()} if books.closed_until else {}
        return {
            "CompanyInfo": {"CompanyName": self.name, "LegalName": self.name, "Country": books.country, **same},
            "Preferences": {
                "AccountingInfoPrefs": {"CustomerTerminology": "Customers", **closed},
                "CurrencyPrefs": {"MultiCurrencyEnabled": books.multi_currency, "HomeCurrency": {"value": books.home_currency}},
                "TaxPrefs": {"UsingSalesTax": True} | ({"PartnerTaxEnabled": True} if books.automated_tax else {}),
                "SalesFormsPrefs": {"CustomTxnNumbers": True, "AutoApplyCredit": False}, **same,
            },
        }  # fmt: skip

    def add_tax_code(self, name: str, rates: dict[str, str], *, code_id: str | None = None) -> str:
        """A tax code of one or more rates in percent; its id."""
        listed = []
        for order, (rate, percent) in enumerate(rates.items()):
            row = self.books.add("TaxRate", {"Name": rate, "RateValue": Decimal(percent), "Active": True})
            detail = {"TaxRateRef": {"value": row["Id"], "name": rate}, "TaxTypeApplicable": "TaxOnAmount", "TaxOrder": order}
            listed.append(detail)
        body = {"Name": name, "Taxable": bool(rates), "TaxGroup": bool(rates), "Active": True, "Description": name,
                "SalesTaxRateList": {"TaxRateDetail": listed}}  # fmt: skip
        return str(self.books.add("TaxCode", body, code_id)["Id"])

    def _check_open(self, kind: str, *days: str | None) -> None:
        """Estimates are no bookings, so that a closed period does not concern them."""
        if kind != "Estimate":
            self.books.check_open(*days)

    def _queried(self, asked: Query) -> list[Entity]:
        if asked.entity in ("CompanyInfo", "Preferences"):
            return [self.about()[asked.entity]]
        return list(self.books.rows(asked.entity))

    def _present(self, kind: str, body: Entity) -> Entity:
        if not body.get("Id"):
            raise faults.missing("Id")
        row = self.books.need(kind, str(body["Id"]))
        check_version(row, body)
        return row

    def _prepare(self, kind: str, row: Entity) -> None:
        if kind in names.WRITABLE:
            names.prepare(self.books, kind, row)
        elif kind == "Payment":
            payments.prepare(self.books, row)
            self._check_applied(row)
        else:
            sales.prepare(self.books, kind, row)

    def _check_applied(self, payment: Entity) -> None:
        old = self.books.find("Payment", payment.get("Id", ""))
        for kind, row_id in payments.linked(payment):
            before = sum(sales.uses(old, kind, row_id)) if old else 0
            there = reading(self.books.need(kind, row_id)["TotalAmt"])
            if sum(sales.uses(payment, kind, row_id)) > there - sales.applied_to(self.books, kind, row_id) + before:
                raise faults.business(f"The amount applied to {kind} {row_id} is more than what is open.")

    def _settle_linked(self, linked: set[tuple[str, str]]) -> None:
        for kind, row_id in sorted(linked):
            if (row := self.books.find(kind, row_id)) is not None:
                sales.settle(self.books, kind, row)
                self.books.touch(kind, row)

    def _unlink(self, kind: str, row_id: str) -> None:
        for payment in self.books.rows("Payment"):
            if sales.uses(payment, kind, row_id):
                before = payments.linked(payment)
                payments.unlink(payment, kind, row_id)
                self.books.touch("Payment", payment)
                self._settle_linked(before - {(kind, row_id)})


def _check_kind(kind: str) -> None:
    if kind not in WRITABLE:
        raise faults.unsupported(f"change of {kind}")


def _read_since(text: str) -> datetime:
    try:
        return read_stamp(text)
    except ValueError as error:
        raise faults.unreadable("changedSince", text) from error


def _tombstone(row_id: str, at: str) -> Entity:
    return {"domain": "QBO", "status": "Deleted", "Id": row_id, "MetaData": {"LastUpdatedTime": at}}


def _captured(kind: str, recent: list[tuple[str, str, Entity]]) -> dict[str, Any]:
    found = [row for _, of, row in recent if of == kind]
    return {kind: found, "startPosition": 1, "maxResults": len(found)} if found else {}


def found_company(realm: str, name: str, clock: Clock, books: Books) -> Company:
    """A company with a small chart of accounts, terms, an item and tax codes, as a new one has them."""
    company = Company(realm, name, clock, books)
    accounts = {"Services": "Income", "Sales of Product Income": "Income", "Accounts Receivable (A/R)": "Accounts Receivable",
                "Undeposited Funds": "Other Current Asset", "Checking": "Bank"}  # fmt: skip
    made = {label: company.create("Account", {"Name": label, "AccountType": kind})["Id"] for label, kind in accounts.items()}
    for term, days in (("Due on receipt", 0), ("Net 15", 15), ("Net 30", 30), ("Net 60", 60)):
        company.create("Term", {"Name": term, "DueDays": days})
    company.create("Item", {"Name": "Services", "Type": "Service", "IncomeAccountRef": {"value": made["Services"]}})
    if books.country == "US":
        company.add_tax_code("TAX", {}, code_id="TAX")
        company.books.tables["TaxCode"]["TAX"]["Taxable"] = True
        company.add_tax_code("NON", {}, code_id="NON")
        company.add_tax_code("California", {"California": "8"})
        company.add_tax_code("Tucson", {"AZ State tax": "7.1", "Tucson City": "2"})
    else:
        company.add_tax_code("20.0% S", {"20% S": "20"})
        company.add_tax_code("5.0% R", {"5% R": "5"})
        company.add_tax_code("0.0% Z", {"0% Z": "0"})
    books.happened.clear()
    return company


def now_stamp(clock: Clock) -> str:
    """The time in an answer."""
    return stamp(clock.now())
