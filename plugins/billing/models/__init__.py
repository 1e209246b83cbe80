"""Tables of invoices, of the money that moves for them, and of billing runs."""

from plugins.billing.models.buckets import Bucket, BucketAlert, BucketMember, ClientCycle, DayOff, WorkingHours, WorkingSpan
from plugins.billing.models.credits import (
    Credit,
    CreditApplication,
    CreditFinding,
    CreditMovement,
    CreditNotice,
    CreditRule,
)
from plugins.billing.models.invoices import PARTS, ChainLink, Invoice, InvoiceDiscount, InvoiceLine, InvoiceTax, Series, Source
from plugins.billing.models.layouts import Layout, LayoutChoice, LayoutImage, LayoutVersion
from plugins.billing.models.money import LedgerEntry, Payment, PaymentAllocation, Posting, Refund
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
    "PARTS",
    "Bucket",
    "BucketAlert",
    "BucketMember",
    "ChainLink",
    "ClientCycle",
    "Credit",
    "CreditApplication",
    "CreditFinding",
    "CreditMovement",
    "CreditNotice",
    "CreditRule",
    "DayOff",
    "DunningLevel",
    "DunningText",
    "EarlyDiscount",
    "Hold",
    "Invoice",
    "InvoiceDiscount",
    "InvoiceLine",
    "InvoiceTax",
    "LateFeeRule", "Layout", "LayoutChoice", "LayoutImage", "LayoutVersion",
    "LedgerEntry",
    "Letter",
    "OverdueNote",
    "Payer",
    "Payment",
    "PaymentAllocation",
    "Posting",
    "Refund",
    "Reminder",
    "Run",
    "RunClient",
    "Sending",
    "Series",
    "Source",
    "Terms",
    "WorkingHours",
    "WorkingSpan",
]  # fmt: skip
