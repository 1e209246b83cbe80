"""REST of applications and connections. A consent needs a person in a browser, so it is asked for on the page alone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kernel.api.listing import Page
from kernel.api.rest import Rest
from kernel.context import CallContext
from plugins.connections import applications, schemas, services
from plugins.connections.providers import list_providers, redirect_address

rest = Rest("connections")
_APPLICATION = "/connections/applications/<uuid:application_id>"
_CONNECTION = "/connections/<uuid:connection_id>"


@rest.get("/connections/providers", permission="connection.read", out=schemas.ProviderList)
def list_services(ctx: CallContext) -> Any:
    """List the services that can be connected"""
    return {"redirect_address": redirect_address(ctx), "items": list_providers(ctx).values()}


@rest.get("/connections/applications", permission="connection.read", out=schemas.ApplicationList)
def list_applications(ctx: CallContext) -> Any:
    """List the applications that were registered with services"""
    return {"items": applications.list_applications(ctx)}


@rest.post("/connections/applications", permission="connection.manage", body=schemas.ApplicationIn, out=schemas.ApplicationOut)
def add_application(ctx: CallContext, body: dict[str, Any]) -> Any:
    """Note an application that was registered with a service"""
    return applications.add_application(ctx, **body)


@rest.get(_APPLICATION, permission="connection.read", out=schemas.ApplicationOut)
def get_application(ctx: CallContext, application_id: UUID) -> Any:
    """Read an application, without its secret"""
    return applications.get_application(ctx, application_id)


@rest.patch(_APPLICATION, permission="connection.manage", body=schemas.ApplicationPatch, out=schemas.ApplicationOut,
            if_match=True)  # fmt: skip
def change_application(ctx: CallContext, application_id: UUID, body: dict[str, Any], version: int | None) -> Any:
    """Change an application's id or secret"""
    return applications.change_application(ctx, application_id, body, version)


@rest.delete(_APPLICATION, permission="connection.manage")
def remove_application(ctx: CallContext, application_id: UUID) -> None:
    """Forget an application that no connection was made with"""
    applications.remove_application(ctx, application_id)


@rest.get("/connections", permission="connection.read", query=schemas.ConnectionQuery, out=schemas.ConnectionPage)
def list_connections(ctx: CallContext, query: dict[str, Any]) -> Page:
    """List connections and how they are"""
    return services.page_of_connections(ctx, query)


@rest.get(_CONNECTION, permission="connection.read", out=schemas.ConnectionOut)
def get_connection(ctx: CallContext, connection_id: UUID) -> Any:
    """Read a connection and how it is"""
    return services.get_connection(ctx, connection_id)


@rest.post(f"{_CONNECTION}/disconnect", permission="connection.manage", out=schemas.ConnectionOut, status=200)
def disconnect(ctx: CallContext, connection_id: UUID) -> Any:
    """Drop the tokens of a connection, and take them back on the other side"""
    return services.disconnect(ctx, connection_id)


@rest.post(f"{_CONNECTION}/try", permission="connection.manage", out=schemas.JobOut, status=202)
def try_now(ctx: CallContext, connection_id: UUID) -> Any:
    """Renew the tokens now, in the background"""
    return {"job_id": services.try_now(ctx, connection_id)}


@rest.delete(_CONNECTION, permission="connection.manage")
def forget(ctx: CallContext, connection_id: UUID) -> None:
    """Remove a connection that is disconnected and that nothing refers to"""
    services.forget(ctx, connection_id)
