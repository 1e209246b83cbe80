"""Connections: services outside that a person of the tenant gave us access to, and the tokens for it."""

from kernel.manifest import Manifest, Permission

manifest = Manifest(
    name="connections",
    title="Connections",
    summary="Access to services outside by consent: applications, tokens that renew themselves, and their state.",
    permissions=(
        Permission("connection.read", "See connections to services outside", ("manager", "finance")),
        Permission("connection.manage", "Connect and disconnect services outside"),
    ),
    default_enabled=False,
)
