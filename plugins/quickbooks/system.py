"""QuickBooks Online as a system that the accounting room delivers to."""

from __future__ import annotations

from kernel.hookspecs.accounting import AccountingSystem
from plugins.quickbooks.consent import KEY
from plugins.quickbooks.gateway import open_books
from plugins.quickbooks.problems import check

SYSTEM = AccountingSystem(
    key=KEY,
    title="QuickBooks Online",
    says="Invoices, credit notes and payments go to a company of QuickBooks Online, and payments noted there come back.",
    maps={
        "client": "Customers",
        "item": "Products and services",
        "category": "Products and services for a category",
        "tax": "Tax codes",
        "term": "Terms",
        "account": "Accounts",
    },
    needs=frozenset({"item", "tax"}),
    provider=KEY,
    open=open_books,
    check=check,
    pays_back=True,
    delegates_tax=True,
    accounts={"income": "Income account of new products and services", "deposit": "Account that payments are deposited to"},
)
