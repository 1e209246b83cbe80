"""Billing: contracts, billing runs, invoices, credits and the ledger."""

from kernel.manifest import Manifest, Permission
from plugins.billing.settings import BillingSettings

_MONEY = ("finance",)
_OFFICE = ("manager", "finance")

manifest = Manifest(
    name="billing",
    title="Billing",
    summary="Contracts, billing runs, invoices, credits, payments and the ledger.",
    requires=("crm", "catalog"),
    permissions=(
        Permission("contract.read", "See contracts and what is due on them", _OFFICE),
        Permission("contract.manage", "Draw up and change contracts", _OFFICE),
        Permission("usage.manage", "Enter metered usage", (*_OFFICE, "technician")),
        Permission("billing_run.run", "Preview and start billing runs", _MONEY),
        Permission("invoice.read", "See invoices, credits and payments", _OFFICE),
        Permission("invoice.create", "Write and change draft invoices", _MONEY),
        Permission("invoice.finalize", "Finalize invoices", _MONEY),
        Permission("invoice.send", "Send invoices by mail", _MONEY),
        Permission("invoice.void", "Void finalized invoices", _MONEY),
        Permission("invoice.credit", "Write credit notes and apply credits", _MONEY),
        Permission("invoice.pay", "Record, take back and refund payments", _MONEY),
        Permission("credit.manage", "Grant, transfer, refund and end credits; settle what the check finds", _MONEY),
        Permission("receivables.manage", "Keep terms of payment, reminders and late fees; hold invoices in dispute", _MONEY),
        Permission("invoice_layout.manage", "Design invoice layouts and choose who gets which", _MONEY),
        Permission("ledger.read", "See the ledger", _OFFICE),
    ),
    listens=("mail.sent",),
    settings=BillingSettings,
)
