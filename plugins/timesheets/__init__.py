"""Timesheets: time spent on work, from the entry over the approval to the invoice."""

from kernel.manifest import Capability, Manifest, Permission
from plugins.timesheets.settings import TimesheetSettings

_STAFF = ("manager", "technician", "dispatcher")

manifest = Manifest(
    name="timesheets",
    title="Time",
    summary="Time entries and their approval; approved time is billed.",
    requires=("crm", "catalog"),
    permissions=(
        Permission("time.read", "See one's own time entries", (*_STAFF, "finance")),
        Permission("time.log", "Log and submit one's own time", _STAFF),
        Permission("time.read_all", "See everybody's time entries", ("manager", "dispatcher", "finance")),
        Permission("time.approve", "Approve time, request changes, reverse approvals", ("manager",)),
    ),
    capabilities=(Capability("cap:time.write", "Log time on tickets for anybody of the staff. It cannot approve time."),),
    settings=TimesheetSettings,
)
