"""Clients: pages, REST and imports over the kernel's clients, locations and contacts."""

from kernel.manifest import Capability, Manifest, Permission

_ALL = ("manager", "technician", "dispatcher", "finance")

manifest = Manifest(
    name="crm",
    title="Clients",
    summary="Clients with their locations and contacts.",
    permissions=(
        Permission("client.read", "See clients, locations and contacts", _ALL),
        Permission("client.create", "Add clients, locations and contacts", ("manager", "dispatcher", "finance")),
        Permission("client.update", "Change clients, locations and contacts", ("manager", "dispatcher", "finance")),
        Permission("client.delete", "Delete clients, locations and contacts", ("manager",)),
    ),
    capabilities=(
        Capability("cap:client.read", "See all clients with their addresses of e-mail and phone. It cannot change any."),
    ),
    required=True,
)
