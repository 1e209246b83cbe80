"""States and capabilities of extensions in words for people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from kernel.capabilities import default_capabilities
from kernel.context import CallContext
from kernel.web.i18n import lazy_gettext as _l
from plugins.extensions.models import Release
from plugins.extensions.releases import manifest_of

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


def asked_capabilities(ctx: CallContext, release: Release, granted: Iterable[str]) -> list[Asked]:
    """All that a release asks for and the defaults, those that need consent first."""
    known, held = ctx.kernel.plugins.capabilities, set(granted)
    defaults = default_capabilities(known)
    names = [*(one for one in manifest_of(release).asked if one not in defaults), *sorted(defaults)]
    return [Asked(one, known[one].title if one in known else one, one in held, one in defaults) for one in names]
