"""Installs: what a tenant runs, and what an administrator granted it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from kernel import audit
from kernel.capabilities import default_capabilities
from kernel.context import CallContext
from kernel.errors import InvalidInput
from kernel.ids import uuid7
from plugins.extensions.errors import (
    ExtensionInstalled,
    InstallNotFound,
    NothingToConsent,
    NothingToRollBack,
    OtherReleaseWaits,
    ReleaseNotReady,
    ReleaseYanked,
)
from plugins.extensions.installs.grants import KIND, Values, checked, give, narrow, take
from plugins.extensions.models import Install, Release
from plugins.extensions.publishers.trust import check_trust, pin_key
from plugins.extensions.publishing.options import Option, checked_config, read_options
from plugins.extensions.publishing.releases import get_release, manifest_of, read_file
from plugins.extensions.triggers.timetable import drop_all, keep_to_manifest

_ALL: Mapping[str, Values] = {}
_MOST_SETTINGS, _LONGEST_VALUE = 100, 4096
_SETTING = re.compile(r"[A-Za-z0-9._-]{1,64}")


def get_install(ctx: CallContext, install_id: UUID, *, lock: bool = False) -> Install:
    """Raises InstallNotFound."""
    wanted = select(Install).where(Install.id == install_id)
    install = ctx.session.scalar(wanted.with_for_update() if lock else wanted)
    if install is None:
        raise InstallNotFound("There is no install with this id.")
    return install


def installed_as(ctx: CallContext, name: str) -> Install | None:
    """The tenant's install of an extension, if there is one."""
    return ctx.session.scalar(select(Install).where(Install.name == name))


def find_install(ctx: CallContext, name: str) -> Install:
    """The install of an extension by its name, or by the id of the install. Raises InstallNotFound."""
    install = installed_as(ctx, name)
    if install is None and (known := _uuid(name)) is not None:
        return get_install(ctx, known)
    if install is None:
        raise InstallNotFound(f"{name} is not installed here.")
    return install


def install_extension(
    ctx: CallContext,
    *,
    release_id: UUID,
    grants: Iterable[str] = (),
    parameters: Mapping[str, Values] = _ALL,
    config: Mapping[str, str] | None = None,
) -> Install:
    """Install a ready release with the capabilities that the administrator consented to; the defaults come on top.

    `parameters` says with which values (hosts) a capability is granted; without it, with all that the release asks for.

    Raises ReleaseNotReady, ReleaseYanked, GrantNotAsked, ExtensionInstalled.
    """
    release = _ready(ctx, release_id)
    pin_key(ctx, release)
    wanted = checked(ctx, release, {*grants, *default_capabilities(ctx.kernel.plugins.capabilities)}, parameters)
    install_id = uuid7()
    added = insert(Install).values(tenant_id=ctx.tenant_id, id=install_id, name=release.name, release_id=release.id,
                                   state="active", installed_by=ctx.actor.name, version=1)  # fmt: skip
    if ctx.session.scalar(added.on_conflict_do_nothing(index_elements=["tenant_id", "name"]).returning(Install.id)) is None:
        raise ExtensionInstalled(f"{release.name} is installed already. Upgrade that install instead.")
    install = get_install(ctx, install_id)
    _record(ctx, "extension.installed", install, {"version": release.semver})
    give(ctx, install, wanted)
    keep_to_manifest(ctx, install, manifest_of(release))
    if config:
        set_config(ctx, install_id, config)
    return install


def grant_capability(ctx: CallContext, install_id: UUID, capability: str, values: Values | None = None) -> Install:
    """Grant what the serving release asks for, or a default; holds from the next host call. `values` says with which of the
    values (hosts) that it asks for. Raises GrantNotAsked.
    """
    install = get_install(ctx, install_id, lock=True)
    release = get_release(ctx, install.release_id)
    give(ctx, install, checked(ctx, release, [capability], {} if values is None else {capability: values}))
    return install


def revoke_capability(ctx: CallContext, install_id: UUID, capability: str) -> Install:
    """Take a grant back; a guest that is running is refused from its next host call on."""
    install = get_install(ctx, install_id, lock=True)
    take(ctx, install, capability)
    return install


def upgrade_install(ctx: CallContext, install_id: UUID, *, release_id: UUID) -> Install:
    """Serve another release of the same extension, newer or older.

    One that asks for more waits for `consent`, while the present one keeps serving. Raises ReleaseNotReady, ReleaseYanked.
    """
    install = get_install(ctx, install_id, lock=True)
    release = _ready(ctx, release_id)
    if release.name != install.name:
        raise ReleaseNotReady(f"That is a release of {release.name}; this is an install of {install.name}.")
    if more := asks_for_more(ctx, install, release):
        install.pending_release_id = release.id
        install.state = install.state if install.state == "disabled" else "awaiting_consent"
        _record(ctx, "extension.consent_awaited", install, {"version": release.semver, "asks_for": more})
    else:
        _serve(ctx, install, release)
    ctx.session.flush()
    return install


def asks_for_more(ctx: CallContext, install: Install, release: Release) -> list[str]:
    """What a release does that the one that serves does not, as phrases for an administrator."""
    return sorted(manifest_of(release).reach() - manifest_of(get_release(ctx, install.release_id)).reach())


def consent(
    ctx: CallContext,
    install_id: UUID,
    *,
    grants: Iterable[str],
    parameters: Mapping[str, Values] = _ALL,
    release_id: UUID | None = None,
) -> Install:
    """Let the waiting release serve, with `grants` of what it asks for and the defaults that are granted now; `parameters` as
    for `install_extension`. `release_id` is the release that was looked at: what it does besides is consented to unseen else.

    Raises ReleaseNotFound, NothingToConsent, OtherReleaseWaits, GrantNotAsked.
    """
    install = get_install(ctx, install_id, lock=True)
    if release_id is not None:
        get_release(ctx, release_id)
    if install.pending_release_id is None:
        raise NothingToConsent("No release of this extension waits for consent.")
    if release_id not in (None, install.pending_release_id):
        raise OtherReleaseWaits("Meanwhile another version was chosen. Look at what that one asks for.")
    release = _ready(ctx, install.pending_release_id)
    wanted = checked(ctx, release, grants, parameters)
    _serve(ctx, install, release, keep=wanted)
    give(ctx, install, wanted)
    return install


def decline(ctx: CallContext, install_id: UUID) -> Install:
    """Forget the waiting release; the present one goes on serving. Raises NothingToConsent."""
    install = get_install(ctx, install_id, lock=True)
    if install.pending_release_id is None:
        raise NothingToConsent("No release of this extension waits for consent.")
    install.pending_release_id = None
    install.state = "disabled" if install.state == "disabled" else "active"
    _record(ctx, "extension.consent_declined", install, {})
    return install


def rollback_install(ctx: CallContext, install_id: UUID) -> Install:
    """Serve the release that served before, at once: it was consented to then. What it may do is what is granted now and it
    asks for. A second rollback goes forth again.

    Raises NothingToRollBack, and what `trust.check_trust` raises for a release that may not be run any more.
    """
    install = get_install(ctx, install_id, lock=True)
    if install.previous_release_id is None:
        raise NothingToRollBack(f"{install.name} has served one release only.")
    _serve(ctx, install, _ready(ctx, install.previous_release_id), action="extension.rolled_back")
    ctx.session.flush()
    return install


def disable_install(ctx: CallContext, install_id: UUID) -> Install:
    """The kill switch: no call is taken any more, and a running guest's host calls are refused from now on."""
    install = get_install(ctx, install_id, lock=True)
    if install.state != "disabled":
        install.state, install.halted = "disabled", "admin"
        _record(ctx, "extension.disabled", install, {})
    return install


def enable_install(ctx: CallContext, install_id: UUID) -> Install:
    """Take calls again; traps so far are forgiven. Raises what `trust.check_trust` raises for what may not be run."""
    install = get_install(ctx, install_id, lock=True)
    if install.state == "disabled":
        check_trust(ctx, get_release(ctx, install.release_id))
        install.state, install.halted = "awaiting_consent" if install.pending_release_id else "active", None
        install.watched_since, install.resting_until, install.rests = ctx.now(), None, 0
        _record(ctx, "extension.enabled", install, {})
    return install


def uninstall(ctx: CallContext, install_id: UUID) -> None:
    """Remove an install, its grants and its settings; what it made and did stays, with its name and version."""
    install = get_install(ctx, install_id, lock=True)
    _record(ctx, "extension.uninstalled", install, {})
    drop_all(ctx, install)
    ctx.session.delete(install)
    ctx.session.flush()


def get_config(ctx: CallContext, install_id: UUID) -> dict[str, str]:
    """The settings of an install, opened."""
    sealed = ctx.session.scalar(select(Install.config).where(Install.id == install_id))
    if sealed is None:
        return {}
    found: dict[str, str] = orjson.loads(ctx.kernel.open(ctx, sealed, Install.__tablename__, install_id, "config"))
    return found


def set_config(ctx: CallContext, install_id: UUID, config: Mapping[str, str]) -> Install:
    """Replace the settings of an install; they are kept sealed. Raises InvalidInput."""
    install = get_install(ctx, install_id, lock=True)
    _check_config(config)
    if (options := options_of(ctx, install)) is not None:
        config = checked_config(options, config)
    before = get_config(ctx, install_id)
    plain = orjson.dumps(dict(config))
    install.config = ctx.kernel.seal(ctx, plain, Install.__tablename__, install_id, "config") if config else None
    changed = sorted(key for key in {*before, *config} if before.get(key) != config.get(key))
    _record(ctx, "extension.configured", install, {"keys": changed})
    ctx.session.flush()
    return install


def options_of(ctx: CallContext, install: Install) -> tuple[Option, ...] | None:
    """The settings that the serving release describes, if it describes them."""
    release = get_release(ctx, install.release_id)
    schema = next((one.schema for one in manifest_of(release).ui if one.schema is not None), None)
    return None if schema is None else read_options(read_file(ctx, release, schema))


def _serve(
    ctx: CallContext, install: Install, release: Release, keep: Iterable[str] | None = None, action: str = "extension.upgraded"
) -> None:
    """Switch to a release and drop the grants that it does not ask for (with `keep`: all but those)."""
    pin_key(ctx, release)
    narrow(ctx, install, release, keep)
    if install.release_id != release.id:
        install.previous_release_id = install.release_id
        install.watched_since, install.resting_until, install.rests = ctx.now(), None, 0
    install.release_id, install.pending_release_id = release.id, None
    install.state = "disabled" if install.state == "disabled" else "active"
    keep_to_manifest(ctx, install, manifest_of(release))
    _record(ctx, action, install, {"version": release.semver})


def _ready(ctx: CallContext, release_id: UUID) -> Release:
    release = get_release(ctx, release_id)
    if release.state != "ready":
        words = "is still being compiled; try again in a moment" if release.state == "compiling" else "was refused"
        raise ReleaseNotReady(f"{release.name} {release.semver} {words}.", problem=release.problem)
    if release.yanked_at is not None:
        raise ReleaseYanked(f"{release.name} {release.semver} was taken back: {release.yank_reason}")
    check_trust(ctx, release)
    return release


def _check_config(config: Mapping[str, str]) -> None:
    if len(config) > _MOST_SETTINGS:
        raise InvalidInput(errors={"config": f"An install has at most {_MOST_SETTINGS} settings."})
    for key, value in config.items():
        if not _SETTING.fullmatch(key):
            words = "A setting's name has 1 to 64 letters, digits, dots, hyphens and underscores."
            raise InvalidInput(errors={"config": words})
        if len(value) > _LONGEST_VALUE:
            raise InvalidInput(errors={f"config.{key}": f"A setting has at most {_LONGEST_VALUE} characters."})


def _record(ctx: CallContext, action: str, install: Install, changes: Mapping[str, Any]) -> None:
    audit.record(ctx, action, kind=KIND, row_id=install.id, label=install.name, changes=changes)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
