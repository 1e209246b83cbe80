"""Service desk: boards, tickets, comments and the materials used on them."""

from kernel.manifest import Capability, Manifest, Permission

_DESK = ("manager", "technician", "dispatcher")

manifest = Manifest(
    name="tickets",
    title="Service desk",
    summary="Tickets on boards, with comments and billable materials.",
    requires=("crm", "catalog"),
    permissions=(
        Permission("ticket.read", "See tickets", (*_DESK, "finance")),
        Permission("ticket.create", "Open tickets", _DESK),
        Permission("ticket.update", "Work on tickets: status, assignment, comments, materials", _DESK),
        Permission("ticket.delete", "Delete tickets", ("manager",)),
        Permission("ticket_settings.manage", "Change boards and their statuses", ("manager",)),
    ),
    capabilities=(
        Capability("cap:ticket.read", "See all tickets and their comments, internal ones too, with boards and priorities."),
        Capability("cap:ticket.write", "Open tickets and comment on them. It cannot change, close or delete tickets."),
        Capability("cap:ticket.close", "Close tickets, and open closed ones again."),
    ),
)
