"""Xero's only door to the rest of the house."""

from __future__ import annotations

from collections.abc import Sequence

from kernel.hookspecs import hookimpl
from kernel.hookspecs.accounting import AccountingSystem
from kernel.hookspecs.connections import ConnectionProvider
from plugins.xero import provider, systems


@hookimpl
def register_connection_providers() -> list[ConnectionProvider]:
    return [provider.PROVIDER]


@hookimpl
def register_accounting_systems() -> Sequence[AccountingSystem]:
    return [systems.SYSTEM]
