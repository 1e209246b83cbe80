"""REST of contract templates and plan bundles."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kernel.api.listing import Page
from kernel.api.rest import Rest
from kernel.context import CallContext
from plugins.billing.agreements import bundles, cloning, line_data, schemas, templates
from plugins.billing.contracts.listing import contract_view
from plugins.billing.contracts.schemas import ContractOut

rest = Rest("billing")
_TEMPLATE = "/contract-templates/<uuid:template_id>"
_LINE = f"{_TEMPLATE}/lines/<uuid:line_id>"
_BUNDLE = "/plan-bundles/<uuid:bundle_id>"


@rest.get("/contract-templates", permission="contract.read", query=schemas.TemplateQuery, out=schemas.TemplatePage)
def list_contract_templates(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List contract templates"""
    return templates.list_templates(ctx, query)


@rest.post("/contract-templates", permission="contract.manage", body=schemas.TemplateIn, out=schemas.TemplateOut)
def create_contract_template(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Write a contract template, with its lines"""
    return templates.template_view(templates.create_template(ctx, **body))


@rest.get(_TEMPLATE, permission="contract.read", out=schemas.TemplateOut)
def get_contract_template(ctx: CallContext, template_id: UUID) -> Any:
    """Read a contract template and its lines"""
    return templates.template_view(templates.get_template(ctx, template_id))


@rest.patch(_TEMPLATE, permission="contract.manage", body=schemas.TemplatePatch, out=schemas.TemplateOut, if_match=True)
def change_contract_template(ctx: CallContext, template_id: UUID, body: dict[str, Any], version: int | None) -> Any:
    """Change a contract template"""
    return templates.template_view(templates.change_template(ctx, template_id, body, version))


@rest.delete(_TEMPLATE, permission="contract.manage")
def delete_contract_template(ctx: CallContext, template_id: UUID) -> None:
    """Delete a contract template that no bundle holds"""
    templates.delete_template(ctx, template_id)


@rest.post(f"{_TEMPLATE}/lines", permission="contract.manage", body=line_data.TemplateLineIn, out=line_data.TemplateLineOut)
def add_template_line(ctx: CallContext, template_id: UUID, body: dict[str, Any]) -> Any:
    """Add a line to a contract template"""
    return templates.add_line(ctx, template_id, **body)


@rest.get(_LINE, permission="contract.read", out=line_data.TemplateLineOut)
def get_template_line(ctx: CallContext, template_id: UUID, line_id: UUID) -> Any:
    """Read a line of a contract template"""
    return templates.get_line(templates.get_template(ctx, template_id), line_id)


@rest.patch(_LINE, permission="contract.manage", body=line_data.TemplateLinePatch, out=line_data.TemplateLineOut)
def change_template_line(ctx: CallContext, template_id: UUID, line_id: UUID, body: dict[str, Any]) -> Any:
    """Change a line of a contract template"""
    return templates.change_line(ctx, template_id, line_id, body)


@rest.delete(_LINE, permission="contract.manage")
def delete_template_line(ctx: CallContext, template_id: UUID, line_id: UUID) -> None:
    """Delete a line of a contract template"""
    templates.delete_line(ctx, template_id, line_id)


@rest.post(f"{_TEMPLATE}/contracts", permission="contract.manage", body=schemas.TemplateApplyIn, out=ContractOut)
def make_contract_from_template(ctx: CallContext, template_id: UUID, body: dict[str, Any]) -> Any:
    """Make a contract from a template for a client"""
    return contract_view(ctx, cloning.make_contract(ctx, template_id, **body))


@rest.post("/contracts/<uuid:contract_id>/save-as-template", permission="contract.manage", body=schemas.SaveAsTemplateIn,
           out=schemas.TemplateOut)  # fmt: skip
def save_contract_as_template(ctx: CallContext, contract_id: UUID, body: dict[str, Any]) -> Any:
    """Keep a copy of a contract as a template"""
    return templates.template_view(cloning.save_as_template(ctx, contract_id, **body))


@rest.get("/plan-bundles", permission="contract.read", query=schemas.BundleQuery, out=schemas.BundlePage)
def list_plan_bundles(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List plan bundles"""
    return bundles.list_bundles(ctx, query)


@rest.post("/plan-bundles", permission="contract.manage", body=schemas.BundleIn, out=schemas.BundleOut)
def create_plan_bundle(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Put templates together to a plan bundle"""
    return bundles.bundle_view(ctx, bundles.create_bundle(ctx, **body))


@rest.get(_BUNDLE, permission="contract.read", out=schemas.BundleOut)
def get_plan_bundle(ctx: CallContext, bundle_id: UUID) -> Any:
    """Read a plan bundle"""
    return bundles.bundle_view(ctx, bundles.get_bundle(ctx, bundle_id))


@rest.patch(_BUNDLE, permission="contract.manage", body=schemas.BundlePatch, out=schemas.BundleOut, if_match=True)
def change_plan_bundle(ctx: CallContext, bundle_id: UUID, body: dict[str, Any], version: int | None) -> Any:
    """Change a plan bundle"""
    return bundles.bundle_view(ctx, bundles.change_bundle(ctx, bundle_id, body, version))


@rest.delete(_BUNDLE, permission="contract.manage")
def delete_plan_bundle(ctx: CallContext, bundle_id: UUID) -> None:
    """Delete a plan bundle"""
    bundles.delete_bundle(ctx, bundle_id)


@rest.post(f"{_BUNDLE}/contracts", permission="contract.manage", body=schemas.BundleApplyIn, out=schemas.ContractList)
def apply_plan_bundle(ctx: CallContext, bundle_id: UUID, body: dict[str, Any]) -> Any:
    """Make a client's contracts from a plan bundle, all or none"""
    return {"items": [contract_view(ctx, one) for one in cloning.apply_bundle(ctx, bundle_id, **body)]}
