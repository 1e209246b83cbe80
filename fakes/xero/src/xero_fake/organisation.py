"""One organisation: its books in memory, and the rules by which Xero takes or refuses what is put into them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from xero_fake.clock import Clock, day, instant, read_day
from xero_fake.faults import Invalid
from xero_fake.wire import Entity, decimal

KINDS = {
    "Contacts": "ContactID", "Items": "ItemID", "Accounts": "AccountID", "TaxRates": "TaxType", "Invoices": "InvoiceID",
    "CreditNotes": "CreditNoteID", "Payments": "PaymentID", "BatchPayments": "BatchPaymentID",
}  # fmt: skip
"""Collections, and what an object of each is known by."""
ENDED = {"VOIDED", "DELETED"}
CENT = Decimal("0.01")


class Organisation:
    """Books. `locked_until` is the last day that nobody may write to; `changed` lists what happened, for webhooks."""

    def __init__(self, tenant: str, name: str, clock: Clock, currency: str = "USD", country: str = "US") -> None:
        self.tenant, self.name, self.clock, self.currency, self.country = tenant, name, clock, currency, country
        self.rows: dict[str, dict[str, Entity]] = {kind: {} for kind in KINDS}
        self.changed: list[tuple[str, str, str]] = []
        self.currencies = {currency}
        self.locked_until: date | None = None
        self.account("200", "Sales", "REVENUE")
        self.account("090", "Checking", "BANK")
        self.tax_rate("NONE", "Tax Exempt", Decimal(0))

    def account(self, code: str, name: str, kind: str, *, takes_payments: bool = False) -> None:
        """Open an account; `kind` such as REVENUE or BANK."""
        row = {"AccountID": str(uuid.uuid4()), "Code": code, "Name": name, "Type": kind, "Status": "ACTIVE",
               "EnablePaymentsToAccount": takes_payments, "Class": "REVENUE" if kind == "REVENUE" else "ASSET"}  # fmt: skip
        self._keep("Accounts", row)

    def tax_rate(self, tax_type: str, name: str, percent: Decimal, components: Iterable[tuple[str, Decimal]] = ()) -> None:
        """Set up a tax rate, of several components if named."""
        parts = [{"Name": one, "Rate": rate, "IsCompound": False} for one, rate in components or [(name, percent)]]
        row = {"TaxType": tax_type, "Name": name, "Status": "ACTIVE", "DisplayTaxRate": percent, "EffectiveRate": percent,
               "TaxComponents": parts, "CanApplyToRevenue": True}  # fmt: skip
        self._keep("TaxRates", row)

    def find(self, kind: str, key: str) -> Entity | None:
        """An object by its id, or a document or item by its number or code."""
        if key in self.rows[kind]:
            return self.rows[kind][key]
        name = {"Invoices": "InvoiceNumber", "CreditNotes": "CreditNoteNumber", "Items": "Code", "Contacts": "ContactNumber"}.get(
            kind
        )
        return next((row for row in self.rows[kind].values() if name and row.get(name) == key), None)

    def since(self, kind: str, at: datetime | None) -> list[Entity]:
        """Objects that changed at an instant or later, all if there is none; the oldest change first."""
        rows = sorted(self.rows[kind].values(), key=lambda row: row["_at"])
        return [row for row in rows if at is None or row["_at"] >= at.replace(microsecond=0)]

    def put(self, kind: str, sent: Entity, *, may_update: bool) -> Entity:
        """Create an object, or change the one that it means. Raises Invalid."""
        known = self._meant(kind, sent) if may_update else None
        writers: dict[str, Callable[[Entity, Entity | None], Entity]] = {
            "Contacts": self._contact, "Items": self._item, "Payments": self._payment, "BatchPayments": self._batch,
            "Invoices": self._document("Invoices"), "CreditNotes": self._document("CreditNotes"),
        }  # fmt: skip
        return writers[kind](sent, known)

    def delete_payment(self, payment_id: str, status: Any) -> Entity:
        """Take a payment back: what it paid is open again. Raises Invalid."""
        row = self.rows["Payments"].get(payment_id)
        if row is None or status != "DELETED":
            raise Invalid("Payments can only be deleted")
        if row["Status"] != "DELETED":
            row["Status"] = "DELETED"
            self._reckon("Invoices", self.rows["Invoices"][row["Invoice"]["InvoiceID"]])
            self._keep("Payments", row)
        return row

    def allocate(self, credit_note_id: str, sent: list[Entity]) -> list[Entity]:
        """Use a credit note for invoices. Raises Invalid."""
        note = self.rows["CreditNotes"].get(credit_note_id)
        if note is None or note["Status"] != "AUTHORISED":
            raise Invalid("Credit Note not of valid status to allocate")
        made = []
        for one in sent:
            invoice, amount = self._meant("Invoices", one.get("Invoice") or {}), decimal(one.get("Amount"))
            if invoice is None:
                raise Invalid("Invoice could not be found")
            if amount <= 0 or amount > note["RemainingCredit"] or amount > invoice["AmountDue"]:
                raise Invalid("The Amount applied is greater than the outstanding balance")
            found = {"AllocationID": str(uuid.uuid4()), "Amount": amount, "Date": day(self._on(one.get("Date"), "Date")),
                     "Invoice": {"InvoiceID": invoice["InvoiceID"], "InvoiceNumber": invoice["InvoiceNumber"]}}  # fmt: skip
            note["Allocations"].append(found)
            made.append(found)
            self._reckon("CreditNotes", note)
            self._reckon("Invoices", invoice)
        return made

    def deallocate(self, credit_note_id: str, allocation_id: str) -> Entity | None:
        """Take back a use of a credit note; None where there is none."""
        note = self.rows["CreditNotes"].get(credit_note_id) or {"Allocations": []}
        found = next((one for one in note["Allocations"] if one["AllocationID"] == allocation_id), None)
        if found is not None:
            note["Allocations"].remove(found)
            self._reckon("CreditNotes", note)
            self._reckon("Invoices", self.rows["Invoices"][found["Invoice"]["InvoiceID"]])
        return found

    def _meant(self, kind: str, sent: Entity) -> Entity | None:
        keys = {
            "Contacts": ("ContactID", "ContactNumber"), "Items": ("ItemID", "Code"), "Payments": ("PaymentID",),
            "BatchPayments": ("BatchPaymentID",),
            "Invoices": ("InvoiceID", "InvoiceNumber"), "CreditNotes": ("CreditNoteID", "CreditNoteNumber"),
        }[kind]  # fmt: skip
        found = (self.find(kind, str(sent[key])) for key in keys if sent.get(key))
        return next((one for one in found if one is not None), None)

    def _contact(self, sent: Entity, known: Entity | None) -> Entity:
        name = str(sent.get("Name") or (known or {}).get("Name") or "").strip()
        others = [row for row in self.rows["Contacts"].values() if row is not known]
        if not name:
            raise Invalid("The Contact Name cannot be empty.")
        if len(name) > 255:
            raise Invalid("The Contact Name must not be more than 255 characters long.")
        if any(row["Name"].lower() == name.lower() and row["ContactStatus"] == "ACTIVE" for row in others):
            raise Invalid(f"The contact name {name} is already assigned to another contact."
                          " The contact name must be unique across all active contacts.")  # fmt: skip
        number = sent.get("ContactNumber")
        if number and any(row.get("ContactNumber") == number for row in others):
            raise Invalid("The contact number is already assigned to another contact.")
        row = {"ContactID": str(uuid.uuid4()), "ContactStatus": "ACTIVE"} | (known or {}) | sent | {"Name": name}
        return self._keep("Contacts", row)

    def _item(self, sent: Entity, known: Entity | None) -> Entity:
        code = str(sent.get("Code") or "")
        if not 1 <= len(code) <= 30:
            raise Invalid("Price List Item Code must be between 1 and 30 characters long")
        if known is None and self.find("Items", code):
            raise Invalid(f"Price List Item with Code '{code}' already exists")
        account = (sent.get("SalesDetails") or {}).get("AccountCode")
        if account and self._account(account) is None:
            raise Invalid(f"Account code '{account}' is not a valid code for this document.")
        return self._keep("Items", {"ItemID": str(uuid.uuid4()), "IsSold": True} | (known or {}) | sent)

    def _document(self, kind: str) -> Callable[[Entity, Entity | None], Entity]:
        def write(sent: Entity, known: Entity | None) -> Entity:
            key, number = KINDS[kind], f"{kind[:-1]}Number"
            if known is not None and known["Status"] in ENDED:
                raise Invalid(f"This document cannot be edited as it has a status of {known['Status']}.")
            if sent.get("Status") in ENDED and known is not None:
                return self._end(kind, known, sent["Status"])
            row = {key: str(uuid.uuid4()), "Status": "DRAFT", "LineAmountTypes": "Exclusive", "CurrencyCode": self.currency,
                   "Type": "", "Allocations": []} | (known or {}) | sent  # fmt: skip
            self._check_head(kind, row, known, number)
            row["LineItems"] = [self._line(one, row) for one in row.get("LineItems") or []]
            if not row["LineItems"]:
                raise Invalid("One or more line items must be specified")
            self._reckon(kind, row)
            if row.get("AmountDue", row.get("RemainingCredit")) < 0:
                raise Invalid("The document total cannot be less than what was paid")
            return row

        return write

    def _check_head(self, kind: str, row: Entity, known: Entity | None, number: str) -> None:
        wrong = []
        wanted = "ACCREC" if kind == "Invoices" else "ACCRECCREDIT"
        if row["Type"] != wanted:
            wrong.append(f"{row['Type'] or 'None'} is not a type that this fake keeps")
        contact = self._meant("Contacts", row.get("Contact") or {})
        if contact is None or contact["ContactStatus"] != "ACTIVE":
            wrong.append("A Contact must be specified for this type of transaction")
        if row["CurrencyCode"] not in self.currencies:
            wrong.append(f"Organisation is not subscribed to currency {row['CurrencyCode']}")
        taken = (one for one in self.rows[kind].values() if one is not known and one["Status"] not in ENDED)
        if row.get(number) and any(one[number] == row[number] for one in taken):
            wrong.append(f"{'Invoice' if kind == 'Invoices' else 'Credit Note'} # must be unique.")
        if not row.get(number) or len(str(row[number])) > 255:
            wrong.append("The number must have between 1 and 255 characters")
        if wrong:
            raise Invalid(*wrong)
        row["Contact"] = {"ContactID": contact["ContactID"], "Name": contact["Name"]} if contact else {}
        for name in ("Date", "DueDate"):
            if row.get(name) or name == "Date":
                row[name] = day(self._on(row.get(name), name))
        if self.locked_until and read_day(row["Date"]) <= self.locked_until:
            raise Invalid("The document date cannot be before the period lock date.")

    def _on(self, text: Any, name: str) -> date:
        try:
            return read_day(str(text)) if text else self.clock.now().date()
        except ValueError as error:
            raise Invalid(f"{name} is not a valid date") from error

    def _line(self, sent: Entity, row: Entity) -> Entity:
        quantity, price = decimal(sent.get("Quantity", 1)), decimal(sent.get("UnitAmount"))
        net = (quantity * price).quantize(CENT, ROUND_HALF_UP)
        if "LineAmount" in sent and abs(decimal(sent["LineAmount"]) - net) >= CENT:
            raise Invalid(f"The line total {sent['LineAmount']} does not match the expected line total {net}")
        item = self.find("Items", str(sent["ItemCode"])) if sent.get("ItemCode") else None
        if sent.get("ItemCode") and item is None:
            raise Invalid(f"Item code '{sent['ItemCode']}' is not valid")
        account = sent.get("AccountCode") or ((item or {}).get("SalesDetails") or {}).get("AccountCode")
        if row["Status"] == "AUTHORISED" and self._account(account) is None:
            raise Invalid(f"Account code '{account or ''}' is not a valid code for this document.")
        if not sent.get("Description") and item is None:
            raise Invalid("Description is missing")
        rate = self.rows["TaxRates"].get(sent.get("TaxType") or "NONE")
        if rate is None:
            raise Invalid(
                f"The TaxType code '{sent.get('TaxType')}' does not exist or cannot be used for this type of transaction."
            )
        tax = (net * rate["EffectiveRate"] / 100).quantize(CENT, ROUND_HALF_UP)
        return sent | {"LineItemID": sent.get("LineItemID") or str(uuid.uuid4()), "Quantity": quantity, "UnitAmount": price,
                       "LineAmount": net, "TaxType": rate["TaxType"], "AccountCode": account,
                       "TaxAmount": decimal(sent["TaxAmount"]) if "TaxAmount" in sent else tax}  # fmt: skip

    def _account(self, code: Any) -> Entity | None:
        return next((one for one in self.rows["Accounts"].values() if one["Code"] == code), None)

    def _payment(self, sent: Entity, _: Entity | None) -> Entity:
        invoice, amount = self._meant("Invoices", sent.get("Invoice") or {}), decimal(sent.get("Amount"))
        named = sent.get("Account") or {}
        account = self.rows["Accounts"].get(named.get("AccountID", "")) or self._account(named.get("Code"))
        if invoice is None:
            raise Invalid("Invoice could not be found")
        if invoice["Status"] != "AUTHORISED":
            raise Invalid("Invoice is not of valid status for payments")
        if account is None or not (account["Type"] == "BANK" or account["EnablePaymentsToAccount"]):
            raise Invalid("Account could not be found or does not take payments")
        if amount <= 0 or amount > invoice["AmountDue"]:
            raise Invalid("Payment amount exceeds the amount outstanding on this document")
        row = {
            "PaymentID": str(uuid.uuid4()), "Status": "AUTHORISED", "PaymentType": "ACCRECPAYMENT", "Amount": amount,
            "Date": day(self._on(sent.get("Date"), "Date")), "Reference": sent.get("Reference", ""),
            "CurrencyRate": Decimal(1), "Account": {"AccountID": account["AccountID"], "Code": account["Code"]},
            "Invoice": {name: invoice[name] for name in ("InvoiceID", "InvoiceNumber", "Type", "Contact", "CurrencyCode")},
        }  # fmt: skip
        self._keep("Payments", row)
        self._reckon("Invoices", invoice)
        return row

    def _batch(self, sent: Entity, known: Entity | None) -> Entity:
        """Money that pays several invoices at once: a payment for each of them, all or none, which name what they belong to."""
        if known is not None:
            if sent.get("Status") != "DELETED":
                raise Invalid("Batch payments can only be deleted")
            known["Status"] = "DELETED"
            for one in known["Payments"]:
                self.delete_payment(one["PaymentID"], "DELETED")
            return self._keep("BatchPayments", known)
        before = set(self.rows["Payments"])
        parts = [one | {"Account": sent.get("Account"), "Date": sent.get("Date")} for one in sent.get("Payments") or []]
        if not parts:
            raise Invalid("A batch payment has at least one payment")
        try:
            made = [self._payment(one, None) for one in parts]
        except Invalid:
            for key in set(self.rows["Payments"]) - before:
                self.delete_payment(key, "DELETED")
                del self.rows["Payments"][key]
            raise
        row = {"BatchPaymentID": str(uuid.uuid4()), "Type": "RECBATCH", "Status": "AUTHORISED", "Date": made[0]["Date"],
               "Reference": sent.get("Reference", ""), "Account": made[0]["Account"],
               "TotalAmount": sum((one["Amount"] for one in made), Decimal(0))}  # fmt: skip
        for one in made:
            one["BatchPayment"] = dict(row)
        return self._keep("BatchPayments", row | {"Payments": [{"PaymentID": one["PaymentID"]} for one in made]})

    def _end(self, kind: str, row: Entity, status: str) -> Entity:
        if row["AmountPaid"] or row["AmountCredited"] or row["Allocations"]:
            raise Invalid("This document cannot be voided: it has payments or credits. Remove these first.")
        row["Status"] = status
        row["AmountDue"] = row["RemainingCredit"] = Decimal(0)
        return self._keep(kind, row)

    def _reckon(self, kind: str, row: Entity) -> None:
        """Totals, and what is open, after a change of lines, payments or allocations."""
        row["SubTotal"] = sum((one["LineAmount"] for one in row["LineItems"]), Decimal(0))
        row["TotalTax"] = sum((one["TaxAmount"] for one in row["LineItems"]), Decimal(0))
        row["Total"] = row["SubTotal"] + row["TotalTax"]
        key = row[KINDS[kind]]
        paid = [
            one for one in self.rows["Payments"].values() if one["Invoice"]["InvoiceID"] == key and one["Status"] != "DELETED"
        ]
        used = [
            one for note in self.rows["CreditNotes"].values() for one in note["Allocations"] if one["Invoice"]["InvoiceID"] == key
        ]
        row["Payments"] = [{name: one[name] for name in ("PaymentID", "Amount", "Date")} for one in paid]
        row["AmountPaid"] = sum((one["Amount"] for one in paid), Decimal(0))
        row["AmountCredited"] = sum((one["Amount"] for one in used), Decimal(0))
        taken = row["AmountPaid"] + row["AmountCredited"] + sum((one["Amount"] for one in row["Allocations"]), Decimal(0))
        row["AmountDue"] = row["RemainingCredit"] = row["Total"] - taken
        if row["Status"] in ("AUTHORISED", "PAID"):
            row["Status"] = "AUTHORISED" if row["AmountDue"] else "PAID"
        self._keep(kind, row)

    def _keep(self, kind: str, row: Entity) -> Entity:
        key = row[KINDS[kind]]
        happened = "UPDATE" if key in self.rows[kind] else "CREATE"
        row["_at"] = self.clock.now().replace(microsecond=0)
        row["UpdatedDateUTC"] = instant(row["_at"])
        self.rows[kind][key] = row
        self.changed.append((kind, key, happened))
        return row
