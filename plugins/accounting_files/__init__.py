"""Accounting files: batches of invoices as files that accounting systems import."""

from kernel.manifest import Manifest

manifest = Manifest(
    name="accounting_files",
    title="Accounting files",
    summary="Invoices and credit notes as CSV for QuickBooks and Xero, as a journal, and as UBL.",
    requires=("accounting",),
    default_enabled=False,
)
