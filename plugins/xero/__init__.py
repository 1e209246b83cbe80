"""Xero: invoices, credit notes and customers go there, and payments that are noted there come back."""

from kernel.manifest import Manifest

manifest = Manifest(
    name="xero",
    title="Xero",
    summary="Delivers final invoices and credit notes to Xero, and brings back the payments that are noted there.",
    requires=("accounting", "connections"),
    default_enabled=False,
)
