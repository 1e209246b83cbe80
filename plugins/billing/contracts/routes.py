"""REST of contracts and usage."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kernel.api.listing import Page
from kernel.api.rest import Rest
from kernel.context import CallContext
from plugins.billing.contracts import lines, listing, preview, schemas, services, usage_records
from plugins.billing.contracts.agreed import as_view

rest = Rest("billing")
_CONTRACT = "/contracts/<uuid:contract_id>"
_LINE = f"{_CONTRACT}/lines/<uuid:line_id>"


@rest.get("/contracts", permission="contract.read", query=schemas.ContractQuery, out=schemas.ContractPage)
def list_contracts(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List contracts"""
    return listing.list_contracts(ctx, query)


@rest.post("/contracts", permission="contract.manage", body=schemas.ContractIn, out=schemas.ContractOut)
def create_contract(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Draw up a contract, with its lines"""
    return listing.contract_view(ctx, services.create_contract(ctx, **body))


@rest.get(_CONTRACT, permission="contract.read", out=schemas.ContractOut)
def get_contract(ctx: CallContext, contract_id: UUID) -> Any:
    """Read a contract and its lines"""
    return listing.contract_view(ctx, services.get_contract(ctx, contract_id))


@rest.patch(_CONTRACT, permission="contract.manage", body=schemas.ContractPatch, out=schemas.ContractOut, if_match=True)
def change_contract(ctx: CallContext, contract_id: UUID, body: dict[str, Any], version: int | None) -> Any:
    """Change a contract"""
    return listing.contract_view(ctx, services.change_contract(ctx, contract_id, body, version))


@rest.delete(_CONTRACT, permission="contract.manage")
def delete_contract(ctx: CallContext, contract_id: UUID) -> None:
    """Delete a contract that was never billed"""
    services.delete_contract(ctx, contract_id)


@rest.post(f"{_CONTRACT}/activate", permission="contract.manage", out=schemas.ContractOut, status=200)
def activate_contract(ctx: CallContext, contract_id: UUID) -> Any:
    """Let a draft be billed"""
    return listing.contract_view(ctx, services.activate_contract(ctx, contract_id))


@rest.post(f"{_CONTRACT}/end", permission="contract.manage", body=schemas.ContractEnd, out=schemas.ContractOut, status=200)
def end_contract(ctx: CallContext, contract_id: UUID, body: dict[str, Any]) -> Any:
    """Set the last day of a contract"""
    return listing.contract_view(ctx, services.end_contract(ctx, contract_id, **body))


@rest.get(f"{_CONTRACT}/due", permission="contract.read", query=schemas.DueQuery, out=schemas.DueOut)
def preview_contract_due(ctx: CallContext, contract_id: UUID, query: dict[str, Any]) -> Any:
    """Preview what is due on a contract"""
    return preview.preview_view(preview.preview_contract(ctx, contract_id, query.get("until")))


@rest.get(f"{_CONTRACT}/lines", permission="contract.read", out=schemas.LineList)
def list_contract_lines(ctx: CallContext, contract_id: UUID) -> Any:
    """List a contract's lines"""
    return {"items": [as_view(one) for one in services.list_lines(ctx, contract_id)]}


@rest.post(f"{_CONTRACT}/lines", permission="contract.manage", body=schemas.LineIn, out=schemas.LineOut)
def add_contract_line(ctx: CallContext, contract_id: UUID, body: dict[str, Any]) -> Any:
    """Add a line to a contract"""
    return as_view(lines.add_line(ctx, services.get_contract(ctx, contract_id), **body))


@rest.get(_LINE, permission="contract.read", out=schemas.LineOut)
def get_contract_line(ctx: CallContext, contract_id: UUID, line_id: UUID) -> Any:
    """Read a contract line"""
    return as_view(lines.get_line(ctx, contract_id, line_id))


@rest.patch(_LINE, permission="contract.manage", body=schemas.LinePatch, out=schemas.LineOut, if_match=True)
def change_contract_line(ctx: CallContext, contract_id: UUID, line_id: UUID, body: dict[str, Any], version: int | None) -> Any:
    """Change a contract line from its next unbilled period on"""
    return as_view(lines.change_line(ctx, contract_id, line_id, body, version))


@rest.delete(_LINE, permission="contract.manage")
def delete_contract_line(ctx: CallContext, contract_id: UUID, line_id: UUID) -> None:
    """Delete a contract line that was never billed"""
    lines.delete_line(ctx, contract_id, line_id)


@rest.get("/usage-records", permission="contract.read", query=schemas.UsageQuery, out=schemas.UsagePage)
def list_usage_records(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List usage records"""
    return listing.list_usage(ctx, query)


@rest.post("/usage-records", permission="usage.manage", body=schemas.UsageIn, out=schemas.UsageOut)
def add_usage_record(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Enter usage"""
    return usage_records.add_usage(ctx, **body)


@rest.get("/usage-records/<uuid:usage_id>", permission="contract.read", out=schemas.UsageOut)
def get_usage_record(ctx: CallContext, usage_id: UUID) -> Any:
    """Read a usage record"""
    return usage_records.get_usage(ctx, usage_id)


@rest.delete("/usage-records/<uuid:usage_id>", permission="usage.manage")
def delete_usage_record(ctx: CallContext, usage_id: UUID) -> None:
    """Delete a usage record that is not billed"""
    usage_records.delete_usage(ctx, usage_id)
