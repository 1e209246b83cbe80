"""Contract templates: whole contract lines without a client, kept as checked data and cloned into contracts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import cast, func, or_, select
from sqlalchemy.dialects.postgresql import JSONB

from kernel import audit
from kernel.api.listing import Page, paginate
from kernel.context import CallContext
from kernel.deletion import refuse_if_needed
from kernel.directory.clients import apply_changes
from kernel.errors import InvalidInput
from kernel.hookspecs.directory import Blocker, Ref
from kernel.ids import uuid7
from plugins.billing.agreements.errors import ContractTemplateNotFound, TemplateLineNotFound
from plugins.billing.agreements.line_data import TemplateLineIn
from plugins.billing.contracts.lines import complete_line
from plugins.billing.models.agreements import BundledTemplate, ContractTemplate
from plugins.billing.said import check_currency

KIND = "contract_template"
MOST_LINES = 200
_SORTABLE: Mapping[str, Any] = {"name": ContractTemplate.name_key, "updated_at": ContractTemplate.updated_at}
_DATA = TemplateLineIn()
Line = dict[str, Any]


def list_templates(ctx: CallContext, query: Mapping[str, Any], text: str = "") -> Page:
    """One page of templates with how many lines each has; `text` narrows by name."""
    lines = func.jsonb_array_length(ContractTemplate.lines).label("line_count")
    names = ("id", "name", "description", "currency", "cadence", "term_months", "renewal_mode", "updated_at")
    rows: Any = select(*(getattr(ContractTemplate, name) for name in names), lines)
    if wanted := text.strip().lower():
        rows = rows.where(func.strpos(ContractTemplate.name_key, wanted) > 0)
    return paginate(ctx, rows, query, sortable=_SORTABLE, default="name")


def get_template(ctx: CallContext, template_id: UUID) -> ContractTemplate:
    """One template. Raises ContractTemplateNotFound."""
    found = ctx.session.scalar(select(ContractTemplate).where(ContractTemplate.id == template_id))
    if found is None:
        raise ContractTemplateNotFound("There is no contract template with this id.")
    return found


def lines_of(template: ContractTemplate) -> list[Line]:
    """The lines as services take them, each with its id."""
    return [_loaded(one) for one in template.lines]


def _loaded(stored: Mapping[str, Any]) -> Line:
    terms: Line = _DATA.load({name: value for name, value in stored.items() if name != "id"})
    return {"id": UUID(stored["id"]), **terms}


def template_view(template: ContractTemplate) -> dict[str, Any]:
    """A template with its lines, as interfaces show it."""
    names = ("id", "version", "name", "description", "currency", "cadence", "term_months", "renewal_mode", "renewal_months",
             "notice_days", "created_at", "updated_at")  # fmt: skip
    return {name: getattr(template, name) for name in names} | {"lines": lines_of(template)}


def create_template(ctx: CallContext, *, name: str, currency: str | None = None, lines: Sequence[Mapping[str, Any]] = (),
                    **facts: Any) -> ContractTemplate:  # fmt: skip
    """Write a template, with its lines if they are given; the currency defaults to the tenant's.

    Raises InvalidInput, with `lines[i].…` paths for lines.
    """
    template = ContractTemplate(name=name, currency=currency or ctx.tenant.currency, **facts)
    _check(template.currency, template.term_months, template.renewal_mode or "none", template.renewal_months)
    _refuse_taken(ctx, name, None)
    template.lines = [_stored(ctx, line, f"lines[{at}].") for at, line in enumerate(lines)]
    ctx.session.add(template)
    ctx.session.flush()
    audit.record(ctx, "contract_template.created", kind=KIND, row_id=template.id, label=name)
    return template


def change_template(
    ctx: CallContext, template_id: UUID, changes: Mapping[str, Any], version: int | None = None
) -> ContractTemplate:
    """Change a template; contracts that were made from it stay as they are. Raises InvalidInput, PreconditionFailed."""
    template = get_template(ctx, template_id)
    after = {name: changes.get(name, getattr(template, name)) for name in ("term_months", "renewal_mode", "renewal_months")}
    _check(template.currency, **after)
    if "name" in changes:
        _refuse_taken(ctx, changes["name"], template_id)
    apply_changes(ctx, template, changes, version, kind=KIND, label=template.name)
    return template


def _check(currency: str, term_months: int | None, renewal_mode: str, renewal_months: int | None) -> None:
    check_currency(currency)
    if renewal_mode != "none" and term_months is None:
        raise InvalidInput(errors={"term_months": "What is renewed has a last day: give the months until then."})
    if renewal_mode != "none" and renewal_months is None:
        raise InvalidInput(errors={"renewal_months": "Give the months by which it is renewed."})


def _refuse_taken(ctx: CallContext, name: str, but: UUID | None) -> None:
    taken = select(ContractTemplate.id).where(
        ContractTemplate.name_key == name.lower(), ContractTemplate.id.is_distinct_from(but)
    )
    with ctx.session.no_autoflush:
        if ctx.session.scalar(taken):
            raise InvalidInput(errors={"name": "Another template has this name."})


def _stored(ctx: CallContext, line: Mapping[str, Any], path: str = "", line_id: UUID | None = None) -> Line:
    """A line as it is kept; raises InvalidInput as a contract would."""
    whole, _ = complete_line(ctx, line, path)
    kept: Line = _DATA.dump(whole)
    return {"id": str(line_id or uuid7()), **kept}


def get_line(template: ContractTemplate, line_id: UUID) -> Line:
    """One line of a template. Raises TemplateLineNotFound."""
    found = next((one for one in template.lines if one["id"] == str(line_id)), None)
    if found is None:
        raise TemplateLineNotFound("There is no line with this id on the template.")
    return _loaded(found)


def add_line(ctx: CallContext, template_id: UUID, **line: Any) -> Line:
    """Add a line at the end. Raises InvalidInput by field."""
    template = get_template(ctx, template_id)
    if len(template.lines) >= MOST_LINES:
        raise InvalidInput(f"A template has at most {MOST_LINES} lines.")
    stored = _stored(ctx, line)
    _set_lines(ctx, template, [*template.lines, stored], "contract_template.line_added", line["name"])
    return _loaded(stored)


def change_line(ctx: CallContext, template_id: UUID, line_id: UUID, changes: Mapping[str, Any]) -> Line:
    """Change a line; `items` and `role_rates` replace all that were there. Raises TemplateLineNotFound, InvalidInput."""
    template = get_template(ctx, template_id)
    before = get_line(template, line_id)
    stored = _stored(ctx, {**before, **changes}, line_id=line_id)
    lines = [stored if one["id"] == str(line_id) else one for one in template.lines]
    _set_lines(ctx, template, lines, "contract_template.line_changed", stored["name"])
    return _loaded(stored)


def delete_line(ctx: CallContext, template_id: UUID, line_id: UUID) -> None:
    """Remove a line. Raises TemplateLineNotFound."""
    template = get_template(ctx, template_id)
    name = get_line(template, line_id)["name"]
    lines = [one for one in template.lines if one["id"] != str(line_id)]
    _set_lines(ctx, template, lines, "contract_template.line_deleted", name)


def _set_lines(ctx: CallContext, template: ContractTemplate, lines: list[Line], action: str, label: str) -> None:
    template.lines = lines
    ctx.session.flush()
    audit.record(ctx, action, kind=KIND, row_id=template.id, label=label)


def delete_template(ctx: CallContext, template_id: UUID) -> None:
    """Remove a template; contracts made from it stay. Raises StillInUse while a bundle holds it."""
    template = get_template(ctx, template_id)
    held = ctx.session.scalar(select(func.count()).where(BundledTemplate.template_id == template_id)) or 0
    ref = Ref(KIND, template_id)
    own = [Blocker(ref, "plan_bundle", held, f"{held} plan bundles")] if held else []
    refuse_if_needed(ctx, [ref], own, f"{template.name} cannot be deleted.", [])
    audit.record(ctx, "contract_template.deleted", kind=KIND, row_id=template_id, label=template.name)
    ctx.session.delete(template)
    ctx.session.flush()


def item_blockers(ctx: CallContext, refs: Sequence[Ref]) -> list[Blocker]:
    """Templates keep the catalog items on their lines from being deleted."""
    found: list[Blocker] = []
    for ref in refs:
        if ref.kind == "catalog.item":
            item = [{"item_id": str(ref.id)}]
            holding = or_(
                *(ContractTemplate.lines.contains(cast([one], JSONB)) for one in ({"items": item}, {"bucket": {"members": item}}))
            )
            count = ctx.session.scalar(select(func.count()).where(holding)) or 0
            found += [Blocker(ref, KIND, count, f"{count} contract templates")] if count else []
    return found
