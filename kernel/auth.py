"""Identify: session cookie, API key or JWT → who acts, in which tenant, with which permissions; one query each."""

from __future__ import annotations

import base64
import hashlib
import math
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from sqlalchemy import Index, LargeBinary, UniqueConstraint, delete, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.util import LRUCache

from kernel import audit
from kernel.context import EVERYTHING, Actor, Tenant
from kernel.db import TenantTable, ask, references, tenant_key
from kernel.directory.models import Role, RolePermission, User, UserRole
from kernel.errors import InvalidInput, NotFound, Unauthenticated
from kernel.passwords import check_password, check_totp, password_needs_rehash, seal_password

if TYPE_CHECKING:
    from kernel.app import Kernel
    from kernel.context import CallContext

SESSION_LIFE = timedelta(days=14)
SESSION_IDLE = timedelta(days=3)
SESSION_TOUCH = timedelta(minutes=5)
JWT_LIFE = timedelta(hours=1)
KEY_PREFIX = "dhk_"
ISSUER = "deskhand"
_KNOWN: LRUCache[bytes, Facts] = LRUCache(2_000)


class SessionRow(TenantTable):
    """A signed-in browser. Only the hash of its token is kept."""

    __tablename__ = "sessions"
    __table_args__ = (
        tenant_key(),
        references("user_id", "users", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "token_hash"),
        Index(None, "tenant_id", "user_id"),
    )

    user_id: Mapped[UUID]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    csrf_token: Mapped[str]
    address: Mapped[str] = mapped_column(server_default="")
    agent: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class ApiKey(TenantTable):
    """A key of a user for programs; `scopes` narrow what the user may do (empty: all of it)."""

    __tablename__ = "api_keys"
    __table_args__ = (
        tenant_key(),
        references("user_id", "users", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "token_hash"),
        Index(None, "tenant_id", "user_id"),
    )

    user_id: Mapped[UUID]
    name: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    hint: Mapped[str]
    scopes: Mapped[list[str]] = mapped_column(server_default="[]")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]


class Facts(NamedTuple):
    """What a tenant keeps that hardly ever changes, as of a version: what it is, which plugins are off, its settings; and of
    one of its users `name`, `locale`, `grants_all` and `permissions`. The database gives another version with each change.
    """

    version: int
    tenant: Tenant
    disabled: frozenset[str]
    settings: dict[str, Any]
    person: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Credential:
    """What a request showed, and the tenant it names; nothing is checked yet. `known` is what it stood for last time."""

    kind: str
    tenant_id: UUID
    token_hash: bytes = b""
    known: Facts | None = None
    user_id: UUID | None = None
    issued_at: datetime | None = None
    scopes: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who it is, after checking."""

    tenant: Tenant
    actor: Actor
    disabled: frozenset[str]
    providers: dict[str, str]
    locale: str
    session_id: UUID | None = None
    csrf_token: str | None = None


def read_token(token: str, prefix: str = "") -> Credential:
    """Split `<prefix><tenant>_<secret>`. Raises Unauthenticated for anything else."""
    try:
        tenant, secret = token.removeprefix(prefix).split("_", 1)
        tenant_id = UUID(bytes=_unpack(tenant))
    except ValueError as error:
        raise Unauthenticated("The credential is not one of ours.") from error
    token_hash = _digest(secret)
    return Credential("api_key" if prefix else "session", tenant_id, token_hash, _KNOWN.get(token_hash))


def read_jwt(kernel: Kernel, token: str) -> Credential:
    """Check a bearer token's signature, audience and time. Raises Unauthenticated."""
    claims_rule = jwt.JWTClaimsRegistry(
        now=math.ceil(kernel.clock.now().timestamp()), iss={"essential": True, "value": ISSUER},
        aud={"essential": True, "value": "api"}, exp={"essential": True},
    )  # fmt: skip
    try:
        decoded = jwt.decode(token, _jwt_key(kernel), algorithms=["HS256"])
        claims_rule.validate(decoded.claims)
        scopes = decoded.claims.get("scope")
        return Credential("jwt", UUID(decoded.claims["tid"]), user_id=UUID(decoded.claims["sub"]),
                          issued_at=datetime.fromtimestamp(decoded.claims["iat"], UTC),
                          scopes=frozenset(scopes.split()) if scopes else None)  # fmt: skip
    except (JoseError, ValueError, KeyError) as error:
        raise Unauthenticated("The bearer token is not valid, or no longer.") from error


def issue_jwt(kernel: Kernel, tenant_id: UUID, user_id: UUID, scopes: Iterable[str] = ()) -> tuple[str, int]:
    """A bearer token for a user and the seconds it lives."""
    now = kernel.clock.now()
    claims = {"iss": ISSUER, "aud": "api", "tid": str(tenant_id), "sub": str(user_id), "iat": now.timestamp(),
              "exp": int((now + JWT_LIFE).timestamp()), "jti": secrets.token_urlsafe(12)}  # fmt: skip
    if scopes:
        claims["scope"] = " ".join(sorted(scopes))
    return jwt.encode({"alg": "HS256"}, claims, _jwt_key(kernel)), int(JWT_LIFE.total_seconds())


def asking(credential: Credential, now: datetime) -> str:
    """The expression that looks a credential up (`who_calls` in the migrations); only values that are made here stand in it."""
    caller = f"'{credential.user_id}'" if credential.user_id else "null"
    issued = f"'{credential.issued_at.isoformat()}'" if credential.issued_at else "null"
    return (f"who_calls('{credential.tenant_id}', '{credential.kind}', '\\x{credential.token_hash.hex()}', {caller},"
            f" '{now.isoformat()}', '{(now - SESSION_IDLE).isoformat()}', {issued}, {_version(credential.known)})")  # fmt: skip


def identify(session: Session, credential: Credential, now: datetime) -> Identity:
    """Check a credential inside a transaction already bound to its tenant. Raises Unauthenticated."""
    return recognize(session, credential, now, ask(session, asking(credential, now)))


def recognize(session: Session, credential: Credential, now: datetime, answer: str | None) -> Identity:
    """Who it is, by the answer to `asking`. Raises Unauthenticated."""
    if answer is None:
        raise Unauthenticated("The credential is not known here, has expired or was revoked.")
    row = orjson.loads(answer)
    facts = _facts(credential.token_hash, credential.known, row["facts"], row.get("person"))
    user_id, session_id = UUID(row["user_id"]), UUID(row["session_id"]) if row["session_id"] else None
    held = frozenset({EVERYTHING}) if facts.person["grants_all"] else frozenset(facts.person["permissions"])
    scopes = credential.scopes if credential.scopes is not None else frozenset(row["scopes"] or ())
    by_key = credential.kind == "api_key"
    actor = Actor("api_key" if by_key else "user", session_id if by_key else user_id, facts.person["name"],
                  _narrow(held, scopes), on_behalf_of=user_id if by_key else None)  # fmt: skip
    _touch(session, credential, row, now)
    session.info["settings"] = dict(facts.settings)
    return Identity(facts.tenant, actor, facts.disabled, facts.settings.get("admin", {}).get("providers", {}),
                    facts.person["locale"] or facts.tenant.locale, session_id, row["csrf_token"])  # fmt: skip


def asking_tenant(tenant_id: UUID) -> tuple[str, Facts | None]:
    """The expression for `tenant_facts` in the migrations, and what is known before it is asked."""
    known = _KNOWN.get(tenant_id.bytes)
    return f"tenant_facts('{tenant_id}', {_version(known)})", known


def recognize_tenant(session: Session, tenant_id: UUID, known: Facts | None, answer: str | None) -> Facts:
    """The tenant, by the answer to `asking_tenant`. Raises NotFound."""
    if answer is None:
        raise NotFound("No such tenant, or it is not active.")
    facts = _facts(tenant_id.bytes, known, orjson.loads(answer))
    session.info["settings"] = dict(facts.settings)
    return facts


def _version(known: Facts | None) -> str:
    return str(known.version) if known else "null"


def _facts(key: bytes, known: Facts | None, told: Any, person: dict[str, Any] | None = None) -> Facts:
    """What is known where the database tells nothing new; else what it told, to be known from now on. Bearer tokens have no
    key and are looked up each time.
    """
    if told is None and known is not None:
        return known
    tenant_id, *rest = told["tenant"]
    facts = Facts(told["version"], Tenant(UUID(tenant_id), *rest), frozenset(told["disabled"]), told["settings"] or {},
                  person or {})  # fmt: skip
    if key:
        _KNOWN[key] = facts
    return facts


def _narrow(held: frozenset[str], scopes: frozenset[str]) -> frozenset[str]:
    if not scopes:
        return held
    return scopes if EVERYTHING in held else held & scopes


def held_permissions(ctx: CallContext, user_ids: Iterable[UUID]) -> dict[UUID, frozenset[str]]:
    """What each of these users may do by their roles; `*` stands for everything."""
    held: dict[UUID, set[str]] = {one: set() for one in user_ids}
    found = (select(UserRole.user_id, Role.grants_all, RolePermission.permission)
             .join(Role, Role.id == UserRole.role_id).outerjoin(RolePermission, RolePermission.role_id == Role.id)
             .where(UserRole.user_id.in_(held)))  # fmt: skip
    for user_id, everything, permission in ctx.session.execute(found):
        held[user_id] |= {EVERYTHING} if everything else {permission} - {None}
    return {user_id: frozenset(permissions) for user_id, permissions in held.items()}


def _touch(session: Session, credential: Credential, row: Any, now: datetime) -> None:
    """Note the use, at most every few minutes, so that reading pages does not write rows."""
    if credential.kind == "jwt" or (row["seen_at"] and now - datetime.fromisoformat(row["seen_at"]) < SESSION_TOUCH):
        return
    table = SessionRow if credential.kind == "session" else ApiKey
    # A request that runs long holds this row to its end; the caller's other requests must not wait for it.
    free = select(table.id).where(table.id == row["session_id"]).with_for_update(skip_locked=True)
    session.execute(update(table).where(table.id.in_(free)).values(seen_at=now))


def authenticate(ctx: CallContext, *, email: str, password: str, code: str | None = None) -> User:
    """The active user of an e-mail address and password, and of a one-time code where the user asks for one.

    Raises Unauthenticated, in the same words for an unknown address and a wrong password; with `totp_required=True`
    in the problem when only the code is missing.
    """
    user = ctx.session.scalar(select(User).where(User.email_key == email.strip().lower(), User.active))
    if not check_password(user.password_hash if user else None, password) or user is None:
        _note_refusal(ctx, email, user)
        raise Unauthenticated("The e-mail address or the password is not right.")
    if user.totp_enabled and not check_totp(ctx, user, code):
        if code:
            _note_refusal(ctx, email, user)
        words = "The code is not right, or was used before." if code else "Enter the code of your authenticator app."
        raise Unauthenticated(words, totp_required=True)
    if password_needs_rehash(user.password_hash):
        user.password_hash = seal_password(password)
    return user


def _note_refusal(ctx: CallContext, email: str, user: User | None) -> None:
    """In a transaction of its own, for that of the caller ends with the refusal."""
    with ctx.kernel.call(ctx.tenant_id, cause=ctx.cause) as apart:
        audit.record(apart, "session.refused", kind="user", row_id=user.id if user else None, label=email.strip()[:200])


def sign_in(ctx: CallContext, user: User, *, address: str = "", agent: str = "") -> str:
    """Open a session for an authenticated user; returns the cookie's value, shown only now."""
    secret = secrets.token_urlsafe(32)
    user.last_login_at = ctx.now()
    row = SessionRow(user_id=user.id, token_hash=_digest(secret), csrf_token=secrets.token_urlsafe(24), address=address,
                     agent=agent[:300], seen_at=ctx.now(), expires_at=ctx.now() + SESSION_LIFE)  # fmt: skip
    ctx.session.add(row)
    audit.record(ctx, "session.opened", kind="user", row_id=user.id, label=user.name)
    return f"{_pack(ctx.tenant_id.bytes)}_{secret}"


def sign_out(ctx: CallContext, session_id: UUID) -> None:
    """Close one session."""
    ctx.session.execute(delete(SessionRow).where(SessionRow.id == session_id))


def sign_out_everywhere(ctx: CallContext, user_id: UUID, *, but: UUID | None = None) -> None:
    """Close every session of a user, perhaps but one, and refuse the bearer tokens issued so far."""
    ctx.session.execute(delete(SessionRow).where(SessionRow.user_id == user_id, SessionRow.id.is_distinct_from(but)))
    ctx.session.execute(update(User).where(User.id == user_id).values(tokens_from=ctx.now()))


def list_sessions(ctx: CallContext, user_id: UUID) -> list[SessionRow]:
    """A user's sessions that still work, the one used last first."""
    open_ones = select(SessionRow).where(
        SessionRow.user_id == user_id, SessionRow.expires_at > ctx.now(), SessionRow.seen_at > ctx.now() - SESSION_IDLE
    )
    return list(ctx.session.scalars(open_ones.order_by(SessionRow.seen_at.desc(), SessionRow.id)))


def create_api_key(ctx: CallContext, *, name: str, user_id: UUID, scopes: Iterable[str] = (),
                   expires_at: datetime | None = None) -> tuple[ApiKey, str]:  # fmt: skip
    """Make a key for a user; the second value is the key itself, shown only now.

    Raises InvalidInput for a scope that no plugin declares or an end in the past, and PermissionDenied for a key that
    may do more than the actor.
    """
    unknown = set(scopes) - ctx.kernel.plugins.permissions.keys()
    if unknown:
        raise InvalidInput(errors={"scopes": f"Unknown permissions: {', '.join(sorted(unknown))}."})
    if expires_at is not None and expires_at <= ctx.now():
        raise InvalidInput(errors={"expires_at": "The end lies in the past."})
    held = held_permissions(ctx, [user_id])[user_id]
    for permission in sorted(_narrow(held, frozenset(scopes))):
        ctx.require(permission)
    secret = secrets.token_urlsafe(32)
    key = ApiKey(user_id=user_id, name=name, token_hash=_digest(secret), hint=secret[-4:], scopes=sorted(scopes),
                 expires_at=expires_at)  # fmt: skip
    ctx.session.add(key)
    ctx.session.flush()
    audit.record(ctx, "api_key.created", kind="api_key", row_id=key.id, label=name, changes={"scopes": key.scopes})
    return key, f"{KEY_PREFIX}{_pack(ctx.tenant_id.bytes)}_{secret}"


def revoke_api_key(ctx: CallContext, key_id: UUID) -> ApiKey:
    """End a key at once. Raises NotFound."""
    key = ctx.session.scalar(select(ApiKey).where(ApiKey.id == key_id))
    if key is None:
        raise NotFound("No such API key.")
    key.revoked_at = key.revoked_at or ctx.now()
    audit.record(ctx, "api_key.revoked", kind="api_key", row_id=key.id, label=key.name)
    return key


def _jwt_key(kernel: Kernel) -> OctKey:
    return OctKey.import_key(kernel.vault.derive("jwt"))


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _pack(raw: bytes) -> str:
    """Base 32 without padding: no underscore, so that the secret may hold one."""
    return base64.b32encode(raw).decode().rstrip("=").lower()


def _unpack(packed: str) -> bytes:
    return base64.b32decode(packed.upper() + "=" * (-len(packed) % 8))
