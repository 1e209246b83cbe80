"""What agreements give to the room's door."""

from __future__ import annotations

from kernel.hookspecs.start import NavEntry
from plugins.billing.agreements import template_pages, template_routes, term_pages, term_routes

RESTS = [template_routes.rest, term_routes.rest]
PAGES = [template_pages.pages, term_pages.pages]
NAVIGATION = [NavEntry("billing", "Contract templates", "/contract-templates", "contract.read", "template", 31)]
