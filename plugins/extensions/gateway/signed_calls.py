"""Calls from outside that carry a signature instead of a person: HMAC-SHA-256 of time, call and body.

    Deskhand-Signature: t=1790841600,v1=5e3c…

`t` is the time in seconds since 1970-01-01 UTC, `v1` the hexadecimal HMAC, with the install's secret as key, of

    <t>\\n<method>\\n<path>\\n<idempotency key>\\n<body>

where the path is what follows the install's address, with `?` and the query string where there is one, and the key is empty
where the header `Idempotency-Key` is missing. A signature holds for five minutes around its time, and for one call.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from kernel import audit
from kernel.context import CallContext
from kernel.ids import uuid7
from plugins.extensions.errors import SignatureRefused
from plugins.extensions.models import SigningSecret
from plugins.extensions.services import KIND, get_install

HEADER = "Deskhand-Signature"
PREFIX = "dhs_"
HOLDS_FOR = timedelta(minutes=5)
_HEADER = re.compile(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})\Z")


@dataclass(frozen=True, slots=True)
class Shown:
    """What a call showed: when it was signed, and the code. Nothing is checked but its age."""

    time: int
    code: str


@dataclass(frozen=True, slots=True)
class SignedText:
    """What is signed of a call."""

    method: str
    path: str
    idempotency_key: str
    body: bytes

    def code(self, secret: str, time: int) -> str:
        """The hexadecimal HMAC.

        >>> SignedText("POST", "/orders", "", b"{}").code("dhs_test", 1790841600)[:16]
        '7576ab4ac55fbcb6'
        """
        head = f"{time}\n{self.method}\n{self.path}\n{self.idempotency_key}\n"
        return hmac.new(secret.encode(), head.encode() + self.body, hashlib.sha256).hexdigest()

    def carries(self, shown: Shown, secret: str | None) -> bool:
        """Whether the code that was shown is this call's; never without a secret, nor with a line end in the path, which
        could pass for the one that ends it.
        """
        expected = self.code(secret or secrets.token_hex(16), shown.time)
        return hmac.compare_digest(expected, shown.code) and secret is not None and "\n" not in self.path


def read_header(header: str | None, now: datetime) -> Shown:
    """Raises SignatureRefused for a header that is missing, unreadable, too old or too far ahead."""
    found = _HEADER.match(header or "")
    if found is None:
        raise SignatureRefused(f"Sign the call: {HEADER}: t=<seconds since 1970>,v1=<HMAC-SHA-256>.")
    shown = Shown(int(found[1]), found[2])
    if abs(now.timestamp() - shown.time) > HOLDS_FOR.total_seconds():
        raise SignatureRefused(f"The signature's time is more than {HOLDS_FOR.seconds} seconds away from ours. Sign again.")
    return shown


def get_secret(ctx: CallContext, install_id: UUID) -> str | None:
    """The secret of an install, opened, if it has one."""
    row = find_secret(ctx, install_id)
    return None if row is None else ctx.kernel.open(ctx, row.secret, SigningSecret.__tablename__, row.id, "secret").decode()


def make_secret(ctx: CallContext, install_id: UUID) -> str:
    """A new secret for an install, shown only now; the one before holds no longer. Raises InstallNotFound."""
    install = get_install(ctx, install_id, lock=True)
    secret = PREFIX + secrets.token_urlsafe(32)
    row_id = ctx.session.scalar(select(SigningSecret.id).where(SigningSecret.install_id == install_id)) or uuid7()
    sealed = ctx.kernel.seal(ctx, secret.encode(), SigningSecret.__tablename__, row_id, "secret")
    facts = {"secret": sealed, "made_by": ctx.actor.name, "made_at": ctx.now()}
    made = insert(SigningSecret).values(tenant_id=ctx.tenant_id, id=row_id, install_id=install_id, **facts)
    ctx.session.execute(made.on_conflict_do_update(index_elements=["tenant_id", "install_id"], set_=facts))
    audit.record(ctx, "extension.signing_secret_made", kind=KIND, row_id=install_id, label=install.name)
    return secret


def address_of(ctx: CallContext, install_id: UUID) -> str:
    """Where signed calls of an install go."""
    return f"{ctx.kernel.settings.url}/x/{install_id}@{ctx.tenant.slug}/"


def shown_secret(ctx: CallContext, install_id: UUID) -> dict[str, str]:
    """A new secret, and the address that it is for."""
    return {"secret": make_secret(ctx, install_id), "url": address_of(ctx, install_id)}


def find_secret(ctx: CallContext, install_id: UUID) -> SigningSecret | None:
    """By whom and when the present secret was made, if there is one."""
    return ctx.session.scalar(select(SigningSecret).where(SigningSecret.install_id == install_id))
