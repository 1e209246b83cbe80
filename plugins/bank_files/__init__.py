"""Bank files: statements of the company's accounts, and which money on them pays what."""

from kernel.manifest import Manifest, Permission

manifest = Manifest(
    name="bank_files",
    title="Bank files",
    summary="Bank statements as CSV or camt.053: each entry once, matched with open invoices.",
    requires=("billing",),
    permissions=(
        Permission("bank_file.read", "See bank entries", ("finance", "manager")),
        Permission("bank_file.manage", "Import bank statements and match their entries", ("finance",)),
    ),
)
