"""Lists of releases and installs, and an install as interfaces show it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, select

from kernel.api.listing import Page, paginate
from kernel.context import CallContext
from plugins.extensions import services
from plugins.extensions.installs import grants
from plugins.extensions.models import Install, Release
from plugins.extensions.publishing.releases import get_release

_RELEASES: Select[Any] = select(
    Release.id, Release.name, Release.semver, Release.title, Release.publisher, Release.state, Release.size,
    Release.published_by, Release.published_at,
)  # fmt: skip
_INSTALLS: Select[Any] = select(
    Install.id, Install.name, Release.title, Release.semver, Install.state, Install.created_at, Install.updated_at
).join(Release, (Release.tenant_id == Install.tenant_id) & (Release.id == Install.release_id))
_RELEASE_KEYS: Mapping[str, Any] = {"published_at": Release.published_at, "name": Release.name}
_INSTALL_KEYS: Mapping[str, Any] = {"created_at": Install.created_at, "updated_at": Install.updated_at, "name": Install.name}


def list_releases(ctx: CallContext, query: Mapping[str, Any]) -> Page:
    """One page of releases, the one published last first."""
    return paginate(ctx, _RELEASES, query, sortable=_RELEASE_KEYS, default="-published_at")


def list_installs(ctx: CallContext, query: Mapping[str, Any]) -> Page:
    """One page of installs, the newest first."""
    return paginate(ctx, _INSTALLS, query, sortable=_INSTALL_KEYS, default="-created_at")


def shown(ctx: CallContext, install: Install) -> dict[str, Any]:
    """An install with its release, grants and the names of its settings."""
    release = get_release(ctx, install.release_id)
    return {
        "id": install.id, "name": install.name, "title": release.title, "semver": release.semver, "state": install.state,
        "version": install.version, "release_id": install.release_id, "pending_release_id": install.pending_release_id,
        "previous_release_id": install.previous_release_id, "halted": install.halted,
        "recording": install.recording, "resting_until": install.resting_until,
        "installed_by": install.installed_by, "created_at": install.created_at, "updated_at": install.updated_at,
        "url": f"/x/{install.id}/", "grants": grants.list_grants(ctx, install.id),
        "not_granted": grants.open_requests(ctx, install, release), "config_keys": sorted(services.get_config(ctx, install.id)),
        "limits": install.limits or {},
    }  # fmt: skip
