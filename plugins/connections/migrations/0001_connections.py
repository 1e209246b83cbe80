"""Applications, connections and consents."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from kernel.migrations import protect

revision = "connections_0001"
down_revision = None
branch_labels = ("connections",)
depends_on = ("kernel_0001",)

_INSTANT = sa.DateTime(timezone=True)
_PLACE = ["tenant_id", "provider", "environment"]


def _versioned() -> list[sa.Column[Any]]:
    return [
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", _INSTANT, server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", _INSTANT, server_default=sa.text("now()"), nullable=False),
    ]


def _keys(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f(f"pk_{table}")),
    ]


def upgrade() -> None:
    _applications()
    _connections()
    _consents()
    for table in ("connections_applications", "connections", "connections_consents"):
        protect(op, table)


def _applications() -> None:
    op.create_table(
        "connections_applications",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("client_secret", sa.LargeBinary(), nullable=False),
        *_versioned(),
        *_keys("connections_applications"),
        sa.UniqueConstraint(*_PLACE, name=op.f("uq_connections_applications_tenant_id_provider_environment")),
    )


def _connections() -> None:
    op.create_table(
        "connections",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("account_name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tokens", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", _INSTANT, nullable=True),
        sa.Column("refresh_expires_at", _INSTANT, nullable=True),
        sa.Column("refreshed_at", _INSTANT, nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_try_at", _INSTANT, nullable=True),
        sa.Column("last_error", sa.Text(), server_default="", nullable=False),
        sa.Column("last_error_at", _INSTANT, nullable=True),
        sa.Column("parting", sa.LargeBinary(), nullable=True),
        sa.Column("parting_since", _INSTANT, nullable=True),
        sa.Column("connected_by", sa.Text(), nullable=False),
        sa.Column("connected_at", _INSTANT, nullable=False),
        *_versioned(),
        sa.CheckConstraint("state in ('connected', 'failing', 'withdrawn')", name=op.f("ck_connections_state")),
        sa.CheckConstraint("(state = 'withdrawn') = (tokens is null)", name=op.f("ck_connections_tokens")),
        sa.CheckConstraint("(tokens is null) = (expires_at is null)", name=op.f("ck_connections_expires_at")),
        sa.CheckConstraint("parting is null or state = 'withdrawn'", name=op.f("ck_connections_parting")),
        sa.CheckConstraint("(parting is null) = (parting_since is null)", name=op.f("ck_connections_parting_since")),
        sa.CheckConstraint("failures >= 0", name=op.f("ck_connections_failures")),
        *_keys("connections"),
        sa.ForeignKeyConstraint(
            _PLACE,
            [f"connections_applications.{column}" for column in _PLACE],
            name=op.f("fk_connections_tenant_id_provider_environment"),
        ),
        sa.UniqueConstraint(*_PLACE, "account_id", name=op.f("uq_connections_tenant_id_provider_environment_account_id")),
    )
    op.create_index(op.f("ix_connections_tenant_id_account_name_id"), "connections", ["tenant_id", "account_name", "id"])


def _consents() -> None:
    op.create_table(
        "connections_consents",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=True),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("state_hash", sa.LargeBinary(), nullable=False),
        sa.Column("verifier", sa.LargeBinary(), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.Text(), server_default="asked", nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("asked_at", _INSTANT, nullable=False),
        sa.CheckConstraint(
            "state in ('asked', 'answered', 'connected', 'declined', 'failed')", name=op.f("ck_connections_consents_state")
        ),
        sa.CheckConstraint("state <> 'answered' or answer is not null", name=op.f("ck_connections_consents_answer")),
        *_keys("connections_consents"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"], ["users.tenant_id", "users.id"],
            name=op.f("fk_connections_consents_tenant_id_user_id"), ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "application_id"], ["connections_applications.tenant_id", "connections_applications.id"],
            name=op.f("fk_connections_consents_tenant_id_application_id"), ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "connection_id"], ["connections.tenant_id", "connections.id"],
            name=op.f("fk_connections_consents_tenant_id_connection_id"), ondelete="SET NULL (connection_id)",
        ),
        sa.UniqueConstraint("tenant_id", "state_hash", name=op.f("uq_connections_consents_tenant_id_state_hash")),
    )  # fmt: skip
    op.create_index(op.f("ix_connections_consents_tenant_id_asked_at"), "connections_consents", ["tenant_id", "asked_at"])
