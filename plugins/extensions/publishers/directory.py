"""Who publishes here: a publisher is the name in their manifests with the keys that sign them. All of it is one company's own
registry; nothing is told of other companies'.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any, NamedTuple

from sqlalchemy import func, select

from kernel.context import CallContext
from plugins.extensions.errors import PublisherNotFound
from plugins.extensions.models import Advisory, Install, PublisherKey, Release, Revocation, RevokedEverywhere
from plugins.extensions.publishers.signing import fingerprint
from plugins.extensions.publishers.trust import subjects_of
from plugins.extensions.publishing.releases import find_release, list_versions

VERSION_STATES = ("compiling", "published", "refused", "yanked", "blocked")
KEY_STATES = ("trusted", "withdrawn", "revoked", "new")


class Version(NamedTuple):
    """A version in its publisher's eyes. `state` is the gravest that holds; `signer` is a key's fingerprint."""

    release: Release
    state: str
    signer: str | None
    serves: bool
    waits: bool


def list_publishers(ctx: CallContext) -> list[dict[str, Any]]:
    """Every publisher that published here or whose key was ever trusted, by name, with how much there is of each."""
    counted = select(
        Release.publisher, func.count(Release.name.distinct()), func.count(), func.max(Release.published_at)
    ).group_by(Release.publisher)  # fmt: skip
    found = {name: {"publisher": name, "extensions": extensions, "versions": versions, "last_published_at": at}
             for name, extensions, versions, at in ctx.session.execute(counted).all()}  # fmt: skip
    keys = select(PublisherKey.publisher, func.count().filter(PublisherKey.distrusted_at.is_(None)))
    trusted = {row[0]: row[1] for row in ctx.session.execute(keys.group_by(PublisherKey.publisher)).all()}
    nothing = {"extensions": 0, "versions": 0, "last_published_at": None}
    return [
        found.get(name, {"publisher": name, **nothing}) | {"trusted_keys": trusted.get(name, 0)}
        for name in sorted({*found, *trusted})
    ]


def show_publisher(ctx: CallContext, publisher: str) -> dict[str, Any]:
    """A publisher with keys and extensions. Raises PublisherNotFound."""
    mine = select(Release).where(Release.publisher == publisher).order_by(Release.published_at.desc(), Release.id.desc())
    releases = list(ctx.session.scalars(mine))
    keys = _keys(ctx, publisher, releases)
    if not releases and not keys:
        raise PublisherNotFound(f"Nobody publishes here as {publisher}.")
    return {"publisher": publisher, "keys": keys, "extensions": _extensions(ctx, releases)}


def show_extension(ctx: CallContext, name: str) -> dict[str, Any]:
    """An extension with its versions, the one published last first, and all that was said about them. Raises ReleaseNotFound."""
    versions = versions_of(ctx, list_versions(ctx, name) or [find_release(ctx, name)])
    install = ctx.session.scalar(select(Install).where(Install.name == name))
    said = select(Advisory).where(Advisory.extension == name).order_by(Advisory.published_at.desc(), Advisory.id.desc())
    latest = versions[0].release
    return {"name": name, "title": latest.title, "publisher": latest.publisher, "versions": versions,
            "installs": int(install is not None), "install": install, "advisories": list(ctx.session.scalars(said))}  # fmt: skip


def versions_of(ctx: CallContext, releases: list[Release]) -> list[Version]:
    """Versions with their states, in the order given."""
    blocked = {subject for on in (Revocation, RevokedEverywhere) for subject in ctx.session.scalars(select(on.subject))}
    serving = select(Install.release_id, Install.pending_release_id).where(Install.name.in_({one.name for one in releases}))
    pairs = ctx.session.execute(serving).all()
    serves, waits = {pair[0] for pair in pairs}, {pair[1] for pair in pairs}
    return [
        Version(one, _state(one, blocked), fingerprint(one.signer) if one.signer else None, one.id in serves, one.id in waits)
        for one in releases
    ]


def _state(release: Release, blocked: set[str]) -> str:
    if blocked.intersection(subjects_of(release.name, release.semver, release.signer)):
        return "blocked"
    if release.state != "ready":
        return release.state
    return "yanked" if release.yanked_at else "published"


def _extensions(ctx: CallContext, releases: list[Release]) -> list[dict[str, Any]]:
    by_name: dict[str, list[Version]] = defaultdict(list)
    for one in versions_of(ctx, releases):
        by_name[one.release.name].append(one)
    installed = set(ctx.session.scalars(select(Install.name)))
    return [
        {
            "name": name, "title": versions[0].release.title, "versions": len(versions),
            "latest": _latest(versions).release.semver, "state": _latest(versions).state,
            "installs": int(name in installed), "published_at": versions[0].release.published_at,
        }
        for name, versions in sorted(by_name.items())
    ]  # fmt: skip


def _latest(versions: list[Version]) -> Version:
    """The version that somebody would install; where there is none, the one published last."""
    return next((one for one in versions if one.state == "published"), versions[0])


def _keys(ctx: CallContext, publisher: str, releases: list[Release]) -> list[dict[str, Any]]:
    """Keys that are or were trusted, and those that signed here without being trusted yet, with how much each signed."""
    signed = Counter(one.signer for one in releases if one.signer is not None)
    wanted = select(PublisherKey).where(PublisherKey.publisher == publisher).order_by(PublisherKey.trusted_at, PublisherKey.id)
    rows = {one.key: one for one in ctx.session.scalars(wanted)}
    revoked = {subject for on in (Revocation, RevokedEverywhere) for subject in ctx.session.scalars(select(on.subject))}
    return [
        _key(key, rows.get(key), signed[key], is_revoked=fingerprint(key) in revoked)
        for key in (*rows, *(key for key in signed if key not in rows))
    ]


def _key(key: bytes, row: PublisherKey | None, signed: int, *, is_revoked: bool) -> dict[str, Any]:
    state = "revoked" if is_revoked else "new" if row is None else "withdrawn" if row.distrusted_at else "trusted"
    return {
        "id": row.id if row else None, "fingerprint": fingerprint(key), "state": state, "signed": signed,
        "trusted_by": row.trusted_by if row else None, "trusted_at": row.trusted_at if row else None,
        "withdrawn_at": row.distrusted_at if row else None,
    }  # fmt: skip
