"""What the room of bank files answers to other rooms."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from kernel.context import CallContext
from kernel.hookspecs.directory import Blocker, Ref
from plugins.bank_files.models import Match


def blockers(ctx: CallContext, refs: Sequence[Ref]) -> list[Blocker]:
    """Clients whose money was found on statements are not deleted."""
    ids = {ref.id for ref in refs if ref.kind == "client"}
    if not ids:
        return []
    counts = select(Match.client_id, func.count()).where(Match.client_id.in_(ids)).group_by(Match.client_id)
    return [Blocker(Ref("client", client_id), "bank_match", count, f"{count} bank entries")
            for client_id, count in ctx.session.execute(counts)]  # fmt: skip
