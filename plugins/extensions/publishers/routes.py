"""REST of publishers: keys, what was revoked or taken back, and advisories."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kernel.api.listing import Page
from kernel.api.rest import Rest
from kernel.context import CallContext
from plugins.extensions.publishers import advisories, directory, schemas, trust
from plugins.extensions.publishers.signing import fingerprint, read_public_key
from plugins.extensions.publishing import yanking
from plugins.extensions.schemas import ReleaseOut

rest = Rest("extensions")
_PUBLISHERS, _ADVISORIES = "/extension-publishers", "/extension-advisories"
_KEYS, _REVOCATIONS = "/extension-publisher-keys", "/extension-revocations"


@rest.get(_PUBLISHERS, permission="extension.read", out=schemas.PublisherList)
def list_publishers(ctx: CallContext) -> Any:
    """List publishers

    Who published here, and whose keys are or were trusted.
    """
    return {"items": directory.list_publishers(ctx)}


@rest.get(f"{_PUBLISHERS}/<publisher>", permission="extension.read", out=schemas.PublisherOut)
def get_publisher(ctx: CallContext, publisher: str) -> Any:
    """Read a publisher's keys and extensions"""
    return directory.show_publisher(ctx, publisher)


@rest.post("/extension-releases/<uuid:release_id>/yank", permission="extension.publish", body=schemas.YankIn,
           out=ReleaseOut, status=200)  # fmt: skip
def yank_release(ctx: CallContext, release_id: UUID, body: dict[str, Any]) -> Any:
    """Take a version back

    Nobody begins to serve it; where it serves it goes on.
    """
    return yanking.yank_release(ctx, release_id, body["reason"])


@rest.post("/extension-releases/<uuid:release_id>/unyank", permission="extension.publish", out=ReleaseOut, status=200)
def unyank_release(ctx: CallContext, release_id: UUID) -> Any:
    """Offer a version again that was taken back"""
    return yanking.unyank_release(ctx, release_id)


@rest.get(_ADVISORIES, permission="extension.read", query=schemas.AdvisoryQuery, out=schemas.AdvisoryPage)
def list_advisories(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List advisories about extensions"""
    return advisories.list_advisories(ctx, query)


@rest.post(_ADVISORIES, permission="extension.publish", body=schemas.AdvisoryIn, out=schemas.AdvisoryOut)
def publish_advisory(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Publish an advisory

    It stands on the pages of these versions and of installs that serve one of them.
    """
    return advisories.publish_advisory(ctx, **body)


@rest.post(f"{_ADVISORIES}/<uuid:advisory_id>/withdraw", permission="extension.publish", out=schemas.AdvisoryOut, status=200)
def withdraw_advisory(ctx: CallContext, advisory_id: UUID) -> Any:
    """Withdraw an advisory"""
    return advisories.withdraw_advisory(ctx, advisory_id)


@rest.get(_KEYS, permission="extension.read", query=schemas.TrustQuery, out=schemas.KeyPage)
def list_publisher_keys(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List trusted keys of publishers"""
    return trust.list_keys(ctx, query)


@rest.post(_KEYS, permission="extension.manage", body=schemas.KeyIn, out=schemas.KeyOut)
def trust_publisher_key(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Trust a publisher's key

    The key of the first signed release that is installed is trusted without this; another one is not.
    """
    made = trust.trust_key(ctx, body["publisher"], read_public_key(body["key"]))
    return {
        "id": made.id, "publisher": made.publisher, "key": body["key"].strip(), "fingerprint": fingerprint(made.key),
        "trusted_by": made.trusted_by, "trusted_at": made.trusted_at,
    }  # fmt: skip


@rest.delete(f"{_KEYS}/<uuid:key_id>", permission="extension.manage")
def distrust_publisher_key(ctx: CallContext, key_id: UUID) -> None:
    """Trust a publisher's key no more"""
    trust.distrust_key(ctx, key_id)


@rest.get(_REVOCATIONS, permission="extension.read", query=schemas.TrustQuery, out=schemas.RevocationPage)
def list_revocations(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List what was revoked"""
    return trust.list_revocations(ctx, query)


@rest.post(_REVOCATIONS, permission="extension.manage", body=schemas.RevocationIn, out=schemas.RevocationOut)
def revoke_extension(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Revoke an extension, a version or a key

    Its installs stop at once, also in the middle of a call, and none can be made or switched on.
    """
    return trust.revoke(ctx, **body)


@rest.get(f"{_REVOCATIONS}/everywhere", permission="extension.read", out=schemas.RevokedEverywhereList)
def list_revoked_everywhere(ctx: CallContext) -> Any:
    """List what was revoked by who runs this installation

    It holds for every company of it, and only they can lift it.
    """
    return {"items": trust.listed_everywhere(ctx)}


@rest.delete(f"{_REVOCATIONS}/<uuid:revocation_id>", permission="extension.manage")
def lift_revocation(ctx: CallContext, revocation_id: UUID) -> None:
    """Lift a revocation"""
    trust.lift_revocation(ctx, revocation_id)
