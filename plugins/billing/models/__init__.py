"""Tables of invoices, of the money that moves for them, and of billing runs."""

from plugins.billing.models.invoices import ChainLink, Invoice, InvoiceDiscount, InvoiceLine, InvoiceTax, Series, Source
from plugins.billing.models.money import Credit, CreditApplication, LedgerEntry, Payment, Posting
from plugins.billing.models.runs import Run, RunClient
from plugins.billing.models.sendings import Sending

__all__ = [
    "ChainLink", "Credit", "CreditApplication", "Invoice", "InvoiceDiscount", "InvoiceLine", "InvoiceTax", "LedgerEntry",
    "Payment", "Posting", "Run", "RunClient", "Sending", "Series", "Source",
]  # fmt: skip
