"""Taking a version back: nobody begins to serve it, and where it serves it goes on (as in PEP 592)."""

from __future__ import annotations

from uuid import UUID

from kernel import audit
from kernel.context import CallContext
from kernel.errors import InvalidInput
from plugins.extensions.models import Release
from plugins.extensions.publishing.releases import get_release

_LONGEST_REASON = 500


def yank_release(ctx: CallContext, release_id: UUID, reason: str) -> Release:
    """Take a version back: it cannot be installed, upgraded to, consented to or rolled back to. Doing it again changes the
    reason. Raises ReleaseNotFound, InvalidInput.
    """
    reason = reason.strip()
    if not 0 < len(reason) <= _LONGEST_REASON:
        raise InvalidInput(errors={"reason": f"Say why, in at most {_LONGEST_REASON} characters."})
    release = get_release(ctx, release_id, lock=True)
    if release.yank_reason != reason:
        release.yanked_at, release.yanked_by, release.yank_reason = ctx.now(), ctx.actor.name, reason
        _record(ctx, "extension_release.yanked", release, reason=reason)
    return release


def unyank_release(ctx: CallContext, release_id: UUID) -> Release:
    """Offer a version again that was taken back; doing it twice is harmless. Raises ReleaseNotFound."""
    release = get_release(ctx, release_id, lock=True)
    if release.yanked_at is not None:
        release.yanked_at = release.yanked_by = release.yank_reason = None
        _record(ctx, "extension_release.unyanked", release)
    return release


def _record(ctx: CallContext, action: str, release: Release, **changes: str) -> None:
    ctx.session.flush()
    audit.record(ctx, action, kind="extension.release", row_id=release.id, label=f"{release.name}@{release.semver}",
                 changes=changes)  # fmt: skip
