"""Register: asked once per process at start-up, without a context. What a room brings to the house."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kernel.hookspecs import hookspec

if TYPE_CHECKING:
    import click
    from marshmallow import Schema

    from kernel.api.rest import Rest
    from kernel.web.pages import Pages

AREAS = ("desk", "clients", "billing", "extensions", "settings")
"""Areas of the left navigation, in their order."""


@dataclass(frozen=True, slots=True)
class NavEntry:
    """One line of the left navigation; shown to who holds `permission`. `label` is translated when shown.

    Lines of an area with the same `group` stand together below that word, where the reader sees more than one of them; groups
    come in the order of their first lines.
    """

    area: str
    label: str
    url: str
    permission: str
    icon: str
    weight: int = 100
    group: str = ""


@dataclass(frozen=True, slots=True)
class EventType:
    """An event that this room says: `invoice.finalized`, with the schema of its payload."""

    name: str
    says: str
    payload: type[Schema]


@dataclass(frozen=True, slots=True)
class JobType:
    """Work that runs in the background.

    `run(ctx, **args)` does all in one transaction and returns a JSON-able result. With `stepwise`, `run(job)` is a
    generator that does each step in `with job.step() as ctx:` and yields after it; it is stopped and taken up again at
    any yield, so each step must find its own place in the database. `recurs_by` is the permission of who may let it recur
    on a schedule; None: it is of use only to the code that queues it.
    """

    name: str
    title: str
    run: Callable[..., Any]
    stepwise: bool = False
    max_attempts: int = 5
    recurs_by: str | None = None


@dataclass(frozen=True, slots=True)
class DefaultSchedule:
    """A schedule that each tenant is given once: cron of five fields, read in the tenant's zone; off until somebody switches
    it on if not `enabled`."""

    name: str
    job: str
    cron: str
    args: Mapping[str, Any] = field(default_factory=dict)
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Later:
    """What a host function gives that waits for somebody outside: `run` is called when its transaction has ended, so that
    no database connection is held meanwhile. It returns what `gives` dumps, and may raise as the function may."""

    run: Callable[[], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class HostInterface:
    """A noun under which WASM guests find host functions: `host.tickets`. `says` is one sentence or two about all of them."""

    name: str
    says: str


@dataclass(frozen=True, slots=True)
class HostFunction:
    """A function that WASM guests may call: `host.<interface>.<name>`, gated by `capability` (None: always there).

    `call(ctx, invocation, **arguments)` gets the arguments after `takes` has checked them; the invocation is a
    `kernel.capabilities.GuestCall`. It returns what `gives` dumps; a function whose WIT result is no record gives a
    mapping with the one key `value`, one without a result an empty mapping. One that waits for somebody outside
    returns `Later`. Field paths of its errors begin below an argument named `input`. Where `call` is None, the process
    that runs the guest answers, and never refuses. With `once`, calls with the same `input.idempotency_key` of an install
    have their effect once, and get the first answer, for a day.

    The schemas are the contract: from them come the WIT, the types of each SDK, the reference page and the fake host. Their
    docstrings, `metadata` (`description`; `enum`: a name for the choices of a `OneOf`; `wit`: the width of a whole
    number) and validators are what authors read.
    """

    interface: str
    name: str
    capability: str | None
    says: str
    takes: type[Schema]
    gives: type[Schema]
    call: Callable[..., Mapping[str, Any] | Later] | None
    once: bool = False


@hookspec
def register_rest() -> Sequence[Rest]:
    """Give the room's REST routes. Any plugin; once per process. Example: `[routes.rest]`."""


@hookspec
def register_pages() -> Sequence[Pages]:
    """Give the room's web pages. Any plugin; once per process. Example: `[pages.pages]`."""


@hookspec
def register_navigation() -> Sequence[NavEntry]:
    """Give lines of the navigation. Any plugin; once. Example: `[NavEntry("desk", "Tickets", "/tickets", "ticket.read")]`."""


@hookspec
def register_commands() -> Sequence[click.Command]:
    """Give commands of the `deskhand` program. Any plugin; when the program starts. Example: `[billing_group]`."""


@hookspec
def register_jobs() -> Sequence[JobType]:
    """Give kinds of background work. Any plugin; once. Example: `[JobType("billing.run", "Billing run", tasks.run)]`."""


@hookspec
def register_events() -> Sequence[EventType]:
    """Give the events that the room says. Any plugin; once. Example: `[EventType("ticket.opened", "…", TicketOpened)]`."""


@hookspec
def register_schedules() -> Sequence[DefaultSchedule]:
    """Give schedules to start with. Any plugin; once. Example: `[DefaultSchedule("Nightly", "tidy", "0 3 * * *")]`."""


@hookspec
def register_host_functions() -> Sequence[HostFunction]:
    """Give functions that WASM guests may call. Any plugin; once. Example: `[host.CREATE_MANUAL_INVOICE]`."""


@hookspec
def register_host_interfaces() -> Sequence[HostInterface]:
    """Give the nouns of the room's host functions. Any plugin that gives some; once. Example: `[host.TICKETS]`."""
