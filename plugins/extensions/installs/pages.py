"""Web pages of installs: consent, grants, settings, and the kill switch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue

from kernel.context import CallContext
from kernel.errors import InvalidInput
from kernel.web.i18n import gettext as _
from kernel.web.pages import Pages, redirect_to, render
from plugins.extensions import schemas, services
from plugins.extensions.calls import invocations
from plugins.extensions.errors import SlotNotFound
from plugins.extensions.installs import grants
from plugins.extensions.installs.words import HALTED, INSTALL_STATES, SEVERITIES, SLOTS, asked_capabilities, reach_of
from plugins.extensions.interfaces.egress import CAPABILITY as EGRESS
from plugins.extensions.models import Release
from plugins.extensions.publishers.advisories import advisories_about
from plugins.extensions.publishers.signing import fingerprint
from plugins.extensions.publishing import releases
from plugins.extensions.publishing.manifest_parts import HOST, PARAMETERS
from plugins.extensions.slots import frames as slots

pages = Pages("extensions")
_INSTALL = "/extensions/<uuid:install_id>"
_RECENT_CALLS = 10


def _consent_facts(ctx: CallContext, release_id: UUID) -> Mapping[str, Any]:
    release = releases.get_release(ctx, release_id)
    return {"release": release, "asked": asked_capabilities(ctx, release, ()), "install": None, "before": None,
            "reach": reach_of(ctx, releases.manifest_of(release)), "signer": _signer(release)}  # fmt: skip


def _signer(release: Release) -> str | None:
    return fingerprint(release.signer) if release.signer else None


def _ticked(data: Mapping[str, Any]) -> dict[str, dict[str, list[str]]]:
    """The values that were ticked beside the capabilities that were: no tick, no value."""
    found: dict[str, dict[str, list[str]]] = {
        one: {name: [] for name in PARAMETERS[one]} for one in data["grants"] if one in PARAMETERS
    }
    for capability, name, value in (one.split(" ") for one in data["values"]):
        if capability in found:
            found[capability].setdefault(name, []).append(value)
    if named := _named_hosts(data["hosts"]):
        if EGRESS not in found:
            raise InvalidInput(errors={"hosts": _("Tick above that it may reach hosts, or leave this empty.")})
        found[EGRESS]["hosts"] += named
    return found


def _named_hosts(typed: str) -> list[str]:
    """Hosts with spaces or commas between them. Raises InvalidInput."""
    named = typed.lower().replace(",", " ").split()
    if odd := [one for one in named if not HOST.match(one)]:
        words = _("%(name)s is no host's name. Use names such as files.example.com.", name=odd[0])
        raise InvalidInput(errors={"hosts": words})
    return named


@pages.form("/extensions/releases/<uuid:release_id>/install", permission="extension.manage", schema=schemas.ConsentForm,
            template="extensions/consent.html", context=_consent_facts)  # fmt: skip
def install(ctx: CallContext, release_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    installed = services.install_extension(ctx, release_id=release_id, grants=data["grants"], parameters=_ticked(data))
    return redirect_to(f"/extensions/{installed.id}", toast=_("Installed."))


@pages.get(_INSTALL, permission="extension.read")
def install_page(ctx: CallContext, install_id: UUID) -> ResponseReturnValue:
    found = services.get_install(ctx, install_id)
    release = releases.get_release(ctx, found.release_id)
    return render(
        "extensions/install.html",
        install=found,
        release=release,
        pending=releases.get_release(ctx, found.pending_release_id) if found.pending_release_id else None,
        others=[
            one
            for one in releases.list_versions(ctx, found.name)
            if one.state == "ready" and one.yanked_at is None and one.id != release.id
        ],
        manifest=releases.manifest_of(release),
        reach=reach_of(ctx, releases.manifest_of(release)),
        asked=asked_capabilities(ctx, release, grants.list_grants(ctx, install_id)),
        config=services.get_config(ctx, install_id) if ctx.actor.may("extension.manage") else {},
        calls=invocations.list_invocations(ctx, {"install_id": install_id, "limit": _RECENT_CALLS}).items,
        states=INSTALL_STATES,
        advisories=advisories_about(ctx, found.name, release.semver),
        severities=SEVERITIES,
        shows=[one for one in slots.filled_slots(ctx) if one.install_id == install_id],
        slot_words=SLOTS,
        halted=HALTED[found.halted] if found.halted else None,
        resting=found.resting_until is not None and found.resting_until > ctx.now(),
    )


def _waiting_facts(ctx: CallContext, install_id: UUID) -> Mapping[str, Any]:
    waiting = services.get_install(ctx, install_id)
    release = releases.get_release(ctx, waiting.pending_release_id or waiting.release_id)
    asked = asked_capabilities(ctx, release, grants.list_grants(ctx, install_id))
    before = releases.manifest_of(releases.get_release(ctx, waiting.release_id)).reach()
    return {"release": release, "asked": asked, "install": waiting, "reach": reach_of(ctx, releases.manifest_of(release)),
            "before": before, "signer": _signer(release)}  # fmt: skip


@pages.form(f"{_INSTALL}/consent", permission="extension.manage", schema=schemas.WaitingForm,
            template="extensions/consent.html", context=_waiting_facts)  # fmt: skip
def consent(ctx: CallContext, install_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    services.consent(ctx, install_id, grants=data["grants"], parameters=_ticked(data), release_id=data["release_id"])
    return redirect_to(f"/extensions/{install_id}", toast=_("The new version is serving."))


@pages.post(f"{_INSTALL}/decline", permission="extension.manage")
def decline(ctx: CallContext, install_id: UUID) -> ResponseReturnValue:
    services.decline(ctx, install_id)
    return redirect_to(f"/extensions/{install_id}", toast=_("The new version was declined."))


@pages.post(f"{_INSTALL}/upgrade", permission="extension.manage", schema=schemas.UpgradeIn)
def upgrade(ctx: CallContext, install_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    upgraded = services.upgrade_install(ctx, install_id, **data)
    if upgraded.state == "awaiting_consent":
        return redirect_to(f"/extensions/{install_id}/consent")
    return redirect_to(f"/extensions/{install_id}", toast=_("The other version is serving."))


@pages.post(f"{_INSTALL}/rollback", permission="extension.manage")
def rollback(ctx: CallContext, install_id: UUID) -> ResponseReturnValue:
    services.rollback_install(ctx, install_id)
    return redirect_to(f"/extensions/{install_id}", toast=_("The version before is serving."))


@pages.post(f"{_INSTALL}/grant", permission="extension.manage", schema=schemas.GrantIn)
def grant(ctx: CallContext, install_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    services.grant_capability(ctx, install_id, data["capability"])
    return redirect_to(f"/extensions/{install_id}", toast=_("Granted."))


@pages.post(f"{_INSTALL}/revoke", permission="extension.manage", schema=schemas.GrantIn)
def revoke(ctx: CallContext, install_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    services.revoke_capability(ctx, install_id, data["capability"])
    return redirect_to(f"/extensions/{install_id}", toast=_("Revoked. This holds from the next host call."))


def _settings(ctx: CallContext, install_id: UUID) -> dict[str, Any]:
    """Raises SlotNotFound where the extension describes its settings: some may be secrets, which only their own page knows."""
    if services.options_of(ctx, services.get_install(ctx, install_id)) is not None:
        raise SlotNotFound("This extension describes its settings; they have a page of their own.")
    return {"settings": [{"key": key, "value": value} for key, value in sorted(services.get_config(ctx, install_id).items())]}


def _named(ctx: CallContext, install_id: UUID) -> dict[str, Any]:
    found = services.get_install(ctx, install_id)
    return {"install": found, "release": releases.get_release(ctx, found.release_id)}


@pages.form(f"{_INSTALL}/settings", permission="extension.manage", schema=schemas.ConfigForm,
            template="extensions/settings.html", initial=_settings, context=_named)  # fmt: skip
def configure(ctx: CallContext, install_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    _settings(ctx, install_id)
    config = {one["key"]: one["value"] for one in data["settings"]}
    if len(config) < len(data["settings"]):
        raise InvalidInput(_("Two settings have the same name."))
    services.set_config(ctx, install_id, config)
    return redirect_to(f"/extensions/{install_id}", toast=_("Saved."))


@pages.post(f"{_INSTALL}/disable", permission="extension.manage")
def disable(ctx: CallContext, install_id: UUID) -> ResponseReturnValue:
    services.disable_install(ctx, install_id)
    return redirect_to(f"/extensions/{install_id}", toast=_("Switched off."), undo=f"/extensions/{install_id}/enable")


@pages.post(f"{_INSTALL}/enable", permission="extension.manage")
def enable(ctx: CallContext, install_id: UUID) -> ResponseReturnValue:
    services.enable_install(ctx, install_id)
    return redirect_to(f"/extensions/{install_id}", toast=_("Switched on."))


@pages.post(f"{_INSTALL}/uninstall", permission="extension.manage")
def uninstall(ctx: CallContext, install_id: UUID) -> ResponseReturnValue:
    services.uninstall(ctx, install_id)
    return redirect_to("/extensions", toast=_("Uninstalled."))
