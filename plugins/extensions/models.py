"""Tables of the extensions room."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, LargeBinary, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, TenantTable, Versioned, references, tenant_key
from plugins.extensions.publishing.bundles import NO_FILES

RELEASE_STATES = ("compiling", "ready", "refused")
INSTALL_STATES = ("active", "awaiting_consent", "disabled")
SERVING = frozenset({"active", "awaiting_consent"})
SEVERITIES = ("low", "moderate", "high", "critical")
REPLAY_STATES = ("running", "same", "different", "stopped")
MOST_TIMES = 10_000
"""How often a call is made again at most by one replay."""
HALTS = ("admin", "revoked", "breaker")


class Release(TenantTable):
    """A published version of an extension: immutable once it is `ready`; a `refused` one may be published again.

    `manifest` is deskhand.json as it was sent, `component_key` the component's place among the tenant's files, `digest` its
    SHA-256, `files` the bundle's other files (name to size and SHA-256). `signature` is Ed25519's over all of it by the public
    key `signer`; both are null for a release that is not signed. `inspection` lists what it imports; `problem` says why it
    was refused (RFC 9457 members). What was yanked goes on where it serves; nobody begins to serve it.
    """

    __tablename__ = "extensions_releases"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("tenant_id", "name", "semver"),
        CheckConstraint("state in ('compiling', 'ready', 'refused')", name="state"),
        CheckConstraint("(state = 'refused') = (problem is not null)", name="problem"),
        CheckConstraint("(signature is null) = (signer is null)", name="signature"),
        CheckConstraint("num_nulls(yanked_at, yanked_by, yank_reason) in (0, 3)", name="yanked"),
        Index(None, "tenant_id", "publisher", "name"),
        Index(None, "tenant_id", "published_at", "id"),
    )

    name: Mapped[str]
    semver: Mapped[str]
    title: Mapped[str]
    publisher: Mapped[str]
    manifest: Mapped[dict[str, Any]]
    component_key: Mapped[str]
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    files: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    files_digest: Mapped[bytes] = mapped_column(LargeBinary, default=NO_FILES, server_default=text(f"'\\x{NO_FILES.hex()}'"))
    signature: Mapped[bytes | None] = mapped_column(LargeBinary)
    signer: Mapped[bytes | None] = mapped_column(LargeBinary)
    size: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(default="compiling", server_default="compiling")
    inspection: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    problem: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    job_id: Mapped[UUID | None]
    published_by: Mapped[str]
    published_at: Mapped[datetime]
    yanked_at: Mapped[datetime | None]
    yanked_by: Mapped[str | None]
    yank_reason: Mapped[str | None]


class Advisory(TenantTable):
    """What a publisher has to say about `versions` of an extension (none: about all) to who uses them: what is wrong with them,
    and in which version it is mended.
    """

    __tablename__ = "extensions_advisories"
    __table_args__ = (
        tenant_key(),
        CheckConstraint("severity in ('low', 'moderate', 'high', 'critical')", name="severity"),
        CheckConstraint("jsonb_typeof(versions) = 'array'", name="versions"),
        Index(None, "tenant_id", "extension"),
        Index(None, "tenant_id", "published_at", "id"),
    )

    extension: Mapped[str]
    versions: Mapped[list[str]] = mapped_column(JSONB)
    severity: Mapped[str]
    title: Mapped[str]
    says: Mapped[str]
    mended_in: Mapped[str | None]
    published_by: Mapped[str]
    published_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class Install(TenantTable, Versioned):
    """An extension in a tenant, serving one release. A release that asks for more waits in `pending_release_id` while the
    old one keeps serving; the one that served before is `previous_release_id`. `config` is a sealed JSON object of
    texts, `limits` what it may use where that is less than everybody may.

    While `disabled`, `halted` says by whom: an administrator, a revocation, or the breaker after too many traps. The breaker
    lets no call in before `resting_until`; `rests` counts the rests since the last call that went well. Traps before
    `watched_since` do not count.
    """

    __tablename__ = "extensions_installs"
    __table_args__ = (
        tenant_key(),
        references("release_id", "extensions_releases"),
        references("pending_release_id", "extensions_releases"),
        references("previous_release_id", "extensions_releases"),
        UniqueConstraint("tenant_id", "name"),
        CheckConstraint("state in ('active', 'awaiting_consent', 'disabled')", name="state"),
        CheckConstraint("state <> 'awaiting_consent' or pending_release_id is not null", name="pending"),
        CheckConstraint("halted in ('admin', 'revoked', 'breaker')", name="halted"),
        CheckConstraint("(state = 'disabled') = (halted is not null)", name="halted_disabled"),
        Index(None, "tenant_id", "created_at", "id"),
    )

    name: Mapped[str]
    release_id: Mapped[UUID]
    pending_release_id: Mapped[UUID | None]
    previous_release_id: Mapped[UUID | None]
    state: Mapped[str] = mapped_column(default="active", server_default="active")
    config: Mapped[bytes | None] = mapped_column(LargeBinary)
    recording: Mapped[bool] = mapped_column(default=False, server_default="false")
    halted: Mapped[str | None]
    resting_until: Mapped[datetime | None]
    rests: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    watched_since: Mapped[datetime | None]
    limits: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    installed_by: Mapped[str]


class Grant(TenantTable):
    """One capability that an administrator consented to; without its row the install may not use it."""

    __tablename__ = "extensions_grants"
    __table_args__ = (
        tenant_key(),
        references("install_id", "extensions_installs", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "install_id", "capability"),
    )

    install_id: Mapped[UUID]
    capability: Mapped[str]
    parameters: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    granted_by: Mapped[str]
    granted_at: Mapped[datetime]


class BilledGuestCharge(TenantTable):
    """A charge that an extension named and that stands on an invoice line. Its id is made of the extension's name and its key,
    so that each is billed once; it keeps no other trace, since the invoice line says all.
    """

    __tablename__ = "extensions_billed_charges"
    __table_args__ = (tenant_key(),)

    invoice_id: Mapped[UUID]
    line_id: Mapped[UUID]


class PublisherKey(TenantTable):
    """A public key that the tenant trusts for a publisher: of the first signed release it installed, or added by hand.

    One with `distrusted_at` is trusted no more; the publisher stays known.
    """

    __tablename__ = "extensions_publisher_keys"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("tenant_id", "publisher", "key"),
        CheckConstraint("octet_length(key) = 32", name="key"),
    )

    publisher: Mapped[str]
    key: Mapped[bytes] = mapped_column(LargeBinary)
    trusted_by: Mapped[str]
    trusted_at: Mapped[datetime]
    distrusted_at: Mapped[datetime | None]


class Revocation(TenantTable):
    """What may not run in the tenant any more: `subject` is an extension's name, `name@version`, or a key's fingerprint."""

    __tablename__ = "extensions_revocations"
    __table_args__ = (tenant_key(), UniqueConstraint("tenant_id", "subject"))

    subject: Mapped[str]
    reason: Mapped[str]
    revoked_by: Mapped[str]
    revoked_at: Mapped[datetime]


class RevokedEverywhere(Base):
    """What may not run in any tenant of this installation, those founded later included; its owner says so."""

    __tablename__ = "extensions_revoked_everywhere"

    subject: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str]
    revoked_at: Mapped[datetime]


class InvocationRecord(TenantTable):
    """What became of one call of a guest. It refers to the install by its bare id and keeps name and version, so that it
    can be read after uninstall. Durations in microseconds, memory in bytes; `status` is the handler's HTTP status (of another
    export 200, or 500 where it answered with an error), or null with a `trap` that says why there was none.
    """

    __tablename__ = "extensions_invocations"
    __table_args__ = (
        tenant_key(),
        CheckConstraint("(status is null) = (trap is not null)", name="trap"),
        Index(None, "tenant_id", "started_at", "id"),
        Index(None, "tenant_id", "install_id", "started_at", "id"),
        Index(
            "ix_extensions_invocations_traps", "tenant_id", "install_id", "started_at",
            postgresql_where=text("trap is not null"),
        ),
    )  # fmt: skip

    install_id: Mapped[UUID]
    extension: Mapped[str]
    semver: Mapped[str]
    trigger: Mapped[str]
    endpoint: Mapped[str]
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str]
    request_id: Mapped[str]
    started_at: Mapped[datetime] = mapped_column(server_default=func.now())
    status: Mapped[int | None] = mapped_column(Integer)
    trap: Mapped[str | None]
    detail: Mapped[str] = mapped_column(server_default="")
    duration: Mapped[int] = mapped_column(Integer)
    cpu: Mapped[int] = mapped_column(Integer)
    host_time: Mapped[int] = mapped_column(Integer)
    memory: Mapped[int] = mapped_column(Integer)
    request_bytes: Mapped[int] = mapped_column(Integer)
    response_bytes: Mapped[int] = mapped_column(Integer)
    host_calls: Mapped[list[Any]] = mapped_column(JSONB, server_default="[]")
    logs: Mapped[list[Any]] = mapped_column(JSONB, server_default="[]")
    dropped_logs: Mapped[int] = mapped_column(Integer, server_default="0")


class SigningSecret(TenantTable):
    """What callers from outside sign their calls of an install with, sealed; one at a time."""

    __tablename__ = "extensions_signing_secrets"
    __table_args__ = (
        tenant_key(),
        references("install_id", "extensions_installs", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "install_id"),
    )

    install_id: Mapped[UUID]
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    made_by: Mapped[str]
    made_at: Mapped[datetime]


class KeptAnswer(TenantTable):
    """The first answer to a call with an idempotency key; `status` is null while the call runs, until `claimed_until` at the
    longest. `body` is null where the answer was too large to be kept.
    """

    __tablename__ = "extensions_kept_answers"
    __table_args__ = (
        tenant_key(),
        references("install_id", "extensions_installs", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "install_id", "endpoint", "key"),
        Index(None, "tenant_id", "created_at"),
    )

    install_id: Mapped[UUID]
    endpoint: Mapped[str]
    key: Mapped[str]
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    claimed_until: Mapped[datetime]
    status: Mapped[int | None] = mapped_column(Integer)
    headers: Mapped[list[Any]] = mapped_column(JSONB, server_default="[]")
    body: Mapped[str | None]
    created_at: Mapped[datetime]


class Journal(TenantTable):
    """What it takes to make a recorded call again without asking the host: its arguments, grants and limits, the host's
    answers, and the guest's. Sealed, for it holds all that the guest saw.
    """

    __tablename__ = "extensions_journals"
    __table_args__ = (
        tenant_key(),
        references("invocation_id", "extensions_invocations", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "invocation_id"),
    )

    invocation_id: Mapped[UUID]
    content: Mapped[bytes] = mapped_column(LargeBinary)


class Replay(TenantTable):
    """A recorded call that is made again, `times` over, by a job: `done` of them so far, of which `different` did something
    else than the recorded one did. `other` is what the first of those did: sealed, as the journal is.
    """

    __tablename__ = "extensions_replays"
    __table_args__ = (
        tenant_key(),
        references("invocation_id", "extensions_invocations", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "job_id"),
        CheckConstraint("times between 1 and 10000", name="times"),
        CheckConstraint("0 <= different and different <= done and done <= times", name="done"),
        CheckConstraint("(different > 0) = (other is not null)", name="other"),
        Index(None, "tenant_id", "invocation_id"),
        Index(None, "tenant_id", "asked_at", "id"),
    )

    invocation_id: Mapped[UUID]
    job_id: Mapped[UUID]
    times: Mapped[int] = mapped_column(Integer)
    done: Mapped[int] = mapped_column(Integer, default=0)
    different: Mapped[int] = mapped_column(Integer, default=0)
    other: Mapped[bytes | None] = mapped_column(LargeBinary)
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]


class InstallSecret(TenantTable):
    """A secret that an administrator gave to an install, sealed. Guests read it by name; people never see it again."""

    __tablename__ = "extensions_install_secrets"
    __table_args__ = (
        tenant_key(),
        references("install_id", "extensions_installs", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "install_id", "name"),
    )

    install_id: Mapped[UUID]
    name: Mapped[str]
    value: Mapped[bytes] = mapped_column(LargeBinary)
    set_by: Mapped[str]
    set_at: Mapped[datetime]


class StorageUsage(TenantTable):
    """What an install keeps: `keys` counts them by namespace. Its row is the lock of whoever writes, and `revision` counts
    the writes.
    """

    __tablename__ = "extensions_storage_usage"
    __table_args__ = (
        tenant_key(),
        references("install_id", "extensions_installs", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "install_id"),
        CheckConstraint("bytes >= 0", name="bytes"),
    )

    install_id: Mapped[UUID]
    revision: Mapped[int] = mapped_column(BigInteger)
    bytes: Mapped[int] = mapped_column(BigInteger)
    keys: Mapped[dict[str, Any]] = mapped_column(JSONB)


class StorageEntry(TenantTable):
    """A value that an install keeps. Keys are in the order of their code points; `bytes` are those of key and value."""

    __tablename__ = "extensions_storage_entries"
    __table_args__ = (
        tenant_key(),
        references("install_id", "extensions_installs", on_delete="CASCADE"),
        UniqueConstraint("tenant_id", "install_id", "namespace", "key"),
        Index("ix_extensions_storage_entries_expiring", "tenant_id", "install_id", "expires_at",
              postgresql_where=text("expires_at is not null")),
    )  # fmt: skip

    install_id: Mapped[UUID]
    namespace: Mapped[str]
    key: Mapped[str] = mapped_column(Text(collation="C"))
    value: Mapped[str]
    bytes: Mapped[int] = mapped_column(Integer)
    revision: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[datetime | None]
