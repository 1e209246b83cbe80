"""The breaker: an extension that keeps failing rests, twice as long each time, and is switched off when that does not help."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import func, select

from kernel import audit
from kernel.context import CallContext
from kernel.directory.models import Role, User, UserRole
from kernel.mail import Mail, queue_mail
from kernel.web.i18n import gettext as _
from kernel.web.i18n import speaking
from plugins.extensions.errors import BreakerOpen
from plugins.extensions.models import SERVING, Install, InvocationRecord

if TYPE_CHECKING:
    from kernel.app import Kernel

TRAPS, WINDOW = 5, timedelta(seconds=60)
REST, LONGEST_REST = timedelta(seconds=30), timedelta(hours=1)
TOO_MANY, LONG_WINDOW = 50, timedelta(hours=1)
_OURS = "host_error"
"""A trap that is the platform's fault counts against nobody."""


def check_breaker(title: str, resting_until: datetime | None, now: datetime) -> None:
    """Raise BreakerOpen while the install rests."""
    if resting_until is not None and now < resting_until:
        wait = max(ceil((resting_until - now).total_seconds()), 1)
        raise BreakerOpen(f"{title} failed too often and rests. Try again in {wait} s.", retry_after=wait)


def note_end(kernel: Kernel, tenant_id: UUID, install_id: UUID, rests: int, trap: str | None) -> None:
    """Let the breaker know how a call ended that began after `rests` rests. Costs nothing while all goes well."""
    if trap is not None and trap != _OURS:
        with kernel.call(tenant_id) as ctx:
            _note_trap(ctx, install_id)
    elif trap is None and rests:
        with kernel.call(tenant_id) as ctx:
            _note_success(ctx, install_id)


def _note_success(ctx: CallContext, install_id: UUID) -> None:
    install = _locked(ctx, install_id)
    if install is not None and install.resting_until is not None and install.resting_until <= ctx.now():
        install.rests = 0


def _note_trap(ctx: CallContext, install_id: UUID) -> None:
    install, now = _locked(ctx, install_id), ctx.now()
    if install is None or install.state not in SERVING:
        return
    if _count(ctx, install, now - LONG_WINDOW) >= TOO_MANY:
        _switch_off(ctx, install)
    elif install.resting_until is not None and now < install.resting_until:
        return  # a call that was under way when the rest began
    elif install.rests or _count(ctx, install, max(now - WINDOW, install.resting_until or now - WINDOW)) >= TRAPS:
        install.rests += 1
        install.resting_until = now + min(REST * 2 ** min(install.rests - 1, 20), LONGEST_REST)
        _record(ctx, "extension.resting", install, {"until": install.resting_until.isoformat()})


def _locked(ctx: CallContext, install_id: UUID) -> Install | None:
    return ctx.session.scalar(select(Install).where(Install.id == install_id).with_for_update())


def _count(ctx: CallContext, install: Install, since: datetime) -> int:
    """The install's traps since an instant, but not those before somebody switched it on."""
    record = InvocationRecord
    wanted = select(func.count()).where(
        record.install_id == install.id, record.trap.is_not(None), record.trap != _OURS, record.started_at >= since
    )
    if install.watched_since is not None:
        wanted = wanted.where(record.started_at >= install.watched_since)
    return ctx.session.scalar(wanted) or 0


def _switch_off(ctx: CallContext, install: Install) -> None:
    install.state, install.halted = "disabled", "breaker"
    _record(ctx, "extension.disabled", install, {"because": f"{TOO_MANY} failures in an hour"})
    administrators = _administrators(ctx)
    if ctx.kernel.mail.host and administrators:
        queue_mail(ctx, _letter(ctx, install, administrators))


def _letter(ctx: CallContext, install: Install, to: Sequence[str]) -> Mail:
    with speaking(ctx.tenant.locale):
        subject = _("%(name)s was switched off", name=install.name)
        happened = _("This extension failed %(count)s times within an hour, so it takes no calls any more.", count=TOO_MANY)
        remedy = _("See its calls and what it logged, and switch it on again or go back to the version before:")
    where = f"{ctx.kernel.settings.url}/extensions/{install.id}"
    return Mail(to=tuple(to), subject=subject, text=f"{happened}\n\n{remedy}\n{where}\n")


def _administrators(ctx: CallContext) -> list[str]:
    """The addresses of active users who may do everything."""
    held = select(UserRole.user_id).join(Role, Role.id == UserRole.role_id).where(Role.grants_all)
    return list(ctx.session.scalars(select(User.email).where(User.id.in_(held), User.active).order_by(User.email)))


def _record(ctx: CallContext, action: str, install: Install, changes: Mapping[str, Any]) -> None:
    audit.record(ctx, action, kind="extension.install", row_id=install.id, label=install.name, changes=changes)
