"""The invoicing host's only door to the rest of the house."""

from __future__ import annotations

from collections.abc import Sequence

from kernel.hookspecs import hookimpl
from kernel.hookspecs.start import HostFunction
from plugins.invoicing_host import host


@hookimpl
def register_host_functions() -> Sequence[HostFunction]:
    return [host.CREATE_MANUAL_INVOICE]
