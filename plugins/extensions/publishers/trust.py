"""Whom a tenant trusts: the keys of publishers, and the list of what may not run any more.

A signature is held against the stored content at publish, at install, and at each call. A publisher's key is trusted from
the first signed release of theirs that is installed; another key must be added by an administrator.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Select, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kernel import audit
from kernel.api.listing import Page, paginate
from kernel.context import CallContext
from kernel.errors import InvalidInput
from kernel.ids import uuid7
from kernel.tenancy import get_settings
from plugins.extensions.errors import (
    ExtensionRevoked,
    PublisherKeyNotFound,
    PublisherKeyUnknown,
    ReleaseTampered,
    RevocationNotFound,
    SignatureMissing,
)
from plugins.extensions.models import Install, PublisherKey, Release, Revocation, RevokedEverywhere
from plugins.extensions.publishers.signing import fingerprint, is_signed_by
from plugins.extensions.publishing.bundles import content_digest, files_digest

_LONGEST_REASON = 500
_FINGERPRINT = re.compile(r"[0-9A-Fa-f]{64}")
_KEYS: Select[Any] = select(
    PublisherKey.id, PublisherKey.publisher, func.encode(PublisherKey.key, "base64").label("key"),
    func.encode(func.sha256(PublisherKey.key), "hex").label("fingerprint"), PublisherKey.trusted_by, PublisherKey.trusted_at,
).where(PublisherKey.distrusted_at.is_(None))  # fmt: skip
_REVOCATIONS: Select[Any] = select(
    Revocation.id, Revocation.subject, Revocation.reason, Revocation.revoked_by, Revocation.revoked_at
)


def subjects_of(name: str, semver: str, signer: bytes | None) -> list[str]:
    """What a revocation of this release may be of."""
    return [name, f"{name}@{semver}", *([fingerprint(signer)] if signer else [])]


def check_trust(ctx: CallContext, release: Release) -> None:
    """Raise ReleaseTampered, ExtensionRevoked, SignatureMissing or PublisherKeyUnknown for what may not be run here."""
    if files_digest({name: one["sha256"] for name, one in release.files.items()}) != release.files_digest:
        raise _tampered(release.name, release.semver)
    known = is_known(ctx, release.publisher)
    check_content(ctx, {
        "name": release.name, "semver": release.semver, "publisher": release.publisher, "digest": release.digest,
        "component_key": release.component_key, "manifest": orjson.dumps(release.manifest).decode(),
        "files_digest": release.files_digest, "signature": release.signature, "signer": release.signer,
        "keys": [one.key for one in keys_of(ctx, release.publisher)], "known": known,
        "revoked": _is_listed(ctx, Revocation, release), "revoked_everywhere": _is_listed(ctx, RevokedEverywhere, release),
    })  # fmt: skip
    if release.signer is None and known:
        raise SignatureMissing(f"{release.publisher} signs its releases; {release.name} {release.semver} is not signed.")


def check_content(ctx: CallContext, row: Mapping[str, Any]) -> None:
    """What is checked at each call of a guest: `row` has the release's columns, the publisher's trusted `keys`, whether
    any was ever trusted (`known`), and whether it is `revoked` here or `revoked_everywhere`. Raises as `check_trust`.
    """
    label = f"{row['name']} {row['semver']}"
    if row["revoked"] or row["revoked_everywhere"]:
        raise ExtensionRevoked(f"{label} was revoked {'in this tenant' if row['revoked'] else 'by who runs this installation'}.")
    digest = bytes(row["digest"])
    if not row["component_key"].endswith(digest.hex()):
        raise _tampered(row["name"], row["semver"])
    if row["signer"] is None:
        if get_settings(ctx, "extensions")["signatures"] == "require":
            raise SignatureMissing(f"{label} is not signed, and this company runs signed releases only.")
        return
    signer = bytes(row["signer"])
    if not is_signed_by(_digest(row["manifest"], digest, bytes(row["files_digest"])), signer, bytes(row["signature"])):
        raise _tampered(row["name"], row["semver"])
    if row["known"] and signer not in [bytes(one) for one in row["keys"]]:
        raise _unknown(label, row["publisher"], signer)


@lru_cache(maxsize=1024)
def _digest(manifest: str, component: bytes, files: bytes) -> bytes:
    return content_digest(orjson.loads(manifest), component, files)


def _tampered(name: str, semver: str) -> ReleaseTampered:
    return ReleaseTampered(f"What is stored of {name} {semver} is not what was published. Publish it again as a new version.")


def _unknown(label: str, publisher: str, signer: bytes) -> PublisherKeyUnknown:
    return PublisherKeyUnknown(
        f"{label} is signed with the key {fingerprint(signer)}, which this company does not trust for {publisher}."
        " If the publisher has a new key, an administrator adds it under Publishers."
    )


def _is_listed(ctx: CallContext, on: type[Revocation | RevokedEverywhere], release: Release) -> bool:
    """Whether the extension, this version or its key is on the tenant's list, or on the installation's."""
    subjects = subjects_of(release.name, release.semver, release.signer)
    return ctx.session.scalar(select(on.subject).where(on.subject.in_(subjects)).limit(1)) is not None


def keys_of(ctx: CallContext, publisher: str) -> list[PublisherKey]:
    """The keys that the tenant trusts for a publisher, the oldest first."""
    theirs = PublisherKey.publisher == publisher, PublisherKey.distrusted_at.is_(None)
    return list(ctx.session.scalars(select(PublisherKey).where(*theirs).order_by(PublisherKey.trusted_at, PublisherKey.id)))


def is_known(ctx: CallContext, publisher: str) -> bool:
    """Whether the tenant trusts a key of a publisher, or did once: from then on no key is trusted by itself."""
    return ctx.session.scalar(select(PublisherKey.id).where(PublisherKey.publisher == publisher).limit(1)) is not None


def list_keys(ctx: CallContext, query: Mapping[str, Any]) -> Page:
    """One page of trusted keys, by publisher."""
    return paginate(ctx, _KEYS, query, sortable={"publisher": PublisherKey.publisher}, default="publisher")


def pin_key(ctx: CallContext, release: Release) -> None:
    """Trust the key of a publisher's first signed release that is installed here. Raises PublisherKeyUnknown."""
    if release.signer is None:
        return
    claim = f"publisher {ctx.tenant_id} {release.publisher}"
    ctx.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(claim, 0))))
    if not is_known(ctx, release.publisher):
        trust_key(ctx, release.publisher, release.signer)
    elif release.signer not in [one.key for one in keys_of(ctx, release.publisher)]:
        raise _unknown(f"{release.name} {release.semver}", release.publisher, release.signer)


def trust_key(ctx: CallContext, publisher: str, key: bytes) -> PublisherKey:
    """Trust a public key (32 bytes) for a publisher; doing it twice is harmless."""
    values = {"tenant_id": ctx.tenant_id, "id": uuid7(), "publisher": publisher, "key": key, "trusted_by": ctx.actor.name,
              "trusted_at": ctx.now()}  # fmt: skip
    added = insert(PublisherKey).values(values).on_conflict_do_update(
        index_elements=["tenant_id", "publisher", "key"], where=PublisherKey.distrusted_at.is_not(None),
        set_={"distrusted_at": None, "trusted_by": ctx.actor.name, "trusted_at": ctx.now()},
    )  # fmt: skip
    if ctx.session.scalar(added.returning(PublisherKey.id)) is not None:
        audit.record(ctx, "extension.key_trusted", kind="extension.publisher", label=publisher, changes={"key": fingerprint(key)})
    kept = select(PublisherKey).where(PublisherKey.publisher == publisher, PublisherKey.key == key)
    return ctx.session.scalars(kept, execution_options={"populate_existing": True}).one()


def distrust_key(ctx: CallContext, key_id: UUID) -> str:
    """Trust a key no more: what it signed is not run, and without another key nothing of its publisher is, until one is
    trusted by hand. Returns the publisher. Raises PublisherKeyNotFound.
    """
    trusted = PublisherKey.id == key_id, PublisherKey.distrusted_at.is_(None)
    key = ctx.session.scalar(select(PublisherKey).where(*trusted).with_for_update())
    if key is None:
        raise PublisherKeyNotFound("There is no trusted key with this id.")
    audit.record(ctx, "extension.key_distrusted", kind="extension.publisher", label=key.publisher,
                 changes={"key": fingerprint(key.key)})  # fmt: skip
    key.distrusted_at = ctx.now()
    ctx.session.flush()
    return key.publisher


def list_revocations(ctx: CallContext, query: Mapping[str, Any]) -> Page:
    """One page of what may not run here, the latest first."""
    return paginate(ctx, _REVOCATIONS, query, sortable={"revoked_at": Revocation.revoked_at}, default="-revoked_at")


def revoke(ctx: CallContext, subject: str, reason: str) -> Revocation:
    """The kill switch for an extension (`org.example.orders`), one version (`org.example.orders@1.4.0`) or all that a key
    signed (its fingerprint): installs stop at once, and none can be made or switched on. Doing it twice is harmless.
    """
    subject, reason = _checked(subject, reason)
    values = {"tenant_id": ctx.tenant_id, "id": uuid7(), "subject": subject, "reason": reason, "revoked_by": ctx.actor.name,
              "revoked_at": ctx.now()}  # fmt: skip
    added = insert(Revocation).values(values).on_conflict_do_nothing(index_elements=["tenant_id", "subject"])
    if ctx.session.scalar(added.returning(Revocation.id)) is not None:
        audit.record(ctx, "extension.revoked", kind="extension.revocation", label=subject, changes={"reason": reason})
    halt(ctx, subject)
    return ctx.session.scalars(select(Revocation).where(Revocation.subject == subject)).one()


def revoke_everywhere(session: Session, subject: str, reason: str, now: datetime) -> str:
    """Put something on the installation's list, by which no tenant runs it, those founded later included; returns it as it is
    listed. Installs are refused from now on and switched off by `halt`. Doing it twice is harmless. Raises InvalidInput.
    """
    subject, reason = _checked(subject, reason)
    listed = insert(RevokedEverywhere).values(subject=subject, reason=reason, revoked_at=now)
    session.execute(listed.on_conflict_do_nothing(index_elements=["subject"]))
    return subject


def lift_everywhere(session: Session, subject: str) -> None:
    """Take something off the installation's list; installs stay switched off. Raises RevocationNotFound."""
    gone = delete(RevokedEverywhere).where(RevokedEverywhere.subject == subject).returning(RevokedEverywhere.subject)
    if session.scalar(gone) is None:
        raise RevocationNotFound(f"{subject} is not on the list of this installation.")


def listed_everywhere(ctx: CallContext) -> list[RevokedEverywhere]:
    """The installation's list, the latest first."""
    return list(ctx.session.scalars(select(RevokedEverywhere).order_by(RevokedEverywhere.revoked_at.desc())))


def halt(ctx: CallContext, subject: str) -> None:
    """Switch off the tenant's installs of something that was revoked."""
    for install, release in _serving(ctx):
        if install.state != "disabled" and subject in subjects_of(release.name, release.semver, release.signer):
            install.state, install.halted = "disabled", "revoked"
            audit.record(ctx, "extension.disabled", kind="extension.install", row_id=install.id, label=install.name,
                         changes={"because": subject})  # fmt: skip
    ctx.session.flush()


def _checked(subject: str, reason: str) -> tuple[str, str]:
    subject, reason = subject.strip(), reason.strip()
    errors = {}
    if not subject:
        errors["subject"] = "Name an extension, its name@version, or the fingerprint of a key."
    if not 0 < len(reason) <= _LONGEST_REASON:
        errors["reason"] = f"Say why, in at most {_LONGEST_REASON} characters."
    if errors:
        raise InvalidInput(errors=errors)
    return subject.lower() if _FINGERPRINT.fullmatch(subject) else subject, reason


def find_revocation(ctx: CallContext, subject: str) -> Revocation:
    """What is on the tenant's list by this name. Raises RevocationNotFound."""
    found = ctx.session.scalar(select(Revocation).where(Revocation.subject == subject))
    if found is None:
        raise RevocationNotFound(f"{subject} is not on the list of this company.")
    return found


def lift_revocation(ctx: CallContext, revocation_id: UUID) -> None:
    """Take something off the list; installs stay switched off until somebody switches them on. Raises RevocationNotFound."""
    found = ctx.session.scalar(select(Revocation).where(Revocation.id == revocation_id))
    if found is None:
        raise RevocationNotFound("There is no revocation with this id.")
    audit.record(ctx, "extension.revocation_lifted", kind="extension.revocation", label=found.subject, changes={})
    ctx.session.delete(found)
    ctx.session.flush()


def _serving(ctx: CallContext) -> list[tuple[Install, Release]]:
    serving = (Release.tenant_id == Install.tenant_id) & (Release.id == Install.release_id)
    found = select(Install, Release).join(Release, serving).order_by(Install.id).with_for_update(of=Install)
    pairs = ctx.session.execute(found).all()
    return [(install, release) for install, release in pairs]
