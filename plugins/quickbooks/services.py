"""The verbs of the QuickBooks room: the token that webhooks are signed with, and passing on what they tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from kernel import audit
from kernel.context import CallContext
from kernel.errors import NoProvider
from kernel.hookspecs.connections import Connection
from plugins.quickbooks.consent import KEY
from plugins.quickbooks.models import Verifier


class Webhooks(NamedTuple):
    """Where a tenant's webhooks go, and whether they can be believed."""

    address: str
    verifier: Verifier | None


def get_webhooks(ctx: CallContext) -> Webhooks:
    """Where Intuit is to send messages for this tenant, and who set what they are signed with."""
    return Webhooks(webhook_address(ctx), ctx.session.scalar(select(Verifier)))


def webhook_address(ctx: CallContext) -> str:
    """The address to enter on Intuit's developer pages."""
    return f"{ctx.kernel.settings.url}/api/v1/quickbooks/webhooks/{ctx.tenant.slug}"


def set_verifier(ctx: CallContext, token: str) -> None:
    """Keep the verifier token of the tenant's application, sealed; the one before holds no longer."""
    row_id = ctx.tenant_id  # one for each tenant: what is sealed for a row stays readable whoever writes it last
    sealed = ctx.kernel.seal(ctx, token.encode(), Verifier.__tablename__, row_id, "token")
    facts = {"token": sealed, "set_by": ctx.actor.name, "set_at": ctx.now()}
    made = insert(Verifier).values(tenant_id=ctx.tenant_id, id=row_id, **facts)
    ctx.session.execute(made.on_conflict_do_update(index_elements=["tenant_id"], set_=facts))
    audit.record(ctx, "quickbooks.verifier_set", kind="plugin", label="quickbooks")


def remove_verifier(ctx: CallContext) -> None:
    """Believe no webhooks any more; changes are then found by asking."""
    if ctx.session.scalar(delete(Verifier).returning(Verifier.id)) is not None:
        audit.record(ctx, "quickbooks.verifier_removed", kind="plugin", label="quickbooks")


def get_verifier(ctx: CallContext) -> str | None:
    """The verifier token, opened, if one is set."""
    row = ctx.session.scalar(select(Verifier))
    return None if row is None else ctx.kernel.open(ctx, row.token, Verifier.__tablename__, row.id, "token").decode()


def pass_on(ctx: CallContext, company: str, told: Sequence[tuple[str, str]]) -> bool:
    """Let the accounting room know that something changed in a company's books. False where nobody here has that company."""
    try:
        return bool(ctx.hooks.books_changed(ctx=ctx, system=KEY, account_id=company, told=told))
    except NoProvider:
        return False


def list_companies(ctx: CallContext) -> Sequence[Connection]:
    """The companies that the tenant is connected to; none where connections are switched off."""
    try:
        found: list[Connection] | None = ctx.hooks.list_connections(ctx=ctx, provider=KEY)
    except NoProvider:
        return []
    return found or []
