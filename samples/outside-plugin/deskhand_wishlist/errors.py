"""The ways this room says no."""

from kernel.errors import NotFound


class EntryNotFound(NotFound):
    code = "wishlist_entry_not_found"
    title = "No such entry"
