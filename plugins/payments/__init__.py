"""Online payments: links to pay invoices by, clients' consent to be charged, and what became of each attempt."""

from kernel.manifest import Manifest, Permission
from plugins.payments.settings import PaymentSettings

manifest = Manifest(
    name="payments",
    title="Online payments",
    summary="Links by which clients pay invoices online, automatic payments by saved cards, refunds and disputes.",
    requires=("billing",),
    permissions=(
        Permission("online_payment.read", "See online payments", ("finance", "manager")),
        Permission("online_payment.manage", "Make payment links, refund online, end automatic payments", ("finance",)),
    ),
    listens=("invoice.finalized", "invoice.voided", "payment.recorded"),
    settings=PaymentSettings,
    default_enabled=False,
)
