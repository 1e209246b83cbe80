"""The ways the assets room says no."""

from kernel.errors import Conflict, InvalidInput, NotFound


class AssetNotFound(NotFound):
    code = "asset_not_found"
    title = "No such asset"


class TagTaken(Conflict):
    """A tag names one asset of the tenant."""

    code = "asset_tag_taken"
    title = "The tag is another asset's"


class TicketUnknown(InvalidInput):
    """No enabled plugin knows this ticket."""

    code = "ticket_unknown"
    title = "No such ticket"


class AlreadyLinked(Conflict):
    code = "asset_already_linked"
    title = "The asset is linked to this ticket already"


class LinkNotFound(NotFound):
    code = "asset_link_not_found"
    title = "The asset is not linked to this ticket"
