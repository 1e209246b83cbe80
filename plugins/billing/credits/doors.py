"""The REST routes and pages of credits, payments and credit notes, and where they are found."""

from __future__ import annotations

from kernel.hookspecs.start import NavEntry
from plugins.billing import credit_note_pages, payment_pages, reopening_pages
from plugins.billing.credits import pages, routes

RESTS = (routes.rest,)
PAGES = (pages.pages, payment_pages.pages, credit_note_pages.pages, reopening_pages.pages)
NAVIGATION = (
    NavEntry("billing", "Payments", "/payments", "invoice.read", "cash", 20, "Money in"),
    NavEntry("billing", "Credits", "/credits", "invoice.read", "receipt-refund", 26, "Money in"),
)
