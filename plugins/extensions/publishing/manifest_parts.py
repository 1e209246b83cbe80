"""What `deskhand.json` is made of once it is read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

RUNTIMES = ("component@1", "extism@1")
GUEST_HOOKS = ("collect_charges", "render_invoice")
FAILURE_MODES = ("closed", "open", "skip")
SLOTS = ("app", "ticket_panel", "client_tab", "invoice_action", "dashboard_widget", "settings")
PARAMETERS: Mapping[str, tuple[str, ...]] = {"cap:http.fetch": ("hosts",)}
"""Capabilities that are asked for and granted with lists of values: what is not in the list is not granted."""


_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
HOST = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*\.(?!\d+\Z){_LABEL}\Z")
"""A host's name in lower case with a dot in it, never an address in numbers."""
MOST_VALUES = 20


@dataclass(frozen=True, slots=True)
class Asking:
    """A capability that the extension asks for, with the values it wants of each parameter: `{"hosts": ("api.example.com",)}`.
    With `more`, who installs it may name others that its author cannot know.
    """

    name: str
    parameters: Mapping[str, tuple[str, ...]]
    more: bool = False


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A path that the gateway serves; a segment `:name` matches anything but a slash."""

    method: str
    path: str
    auth: str

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """The named segments when this endpoint serves the call, else nothing.

        >>> Endpoint("GET", "/orders/:id", "user").match("GET", "/orders/7")
        {'id': '7'}
        """
        wanted, given = self.path.split("/"), path.split("/")
        if method != self.method or len(wanted) != len(given):
            return None
        pairs = list(zip(wanted, given, strict=True))
        if any(not got if part.startswith(":") else part != got for part, got in pairs):
            return None
        return {part[1:]: got for part, got in pairs if part.startswith(":")}


@dataclass(frozen=True, slots=True)
class GuestSchedule:
    """An endpoint called at the times of a cron expression of five fields, read in `zone` or else in the tenant's."""

    name: str
    cron: str
    zone: str | None
    endpoint: str

    @property
    def phrase(self) -> str:
        """What of it an administrator consents to: when, and what is called."""
        return f"schedule {self.cron} {self.zone or ''} {self.endpoint}"


@dataclass(frozen=True, slots=True)
class GuestHook:
    """A hook that the extension answers. `on_failure` says what becomes of the work that asked when there is no answer:
    it fails (`closed`), goes on without (`open`), or leaves out what the answer was for (`skip`).
    """

    name: str
    on_failure: str


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in the web app: a page of the bundle (`entry`), or settings made from a JSON schema (`schema`)."""

    slot: str
    title: str
    entry: str | None
    schema: str | None

    @property
    def phrase(self) -> str:
        """What of a page an administrator consents to: where it stands, and under which title."""
        return f"page {self.slot} {self.title}"


@dataclass(frozen=True, slots=True)
class ExtensionManifest:
    """What an extension says; `changes` is what is new in this version. It asks for `capabilities`; an install may do what its
    administrator granted of them.
    """

    name: str
    publisher: str
    version: str
    runtime: str
    title: str
    description: str
    changes: str
    capabilities: tuple[Asking, ...]
    endpoints: tuple[Endpoint, ...]
    events: tuple[str, ...]
    schedules: tuple[GuestSchedule, ...]
    hooks: tuple[GuestHook, ...]
    ui: tuple[Slot, ...]
    assets: tuple[str, ...]

    @property
    def asked(self) -> tuple[str, ...]:
        """The names of the capabilities that it asks for."""
        return tuple(one.name for one in self.capabilities)

    @property
    def exports(self) -> tuple[str, ...]:
        """The functions besides `handler` that its guest must export for what it says here, by their names in WIT."""
        hooks = (one.name.replace("_", "-") for one in self.hooks)
        return ("on-event", *hooks) if self.events else tuple(hooks)

    def hook(self, name: str) -> GuestHook | None:
        """The hook of this name that it answers, if it does."""
        return next((one for one in self.hooks if one.name == name), None)

    def asking(self, capability: str) -> Mapping[str, tuple[str, ...]]:
        """The parameters with which it asks for a capability; none where it has none or is not asked for."""
        return next((one.parameters for one in self.capabilities if one.name == capability), {})

    def takes_more(self, capability: str) -> bool:
        """Whether who installs it may name values of a capability that it does not ask for by name."""
        return any(one.more for one in self.capabilities if one.name == capability)

    def reach(self) -> frozenset[str]:
        """All that an administrator consents to, as phrases to compare: a version whose phrases are new asks for more."""
        values = (f"{one.name} {value}" for one in self.capabilities for listed in one.parameters.values() for value in listed)
        public = (f"public {one.method} {one.path}" for one in self.endpoints if one.auth == "public-signed")
        events, hooks = (f"event {name}" for name in self.events), (f"hook {one.name} {one.on_failure}" for one in self.hooks)
        by_itself, pages = (one.phrase for one in self.schedules), (one.phrase for one in self.ui if one.entry)
        more = (f"{one.name} more" for one in self.capabilities if one.more)
        return frozenset((*self.asked, *values, *more, *public, *events, *hooks, *by_itself, *pages))

    def endpoint(self, method: str, path: str) -> tuple[Endpoint, dict[str, str]] | None:
        """The first endpoint that serves a call, with the named segments of the path."""
        for endpoint in self.endpoints:
            if (params := endpoint.match(method, path)) is not None:
                return endpoint, params
        return None

    def is_asset(self, path: str) -> bool:
        """Whether a file of the bundle is one of its assets."""
        return any(matches(pattern, path) for pattern in self.assets)


def matches(pattern: str, path: str) -> bool:
    """Whether a file is one of a pattern's: `*` stands for any part of one name, `**` for any names.

    >>> matches("ui/**", "ui/js/app.js"), matches("ui/*.js", "ui/js/app.js")
    (True, False)
    """
    parts = re.split(r"(\*\*|\*)", pattern)
    regex = "".join({"**": ".*", "*": "[^/]*"}.get(part, re.escape(part)) for part in parts)
    return re.fullmatch(regex, path) is not None
