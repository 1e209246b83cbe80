"""What the extensions room answers other rooms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select

from kernel.context import CallContext
from kernel.hookspecs.directory import Label, Ref
from plugins.extensions.models import Install, Release
from plugins.extensions.services import KIND


def labels(ctx: CallContext, refs: Sequence[Ref]) -> Mapping[Ref, Label]:
    """Installs by the title of what they serve."""
    wanted = [ref.id for ref in refs if ref.kind == KIND]
    if not wanted:
        return {}
    serving = (Release.tenant_id == Install.tenant_id) & (Release.id == Install.release_id)
    found = ctx.session.execute(select(Install.id, Release.title).join(Release, serving).where(Install.id.in_(wanted))).all()
    return {Ref(KIND, install_id): Label(title, f"/extensions/{install_id}") for install_id, title in found}
