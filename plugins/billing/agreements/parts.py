"""What agreements give to the room's door: doors, navigation, nightly work, events."""

from __future__ import annotations

from kernel.hookspecs.start import DefaultSchedule, EventType, JobType, NavEntry
from plugins.billing.agreements import (
    importers,
    renewals,
    standing_pages,
    standing_routes,
    standing_schemas,
    tasks,
    template_pages,
    template_routes,
    term_pages,
    term_routes,
)

RESTS = (template_routes.rest, term_routes.rest, standing_routes.rest)
PAGES = (template_pages.pages, term_pages.pages, standing_pages.pages)
NAVIGATION = (
    NavEntry("billing", "Renewals due", "/contract-renewals", "contract.read", "calendar-repeat", 32, "Contracts"),
    NavEntry("billing", "Purchase orders", "/purchase-orders", "contract.read", "file-dollar", 33, "Contracts"),
)
IMPORTERS = importers.IMPORTERS
JOBS = (JobType(renewals.JOB, "Renew contracts", tasks.renew_contracts, recurs_by="contract.manage"),)
SCHEDULES = (DefaultSchedule("Renew contracts", renewals.JOB, "30 2 * * *"),)
EVENTS = (
    EventType("contract.renewed", "A contract was renewed.", standing_schemas.ContractRenewed),
    EventType(
        "contract.renewal_due", "The last day of a contract comes near; said once of each.", standing_schemas.ContractRenewalDue
    ),
)
