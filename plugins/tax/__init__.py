"""Tax: dated rates by region, composite rates, exemption, reverse charge."""

from kernel.manifest import Manifest, Permission
from plugins.tax.settings import TaxSettings

manifest = Manifest(
    name="tax",
    title="Taxes",
    summary="Tax rates by region and date, exemption and reverse charge.",
    requires=("crm",),
    permissions=(
        Permission("tax.read", "See tax regions, rates and the tax facts of clients", ("manager", "finance")),
        Permission("tax.manage", "Change tax regions, rates and the tax facts of clients", ("finance",)),
    ),
    settings=TaxSettings,
)
