"""Assets: what the MSP looks after at its clients."""

from kernel.manifest import Manifest, Permission

_DESK = ("manager", "technician", "dispatcher")

manifest = Manifest(
    name="assets",
    title="Assets",
    summary="Clients' machines and devices, their warranties, and the tickets about them.",
    requires=("crm",),
    permissions=(
        Permission("asset.read", "See assets", (*_DESK, "finance")),
        Permission("asset.create", "Add assets", _DESK),
        Permission("asset.update", "Change assets and link them to tickets", _DESK),
        Permission("asset.delete", "Delete assets", ("manager",)),
    ),
)
