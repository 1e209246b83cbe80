"""The tenant's account with Stripe: connecting it, checking its key, and letting go of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from kernel import audit
from kernel.errors import InvalidInput
from kernel.ids import uuid7
from kernel.jobs import enqueue
from plugins.stripe.errors import KeyRefused, StripeNotConnected
from plugins.stripe.models import StripeAccount

if TYPE_CHECKING:
    from collections.abc import Generator

    from kernel.context import CallContext
    from kernel.jobs import JobRun
    from plugins.stripe.client import StripeGateway

CHECK = "stripe.check"
_KEYS = ("sk_test_", "sk_live_", "rk_test_", "rk_live_")
_SECRET = "whsec_"  # noqa: S105 - how such secrets begin


def find_account(ctx: CallContext) -> StripeAccount | None:
    """The tenant's account, if one is connected."""
    return ctx.session.scalar(select(StripeAccount))


def connect_account(ctx: CallContext, *, secret_key: str = "", webhook_secret: str = "") -> StripeAccount:
    """Keep the keys of an account, sealed; what is left empty stays as it was. A job asks Stripe whether it takes the key.

    Raises InvalidInput by field.
    """
    account = ctx.session.scalar(select(StripeAccount).with_for_update())
    secret_key, webhook_secret = secret_key.strip(), webhook_secret.strip()
    _check(account, secret_key, webhook_secret)
    if account is None:
        account = StripeAccount(id=uuid7())
    if secret_key:
        account.secret_key = _seal(ctx, account, "secret_key", secret_key)
        account.test_mode, account.state, account.problem = "_test_" in secret_key, "new", ""
    if webhook_secret:
        account.webhook_secret = _seal(ctx, account, "webhook_secret", webhook_secret)
    account.connected_by, account.connected_at = ctx.actor.name, ctx.now()
    ctx.session.add(account)
    ctx.session.flush()
    audit.record(ctx, "stripe.connected", kind="stripe_account", row_id=account.id, label="Stripe")
    enqueue(ctx, CHECK)
    return account


def _check(account: StripeAccount | None, secret_key: str, webhook_secret: str) -> None:
    errors: dict[str, str] = {}
    if (secret_key and not secret_key.startswith(_KEYS)) or not (secret_key or account):
        errors |= {"secret_key": "Copy a secret or restricted key from Stripe: it begins with sk_ or rk_."}
    if webhook_secret and not webhook_secret.startswith(_SECRET):
        errors |= {"webhook_secret": "Copy the signing secret of the webhook: it begins with whsec_."}
    if errors:
        raise InvalidInput(errors=errors)


def disconnect_account(ctx: CallContext) -> None:
    """Forget the keys; payments that are in the books stay. Raises StripeNotConnected."""
    account = require_account(ctx)
    ctx.session.delete(account)
    audit.record(ctx, "stripe.disconnected", kind="stripe_account", row_id=account.id, label="Stripe")


def require_account(ctx: CallContext) -> StripeAccount:
    """The tenant's account. Raises StripeNotConnected."""
    account = find_account(ctx)
    if account is None:
        raise StripeNotConnected("Connect an account under Settings → Stripe.")
    return account


def open_account(ctx: CallContext) -> StripeGateway | None:
    """The account as the port of paying online wants it, unless there is none or Stripe refused its key."""
    account = find_account(ctx)
    return None if account is None or account.state == "refused" else _gateway(ctx, account)


def _gateway(ctx: CallContext, account: StripeAccount) -> StripeGateway:
    from plugins.stripe.client import StripeGateway

    return StripeGateway(_open(ctx, account, "secret_key", account.secret_key))


def webhook_secret(ctx: CallContext) -> str | None:
    """What notices of this tenant's account are signed with, if it is known."""
    account = find_account(ctx)
    if account is None or account.webhook_secret is None:
        return None
    return _open(ctx, account, "webhook_secret", account.webhook_secret)


def webhook_address(ctx: CallContext) -> str:
    """Where Stripe shall send its notices for this tenant."""
    return f"{ctx.kernel.settings.url}/stripe/notices/{ctx.tenant.slug}"


def check_account(job: JobRun) -> Generator[None, None, dict[str, Any]]:
    """Ask Stripe whether it takes the key, also one that it refused before. Says nothing of a key that was changed meanwhile."""
    with job.step() as ctx:
        account = require_account(ctx)
        gateway, asked = _gateway(ctx, account), account.secret_key
    yield
    name, problem = "", ""
    try:
        name = gateway.account_name()
    except KeyRefused as refusal:
        problem = refusal.detail
    with job.step() as ctx:
        _note_check(ctx, asked, name, problem)
    return {"connected": not problem}


def _note_check(ctx: CallContext, asked: bytes, name: str, problem: str) -> None:
    account = ctx.session.scalar(select(StripeAccount).where(StripeAccount.secret_key == asked).with_for_update())
    if account is not None:
        account.state, account.name, account.problem = "refused" if problem else "connected", name, problem
        account.checked_at = ctx.now()


def _seal(ctx: CallContext, account: StripeAccount, column: str, value: str) -> bytes:
    return ctx.kernel.seal(ctx, value.encode(), StripeAccount.__tablename__, account.id, column)


def _open(ctx: CallContext, account: StripeAccount, column: str, sealed: bytes) -> str:
    return ctx.kernel.open(ctx, sealed, StripeAccount.__tablename__, account.id, column).decode()
