"""The letter to whoever may connect anew."""

from __future__ import annotations

from sqlalchemy import or_, select

from kernel.context import CallContext
from kernel.directory.models import Role, RolePermission, User, UserRole
from kernel.mail import Mail, queue_mail
from kernel.web.i18n import gettext as _
from kernel.web.i18n import speaking
from plugins.connections.models import ConnectionRow


def tell_managers(ctx: CallContext, row: ConnectionRow) -> None:
    """Write to all who may manage connections that this one has to be made anew, if mail can be sent at all."""
    to = _managers(ctx)
    if not to or not ctx.kernel.mail.host:
        return
    with speaking(ctx.tenant.locale):
        subject = _("%(name)s is disconnected", name=row.account_name)
        happened = _("The service takes our access to %(name)s no more. Nothing is lost: what waits is done once somebody "
                     "connects again.", name=row.account_name)  # fmt: skip
        said = _("It said: %(detail)s", detail=row.last_error)
        remedy = _("See the connection and connect again:")
    where = f"{ctx.kernel.settings.url}/connections/{row.id}"
    queue_mail(ctx, Mail(to=tuple(to), subject=subject, text=f"{happened}\n{said}\n\n{remedy}\n{where}\n"))


def _managers(ctx: CallContext) -> list[str]:
    """The addresses of active users who may connect."""
    holding = select(RolePermission.role_id).where(RolePermission.permission == "connection.manage")
    able = select(UserRole.user_id).join(Role, Role.id == UserRole.role_id).where(or_(Role.grants_all, Role.id.in_(holding)))
    return list(ctx.session.scalars(select(User.email).where(User.id.in_(able), User.active).order_by(User.email)))
