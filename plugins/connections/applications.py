"""Applications: what a tenant registered with a service, without which nobody can be asked for consent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select

from kernel import audit
from kernel.context import CallContext
from kernel.directory.clients import apply_changes
from kernel.hookspecs.connections import OAuthClient
from kernel.ids import uuid7
from plugins.connections.errors import ApplicationInUse, ApplicationNotFound, ApplicationTaken
from plugins.connections.models import Application, ConnectionRow
from plugins.connections.providers import get_provider

_KIND = "connection.application"


def list_applications(ctx: CallContext) -> list[Application]:
    """All of the tenant, by service and environment."""
    return list(ctx.session.scalars(select(Application).order_by(Application.provider, Application.environment)))


def get_application(ctx: CallContext, application_id: UUID) -> Application:
    """One application. Raises ApplicationNotFound, also for another tenant's."""
    found = ctx.session.scalar(select(Application).where(Application.id == application_id))
    if found is None:
        raise ApplicationNotFound("There is no application with this id.")
    return found


def find_application(ctx: CallContext, provider: str, environment: str) -> Application:
    """The application for an environment of a service. Raises ApplicationNotFound."""
    place = (Application.provider == provider, Application.environment == environment)
    found = ctx.session.scalar(select(Application).where(*place))
    if found is None:
        raise ApplicationNotFound("There is no application for this service. Enter the one that you registered there.")
    return found


def add_application(ctx: CallContext, *, provider: str, environment: str, client_id: str, client_secret: str) -> Application:
    """Note what was registered with a service. Raises ProviderUnknown, ApplicationTaken."""
    title = get_provider(ctx, provider, environment).title
    taken = exists().where(Application.provider == provider, Application.environment == environment)
    if ctx.session.scalar(select(taken)):
        words = f"There is an application for {title} ({environment}) already; change that one."
        raise ApplicationTaken(words, errors={"environment": words})
    row_id = uuid7()
    made = Application(id=row_id, provider=provider, environment=environment, client_id=client_id.strip(),
                       client_secret=_sealed(ctx, row_id, client_secret))  # fmt: skip
    ctx.session.add(made)
    ctx.session.flush()
    audit.record(ctx, "connection.application_added", kind=_KIND, row_id=made.id, label=_label(made))
    return made


def change_application(ctx: CallContext, application_id: UUID, changes: Mapping[str, Any],
                       version: int | None = None) -> Application:  # fmt: skip
    """Change client id or secret; a secret that is missing or empty stays. Raises ApplicationNotFound, PreconditionFailed."""
    row = get_application(ctx, application_id)
    wanted = {name: value.strip() for name, value in changes.items() if name == "client_id"}
    apply_changes(ctx, row, wanted, version, kind=_KIND, label=_label(row))
    if secret := changes.get("client_secret"):
        row.client_secret = _sealed(ctx, row.id, secret)
        ctx.session.flush()
        audit.record(ctx, "connection.application_secret_set", kind=_KIND, row_id=row.id, label=_label(row))
    return row


def remove_application(ctx: CallContext, application_id: UUID) -> None:
    """Forget an application that no connection was made with. Raises ApplicationNotFound, ApplicationInUse."""
    row = get_application(ctx, application_id)
    place = (ConnectionRow.provider == row.provider, ConnectionRow.environment == row.environment)
    if ctx.session.scalar(select(exists().where(*place))):
        raise ApplicationInUse("Connections were made with it: it stays as long as they are kept. It may be changed.")
    ctx.session.delete(row)
    audit.record(ctx, "connection.application_removed", kind=_KIND, row_id=row.id, label=_label(row))


def as_client(ctx: CallContext, row: Application) -> OAuthClient:
    """The application with its secret in the clear, for its service alone."""
    secret = ctx.kernel.open(ctx, row.client_secret, Application.__tablename__, row.id, "client_secret")
    return OAuthClient(row.client_id, secret.decode(), row.environment)


def _sealed(ctx: CallContext, row_id: UUID, secret: str) -> bytes:
    return ctx.kernel.seal(ctx, secret.strip().encode(), Application.__tablename__, row_id, "client_secret")


def _label(row: Application) -> str:
    return f"{row.provider} ({row.environment})"
