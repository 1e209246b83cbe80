"""Following an install's calls as they are recorded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from kernel.context import CallContext
from plugins.extensions.models import InvocationRecord

SECONDS = 1.0
_LONGEST_CALL = timedelta(minutes=15)
_AT_ONCE = 500


class Tail:
    """Each call once, in the order in which calls ended. A record's id tells when it was written; processes may write theirs
    a moment apart, so what the look before found is looked through again.
    """

    def __init__(self, install_id: UUID) -> None:
        self._install_id = install_id
        self._seen: set[UUID] = set()
        self._behind: UUID | None = None
        self._newest: UUID | None = None

    def latest(self, ctx: CallContext, number: int) -> Sequence[InvocationRecord]:
        """The calls to begin with, the oldest first."""
        wanted = select(InvocationRecord).where(InvocationRecord.install_id == self._install_id)
        newest = ctx.session.scalars(
            wanted.order_by(InvocationRecord.started_at.desc(), InvocationRecord.id.desc()).limit(number)
        )
        told = self._told(list(newest)[::-1])
        self._behind = min(self._seen, default=None)
        return told

    def fresh(self, ctx: CallContext) -> Sequence[InvocationRecord]:
        """The calls that were recorded since the last look."""
        record = InvocationRecord
        wanted = select(record).where(record.install_id == self._install_id, record.started_at > ctx.now() - _LONGEST_CALL)
        if self._behind is not None:
            wanted = wanted.where(record.id > self._behind)
        found = ctx.session.scalars(wanted.order_by(record.id).limit(_AT_ONCE))
        return self._told([one for one in found if one.id not in self._seen])

    def _told(self, records: Sequence[InvocationRecord]) -> Sequence[InvocationRecord]:
        self._behind = self._newest
        self._seen = {one for one in self._seen if self._behind is not None and one > self._behind}
        self._seen |= {one.id for one in records}
        self._newest = max([*self._seen, *([self._newest] if self._newest else [])], default=None)
        return records
