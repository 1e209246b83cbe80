"""Tables of invoices, of the money that moves for them, and of billing runs."""

from plugins.billing.models.invoices import ChainLink, Invoice, InvoiceDiscount, InvoiceLine, InvoiceTax, Series, Source
from plugins.billing.models.money import Credit, CreditApplication, LedgerEntry, Payment, Posting
from plugins.billing.models.receivables import (
    DunningLevel,
    DunningText,
    EarlyDiscount,
    Hold,
    LateFeeRule,
    Letter,
    OverdueNote,
    Payer,
    Reminder,
    Terms,
)
from plugins.billing.models.runs import Run, RunClient
from plugins.billing.models.sendings import Sending

__all__ = [
    "ChainLink",
    "Credit",
    "CreditApplication",
    "DunningLevel",
    "DunningText",
    "EarlyDiscount",
    "Hold",
    "Invoice",
    "InvoiceDiscount",
    "InvoiceLine",
    "InvoiceTax",
    "LateFeeRule",
    "LedgerEntry",
    "Letter",
    "OverdueNote",
    "Payer",
    "Payment",
    "Posting",
    "Reminder",
    "Run",
    "RunClient",
    "Sending",
    "Series",
    "Source",
    "Terms",
]
