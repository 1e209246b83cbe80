"""API keys and bearer tokens: one's own, and for who may, everyone's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import select

from kernel import auth
from kernel.api import ratelimit
from kernel.api.listing import Page, paginate
from kernel.auth import ApiKey
from kernel.context import CallContext
from kernel.directory import staff
from kernel.errors import InvalidInput, NotFound, Unauthenticated
from kernel.tenancy import find_tenant
from plugins.admin.errors import ApiKeyNotFound
from plugins.admin.profile import get_self

if TYPE_CHECKING:
    from kernel.app import Kernel

_ROWS = select(ApiKey.id, ApiKey.name, ApiKey.user_id, ApiKey.hint, ApiKey.scopes, ApiKey.created_at, ApiKey.expires_at,
               ApiKey.revoked_at, ApiKey.seen_at)  # fmt: skip
_SORTABLE = {"created_at": ApiKey.created_at}


def list_keys(ctx: CallContext, query: Mapping[str, Any]) -> Page:
    """One page of one's own keys; with `everyone`, of all users' keys. Raises PermissionDenied."""
    wanted = dict(query)
    rows = _ROWS
    if wanted.pop("everyone", False):
        ctx.require("api_key.manage")
    else:
        rows = rows.where(ApiKey.user_id == get_self(ctx).id)
    return paginate(ctx, rows, wanted, sortable=_SORTABLE, default="-created_at")


def get_key(ctx: CallContext, key_id: UUID) -> ApiKey:
    """One's own key, or any for who may manage them. Raises ApiKeyNotFound."""
    key = ctx.session.scalar(select(ApiKey).where(ApiKey.id == key_id))
    if key is None or (key.user_id != ctx.actor.user_id and not ctx.actor.may("api_key.manage")):
        raise ApiKeyNotFound("There is no API key with this id.")
    return key


def create_key(ctx: CallContext, *, name: str, scopes: Sequence[str] = (), expires_at: datetime | None = None,
               user_id: UUID | None = None) -> dict[str, Any]:  # fmt: skip
    """Make a key, of one's own unless `user_id` names another; `key` of the answer is shown only now.

    Raises PermissionDenied when the key could do more than the caller, InvalidInput for an unknown scope or a past end.
    """
    owner = get_self(ctx).id if user_id is None else staff.get_user(ctx, user_id).id
    if owner != ctx.actor.user_id:
        ctx.require("api_key.manage")
    row, key = auth.create_api_key(ctx, name=name, user_id=owner, scopes=scopes, expires_at=expires_at)
    ctx.session.refresh(row)
    shown = ("id", "name", "user_id", "hint", "scopes", "created_at", "expires_at", "revoked_at", "seen_at")
    return {one: getattr(row, one) for one in shown} | {"key": key}


def revoke_key(ctx: CallContext, key_id: UUID) -> ApiKey:
    """End a key at once. Raises ApiKeyNotFound."""
    return auth.revoke_api_key(ctx, get_key(ctx, key_id).id)


def issue_token(kernel: Kernel, *, tenant: str, email: str, password: str, address: str | None, code: str | None = None,
                scopes: Sequence[str] = ()) -> dict[str, Any]:  # fmt: skip
    """A bearer token for who knows the password, and the code where one is asked for. Raises Unauthenticated, RateLimited."""
    if unknown := set(scopes) - kernel.plugins.permissions.keys():
        raise InvalidInput(errors={"scopes": f"Unknown permissions: {', '.join(sorted(unknown))}."})
    tenant_id = _tenant_id(kernel, tenant)
    ratelimit.take_login(kernel, tenant_id, email, address)
    with kernel.call(tenant_id) as ctx:
        user = auth.authenticate(ctx, email=email, password=password, code=code)
        token, seconds = auth.issue_jwt(kernel, tenant_id, user.id, scopes)
    return {"access_token": token, "token_type": "Bearer", "expires_in": seconds}


def _tenant_id(kernel: Kernel, slug: str) -> UUID:
    """An unknown company sounds like a wrong password."""
    try:
        with kernel.db.transaction() as session:
            return find_tenant(session, slug=slug.strip().lower()).id
    except NotFound as error:
        raise Unauthenticated("The e-mail address or the password is not right.") from error
