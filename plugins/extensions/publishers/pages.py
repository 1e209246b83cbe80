"""Web pages of publishers: who they are, their keys, extensions and versions, and what may not run any more."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue

from kernel.context import CallContext
from kernel.web.i18n import gettext as _
from kernel.web.pages import Pages, redirect_to, render
from plugins.extensions.installs.words import KEY_STATES, SEVERITIES, VERSION_STATES
from plugins.extensions.publishers import advisories, directory, schemas, trust
from plugins.extensions.publishers.signing import read_public_key
from plugins.extensions.publishing import yanking
from plugins.extensions.publishing.releases import get_release

pages = Pages("extensions")
_HERE, _PUBLISHED, _RELEASE = "/extensions/publishers", "/extensions/published", "/extensions/releases/<uuid:release_id>"


@pages.get(_HERE, permission="extension.read")
def publishers(ctx: CallContext) -> ResponseReturnValue:
    return render(
        "extensions/publishers.html", publishers=directory.list_publishers(ctx),
        revoked=trust.list_revocations(ctx, {"limit": 200}).items,
        everywhere=trust.listed_everywhere(ctx),
    )  # fmt: skip


@pages.get(f"{_HERE}/named/<publisher>", permission="extension.read")
def publisher_page(ctx: CallContext, publisher: str) -> ResponseReturnValue:
    return render("extensions/publisher.html", shown=directory.show_publisher(ctx, publisher), states=VERSION_STATES,
                  key_states=KEY_STATES)  # fmt: skip


@pages.get(f"{_PUBLISHED}/<name>", permission="extension.read")
def published(ctx: CallContext, name: str) -> ResponseReturnValue:
    return render("extensions/published.html", shown=directory.show_extension(ctx, name), states=VERSION_STATES,
                  severities=SEVERITIES)  # fmt: skip


def _versions(ctx: CallContext, name: str) -> dict[str, Any]:
    shown = directory.show_extension(ctx, name)
    return {"shown": shown, "severities": SEVERITIES, "offered": [(one.release.semver,) * 2 for one in shown["versions"]]}


@pages.form(f"{_PUBLISHED}/<name>/advise", permission="extension.publish", schema=schemas.AdvisoryForm,
            template="extensions/advisory_form.html", context=_versions)  # fmt: skip
def advise(ctx: CallContext, name: str, data: dict[str, Any]) -> ResponseReturnValue:
    advisories.publish_advisory(ctx, extension=name, **data)
    return redirect_to(f"{_PUBLISHED}/{name}", toast=_("Published. It stands on the pages of these versions."))


@pages.post(f"{_HERE}/advisories/<uuid:advisory_id>/withdraw", permission="extension.publish")
def withdraw(ctx: CallContext, advisory_id: UUID) -> ResponseReturnValue:
    about = advisories.withdraw_advisory(ctx, advisory_id)
    return redirect_to(f"{_PUBLISHED}/{about.extension}", toast=_("Withdrawn."))


def _named(ctx: CallContext, release_id: UUID) -> dict[str, Any]:
    return {"release": get_release(ctx, release_id)}


@pages.form(f"{_RELEASE}/yank", permission="extension.publish", schema=schemas.YankIn, template="extensions/yank_form.html",
            context=_named)  # fmt: skip
def yank(ctx: CallContext, release_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    yanking.yank_release(ctx, release_id, data["reason"])
    return redirect_to(f"/extensions/releases/{release_id}", toast=_("Taken back. Nobody begins to serve it."))


@pages.post(f"{_RELEASE}/unyank", permission="extension.publish")
def unyank(ctx: CallContext, release_id: UUID) -> ResponseReturnValue:
    yanking.unyank_release(ctx, release_id)
    return redirect_to(f"/extensions/releases/{release_id}", toast=_("It is offered again."))


@pages.form(f"{_HERE}/trust", permission="extension.manage", schema=schemas.KeyIn, template="extensions/key_form.html")
def trust_key(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    trust.trust_key(ctx, data["publisher"], read_public_key(data["key"]))
    return redirect_to(f"{_HERE}/named/{data['publisher']}", toast=_("The key is trusted."))


@pages.post(f"{_HERE}/keys/<uuid:key_id>/distrust", permission="extension.manage")
def distrust_key(ctx: CallContext, key_id: UUID) -> ResponseReturnValue:
    publisher = trust.distrust_key(ctx, key_id)
    return redirect_to(f"{_HERE}/named/{publisher}", toast=_("The key is trusted no more."))


@pages.form(f"{_HERE}/revoke", permission="extension.manage", schema=schemas.RevocationIn,
            template="extensions/revocation_form.html")  # fmt: skip
def revoke(ctx: CallContext, data: dict[str, Any]) -> ResponseReturnValue:
    trust.revoke(ctx, **data)
    return redirect_to(_HERE, toast=_("Revoked. Its installs are switched off."))


@pages.post(f"{_HERE}/revocations/<uuid:revocation_id>/lift", permission="extension.manage")
def lift(ctx: CallContext, revocation_id: UUID) -> ResponseReturnValue:
    trust.lift_revocation(ctx, revocation_id)
    return redirect_to(_HERE, toast=_("Lifted. What was switched off stays off until somebody switches it on."))
