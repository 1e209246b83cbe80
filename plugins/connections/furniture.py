"""An application, a connection and a consent, laid out for the house rules. No service is asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from kernel.context import CallContext
from kernel.directory.models import User
from kernel.hookspecs.connections import Granted, Tokens
from kernel.ids import uuid7
from plugins.connections.consents import keep_granted
from plugins.connections.models import Application, Consent


def furnish(ctx: CallContext, there: Mapping[str, UUID]) -> dict[str, UUID]:
    """Books outside that Alice connected, and her consent to it."""
    alice = ctx.session.scalars(select(User.id).where(User.email_key.like("alice@%"))).one()
    row_id = uuid7()
    secret = ctx.kernel.seal(ctx, b"secret", Application.__tablename__, row_id, "client_secret")
    application = Application(id=row_id, provider="books", environment="production", client_id="app-1", client_secret=secret)
    ctx.session.add(application)
    ctx.session.flush()
    consents = {
        state: Consent(user_id=alice, application_id=row_id, state_hash=uuid7().bytes, asked_at=ctx.now())
        for state in ("asked", "answered")
    }
    ctx.session.add_all(consents.values())
    ctx.session.flush()
    tokens = Tokens("access", "refresh", timedelta(hours=1), timedelta(days=60))
    connection = keep_granted(ctx, consents["answered"].id, Granted(tokens, "4711", "Contoso Books"))
    return {"application_id": row_id, "connection_id": connection.id, "consent_id": consents["answered"].id}
