"""What was checked of a release, in plain words for its publisher and for who decides about it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kernel.capabilities import default_capabilities
from kernel.context import CallContext
from kernel.web.i18n import gettext as _
from kernel.web.i18n import ngettext
from plugins.extensions.models import Release
from plugins.extensions.publishers.trust import is_known, keys_of
from plugins.extensions.publishing.releases import manifest_of


class Check(NamedTuple):
    """`state` is `passed`, `look` (for a person to judge), `failed` or `waits`; `more` is in the machine's words."""

    says: str
    state: str
    more: str = ""


def checks_of(ctx: CallContext, release: Release) -> list[Check]:
    """All that was checked, in the order in which it is checked."""
    files = _("The bundle is whole: it has its component and nothing else.")
    if release.files:
        files = ngettext("The bundle is whole: it has its component and %(num)d other file.",
                         "The bundle is whole: it has its component and %(num)d other files.", len(release.files))  # fmt: skip
    return [Check(files, "passed"), *_signature(ctx, release), Check(_("Every key of its manifest is understood."), "passed"),
            *_compiled(ctx, release)]  # fmt: skip


def _signature(ctx: CallContext, release: Release) -> Iterator[Check]:
    if release.signer is None:
        yield Check(_("It is not signed: nobody can tell whether it is from this publisher."), "look")
        return
    yield Check(_("The signature fits all that is in the bundle."), "passed")
    if release.signer in [one.key for one in keys_of(ctx, release.publisher)]:
        yield Check(_("It is signed with a key that is trusted for this publisher."), "passed")
    elif is_known(ctx, release.publisher):
        yield Check(_("It is signed with a key that is not trusted for this publisher: it does not run."), "failed")
    else:
        yield Check(_("It is signed with the first key seen of this publisher, which is trusted once this is installed."), "look")


def _compiled(ctx: CallContext, release: Release) -> Iterator[Check]:
    if release.state == "compiling":
        yield Check(_("It is being compiled and looked into; that takes a minute at most."), "waits")
    elif release.problem is not None:
        yield Check(_("It was refused when it was compiled and looked into."), "failed", str(release.problem.get("detail", "")))
    else:
        found = release.inspection.get("functions", [])
        yield Check(_("It compiles, and calls nothing that its manifest does not ask for."), "passed", ", ".join(found))
        yield from _unused(ctx, release)


def _unused(ctx: CallContext, release: Release) -> Iterator[Check]:
    used = set(release.inspection.get("capabilities", []))
    asked = set(manifest_of(release).asked) - default_capabilities(ctx.kernel.plugins.capabilities)
    if release.inspection and manifest_of(release).runtime == "component@1" and (idle := sorted(asked - used)):
        yield Check(_("It asks for more than it uses. Ask for less, and people consent sooner."), "look", ", ".join(idle))
