"""Tables of extensions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from kernel.migrations import protect

revision = "extensions_0001"
down_revision = None
branch_labels = ("extensions",)
depends_on = ("kernel_0001",)


def upgrade() -> None:
    op.create_table(
        "extensions_invocations",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("install_id", sa.Uuid(), nullable=False),
        sa.Column("extension", sa.Text(), nullable=False),
        sa.Column("semver", sa.Text(), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("trap", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("duration", sa.Integer(), nullable=False),
        sa.Column("cpu", sa.Integer(), nullable=False),
        sa.Column("host_time", sa.Integer(), nullable=False),
        sa.Column("memory", sa.Integer(), nullable=False),
        sa.Column("request_bytes", sa.Integer(), nullable=False),
        sa.Column("response_bytes", sa.Integer(), nullable=False),
        sa.Column("host_calls", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("logs", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("dropped_logs", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("(status is null) = (trap is not null)", name=op.f("ck_extensions_invocations_trap")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_extensions_invocations_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_extensions_invocations")),
    )
    op.create_index(
        op.f("ix_extensions_invocations_tenant_id_install_id_started_at_id"),
        "extensions_invocations",
        ["tenant_id", "install_id", "started_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_extensions_invocations_tenant_id_started_at_id"),
        "extensions_invocations",
        ["tenant_id", "started_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_extensions_invocations_traps",
        "extensions_invocations",
        ["tenant_id", "install_id", "started_at"],
        unique=False,
        postgresql_where=sa.text("trap is not null"),
    )
    op.create_table(
        "extensions_releases",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("semver", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("publisher", sa.Text(), nullable=False),
        sa.Column("manifest", postgresql.JSONB(), nullable=False),
        sa.Column("component_key", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), server_default="compiling", nullable=False),
        sa.Column("inspection", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("problem", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("published_by", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(state = 'refused') = (problem is not null)", name=op.f("ck_extensions_releases_problem")),
        sa.CheckConstraint("state in ('compiling', 'ready', 'refused')", name=op.f("ck_extensions_releases_state")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_extensions_releases_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_extensions_releases")),
        sa.UniqueConstraint("tenant_id", "name", "semver", name=op.f("uq_extensions_releases_tenant_id_name_semver")),
    )
    op.create_index(
        op.f("ix_extensions_releases_tenant_id_published_at_id"),
        "extensions_releases",
        ["tenant_id", "published_at", "id"],
        unique=False,
    )
    op.create_table(
        "extensions_installs",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("pending_release_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), server_default="active", nullable=False),
        sa.Column("config", sa.LargeBinary(), nullable=True),
        sa.Column("installed_by", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "state <> 'awaiting_consent' or pending_release_id is not null", name=op.f("ck_extensions_installs_pending")
        ),
        sa.CheckConstraint("state in ('active', 'awaiting_consent', 'disabled')", name=op.f("ck_extensions_installs_state")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "pending_release_id"],
            ["extensions_releases.tenant_id", "extensions_releases.id"],
            name=op.f("fk_extensions_installs_tenant_id_pending_release_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "release_id"],
            ["extensions_releases.tenant_id", "extensions_releases.id"],
            name=op.f("fk_extensions_installs_tenant_id_release_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_extensions_installs_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_extensions_installs")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_extensions_installs_tenant_id_name")),
    )
    op.create_index(
        op.f("ix_extensions_installs_tenant_id_created_at_id"),
        "extensions_installs",
        ["tenant_id", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "extensions_grants",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("install_id", sa.Uuid(), nullable=False),
        sa.Column("capability", sa.Text(), nullable=False),
        sa.Column("parameters", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "install_id"],
            ["extensions_installs.tenant_id", "extensions_installs.id"],
            name=op.f("fk_extensions_grants_tenant_id_install_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_extensions_grants_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_extensions_grants")),
        sa.UniqueConstraint(
            "tenant_id", "install_id", "capability", name=op.f("uq_extensions_grants_tenant_id_install_id_capability")
        ),
    )
    protect(op, "extensions_invocations", "extensions_releases", "extensions_installs", "extensions_grants")
