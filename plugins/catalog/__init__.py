"""Catalog: what the MSP sells, with prices in each currency, and who pays another price."""

from kernel.manifest import Capability, Manifest, Permission
from plugins.catalog.settings import CatalogSettings

manifest = Manifest(
    name="catalog",
    title="Catalog",
    summary="Services, products and licenses, with dated prices per currency and per client.",
    permissions=(
        Permission("catalog.read", "See the catalog and its prices", ("manager", "technician", "dispatcher", "finance")),
        Permission("catalog.manage", "Change the catalog and its prices", ("manager", "finance")),
        Permission("catalog.read_cost", "See and change what items cost, and the margin", ("manager", "finance")),
    ),
    capabilities=(Capability("cap:service.read", "See the catalog and its list prices, but not what items cost."),),
    settings=CatalogSettings,
    required=True,
)
