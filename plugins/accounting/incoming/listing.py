"""Lists of exceptions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, select

from kernel.api.listing import Page, paginate
from plugins.accounting.incoming.models import Discrepancy
from plugins.accounting.models import Target

if TYPE_CHECKING:
    from kernel.context import CallContext

_SORTABLE = {"found_at": Discrepancy.found_at, "label": Discrepancy.label}
_ROWS: Select[Any] = select(
    Discrepancy.id, Discrepancy.target_id, Target.name.label("target_name"), Discrepancy.kind, Discrepancy.subject,
    Discrepancy.external_id, Discrepancy.our_id, Discrepancy.client_id, Discrepancy.label, Discrepancy.currency, Discrepancy.ours,
    Discrepancy.theirs, Discrepancy.state, Discrepancy.found_at, Discrepancy.settled_at, Discrepancy.settled_by,
    Discrepancy.version,
).join(Target, (Target.tenant_id == Discrepancy.tenant_id) & (Target.id == Discrepancy.target_id))  # fmt: skip


def list_exceptions(ctx: CallContext, query: Mapping[str, Any]) -> Page:
    """One page of exceptions, those found last coming first."""
    return paginate(ctx, _ROWS, query, sortable=_SORTABLE, default="-found_at")
