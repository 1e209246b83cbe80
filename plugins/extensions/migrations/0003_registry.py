"""Signed bundles with files, trusted keys, revocations, rollback and the breaker."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from kernel.migrations import protect

revision = "extensions_0003"
down_revision = "extensions_0002"
branch_labels = None
depends_on = None

_NO_FILES = "'\\xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'"
_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _releases()
    _installs()
    _trust()


def _releases() -> None:
    table = "extensions_releases"
    op.add_column(table, sa.Column("files", postgresql.JSONB(), server_default="{}", nullable=False))
    op.add_column(table, sa.Column("files_digest", sa.LargeBinary(), server_default=sa.text(_NO_FILES), nullable=False))
    op.add_column(table, sa.Column("signature", sa.LargeBinary(), nullable=True))
    op.add_column(table, sa.Column("signer", sa.LargeBinary(), nullable=True))
    op.create_check_constraint(op.f("ck_extensions_releases_signature"), table, "(signature is null) = (signer is null)")


def _installs() -> None:
    table = "extensions_installs"
    for column in (sa.Column("previous_release_id", sa.Uuid()), sa.Column("halted", sa.Text()),
                   sa.Column("resting_until", _INSTANT), sa.Column("watched_since", _INSTANT)):  # fmt: skip
        op.add_column(table, column)
    op.add_column(table, sa.Column("rests", sa.Integer(), server_default="0", nullable=False))
    op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")  # else the owner sees no installs
    op.execute("UPDATE extensions_installs SET halted = 'admin' WHERE state = 'disabled'")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.create_check_constraint(op.f("ck_extensions_installs_halted"), table, "halted in ('admin', 'revoked', 'breaker')")
    op.create_check_constraint(
        op.f("ck_extensions_installs_halted_disabled"), table, "(state = 'disabled') = (halted is not null)"
    )
    op.create_foreign_key(
        op.f("fk_extensions_installs_tenant_id_previous_release_id"), table, "extensions_releases",
        ["tenant_id", "previous_release_id"], ["tenant_id", "id"],
    )  # fmt: skip


def _trust() -> None:
    op.create_table(
        "extensions_publisher_keys",
        *_keyed("extensions_publisher_keys"),
        sa.Column("publisher", sa.Text(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("trusted_by", sa.Text(), nullable=False),
        sa.Column("trusted_at", _INSTANT, nullable=False),
        sa.CheckConstraint("octet_length(key) = 32", name=op.f("ck_extensions_publisher_keys_key")),
        sa.UniqueConstraint("tenant_id", "publisher", "key", name=op.f("uq_extensions_publisher_keys_tenant_id_publisher_key")),
    )
    op.create_table(
        "extensions_revocations",
        *_keyed("extensions_revocations"),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("revoked_by", sa.Text(), nullable=False),
        sa.Column("revoked_at", _INSTANT, nullable=False),
        sa.UniqueConstraint("tenant_id", "subject", name=op.f("uq_extensions_revocations_tenant_id_subject")),
    )
    protect(op, "extensions_publisher_keys", "extensions_revocations")


def _keyed(table: str) -> tuple[Any, ...]:
    return (
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f(f"pk_{table}")),
    )
