"""What agreements answer to other rooms: labels and blockers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from kernel.context import CallContext
from kernel.hookspecs.directory import Label, Ref
from plugins.billing.models.agreements import ContractTemplate, PlanBundle

_NAMED: dict[str, tuple[Any, str]] = {
    "contract_template": (ContractTemplate, "/contract-templates"),
    "plan_bundle": (PlanBundle, "/plan-bundles"),
}


def describe_agreements(ctx: CallContext, refs: Sequence[Ref]) -> dict[Ref, Label]:
    """Labels of templates and bundles."""
    labels: dict[Ref, Label] = {}
    for kind, (table, address) in _NAMED.items():
        ids = [ref.id for ref in refs if ref.kind == kind]
        found = ctx.session.execute(select(table.id, table.name).where(table.id.in_(ids))) if ids else ()
        labels |= {Ref(kind, row.id): Label(row.name, f"{address}/{row.id}") for row in found}
    return labels
