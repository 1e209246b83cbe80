"""What a plugin says about itself before any of its code runs for a tenant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from marshmallow import Schema

ROLES = ("admin", "manager", "technician", "dispatcher", "finance")
"""The roles that every new tenant starts with; `admin` holds every permission."""


@dataclass(frozen=True, slots=True)
class Permission:
    """`name` is `<noun>.<verb>`; `roles` are the starting roles that hold it from the first day."""

    name: str
    title: str
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Capability:
    """What an extension may be granted: `cap:<noun>[.<qualifier>].<verb>`; `title` is the consent screen's sentence."""

    name: str
    title: str
    by_default: bool = False


@dataclass(frozen=True, slots=True)
class Manifest:
    """A plugin's name, what it needs, and what it brings.

    `listens` names the events that `on_event` of this plugin wants. `settings` is the schema of its per-tenant
    settings. `required` plugins cannot be switched off.
    """

    name: str
    title: str
    summary: str
    requires: tuple[str, ...] = ()
    permissions: tuple[Permission, ...] = ()
    capabilities: tuple[Capability, ...] = ()
    listens: tuple[str, ...] = ()
    settings: type[Schema] | None = None
    default_enabled: bool = True
    required: bool = False
