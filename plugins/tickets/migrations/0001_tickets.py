"""Tables of tickets."""

import sqlalchemy as sa
from alembic import op

from kernel.migrations import protect

revision = "tickets_0001"
down_revision = None
branch_labels = ("tickets",)
depends_on = ("catalog_0001", "kernel_0001")


def upgrade() -> None:
    op.create_table(
        "tickets_boards",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("is_default", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_tickets_boards_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_tickets_boards")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_tickets_boards_tenant_id_name")),
    )
    op.create_index(
        "uq_tickets_boards_default",
        "tickets_boards",
        ["tenant_id"],
        unique=True,
        postgresql_where=sa.text("is_default"),
    )
    op.create_table(
        "tickets_counters",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("last_number", sa.Integer(), server_default="1000", nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_tickets_counters_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_tickets_counters")),
        sa.UniqueConstraint("tenant_id", name=op.f("uq_tickets_counters_tenant_id")),
    )
    op.create_table(
        "tickets_priorities",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.CheckConstraint("level between 1 and 5", name=op.f("ck_tickets_priorities_level")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_tickets_priorities_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_tickets_priorities")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_tickets_priorities_tenant_id_name")),
    )
    op.create_table(
        "tickets_statuses",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("board_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_closed", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("is_default", sa.Boolean(), server_default="false", nullable=False),
        sa.CheckConstraint("not (is_default and is_closed)", name=op.f("ck_tickets_statuses_default_is_open")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "board_id"],
            ["tickets_boards.tenant_id", "tickets_boards.id"],
            name=op.f("fk_tickets_statuses_tenant_id_board_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_tickets_statuses_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_tickets_statuses")),
        sa.UniqueConstraint("tenant_id", "board_id", "id", name=op.f("uq_tickets_statuses_tenant_id_board_id_id")),
        sa.UniqueConstraint("tenant_id", "board_id", "name", name=op.f("uq_tickets_statuses_tenant_id_board_id_name")),
    )
    op.create_index(
        "uq_tickets_statuses_default",
        "tickets_statuses",
        ["tenant_id", "board_id"],
        unique=True,
        postgresql_where=sa.text("is_default"),
    )
    op.create_table(
        "tickets_tickets",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("title_key", sa.Text(), sa.Computed("lower(title)", persisted=True), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=True),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("board_id", sa.Uuid(), nullable=False),
        sa.Column("status_id", sa.Uuid(), nullable=False),
        sa.Column("priority_id", sa.Uuid(), nullable=False),
        sa.Column("assignee_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("origin", sa.Text(), server_default="internal", nullable=False),
        sa.Column("is_closed", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_by", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "origin in ('internal', 'portal', 'email', 'api', 'import', 'extension')",
            name=op.f("ck_tickets_tickets_origin"),
        ),
        sa.CheckConstraint("is_closed = (closed_at is not null)", name=op.f("ck_tickets_tickets_closed")),
        sa.CheckConstraint("length(title) between 1 and 255", name=op.f("ck_tickets_tickets_title")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "assignee_id"],
            ["users.tenant_id", "users.id"],
            name=op.f("fk_tickets_tickets_tenant_id_assignee_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "board_id", "status_id"],
            ["tickets_statuses.tenant_id", "tickets_statuses.board_id", "tickets_statuses.id"],
            name=op.f("fk_tickets_tickets_tenant_id_board_id_status_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "board_id"],
            ["tickets_boards.tenant_id", "tickets_boards.id"],
            name=op.f("fk_tickets_tickets_tenant_id_board_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"],
            ["clients.tenant_id", "clients.id"],
            name=op.f("fk_tickets_tickets_tenant_id_client_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "contact_id"],
            ["contacts.tenant_id", "contacts.id"],
            name=op.f("fk_tickets_tickets_tenant_id_contact_id"),
            ondelete="SET NULL (contact_id)",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "location_id"],
            ["client_locations.tenant_id", "client_locations.id"],
            name=op.f("fk_tickets_tickets_tenant_id_location_id"),
            ondelete="SET NULL (location_id)",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "priority_id"],
            ["tickets_priorities.tenant_id", "tickets_priorities.id"],
            name=op.f("fk_tickets_tickets_tenant_id_priority_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "team_id"],
            ["teams.tenant_id", "teams.id"],
            name=op.f("fk_tickets_tickets_tenant_id_team_id"),
            ondelete="SET NULL (team_id)",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_tickets_tickets_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_tickets_tickets")),
        sa.UniqueConstraint("tenant_id", "number", name=op.f("uq_tickets_tickets_tenant_id_number")),
    )
    op.create_index(
        op.f("ix_tickets_tickets_tenant_id_assignee_id_is_closed_created_at"),
        "tickets_tickets",
        ["tenant_id", "assignee_id", "is_closed", "created_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_tickets_tickets_tenant_id_board_id_status_id"),
        "tickets_tickets",
        ["tenant_id", "board_id", "status_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_tickets_tickets_tenant_id_client_id_created_at_id"),
        "tickets_tickets",
        ["tenant_id", "client_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_tickets_tickets_tenant_id_created_at_id"),
        "tickets_tickets",
        ["tenant_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_tickets_tickets_tenant_id_is_closed_created_at_id"),
        "tickets_tickets",
        ["tenant_id", "is_closed", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_tickets_tickets_tenant_id_updated_at_id"),
        "tickets_tickets",
        ["tenant_id", "updated_at", "id"],
        unique=False,
    )
    op.create_table(
        "tickets_comments",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("internal", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("is_resolution", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("author_kind", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "author_kind in ('user', 'contact', 'api_key', 'extension', 'system')",
            name=op.f("ck_tickets_comments_author_kind"),
        ),
        sa.CheckConstraint("length(body) between 1 and 20000", name=op.f("ck_tickets_comments_body")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "ticket_id"],
            ["tickets_tickets.tenant_id", "tickets_tickets.id"],
            name=op.f("fk_tickets_comments_tenant_id_ticket_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_tickets_comments_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_tickets_comments")),
    )
    op.create_index(
        op.f("ix_tickets_comments_tenant_id_ticket_id_created_at_id"),
        "tickets_comments",
        ["tenant_id", "ticket_id", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "tickets_materials",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=14, scale=4), nullable=False),
        sa.Column("rate", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("used_on", sa.Date(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=True),
        sa.Column("invoice_line_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(invoice_id is null) = (invoice_line_id is null)", name=op.f("ck_tickets_materials_billed")),
        sa.CheckConstraint("length(currency) = 3", name=op.f("ck_tickets_materials_currency")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_tickets_materials_quantity")),
        sa.CheckConstraint("rate >= 0", name=op.f("ck_tickets_materials_rate")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"],
            ["clients.tenant_id", "clients.id"],
            name=op.f("fk_tickets_materials_tenant_id_client_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "item_id"],
            ["catalog_items.tenant_id", "catalog_items.id"],
            name=op.f("fk_tickets_materials_tenant_id_item_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "ticket_id"],
            ["tickets_tickets.tenant_id", "tickets_tickets.id"],
            name=op.f("fk_tickets_materials_tenant_id_ticket_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_tickets_materials_tenant_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_tickets_materials")),
        postgresql_with={"fillfactor": 70},
    )
    op.create_index(
        op.f("ix_tickets_materials_tenant_id_ticket_id_id"),
        "tickets_materials",
        ["tenant_id", "ticket_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_tickets_materials_unbilled",
        "tickets_materials",
        ["tenant_id", "client_id", "used_on"],
        unique=False,
        postgresql_where=sa.text("invoice_id is null"),
    )
    protect(
        op,
        "tickets_boards",
        "tickets_counters",
        "tickets_priorities",
        "tickets_statuses",
        "tickets_tickets",
        "tickets_comments",
        "tickets_materials",
    )
