"""The accounting systems that this room writes files for."""

from __future__ import annotations

from kernel.hookspecs.accounting import AccountingSystem
from plugins.accounting_files import services
from plugins.accounting_files.journal import RECEIVABLE

SYSTEMS = (
    AccountingSystem(
        "quickbooks_csv", "QuickBooks CSV", "Files for “Import data” of QuickBooks Online: invoices, and credit notes apart.",
        maps={"item": "Products and services", "client": "Customers", "tax": "Tax codes", "term": "Terms"},
        needs=frozenset({"item", "tax"}), write=services.write_quickbooks, check=services.check_quickbooks,
    ),
    AccountingSystem(
        "xero_csv", "Xero CSV", "Files for the import of sales invoices in Xero.",
        maps={"item": "Account codes", "client": "Contacts", "tax": "Tax rates"},
        needs=frozenset({"item", "tax"}), write=services.write_xero, check=services.check_xero,
    ),
    AccountingSystem(
        "journal_csv", "Journal CSV", "Entries by double entry, with debit and credit, for any general ledger.",
        maps={"item": "Revenue accounts", "tax": "Tax accounts"}, accounts={RECEIVABLE: "Accounts receivable"},
        needs=frozenset({"item", "tax"}), write=services.write_journal, check=services.check_journal,
    ),
    AccountingSystem(
        "ubl", "UBL", "E-invoices by EN 16931 in one archive.", maps={}, write=services.write_ubl, check=services.check_ubl,
    ),
)  # fmt: skip
