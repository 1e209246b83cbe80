"""REST of the extensions room."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kernel.api.listing import Page
from kernel.api.rest import Rest
from kernel.context import CallContext
from plugins.extensions import schemas, services
from plugins.extensions.calls import invocations, journals, metrics, replays
from plugins.extensions.gateway import signed_calls
from plugins.extensions.installs import limits, listing
from plugins.extensions.installs import secrets as install_secrets
from plugins.extensions.publishing import releases

rest = Rest("extensions")
_RELEASES, _INSTALLS, _INVOCATIONS = "/extension-releases", "/extension-installs", "/extension-invocations"
_INSTALL = f"{_INSTALLS}/<uuid:install_id>"


@rest.get(_RELEASES, permission="extension.read", query=schemas.ReleaseQuery, out=schemas.ReleasePage)
def list_releases(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List published releases"""
    return listing.list_releases(ctx, query)


@rest.post(_RELEASES, permission="extension.publish", body=schemas.ReleaseIn, out=schemas.ReleaseOut)
def publish_release(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Publish a release

    It is compiled in the background: read it again until `state` is `ready` or `refused`. A version never changes.
    """
    return releases.publish_release(ctx, body["bundle"])


@rest.get(f"{_RELEASES}/<uuid:release_id>", permission="extension.read", out=schemas.ReleaseOut)
def get_release(ctx: CallContext, release_id: UUID) -> Any:
    """Read a release"""
    return releases.get_release(ctx, release_id)


@rest.get(_INSTALLS, permission="extension.read", query=schemas.InstallQuery, out=schemas.InstallPage)
def list_installs(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List installed extensions"""
    return listing.list_installs(ctx, query)


@rest.post(_INSTALLS, permission="extension.manage", body=schemas.InstallIn, out=schemas.InstallOut)
def install_extension(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Install a release, granting it capabilities"""
    return listing.shown(ctx, services.install_extension(ctx, **body))


@rest.get(_INSTALL, permission="extension.read", out=schemas.InstallOut)
def get_install(ctx: CallContext, install_id: UUID) -> Any:
    """Read an install"""
    return listing.shown(ctx, services.get_install(ctx, install_id))


@rest.patch(_INSTALL, permission="extension.manage", body=schemas.InstallPatch, out=schemas.InstallOut)
def configure_install(ctx: CallContext, install_id: UUID, body: dict[str, Any]) -> Any:
    """Replace the settings of an install"""
    return listing.shown(ctx, services.set_config(ctx, install_id, body["config"]))


@rest.delete(_INSTALL, permission="extension.manage")
def uninstall(ctx: CallContext, install_id: UUID) -> None:
    """Uninstall an extension"""
    services.uninstall(ctx, install_id)


@rest.post(f"{_INSTALL}/upgrade", permission="extension.manage", body=schemas.UpgradeIn, out=schemas.InstallOut, status=200)
def upgrade_install(ctx: CallContext, install_id: UUID, body: dict[str, Any]) -> Any:
    """Serve another release

    One that asks for more capabilities waits for consent; the present one keeps serving.
    """
    return listing.shown(ctx, services.upgrade_install(ctx, install_id, **body))


@rest.post(f"{_INSTALL}/consent", permission="extension.manage", body=schemas.ConsentIn, out=schemas.InstallOut, status=200)
def consent(ctx: CallContext, install_id: UUID, body: dict[str, Any]) -> Any:
    """Consent to a waiting release"""
    return listing.shown(ctx, services.consent(ctx, install_id, **body))


@rest.post(f"{_INSTALL}/decline", permission="extension.manage", out=schemas.InstallOut, status=200)
def decline(ctx: CallContext, install_id: UUID) -> Any:
    """Forget a waiting release"""
    return listing.shown(ctx, services.decline(ctx, install_id))


@rest.post(f"{_INSTALL}/rollback", permission="extension.manage", out=schemas.InstallOut, status=200)
def rollback_install(ctx: CallContext, install_id: UUID) -> Any:
    """Serve the release that served before"""
    return listing.shown(ctx, services.rollback_install(ctx, install_id))


@rest.post(f"{_INSTALL}/disable", permission="extension.manage", out=schemas.InstallOut, status=200)
def disable_install(ctx: CallContext, install_id: UUID) -> Any:
    """Switch an install off"""
    return listing.shown(ctx, services.disable_install(ctx, install_id))


@rest.post(f"{_INSTALL}/enable", permission="extension.manage", out=schemas.InstallOut, status=200)
def enable_install(ctx: CallContext, install_id: UUID) -> Any:
    """Switch an install on again"""
    return listing.shown(ctx, services.enable_install(ctx, install_id))


@rest.post(f"{_INSTALL}/grants", permission="extension.manage", body=schemas.GrantIn, out=schemas.InstallOut)
def grant_capability(ctx: CallContext, install_id: UUID, body: dict[str, Any]) -> Any:
    """Grant a capability"""
    return listing.shown(ctx, services.grant_capability(ctx, install_id, body["capability"], body.get("parameters")))


@rest.delete(f"{_INSTALL}/grants/<capability>", permission="extension.manage")
def revoke_capability(ctx: CallContext, install_id: UUID, capability: str) -> None:
    """Revoke a capability"""
    services.revoke_capability(ctx, install_id, capability)


@rest.put(f"{_INSTALL}/limits", permission="extension.manage", body=limits.LimitsIn, out=schemas.InstallOut)
def set_limits(ctx: CallContext, install_id: UUID, body: dict[str, Any]) -> Any:
    """Give an install limits of its own

    Never more than the platform gives everybody; what is left out is as the platform has it.
    """
    return listing.shown(ctx, limits.set_limits(ctx, install_id, body))


@rest.post(f"{_INSTALL}/signing-secret", permission="extension.manage", out=schemas.SigningSecretOut)
def make_signing_secret(ctx: CallContext, install_id: UUID) -> Any:
    """Make a secret for signed calls

    It is shown only now; the one before holds no longer. How calls are signed is in the guide to writing extensions.
    """
    return signed_calls.shown_secret(ctx, install_id)


@rest.get(f"{_INSTALL}/secrets", permission="extension.manage", out=schemas.SecretList)
def list_secrets(ctx: CallContext, install_id: UUID) -> Any:
    """List the names of an install's secrets"""
    services.get_install(ctx, install_id)
    return {"items": install_secrets.list_secrets(ctx, install_id)}


@rest.put(f"{_INSTALL}/secrets/<name>", permission="extension.manage", body=schemas.SecretIn, out=schemas.SecretOut)
def set_secret(ctx: CallContext, install_id: UUID, name: str, body: dict[str, Any]) -> Any:
    """Give an install a secret

    The extension reads it by name once it is granted `cap:secrets.get`; nobody else sees it again.
    """
    return install_secrets.set_secret(ctx, install_id, name=name, value=body["value"])


@rest.delete(f"{_INSTALL}/secrets/<name>", permission="extension.manage")
def remove_secret(ctx: CallContext, install_id: UUID, name: str) -> None:
    """Take a secret from an install"""
    install_secrets.remove_secret(ctx, install_id, name)


@rest.get(_INVOCATIONS, permission="extension.read", query=schemas.InvocationQuery, out=schemas.InvocationPage)
def list_invocations(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List calls of extensions"""
    return invocations.list_invocations(ctx, query)


@rest.get(f"{_INVOCATIONS}/<uuid:invocation_id>", permission="extension.read", out=schemas.InvocationOut)
def get_invocation(ctx: CallContext, invocation_id: UUID) -> Any:
    """Read one call with its logs and host calls"""
    return invocations.get_invocation(ctx, invocation_id)


@rest.get(f"{_INSTALL}/metrics", permission="extension.read", query=schemas.MetricsQuery, out=schemas.MetricsOut)
def get_install_metrics(ctx: CallContext, install_id: UUID, query: dict[str, Any]) -> Any:
    """Read how many calls an install had, how many failed, and how long they took"""
    return metrics.metrics_of(ctx, install_id, query["hours"])


@rest.post(f"{_INSTALL}/recording", permission="extension.manage", body=schemas.RecordingIn, out=schemas.InstallOut, status=200)
def set_recording(ctx: CallContext, install_id: UUID, body: dict[str, Any]) -> Any:
    """Record an install's calls for replays, or stop it

    A recorded call is kept with all that the extension was asked and answered, sealed, as long as the call's record.
    """
    return listing.shown(ctx, journals.set_recording(ctx, install_id, on=body["on"]))


@rest.post(f"{_INVOCATIONS}/<uuid:invocation_id>/replay", permission="extension.manage", body=schemas.ReplayIn,
           out=schemas.ReplayOut)  # fmt: skip
def replay_invocation(ctx: CallContext, invocation_id: UUID, body: dict[str, Any]) -> Any:
    """Make a recorded call again

    In the background: read the replay again until `state` is not `running`. The extension is answered as it was then; nothing is
    written, read or sent. While a replay of the call runs, it is that one.
    """
    return replays.result_of(ctx, replays.start_replay(ctx, invocation_id, body["times"]))


@rest.get("/extension-replays", permission="extension.manage", query=schemas.ReplayQuery, out=schemas.ReplayPage)
def list_replays(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List replays"""
    return replays.list_replays(ctx, query)


@rest.get("/extension-replays/<uuid:replay_id>", permission="extension.manage", out=schemas.ReplayOut)
def get_replay(ctx: CallContext, replay_id: UUID) -> Any:
    """Read a replay and what it found"""
    return replays.result_of(ctx, replay_id)


@rest.post("/extension-replays/<uuid:replay_id>/cancel", permission="extension.manage", out=schemas.ReplayOut, status=200)
def cancel_replay(ctx: CallContext, replay_id: UUID) -> Any:
    """Stop a replay

    It stops within some seconds; what it found so far stays.
    """
    replays.cancel_replay(ctx, replay_id)
    return replays.result_of(ctx, replay_id)
