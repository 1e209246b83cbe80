"""The accounting files' only door to the rest of the house."""

from __future__ import annotations

from collections.abc import Sequence

from kernel.hookspecs import hookimpl
from kernel.hookspecs.accounting import AccountingSystem
from plugins.accounting_files import systems


@hookimpl
def register_accounting_systems() -> Sequence[AccountingSystem]:
    return systems.SYSTEMS
