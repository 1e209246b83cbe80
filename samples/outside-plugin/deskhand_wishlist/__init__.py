"""Wishlist: entries about clients."""

from kernel.manifest import Manifest, Permission

manifest = Manifest(
    name="wishlist",
    title="Wishlist",
    summary="Entries about clients.",
    requires=("crm",),
    permissions=(
        Permission("wishlist.read", "See Wishlist", ("manager", "technician", "dispatcher", "finance")),
        Permission("wishlist.manage", "Change Wishlist", ("manager",)),
    ),
)
