# Made by `deskhand sdk` from the host functions that plugins register.
"""The host's functions, a module for each noun."""

from deskhand_extension.host import (
    charges,
    clients,
    clock,
    config,
    context,
    events,
    http,
    invoicing,
    log,
    random,
    scheduler,
    secrets,
    services,
    storage,
    tickets,
    time,
    user,
)

__all__ = [
    "charges",
    "clients",
    "clock",
    "config",
    "context",
    "events",
    "http",
    "invoicing",
    "log",
    "random",
    "scheduler",
    "secrets",
    "services",
    "storage",
    "tickets",
    "time",
    "user",
]
