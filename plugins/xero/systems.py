"""Xero as an accounting system that documents are delivered to."""

from __future__ import annotations

from collections.abc import Sequence

from kernel.context import CallContext
from kernel.hookspecs.accounting import AccountingSystem, Document, Gateway, Problem
from kernel.hookspecs.connections import Access

MOST_PLACES = 2


def open_books(access: Access) -> Gateway:
    """The books of a connection."""
    from plugins.xero.gateway import XeroBooks

    return XeroBooks(access)


def check(_: CallContext, documents: Sequence[Document]) -> list[Problem]:
    """What Xero would refuse: money with more than two decimals."""
    return [
        Problem(one.id, "currency_unsupported", f"Xero keeps money with two decimals, and {one.currency} has {one.exponent}.")
        for one in documents if one.exponent > MOST_PLACES
    ]  # fmt: skip


SYSTEM = AccountingSystem(
    "xero", "Xero", "Invoices and credit notes go to Xero as they become final; payments noted there come back.",
    maps={"item": "Items", "category": "Items", "client": "Contacts", "tax": "Tax rates"},
    needs=frozenset({"item", "tax"}), provider="xero", open=open_books, check=check, pays_back=True,
    accounts={"income": "Sales account for new items", "deposit": "Account that takes payments"},
)  # fmt: skip
