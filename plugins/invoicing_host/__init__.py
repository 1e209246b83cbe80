"""Invoicing host: lets extensions create draft invoices, through billing's one invoice funnel."""

from kernel.manifest import Capability, Manifest

manifest = Manifest(
    name="invoicing_host",
    title="Invoicing for extensions",
    summary="Gives extensions the function that creates draft manual invoices.",
    requires=("billing", "extensions"),
    capabilities=(
        Capability(
            "cap:invoice.manual.create",
            "Create draft invoices for any client. It cannot finalize, change or delete invoices.",
        ),
    ),
)
