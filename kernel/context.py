"""CallContext: who calls, for which tenant, in which transaction. Every service function takes one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from kernel.errors import PermissionDenied

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from kernel.app import Kernel
    from kernel.clock import Clock
    from kernel.plugins import TenantHooks

ActorKind = Literal["user", "contact", "api_key", "extension", "system"]
EVERYTHING = "*"


@dataclass(frozen=True, slots=True)
class Tenant:
    """The MSP whose data this call may see. `zone` is an IANA name, `currency` an ISO 4217 code."""

    id: UUID
    slug: str
    name: str
    zone: str = "UTC"
    currency: str = "EUR"
    locale: str = "en"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. `author` names an extension install and version, and stays readable after uninstall."""

    kind: ActorKind
    id: UUID | None
    name: str
    permissions: frozenset[str] = frozenset()
    on_behalf_of: UUID | None = None
    client_id: UUID | None = None
    author: str | None = None

    def may(self, permission: str) -> bool:
        """True if the actor holds the permission (or all of them)."""
        return permission in self.permissions or EVERYTHING in self.permissions

    @property
    def user_id(self) -> UUID | None:
        """The user behind this actor: the user itself, or whom an API key or extension acts for."""
        return self.id if self.kind == "user" else self.on_behalf_of

    @classmethod
    def system(cls, name: str = "Deskhand") -> Actor:
        """The platform itself: schedules, relays and the command line of the machine's owner."""
        return cls("system", None, name, frozenset({EVERYTHING}))


@dataclass(frozen=True, slots=True)
class Cause:
    """Why this call happens: the request, or the event that led to it; `depth` stops endless chains."""

    request_id: str
    event_id: UUID | None = None
    depth: int = 0


@dataclass(frozen=True, slots=True)
class CallContext:
    """The six things every service function may use."""

    tenant: Tenant
    actor: Actor
    session: Session = field(repr=False)
    hooks: TenantHooks = field(repr=False)
    clock: Clock = field(repr=False)
    cause: Cause

    @property
    def tenant_id(self) -> UUID:
        return self.tenant.id

    @property
    def kernel(self) -> Kernel:
        """The process-wide services (files, mail, secrets, settings), carried by the session."""
        kernel: Kernel = self.session.info["kernel"]
        return kernel

    def now(self) -> datetime:
        """This instant, in UTC."""
        return self.clock.now()

    def today(self) -> date:
        """The business date in the tenant's zone."""
        return self.clock.today(self.tenant.zone)

    def require(self, permission: str) -> None:
        """Raise PermissionDenied, naming the permission, unless the actor holds it."""
        if not self.actor.may(permission):
            raise PermissionDenied(f"This needs the permission {permission}.", permission=permission)

    def acting_as(self, actor: Actor) -> CallContext:
        """The same call, with another actor."""
        return replace(self, actor=actor)

    def after_commit(self, action: Callable[[], Any]) -> None:
        """Run `action` once this transaction has committed; dropped when it rolls back."""
        self.session.info.setdefault("after_commit", []).append(action)
