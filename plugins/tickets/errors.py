"""The ways the service desk says no."""

from kernel.errors import Conflict, NotFound, Refused


class TicketNotFound(NotFound):
    code = "ticket_not_found"
    title = "No such ticket"


class BoardNotFound(NotFound):
    code = "board_not_found"
    title = "No such board"


class StatusNotOnBoard(Refused):
    """Statuses belong to boards; a ticket takes one of its own board."""

    code = "status_not_on_board"
    title = "The status belongs to another board"


class CommentNotFound(NotFound):
    code = "comment_not_found"
    title = "No such comment"


class MaterialNotFound(NotFound):
    code = "material_not_found"
    title = "No such material"


class MaterialBilled(Conflict):
    """What stands on an invoice is not changed any more."""

    code = "material_billed"
    title = "Billed already"


class MaterialsMoved(Conflict):
    """The rows to be marked as billed changed under the billing run; the whole invoice is tried again."""

    code = "materials_moved"
    title = "Materials changed meanwhile"
