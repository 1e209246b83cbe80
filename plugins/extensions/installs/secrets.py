"""Secrets of an install: an administrator writes them, the extension reads them, and nobody sees them again."""

from __future__ import annotations

import re
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from kernel import audit
from kernel.context import CallContext
from kernel.errors import InvalidInput
from kernel.ids import uuid7
from plugins.extensions.errors import SecretNotFound
from plugins.extensions.models import InstallSecret
from plugins.extensions.services import KIND, get_install

MOST_SECRETS, MOST_CHARACTERS = 100, 16 * 1024
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")


def list_secrets(ctx: CallContext, install_id: UUID) -> list[InstallSecret]:
    """The secrets of an install by name, sealed."""
    found = select(InstallSecret).where(InstallSecret.install_id == install_id)
    return list(ctx.session.scalars(found.order_by(InstallSecret.name)))


def open_secret(ctx: CallContext, install_id: UUID, name: str) -> str | None:
    """One secret in the clear, for the extension alone."""
    found = select(InstallSecret).where(InstallSecret.install_id == install_id, InstallSecret.name == name)
    row = ctx.session.scalar(found)
    return None if row is None else ctx.kernel.open(ctx, row.value, InstallSecret.__tablename__, row.id, "value").decode()


def set_secret(ctx: CallContext, install_id: UUID, *, name: str, value: str) -> InstallSecret:
    """Give an install a secret, or another value for one. Raises InstallNotFound, InvalidInput."""
    install = get_install(ctx, install_id, lock=True)
    there = {one.name: one for one in list_secrets(ctx, install_id)}
    _check(name, value, {*there, name})
    row_id = there[name].id if name in there else uuid7()
    sealed = ctx.kernel.seal(ctx, value.encode(), InstallSecret.__tablename__, row_id, "value")
    facts = {"value": sealed, "set_by": ctx.actor.name, "set_at": ctx.now()}
    made = insert(InstallSecret).values(tenant_id=ctx.tenant_id, id=row_id, install_id=install_id, name=name, **facts)
    kept = made.on_conflict_do_update(index_elements=["tenant_id", "install_id", "name"], set_=facts).returning(InstallSecret)
    audit.record(ctx, "extension.secret_set", kind=KIND, row_id=install_id, label=install.name, changes={"name": name})
    return ctx.session.scalars(kept, execution_options={"populate_existing": True}).one()


def remove_secret(ctx: CallContext, install_id: UUID, name: str) -> None:
    """Take a secret away. Raises InstallNotFound, SecretNotFound."""
    install = get_install(ctx, install_id, lock=True)
    gone = delete(InstallSecret).where(InstallSecret.install_id == install_id, InstallSecret.name == name)
    if not ctx.session.scalars(gone.returning(InstallSecret.id)).all():
        raise SecretNotFound("The install has no secret of this name.")
    audit.record(ctx, "extension.secret_removed", kind=KIND, row_id=install_id, label=install.name, changes={"name": name})


def _check(name: str, value: str, names: set[str]) -> None:
    if not _NAME.fullmatch(name):
        words = "A secret's name has 1 to 64 letters, digits, dots, hyphens and underscores."
        raise InvalidInput(errors={"name": words})
    if not 1 <= len(value) <= MOST_CHARACTERS:
        raise InvalidInput(errors={"value": f"A secret has 1 to {MOST_CHARACTERS:,} characters."})
    if len(names) > MOST_SECRETS:
        raise InvalidInput(errors={"name": f"An install has at most {MOST_SECRETS} secrets."})
