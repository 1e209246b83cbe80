"""The QuickBooks room's only door to the rest of the house."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kernel.hookspecs import hookimpl
from kernel.hookspecs.accounting import AccountingSystem
from kernel.hookspecs.connections import ConnectionProvider
from kernel.hookspecs.start import NavEntry
from plugins.quickbooks import consent, pages, routes, system

if TYPE_CHECKING:
    from kernel.api.rest import Rest
    from kernel.web.pages import Pages


@hookimpl
def register_rest() -> Sequence[Rest]:
    return [routes.rest]


@hookimpl
def register_pages() -> Sequence[Pages]:
    return [pages.pages]


@hookimpl
def register_navigation() -> Sequence[NavEntry]:
    return [NavEntry("settings", "QuickBooks Online", "/quickbooks", "quickbooks.read", "building-bank", 62, "Services outside")]


@hookimpl
def register_connection_providers() -> list[ConnectionProvider]:
    return [consent.PROVIDER]


@hookimpl
def register_accounting_systems() -> Sequence[AccountingSystem]:
    return [system.SYSTEM]
