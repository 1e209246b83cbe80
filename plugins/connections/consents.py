"""Asking a person's consent: the way to the service, the answer that comes back, and the tokens that it is turned into."""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit, urlunsplit
from uuid import UUID

import orjson
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from kernel import audit, events, jobs
from kernel.context import CallContext
from kernel.directory.models import User
from kernel.hookspecs.connections import ConnectionProvider, Granted, OAuthClient
from kernel.ids import uuid7
from plugins.connections.access import lock_connection
from plugins.connections.applications import as_client, get_application
from plugins.connections.errors import ConsentNotFound, ConsentUnknown
from plugins.connections.models import Application, ConnectionRow, Consent
from plugins.connections.providers import get_provider, redirect_address
from plugins.connections.tokens import KIND, as_connection, keep_tokens, label

CONNECT = "connections.connect"
LIFE = timedelta(minutes=10)
KEPT = timedelta(days=1)
MOST_ARGUMENT = 4096
_TABLE = Consent.__tablename__


class Answered(NamedTuple):
    """An answer on its way to be exchanged, outside any transaction."""

    provider: ConnectionProvider
    client: OAuthClient
    redirect: str
    arguments: dict[str, str]


def ask_consent(ctx: CallContext, application_id: UUID) -> str:
    """The address where the person who is signed in consents, within LIFE. Raises ApplicationNotFound, ProviderUnknown."""
    application = get_application(ctx, application_id)
    provider = get_provider(ctx, application.provider, application.environment)
    row_id, state, verifier = uuid7(), secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    sealed = ctx.kernel.seal(ctx, verifier.encode(), _TABLE, row_id, "verifier") if provider.pkce else None
    ctx.session.add(Consent(id=row_id, user_id=ctx.actor.user_id, application_id=application_id, state_hash=_hash(state),
                            verifier=sealed, asked_at=ctx.now()))  # fmt: skip
    address = provider.authorize(as_client(ctx, application), state, redirect_address(ctx))
    return _challenged(address, verifier) if provider.pkce else address


def get_consent(ctx: CallContext, consent_id: UUID) -> Consent:
    """A consent of the person who is signed in. Raises ConsentNotFound, also for somebody else's."""
    row = ctx.session.scalar(select(Consent).where(Consent.id == consent_id, Consent.user_id == ctx.actor.user_id))
    if row is None:
        raise ConsentNotFound("There is no consent of yours with this id.")
    return row


def answer_consent(ctx: CallContext, arguments: Mapping[str, str]) -> Consent:
    """Take what the service sent back with the person, once; another time it changes nothing.

    Raises ConsentUnknown where the state is missing, of somebody else, of another tenant, or older than LIFE.
    """
    row = _asked(ctx, arguments.get("state", ""))
    if row.state != "asked":
        return row
    if error := arguments.get("error"):
        declined = error == "access_denied"
        return _ended(row, "declined" if declined else "failed", "" if declined else _said(arguments))
    if not arguments.get("code"):
        return _ended(row, "failed", "The service sent no code.")
    kept = {name: value for name, value in arguments.items() if name != "state" and len(value) <= MOST_ARGUMENT}
    row.state, row.answer = "answered", ctx.kernel.seal(ctx, orjson.dumps(kept), _TABLE, row.id, "answer")
    ctx.session.flush()
    row.job_id = jobs.enqueue(ctx, CONNECT, {"consent_id": str(row.id)}, key=f"{CONNECT} {row.id}")
    return row


def read_answer(ctx: CallContext, consent_id: UUID) -> Answered:
    """What is exchanged for tokens. Raises ConsentNotFound for one that has ended."""
    row = _locked(ctx, consent_id)
    if row.answer is None:
        raise ConsentNotFound("This consent has ended.")
    application = get_application(ctx, row.application_id)
    arguments = orjson.loads(ctx.kernel.open(ctx, row.answer, _TABLE, row.id, "answer"))
    if row.verifier is not None:
        arguments["code_verifier"] = ctx.kernel.open(ctx, row.verifier, _TABLE, row.id, "verifier").decode()
    provider = get_provider(ctx, application.provider, application.environment)
    return Answered(provider, as_client(ctx, application), redirect_address(ctx), arguments)


def keep_granted(ctx: CallContext, consent_id: UUID, granted: Granted) -> ConnectionRow:
    """Keep what the service gave. An account that the tenant has had before is the same connection, made anew."""
    consent = _locked(ctx, consent_id)
    application = get_application(ctx, consent.application_id)
    row = _row_for(ctx, application, granted)
    known = row.tokens is not None or row.refreshed_at is not None
    person = ctx.session.scalars(select(User).where(User.id == consent.user_id)).one()
    row.account_name = granted.account_name[:200] or granted.account_id
    row.connected_by, row.connected_at = person.name, ctx.now()
    row.last_error, row.last_error_at = "", None
    keep_tokens(ctx, row, granted.tokens, ctx.now())
    _ended(consent, "connected", "").connection_id = row.id
    audit.record(ctx, "connection.reconnected" if known else "connection.connected", kind=KIND, row_id=row.id, label=label(row))
    events.publish(ctx, "connection.connected", {"connection_id": row.id, "provider": row.provider})
    ctx.hooks.connection_changed(ctx=ctx, connection=as_connection(row))
    return row


def note_refusal(ctx: CallContext, consent_id: UUID, detail: str) -> None:
    """The service gave no tokens for the answer."""
    _ended(_locked(ctx, consent_id), "failed", detail)


def forget_consents(ctx: CallContext) -> int:
    """Remove consents older than KEPT; answers how many."""
    old = delete(Consent).where(Consent.asked_at < ctx.now() - KEPT).returning(Consent.id)
    return len(ctx.session.scalars(old).all())


def _asked(ctx: CallContext, state: str) -> Consent:
    mine = (Consent.state_hash == _hash(state), Consent.user_id == ctx.actor.user_id)
    row = ctx.session.scalar(select(Consent).where(*mine).with_for_update())
    if row is None or (row.state == "asked" and ctx.now() - row.asked_at > LIFE):
        minutes = int(LIFE.total_seconds() // 60)
        raise ConsentUnknown(
            f"This answer fits nothing that you asked for within {minutes} minutes. Nothing was connected. Begin anew"
            " under Settings → Connections, and sign in here as the same person all the way."
        )
    return row


def _row_for(ctx: CallContext, application: Application, granted: Granted) -> ConnectionRow:
    place = {"provider": application.provider, "environment": application.environment, "account_id": granted.account_id}
    fresh = insert(ConnectionRow).values(
        tenant_id=ctx.tenant_id, id=uuid7(), **place, account_name=granted.account_name, state="withdrawn", connected_by="",
        connected_at=ctx.now(),
    )  # fmt: skip
    ctx.session.execute(fresh.on_conflict_do_nothing())
    found = select(ConnectionRow.id).where(*(getattr(ConnectionRow, name) == value for name, value in place.items()))
    return lock_connection(ctx, ctx.session.scalars(found).one())


def _locked(ctx: CallContext, consent_id: UUID) -> Consent:
    row = ctx.session.scalar(select(Consent).where(Consent.id == consent_id).with_for_update())
    if row is None:
        raise ConsentNotFound("This consent was forgotten meanwhile.")
    return row


def _ended(row: Consent, state: str, detail: str) -> Consent:
    row.state, row.detail, row.answer, row.verifier = state, detail[:1000], None, None
    return row


def _said(arguments: Mapping[str, str]) -> str:
    words = (arguments.get("error_description"), arguments.get("error"))
    return "The service said: " + " · ".join(word[:400] for word in words if word)


def _hash(state: str) -> bytes:
    return hashlib.sha256(state.encode("utf-8", "replace")).digest()


def _challenged(address: str, verifier: str) -> str:
    """The address with the challenge of a verifier (RFC 7636 section 4.2)."""
    digest = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    parts = urlsplit(address)
    more = urlencode({"code_challenge": digest, "code_challenge_method": "S256"})
    return urlunsplit(parts._replace(query=f"{parts.query}&{more}" if parts.query else more))
