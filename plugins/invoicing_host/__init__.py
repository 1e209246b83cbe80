"""Invoicing host: lets extensions create draft invoices, and charge clients on their next invoice."""

from kernel.manifest import Capability, Manifest, Permission

manifest = Manifest(
    name="invoicing_host",
    title="Invoicing for extensions",
    summary="Lets extensions draft invoices, and charge clients on their next invoice.",
    requires=("billing", "catalog", "extensions"),
    permissions=(
        Permission("extension_charge.read", "See what extensions charge clients", ("manager", "finance")),
        Permission("extension_charge.remove", "Remove unbilled charges of extensions", ("finance",)),
    ),
    capabilities=(
        Capability(
            "cap:invoice.manual.create",
            "Create draft invoices for any client. It cannot finalize, change or delete invoices.",
        ),
        Capability("cap:charge.create", "Charge any client on the next invoice. It cannot see, change or remove charges."),
    ),
)
