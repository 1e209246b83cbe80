"""Accounting: invoices, credit notes and payments delivered to the books of another system, and what was delivered."""

from kernel.manifest import Manifest, Permission

manifest = Manifest(
    name="accounting",
    title="Accounting export",
    summary="Invoices, credit notes and payments, checked and delivered to an accounting system or as files.",
    requires=("billing",),
    permissions=(
        Permission("accounting.read", "See what was delivered to accounting systems", ("finance",)),
        Permission("accounting.manage", "Set up accounting systems, map to them and deliver", ("finance",)),
    ),
    listens=(
        "invoice.created",
        "invoice.changed",
        "invoice.deleted",
        "invoice.finalized",
        "invoice.unfinalized",
        "invoice.voided",
        "payment.recorded",
        "payment.taken_back",
        "money.refunded",
        "money.refund_taken_back",
        "credit.applied",
        "credit.unapplied",
    ),
    default_enabled=False,
)
