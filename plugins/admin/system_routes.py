"""REST of plugins, API keys, tokens, jobs, the audit trail and the company."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request
from marshmallow import Schema, fields
from sqlalchemy import select

from kernel.api.listing import Page
from kernel.api.rest import Rest
from kernel.app import Kernel
from kernel.context import CallContext
from kernel.gate import PUBLIC, SIGNED_IN
from kernel.jobs import ledger
from kernel.tenancy import TenantRow, change_settings, change_tenant, get_settings
from plugins.admin import keys, records, switchboard
from plugins.admin import system_schemas as schemas

rest = Rest("admin")
_PLUGIN = "/plugins/<name>"
_JOB = "/jobs/<uuid:job_id>"


class SettingsBody(Schema):
    settings = fields.Dict(keys=fields.String(), required=True, metadata={"description": "Checked by the plugin's schema."})


@rest.get("/plugins", permission="plugin.manage", out=schemas.PluginList)
def list_plugins(ctx: CallContext) -> Any:
    """List installed plugins and whether they are on"""
    return {"items": switchboard.list_plugins(ctx)}


@rest.get(_PLUGIN, permission="plugin.manage", out=schemas.PluginOut)
def get_plugin(ctx: CallContext, name: str) -> Any:
    """Read a plugin's state"""
    return switchboard.show_plugin(ctx, name)


@rest.post(f"{_PLUGIN}/enable", permission="plugin.manage", out=schemas.SwitchedOut, status=200)
def enable_plugin(ctx: CallContext, name: str) -> Any:
    """Switch a plugin on, with what it requires"""
    return switchboard.switch(ctx, name, enabled=True)


@rest.post(f"{_PLUGIN}/disable", permission="plugin.manage", out=schemas.SwitchedOut, status=200)
def disable_plugin(ctx: CallContext, name: str) -> Any:
    """Switch a plugin off, with what requires it"""
    return switchboard.switch(ctx, name, enabled=False)


@rest.get(f"{_PLUGIN}/settings", permission="plugin.manage", out=SettingsBody)
def read_settings(ctx: CallContext, name: str) -> Any:
    """Read a plugin's settings"""
    return {"settings": get_settings(ctx, name)}


@rest.patch(f"{_PLUGIN}/settings", permission="plugin.manage", body=SettingsBody, out=SettingsBody)
def patch_settings(ctx: CallContext, name: str, body: dict[str, Any]) -> Any:
    """Change some of a plugin's settings"""
    return {"settings": change_settings(ctx, name, body["settings"])}


@rest.get("/api-keys", permission="api_key.create", query=schemas.ApiKeyQuery, out=schemas.ApiKeyPage)
def list_keys(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List one's own API keys, or everyone's"""
    return keys.list_keys(ctx, query)


@rest.post("/api-keys", permission="api_key.create", body=schemas.ApiKeyIn, out=schemas.ApiKeyMade)
def create_key(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Make an API key; the key is in this answer only"""
    return keys.create_key(ctx, **body)


@rest.get("/api-keys/<uuid:key_id>", permission="api_key.create", out=schemas.ApiKeyOut)
def get_key(ctx: CallContext, key_id: UUID) -> Any:
    """Read an API key's facts"""
    return keys.get_key(ctx, key_id)


@rest.delete("/api-keys/<uuid:key_id>", permission="api_key.create")
def revoke_key(ctx: CallContext, key_id: UUID) -> None:
    """Revoke an API key"""
    keys.revoke_key(ctx, key_id)


@rest.post("/tokens", permission=PUBLIC, body=schemas.TokenIn, out=schemas.TokenOut)
def issue_token(kernel: Kernel, body: dict[str, Any]) -> Any:
    """Exchange e-mail address and password for a bearer token

    A user with an authenticator sends `code` too; without it the answer is 401 with `totp_required`.
    """
    return keys.issue_token(kernel, **body, address=request.remote_addr)


@rest.get("/jobs", permission="job.read", query=schemas.JobQuery, out=schemas.JobPage)
def list_jobs(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List background jobs"""
    return records.list_jobs(ctx, query)


@rest.get(_JOB, permission="job.read", out=schemas.JobOut)
def get_job(ctx: CallContext, job_id: UUID) -> Any:
    """Read a job with its progress, result or error"""
    return records.shown_job(ledger.get_job(ctx, job_id))


@rest.get(f"{_JOB}/history", permission="job.read", out=schemas.HistoryList)
def job_history(ctx: CallContext, job_id: UUID) -> Any:
    """List a job's changes of state"""
    return {"items": ledger.list_history(ctx, ledger.get_job(ctx, job_id).id)}


@rest.post(f"{_JOB}/cancel", permission="job.manage", out=schemas.JobOut, status=200)
def cancel_job(ctx: CallContext, job_id: UUID) -> Any:
    """Cancel a job, or ask a running one to stop"""
    return records.shown_job(ledger.cancel_job(ctx, job_id))


@rest.post(f"{_JOB}/retry", permission="job.manage", out=schemas.JobOut, status=200)
def retry_job(ctx: CallContext, job_id: UUID) -> Any:
    """Try a failed, cancelled or skipped job again"""
    return records.shown_job(ledger.retry_job(ctx, job_id))


@rest.get("/audit-entries", permission="audit.read", query=schemas.AuditQuery, out=schemas.AuditPage)
def list_entries(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List the audit trail"""
    return records.list_entries(ctx, query)


@rest.get("/tenant", permission=SIGNED_IN, out=schemas.TenantOut)
def get_tenant(ctx: CallContext) -> Any:
    """Read the company's facts"""
    return ctx.session.scalars(select(TenantRow).where(TenantRow.id == ctx.tenant_id)).one()


@rest.patch("/tenant", permission="tenant.manage", body=schemas.TenantPatch, out=schemas.TenantOut)
def patch_tenant(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Change the company's name, zone, currency or language"""
    return change_tenant(ctx, body)
