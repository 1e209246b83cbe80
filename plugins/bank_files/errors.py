"""The ways the room of bank files says no."""

from kernel.errors import Conflict, InvalidInput, NotFound


class StatementUnreadable(InvalidInput):
    """The file is neither a statement of camt.053 nor a table with the columns that are named; the words say where."""

    code = "bank_file_unreadable"
    title = "The bank file cannot be read"


class StatementNotFound(NotFound):
    code = "bank_file_not_found"
    title = "No such bank file"


class EntryNotFound(NotFound):
    code = "bank_entry_not_found"
    title = "No such bank entry"


class MatchNotFound(NotFound):
    code = "bank_match_not_found"
    title = "No such match"


class EntrySettled(Conflict):
    """The entry is matched or set aside already, or money that went out."""

    code = "bank_entry_settled"
    title = "The bank entry is settled"


class MatchUndone(Conflict):
    code = "bank_match_undone"
    title = "The match was undone before"
