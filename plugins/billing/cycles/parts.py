"""What cycles add to the doors of the billing room."""

from plugins.billing.cycles import pages, routes
from plugins.billing.cycles.importers import IMPORTERS

RESTS = (routes.rest,)
PAGES = (pages.pages,)

__all__ = ["IMPORTERS", "PAGES", "RESTS"]
