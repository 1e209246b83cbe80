"""A room of parcels: shows every macro of the kit and what pages and forms do."""

from kernel.manifest import Manifest, Permission

manifest = Manifest(
    name="web_room",
    title="Parcels",
    summary="For tests of the web shell.",
    permissions=(
        Permission("parcel.read", "See parcels", roles=("technician", "finance")),
        Permission("parcel.send", "Send parcels", roles=("technician",)),
    ),
)
