"""The Stripe room's only door to the rest of the house."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kernel.hookspecs import hookimpl
from kernel.hookspecs.paying import PaymentProvider
from kernel.hookspecs.start import JobType, NavEntry
from plugins.stripe import notices, pages, services

if TYPE_CHECKING:
    from kernel.web.pages import Pages


@hookimpl
def register_pages() -> Sequence[Pages]:
    return [pages.pages, notices.pages]


@hookimpl
def register_navigation() -> Sequence[NavEntry]:
    return [NavEntry("settings", "Stripe", "/stripe", "stripe.manage", "credit-card", 64, "Services outside")]


@hookimpl
def register_jobs() -> Sequence[JobType]:
    return [JobType(services.CHECK, "Check the account with Stripe", services.check_account, stepwise=True)]


@hookimpl
def register_payment_providers() -> Sequence[PaymentProvider]:
    return [PaymentProvider("stripe", "Stripe", services.open_account)]
