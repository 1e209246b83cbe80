"""QuickBooks Online: consent, and a company's books as a gateway of the accounting port."""

from kernel.manifest import Manifest, Permission

manifest = Manifest(
    name="quickbooks",
    title="QuickBooks Online",
    summary="Delivers invoices, credit notes and payments to QuickBooks Online, and hears of what changes there.",
    requires=("accounting", "connections"),
    permissions=(
        Permission("quickbooks.read", "See how QuickBooks Online is connected", ("finance",)),
        Permission("quickbooks.manage", "Set what QuickBooks Online signs its messages with"),
    ),
    default_enabled=False,
)
