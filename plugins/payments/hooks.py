"""The door of the room of online payments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from kernel.context import CallContext
from kernel.hookspecs import hookimpl
from kernel.hookspecs.directory import Blocker, Ref
from kernel.hookspecs.notify import Event
from kernel.hookspecs.paying import Hint
from kernel.hookspecs.screen import Card, Panel
from kernel.hookspecs.start import DefaultSchedule, JobType, NavEntry
from plugins.payments import answers, links, pages, public_pages, routes, services, tasks

if TYPE_CHECKING:
    from kernel.api.rest import Rest
    from kernel.web.pages import Pages


@hookimpl
def register_rest() -> Sequence[Rest]:
    return [routes.rest]


@hookimpl
def register_pages() -> Sequence[Pages]:
    return [pages.pages, public_pages.pages]


@hookimpl
def register_navigation() -> Sequence[NavEntry]:
    return [NavEntry("billing", "Online payments", "/online-payments", "online_payment.read", "credit-card", 22, "Money in")]


@hookimpl
def register_jobs() -> Sequence[JobType]:
    return [
        JobType(services.LOOK, "Look at an online payment", tasks.look, stepwise=True),
        JobType(services.CHARGE, "Charge a saved card", tasks.charge, stepwise=True),
        JobType(services.REFUND, "Refund online", tasks.refund, stepwise=True),
        JobType(services.RETIRE, "Close a payment page", tasks.retire, stepwise=True),
        JobType("payments.charge_all", "Charge what is due", tasks.charge_all, stepwise=True, recurs_by="online_payment.manage"),
        JobType("payments.watch", "Look again at online payments", tasks.watch, recurs_by="online_payment.manage"),
    ]


@hookimpl
def register_schedules() -> Sequence[DefaultSchedule]:
    return [
        DefaultSchedule("Charge what is due", "payments.charge_all", "20 7-19/4 * * *"),
        DefaultSchedule("Look again at online payments", "payments.watch", "*/15 * * * *"),
    ]


@hookimpl
def on_event(ctx: CallContext, event: Event) -> None:
    tasks.on_event(ctx, event)


@hookimpl
def payment_hinted(ctx: CallContext, provider: str, hint: Hint) -> bool:
    return services.hinted(ctx, provider, hint)


@hookimpl
def collect_mail_lines(ctx: CallContext, invoice_id: UUID) -> Sequence[str]:
    return links.mail_lines(ctx, invoice_id)


@hookimpl
def collect_panels(ctx: CallContext, ref: Ref) -> Sequence[Panel]:
    return answers.panels(ref)


@hookimpl
def collect_cards(ctx: CallContext) -> Sequence[Card]:
    return answers.CARDS


@hookimpl
def collect_blockers(ctx: CallContext, refs: Sequence[Ref]) -> Sequence[Blocker]:
    return answers.blockers(ctx, refs)
