"""States and capabilities of extensions in words for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from kernel.capabilities import default_capabilities
from kernel.context import CallContext
from kernel.web.i18n import gettext as _
from kernel.web.i18n import lazy_gettext as _l
from plugins.extensions.models import Grant, Release
from plugins.extensions.publishing.manifest_parts import ExtensionManifest
from plugins.extensions.publishing.releases import manifest_of

INSTALL_STATES = {
    "active": (_l("Active"), "success"),
    "awaiting_consent": (_l("Awaiting consent"), "warning"),
    "disabled": (_l("Switched off"), "neutral"),
}
HALTED = {
    "admin": _l("An administrator switched it off."),
    "revoked": _l("It was revoked."),
    "breaker": _l("It failed fifty times within an hour and was switched off."),
}
RELEASE_STATES = {
    "compiling": (_l("Compiling"), "info"),
    "ready": (_l("Ready"), "success"),
    "refused": (_l("Refused"), "danger"),
}
CHECK_STATES = {
    "passed": (_l("Passed"), "success"),
    "look": (_l("Look at it"), "warning"),
    "failed": (_l("Failed"), "danger"),
    "waits": (_l("Waits"), "info"),
}
VERSION_STATES = {
    "compiling": (_l("Compiling"), "info"),
    "published": (_l("Published"), "success"),
    "refused": (_l("Refused"), "danger"),
    "yanked": (_l("Taken back"), "warning"),
    "blocked": (_l("Blocked"), "danger"),
}
KEY_STATES = {
    "trusted": (_l("Trusted"), "success"),
    "withdrawn": (_l("Withdrawn"), "neutral"),
    "revoked": (_l("Revoked"), "danger"),
    "new": (_l("Not trusted yet"), "warning"),
}
SEVERITIES = {
    "low": (_l("Low"), "neutral"),
    "moderate": (_l("Moderate"), "info"),
    "high": (_l("High"), "warning"),
    "critical": (_l("Critical"), "danger"),
}
REPLAY_STATES = {
    "running": (_l("Running"), "info"),
    "same": (_l("The same"), "success"),
    "different": (_l("Something else"), "warning"),
    "stopped": (_l("Stopped"), "neutral"),
}
HOOKS = {
    "collect_charges": _l("It adds charges to invoices."),
    "render_invoice": _l("It lays out the invoices that it is chosen for, and is shown what stands on them."),
}
SLOTS = {
    "app": (_l("A page of its own"), "neutral"),
    "ticket_panel": (_l("A tab of tickets"), "neutral"),
    "client_tab": (_l("A tab of clients"), "neutral"),
    "invoice_action": (_l("A button of invoices"), "neutral"),
    "dashboard_widget": (_l("A card of the overview"), "neutral"),
    "settings": (_l("Its settings"), "neutral"),
}
CALL_OUTCOMES = {
    "ok": (_l("Done"), "success"),
    "denied": (_l("Denied"), "danger"),
    "refused": (_l("Refused"), "warning"),
    "failed": (_l("Failed"), "danger"),
}


class Asked(NamedTuple):
    """A capability on the consent screen: what it allows, in words, and whether it is granted."""

    name: str
    says: str
    granted: bool
    by_default: bool
    values: tuple[Value, ...] = ()
    more: bool = False


class Value(NamedTuple):
    """A value that the capability is asked for with, such as a host; `key` is what a form sends for it."""

    key: str
    value: str
    granted: bool


class Reach(NamedTuple):
    """What an extension does besides using capabilities: a sentence, and what it is about in the manifest's words. `phrase` is
    what `ExtensionManifest.reach` calls it, where more of it needs consent.
    """

    says: str
    about: str
    phrase: str = ""


def asked_capabilities(ctx: CallContext, release: Release, granted: Iterable[Grant]) -> list[Asked]:
    """All that a release asks for and the defaults, those that need consent first."""
    known, held = ctx.kernel.plugins.capabilities, {one.capability: one.parameters for one in granted}
    defaults, manifest = default_capabilities(known), manifest_of(release)
    names = [*(one for one in manifest.asked if one not in defaults), *sorted(defaults)]
    return [Asked(one, known[one].title if one in known else one, one in held, one in defaults,
                  _values(manifest, one, held.get(one, {})), manifest.takes_more(one)) for one in names]  # fmt: skip


def _values(manifest: ExtensionManifest, capability: str, held: Mapping[str, Sequence[str]]) -> tuple[Value, ...]:
    return tuple(
        Value(f"{capability} {name} {value}", value, value in held.get(name, ()))
        for name, values in manifest.asking(capability).items()
        for value in dict.fromkeys((*values, *held.get(name, ())))
    )


def reach_of(ctx: CallContext, manifest: ExtensionManifest) -> list[Reach]:
    """In words, what an extension is told, is asked, and does by itself."""
    known = ctx.kernel.events
    return [
        *(Reach(_("It is told: %(event)s", event=known[one].says if one in known else one), one, f"event {one}")
          for one in manifest.events),
        *(Reach(str(HOOKS[one.name]), f"{one.name} ({one.on_failure})", f"hook {one.name} {one.on_failure}")
          for one in manifest.hooks),
        *(Reach(_("It is called by programs outside that have its secret."), f"{one.method} {one.path}",
                f"public {one.method} {one.path}")
          for one in manifest.endpoints if one.auth == "public-signed"),
        *(Reach(_("It runs by itself."), f"{one.cron} {one.zone or ''} {one.endpoint}", one.phrase)
          for one in manifest.schedules),
        *(Reach(_("It shows a page of its own."), f"{one.slot}: {one.title}", one.phrase) for one in manifest.ui if one.entry),
    ]  # fmt: skip
