"""Catalog: what the MSP sells, with a price in each currency."""

from kernel.manifest import Manifest, Permission

manifest = Manifest(
    name="catalog",
    title="Catalog",
    summary="Services, products and licenses, with prices per currency.",
    permissions=(
        Permission("catalog.read", "See the catalog and its prices", ("manager", "technician", "dispatcher", "finance")),
        Permission("catalog.manage", "Change the catalog and its prices", ("manager", "finance")),
    ),
    required=True,
)
