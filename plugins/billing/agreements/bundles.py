"""Plan bundles: templates that a client is given together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select

from kernel import audit
from kernel.api.listing import Page, paginate
from kernel.context import CallContext
from kernel.directory.clients import apply_changes
from kernel.errors import InvalidInput
from plugins.billing.agreements.errors import PlanBundleNotFound
from plugins.billing.models.agreements import BundledTemplate, ContractTemplate, PlanBundle

KIND = "plan_bundle"
_SORTABLE: Mapping[str, Any] = {"name": PlanBundle.name_key, "updated_at": PlanBundle.updated_at}


def list_bundles(ctx: CallContext, query: Mapping[str, Any], text: str = "") -> Page:
    """One page of bundles with how many templates each holds; `text` narrows by name."""
    count = (
        select(func.count())
        .where(BundledTemplate.tenant_id == PlanBundle.tenant_id, BundledTemplate.bundle_id == PlanBundle.id)
        .scalar_subquery()
    )
    rows: Any = select(
        PlanBundle.id, PlanBundle.name, PlanBundle.description, count.label("template_count"), PlanBundle.updated_at
    )
    if wanted := text.strip().lower():
        rows = rows.where(func.strpos(PlanBundle.name_key, wanted) > 0)
    return paginate(ctx, rows, query, sortable=_SORTABLE, default="name")


def get_bundle(ctx: CallContext, bundle_id: UUID) -> PlanBundle:
    """One bundle. Raises PlanBundleNotFound."""
    found = ctx.session.scalar(select(PlanBundle).where(PlanBundle.id == bundle_id))
    if found is None:
        raise PlanBundleNotFound("There is no plan bundle with this id.")
    return found


def templates_of(ctx: CallContext, bundle_id: UUID) -> list[ContractTemplate]:
    """A bundle's templates in their order."""
    held = (BundledTemplate.tenant_id == ContractTemplate.tenant_id) & (BundledTemplate.template_id == ContractTemplate.id)
    found = (
        select(ContractTemplate)
        .join(BundledTemplate, held)
        .where(BundledTemplate.bundle_id == bundle_id)
        .order_by(BundledTemplate.position)
    )
    return list(ctx.session.scalars(found))


def bundle_view(ctx: CallContext, bundle: PlanBundle) -> dict[str, Any]:
    """A bundle with the ids of its templates, as interfaces show it."""
    names = ("id", "version", "name", "description", "created_at", "updated_at")
    ids = [one.id for one in templates_of(ctx, bundle.id)]
    return {name: getattr(bundle, name) for name in names} | {"template_ids": ids}


def create_bundle(ctx: CallContext, *, name: str, template_ids: Sequence[UUID], description: str = "") -> PlanBundle:
    """Put templates together under a name. Raises InvalidInput."""
    _refuse_taken(ctx, name, None)
    bundle = PlanBundle(name=name, description=description)
    ctx.session.add(bundle)
    ctx.session.flush()
    _hold(ctx, bundle, template_ids)
    audit.record(ctx, "plan_bundle.created", kind=KIND, row_id=bundle.id, label=name)
    return bundle


def change_bundle(ctx: CallContext, bundle_id: UUID, changes: Mapping[str, Any], version: int | None = None) -> PlanBundle:
    """Change a bundle; `template_ids` replaces all it holds. Raises InvalidInput, PreconditionFailed."""
    bundle = get_bundle(ctx, bundle_id)
    given = dict(changes)
    template_ids = given.pop("template_ids", None)
    if "name" in given:
        _refuse_taken(ctx, given["name"], bundle_id)
    if template_ids is not None:
        given["updated_at"] = ctx.now()  # so that other templates alone make a new version, too
    apply_changes(ctx, bundle, given, version, kind=KIND, label=bundle.name)
    if template_ids is not None:
        _hold(ctx, bundle, template_ids)
    return bundle


def delete_bundle(ctx: CallContext, bundle_id: UUID) -> None:
    """Remove a bundle; its templates stay."""
    bundle = get_bundle(ctx, bundle_id)
    audit.record(ctx, "plan_bundle.deleted", kind=KIND, row_id=bundle_id, label=bundle.name)
    ctx.session.delete(bundle)
    ctx.session.flush()


def _hold(ctx: CallContext, bundle: PlanBundle, template_ids: Sequence[UUID]) -> None:
    known = set(ctx.session.scalars(select(ContractTemplate.id).where(ContractTemplate.id.in_(template_ids))))
    errors = {f"template_ids[{at}]": "There is no contract template with this id."
              for at, one in enumerate(template_ids) if one not in known}  # fmt: skip
    errors |= {f"template_ids[{at}]": "This template is in the bundle already."
               for at, one in enumerate(template_ids) if one in template_ids[:at]}  # fmt: skip
    if errors:
        raise InvalidInput(errors=errors)
    ctx.session.execute(delete(BundledTemplate).where(BundledTemplate.bundle_id == bundle.id))
    ctx.session.add_all(BundledTemplate(bundle_id=bundle.id, template_id=one, position=at) for at, one in enumerate(template_ids))
    ctx.session.flush()


def _refuse_taken(ctx: CallContext, name: str, but: UUID | None) -> None:
    taken = select(PlanBundle.id).where(PlanBundle.name_key == name.lower(), PlanBundle.id.is_distinct_from(but))
    with ctx.session.no_autoflush:
        if ctx.session.scalar(taken):
            raise InvalidInput(errors={"name": "Another plan bundle has this name."})
