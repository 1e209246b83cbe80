"""The memory of external ids, as importers see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from kernel.context import CallContext
from kernel.ids import uuid7
from plugins.imports.models import ImportRef


class StoredRefs:
    """A `Resolver` over the table of references, in the caller's transaction; nothing is cached, so rollbacks hold."""

    def __init__(self, ctx: CallContext) -> None:
        self.ctx = ctx

    def resolve(self, kind: str, external_ids: Sequence[str]) -> Mapping[str, UUID]:
        """See `Resolver.resolve`; one query."""
        wanted = select(ImportRef.external_id, ImportRef.target_id).where(
            ImportRef.kind == kind, ImportRef.external_id.in_(set(external_ids))
        )
        return dict(self.ctx.session.execute(wanted).all())

    def remember(self, kind: str, ids: Mapping[str, UUID]) -> None:
        """See `Resolver.remember`; one statement."""
        if not ids:
            return
        rows = [
            {"tenant_id": self.ctx.tenant_id, "id": uuid7(), "kind": kind, "external_id": key, "target_id": target}
            for key, target in sorted(ids.items())
        ]
        statement = insert(ImportRef).values(rows)
        self.ctx.session.execute(
            statement.on_conflict_do_update(
                index_elements=["tenant_id", "kind", "external_id"],
                set_={"target_id": statement.excluded.target_id},
            )
        )

    def claim(self, kind: str, external_ids: Sequence[str], met: Mapping[str, UUID] | None = None) -> Mapping[str, UUID]:
        """See `Resolver.claim`; two statements at most."""
        known = self.resolve(kind, external_ids)
        met = met or {}
        fresh = {key: met.get(key) or uuid7() for key in dict.fromkeys(external_ids) if key not in known}
        self.remember(kind, fresh)
        return {**known, **fresh}
