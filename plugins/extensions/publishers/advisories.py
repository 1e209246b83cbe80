"""Advisories: what is wrong with versions that are in use, for who uses them, and in which version it is mended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from kernel import audit
from kernel.api.listing import Page, paginate
from kernel.context import CallContext
from kernel.errors import InvalidInput
from kernel.ids import uuid7
from plugins.extensions.errors import AdvisoryNotFound
from plugins.extensions.models import SEVERITIES, Advisory, Release
from plugins.extensions.publishing.releases import find_release

_ADVISORIES: Select[Any] = select(
    Advisory.id, Advisory.extension, Advisory.versions, Advisory.severity, Advisory.title, Advisory.says, Advisory.mended_in,
    Advisory.published_by, Advisory.published_at, Advisory.withdrawn_at,
)  # fmt: skip


def publish_advisory(
    ctx: CallContext, *, extension: str, severity: str, title: str, says: str, versions: Sequence[str] = (),
    mended_in: str | None = None,
) -> Advisory:  # fmt: skip
    """Tell who uses these versions of an extension (none: any) what is wrong with them; `mended_in` is the version to go to.

    Raises InvalidInput for versions that are not published, and ReleaseNotFound for an extension that is not.
    """
    find_release(ctx, extension)
    published = set(ctx.session.scalars(select(Release.semver).where(Release.name == extension)))
    errors = {}
    if unknown := [one for one in versions if one not in published]:
        errors["versions"] = f"{', '.join(unknown)} of {extension} was never published here."
    if mended_in is not None and mended_in not in published:
        errors["mended_in"] = f"{mended_in} of {extension} was never published here. Publish it first."
    elif mended_in is not None and (mended_in in versions or not versions):
        errors["mended_in"] = "Name the versions that it is about; the one that mends it is none of them."
    if errors:
        raise InvalidInput(errors=errors)
    made = Advisory(id=uuid7(), extension=extension, versions=sorted(set(versions)), severity=severity, title=title, says=says,
                    mended_in=mended_in, published_by=ctx.actor.name, published_at=ctx.now())  # fmt: skip
    ctx.session.add(made)
    ctx.session.flush()
    _record(ctx, "extension_advisory.published", made)
    return made


def withdraw_advisory(ctx: CallContext, advisory_id: UUID) -> Advisory:
    """Show an advisory no more; it stays in the list. Doing it twice is harmless. Raises AdvisoryNotFound."""
    found = ctx.session.scalar(select(Advisory).where(Advisory.id == advisory_id).with_for_update())
    if found is None:
        raise AdvisoryNotFound("There is no advisory with this id.")
    if found.withdrawn_at is None:
        found.withdrawn_at = ctx.now()
        ctx.session.flush()
        _record(ctx, "extension_advisory.withdrawn", found)
    return found


def list_advisories(ctx: CallContext, query: Mapping[str, Any]) -> Page:
    """One page of advisories, the latest first, the withdrawn ones too."""
    return paginate(ctx, _ADVISORIES, query, sortable={"published_at": Advisory.published_at}, default="-published_at")


def advisories_about(ctx: CallContext, extension: str, semver: str | None = None) -> list[Advisory]:
    """Those that hold of an extension, or of one version of it, the gravest first."""
    wanted = select(Advisory).where(Advisory.extension == extension, Advisory.withdrawn_at.is_(None))
    found = [one for one in ctx.session.scalars(wanted) if semver is None or not one.versions or semver in one.versions]
    return sorted(found, key=lambda one: (-SEVERITIES.index(one.severity), one.published_at))


def _record(ctx: CallContext, action: str, made: Advisory) -> None:
    changes = {"severity": made.severity, "title": made.title, "versions": made.versions}
    audit.record(ctx, action, kind="extension.advisory", row_id=made.id, label=made.extension, changes=changes)
