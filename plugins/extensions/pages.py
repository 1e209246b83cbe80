"""Web pages of releases and calls."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request
from flask.typing import ResponseReturnValue

from kernel.context import CallContext
from kernel.errors import InvalidInput
from kernel.web.i18n import gettext as _
from kernel.web.pages import Pages, redirect_to, render
from plugins.extensions import schemas, services
from plugins.extensions.calls import invocations, journals, replays
from plugins.extensions.installs import listing
from plugins.extensions.installs.words import (
    CALL_OUTCOMES,
    CHECK_STATES,
    INSTALL_STATES,
    RELEASE_STATES,
    REPLAY_STATES,
    SEVERITIES,
    asked_capabilities,
    reach_of,
)
from plugins.extensions.publishers.advisories import advisories_about
from plugins.extensions.publishers.signing import fingerprint
from plugins.extensions.publishing import releases
from plugins.extensions.publishing.checks import checks_of

pages = Pages("extensions")


@pages.get("/extensions", permission="extension.read", query=schemas.InstallQuery)
def installs(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    return render("extensions/installs.html", page=listing.list_installs(ctx, query), states=INSTALL_STATES)


@pages.get("/extensions/releases", permission="extension.read", query=schemas.ReleaseQuery)
def release_list(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    return render("extensions/releases.html", page=listing.list_releases(ctx, query), states=RELEASE_STATES)


@pages.form("/extensions/releases/new", permission="extension.publish", schema=schemas.ReleaseForm,
            template="extensions/release_form.html")  # fmt: skip
def new_release(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    sent = request.files["bundle"].read() if "bundle" in request.files else b""
    if not sent:
        raise InvalidInput(errors={"bundle": _("Choose a file.")})
    release = releases.publish_release(ctx, sent)
    return redirect_to(f"/extensions/releases/{release.id}", toast=_("Published. It is being compiled."))


@pages.get("/extensions/releases/<uuid:release_id>", permission="extension.read")
def release_page(ctx: CallContext, release_id: UUID) -> ResponseReturnValue:
    release = releases.get_release(ctx, release_id)
    return render(
        "extensions/release.html",
        release=release,
        states=RELEASE_STATES,
        manifest=releases.manifest_of(release),
        reach=reach_of(ctx, releases.manifest_of(release)),
        signer=fingerprint(release.signer) if release.signer else None,
        asked=asked_capabilities(ctx, release, ()),
        checks=checks_of(ctx, release),
        check_states=CHECK_STATES,
        advisories=advisories_about(ctx, release.name, release.semver),
        severities=SEVERITIES,
        install=services.installed_as(ctx, release.name),
    )


@pages.get("/extensions/invocations", permission="extension.read", query=schemas.InvocationQuery)
def invocation_list(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    return render("extensions/invocations.html", page=invocations.list_invocations(ctx, query))


@pages.get("/extensions/invocations/<uuid:invocation_id>", permission="extension.read")
def invocation(ctx: CallContext, invocation_id: UUID) -> ResponseReturnValue:
    found = invocations.get_invocation(ctx, invocation_id)
    recorded = journals.is_recorded(ctx, found.id)
    made = replays.replays_of(ctx, found.id) if recorded and ctx.actor.may("extension.manage") else []
    return render("extensions/invocation.html", call=found, outcomes=CALL_OUTCOMES, recorded=recorded, replays=made,
                  replay_states=REPLAY_STATES)  # fmt: skip
