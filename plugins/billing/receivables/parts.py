"""What receivables bring to the billing room: doors, navigation, nightly work, events, files."""

from __future__ import annotations

from kernel.hookspecs.start import DefaultSchedule, EventType, JobType, NavEntry
from plugins.billing.receivables import (
    account_pages,
    account_routes,
    dunning_pages,
    dunning_routes,
    importers,
    late_fee_pages,
    late_fee_routes,
    pages,
    routes,
    schemas,
    tasks,
)

RESTS = (routes.rest, dunning_routes.rest, late_fee_routes.rest, account_routes.rest)
PAGES = (pages.pages, dunning_pages.pages, late_fee_pages.pages, account_pages.pages)
NAVIGATION = (
    NavEntry("billing", "Ageing", "/ageing", "invoice.read", "chart-bar", 14, "Invoices"),
    NavEntry("billing", "Reminders", "/reminders", "invoice.read", "mail-exclamation", 16, "Invoices"),
    NavEntry("settings", "Terms of payment", "/payment-terms", "receivables.manage", "calendar-due", 40, "Billing set-up"),
)
JOBS = (
    JobType("billing.statements", "Send statements", tasks.send_statements, stepwise=True, recurs_by="receivables.manage"),
    JobType("billing.overdue", "Note overdue invoices", tasks.say_overdue, stepwise=True, recurs_by="receivables.manage"),
    JobType("billing.reminders", "Send reminders", tasks.send_reminders, stepwise=True, recurs_by="receivables.manage"),
)
SCHEDULES = (
    DefaultSchedule("Send statements of the month before", "billing.statements", "0 7 2 * *", enabled=False),
    DefaultSchedule("Note overdue invoices", "billing.overdue", "30 3 * * *"),
    DefaultSchedule("Send reminders, if they are on", "billing.reminders", "0 8 * * *"),
)
EVENTS = (
    EventType("invoice.overdue", "An invoice was not paid in time; said once of each.", schemas.InvoiceOverdue),
    EventType("client.reminded", "A client was sent a reminder of overdue invoices.", schemas.ClientReminded),
)
IMPORTERS = importers.IMPORTERS
