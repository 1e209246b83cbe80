"""Contracts from templates, and templates from contracts: copies, which know nothing of each other from then on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from kernel import audit
from kernel.context import CallContext
from kernel.directory.clients import get_client
from kernel.errors import InvalidInput
from plugins.billing.agreements import bundles, templates
from plugins.billing.agreements.line_data import OF_CLIENTS
from plugins.billing.contracts import services
from plugins.billing.contracts.agreed import as_view
from plugins.billing.models.agreements import ContractTemplate
from plugins.billing.models.contracts import Contract
from plugins.billing.periods import ONE_DAY, add_months

Quantities = Sequence[Mapping[str, Any]]
"""How many a client takes of an item on a template's line: `line_id`, `item_id`, `quantity` (None: as the template says)."""


def make_contract(ctx: CallContext, template_id: UUID, *, client_id: UUID, start_on: date, name: str | None = None,
                  quantities: Quantities = (), status: str = "draft", **facts: Any) -> Contract:  # fmt: skip
    """Draw up a contract for a client as a template says, with the client's own quantities.

    Raises ContractTemplateNotFound, ClientNotFound, and InvalidInput, for quantities with `quantities[i].…` paths.
    """
    template = templates.get_template(ctx, template_id)
    _check_quantities(quantities, [template])
    return _clone(ctx, template, client_id, start_on, quantities, name=name or template.name, status=status, **facts)


def apply_bundle(ctx: CallContext, bundle_id: UUID, *, client_id: UUID, start_on: date, quantities: Quantities = (),
                 status: str = "draft", **facts: Any) -> list[Contract]:  # fmt: skip
    """Draw up a contract of each of a bundle's templates for a client, all or none.

    Raises PlanBundleNotFound, ClientNotFound, InvalidInput.
    """
    bundle = bundles.get_bundle(ctx, bundle_id)
    held = bundles.templates_of(ctx, bundle_id)
    _check_quantities(quantities, held)
    client = get_client(ctx, client_id)
    made = [_clone(ctx, one, client_id, start_on, quantities, name=one.name, status=status, **facts) for one in held]
    audit.record(ctx, "plan_bundle.applied", kind=bundles.KIND, row_id=bundle_id, label=f"{bundle.name}: {client.name}")
    return made


def _clone(ctx: CallContext, template: ContractTemplate, client_id: UUID, start_on: date, quantities: Quantities,
           **facts: Any) -> Contract:  # fmt: skip
    own = {(one["line_id"], one["item_id"]): one["quantity"] for one in quantities if one.get("quantity") is not None}
    terms = {name: getattr(template, name) for name in ("currency", "cadence", "renewal_mode", "renewal_months", "notice_days")}
    lines = [_line(line, own) for line in templates.lines_of(template)]
    contract = services.create_contract(
        ctx, client_id=client_id, start_on=start_on, end_on=_last_day(start_on, template.term_months), lines=lines,
        **terms, **facts,
    )  # fmt: skip
    audit.record(
        ctx, "contract_template.used", kind=templates.KIND, row_id=template.id, label=f"{template.name}: {contract.name}"
    )
    return contract


def _last_day(start_on: date, months: int | None) -> date | None:
    return None if months is None else add_months(start_on, months) - ONE_DAY


def _line(line: Mapping[str, Any], own: Mapping[tuple[UUID, UUID], Any]) -> dict[str, Any]:
    copied = {name: value for name, value in line.items() if name != "id"}
    items = [dict(one) for one in copied.get("items", ())]
    for item in items:
        if (quantity := own.get((line["id"], item["item_id"]))) is not None:
            item["quantity"] = quantity
    return copied | {"items": items}


def _check_quantities(quantities: Quantities, held: Sequence[ContractTemplate]) -> None:
    lines = {line["id"]: line for one in held for line in templates.lines_of(one)}
    errors = {}
    for at, one in enumerate(quantities):
        line = lines.get(one["line_id"])
        if line is None:
            errors[f"quantities[{at}].line_id"] = "There is no line with this id."
        elif one["item_id"] not in {item["item_id"] for item in line.get("items", ())}:
            errors[f"quantities[{at}].item_id"] = "This item is not on the line."
    if errors:
        raise InvalidInput(errors=errors)


def save_as_template(ctx: CallContext, contract_id: UUID, *, name: str, description: str = "") -> ContractTemplate:
    """Keep a copy of a contract's lines and terms as a template, without what only this client has.

    Raises ContractNotFound, InvalidInput when the name is taken.
    """
    contract = services.get_contract(ctx, contract_id)
    lines = [_without_client(as_view(one)) for one in services.list_lines(ctx, contract_id)]
    terms = {one: getattr(contract, one) for one in ("currency", "cadence", "renewal_mode", "renewal_months", "notice_days")}
    months = _months(contract.start_on, contract.end_on)
    if months is None:
        terms |= {"renewal_mode": "none"}
    return templates.create_template(ctx, name=name, description=description, term_months=months, lines=lines, **terms)


def _without_client(line: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in line.items() if name not in (*OF_CLIENTS, "id", "version", "contract_id")}
    return kept | {"items": [{name: value for name, value in one.items() if name != "id"} for one in line["items"]]}


def _months(start_on: date, end_on: date | None) -> int | None:
    """The whole months from first to last day; None where it is open or no whole months."""
    if end_on is None:
        return None
    months = (end_on.year - start_on.year) * 12 + end_on.month - start_on.month
    return next((one for one in (months, months + 1) if 1 <= one <= 120 and _last_day(start_on, one) == end_on), None)
