"""The ways the timesheets say no."""

from kernel.errors import Conflict, NotFound, Refused


class TimeEntryNotFound(NotFound):
    code = "time_entry_not_found"
    title = "No such time entry"


class TimeEntryOverlap(Conflict):
    """One person works on one thing at a time; touching ends are fine."""

    code = "time_entry_overlap"
    title = "Overlaps another entry of the same person"


class TimeEntryLocked(Conflict):
    """Approved time is changed only after its approval was reversed, billed time not at all."""

    code = "time_entry_locked"
    title = "Approved or billed already"


class WrongState(Conflict):
    code = "time_entry_state"
    title = "Not in the right state for this"


class SelfApproval(Refused):
    code = "self_approval"
    title = "Somebody else approves this time"


class WorkItemUnknown(Refused):
    code = "work_item_unknown"
    title = "No such work"


class TimeMoved(Conflict):
    """The entries to be marked as billed changed under the billing run; the whole invoice is tried again."""

    code = "time_moved"
    title = "Time entries changed meanwhile"
