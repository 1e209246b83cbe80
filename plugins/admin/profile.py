"""What a person changes about themselves: name, language, password, authenticator, sessions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from kernel import audit, auth
from kernel.api import ratelimit
from kernel.context import CallContext
from kernel.directory import staff
from kernel.directory.clients import apply_changes
from kernel.directory.models import User
from kernel.errors import PermissionDenied
from kernel.passwords import check_password, confirm_totp, pending_totp, seal_password, start_totp, stop_totp
from plugins.admin.errors import PasswordWrong, SessionNotFound, TotpInForce, TotpNotStarted


def get_self(ctx: CallContext) -> User:
    """The user behind the caller. Raises PermissionDenied when there is none."""
    if ctx.actor.user_id is None:
        raise PermissionDenied("This is for a signed-in user.")
    return staff.get_user(ctx, ctx.actor.user_id)


def show_self(ctx: CallContext) -> dict[str, Any]:
    """Who one is, and what one may do with the present credential."""
    user = get_self(ctx)
    return {"id": user.id, "name": user.name, "email": user.email, "locale": user.locale, "tenant": ctx.tenant.slug,
            "totp_enabled": user.totp_enabled, "permissions": sorted(ctx.actor.permissions)}  # fmt: skip


def change_self(ctx: CallContext, changes: Mapping[str, Any]) -> User:
    """Change one's own name or language; the address is an administrator's to change."""
    user = get_self(ctx)
    apply_changes(ctx, user, changes, None, kind="user", label=user.name)
    return user


def change_password(ctx: CallContext, *, present_password: str, password: str, keep_session: UUID | None = None) -> None:
    """Change one's own password; every other session closes. Raises PasswordWrong."""
    user = _prove(ctx, present_password)
    user.password_hash = seal_password(password)
    auth.sign_out_everywhere(ctx, user.id, but=keep_session)
    audit.record(ctx, "user.password_changed", kind="user", row_id=user.id, label=user.name)


def _prove(ctx: CallContext, password: str) -> User:
    """The caller's user, once the present password was right; guessing is slowed down like at the door."""
    user = get_self(ctx)
    ratelimit.take_login(ctx.kernel, ctx.tenant_id, user.email, f"profile of {user.id}")
    if not check_password(user.password_hash, password):
        raise PasswordWrong(errors={"present_password": "This is not your present password."})
    return user


def begin_totp(ctx: CallContext, *, present_password: str) -> str:
    """Make a new secret and give its address; codes are asked for once one was confirmed. Raises TotpInForce."""
    user = _prove(ctx, present_password)
    if user.totp_enabled:
        raise TotpInForce("Switch the authenticator off first, then set the new one up.")
    address = start_totp(ctx, user)
    audit.record(ctx, "user.totp_started", kind="user", row_id=user.id, label=user.name)
    return address


def waiting_totp(ctx: CallContext) -> str:
    """The address of the secret that waits for its first code. Raises TotpNotStarted."""
    address = pending_totp(ctx, get_self(ctx))
    if address is None:
        raise TotpNotStarted("Ask for a new QR code on your profile.")
    return address


def finish_totp(ctx: CallContext, *, code: str) -> None:
    """Put the authenticator in force. Raises TotpNotStarted, and InvalidInput for a wrong code."""
    waiting_totp(ctx)
    user = get_self(ctx)
    confirm_totp(ctx, user, code)
    audit.record(ctx, "user.totp_enabled", kind="user", row_id=user.id, label=user.name)


def end_totp(ctx: CallContext, *, present_password: str) -> None:
    """Ask for no codes any more. Raises PasswordWrong."""
    user = _prove(ctx, present_password)
    stop_totp(user)
    audit.record(ctx, "user.totp_disabled", kind="user", row_id=user.id, label=user.name)


def list_sessions(ctx: CallContext, current: UUID | None) -> list[dict[str, Any]]:
    """The browsers in which one is signed in; `current` is the one that asks."""
    found = auth.list_sessions(ctx, get_self(ctx).id)
    return [{"id": one.id, "address": one.address, "agent": one.agent, "created_at": one.created_at, "seen_at": one.seen_at,
             "current": one.id == current} for one in found]  # fmt: skip


def close_session(ctx: CallContext, session_id: UUID) -> None:
    """Sign one browser of one's own out. Raises SessionNotFound."""
    user = get_self(ctx)
    if session_id not in {one.id for one in auth.list_sessions(ctx, user.id)}:
        raise SessionNotFound
    auth.sign_out(ctx, session_id)
    audit.record(ctx, "session.closed", kind="user", row_id=user.id, label=user.name)


def sign_out_everywhere(ctx: CallContext) -> None:
    """Sign all browsers of one's own out, this one too."""
    user = get_self(ctx)
    auth.sign_out_everywhere(ctx, user.id)
    audit.record(ctx, "session.closed_all", kind="user", row_id=user.id, label=user.name)
