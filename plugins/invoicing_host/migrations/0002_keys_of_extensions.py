"""A key is one charge of an extension, whichever install sends it: installed anew, it bills nothing twice."""

import sqlalchemy as sa
from alembic import op

revision = "invoicing_host_0002"
down_revision = "invoicing_host_0001"
branch_labels = None
depends_on = None

_TABLE = "invoicing_host_charges"
# Charges that two installs of one extension kept under one key: the later ones stay, under keys that nobody sends.
_PART = """
update invoicing_host_charges c set idempotency_key = c.idempotency_key || ' ' || c.id
from (select tenant_id, id, row_number() over (partition by tenant_id, extension, idempotency_key order by created_at, id) as place
      from invoicing_host_charges) ranked
where ranked.tenant_id = c.tenant_id and ranked.id = c.id and ranked.place > 1
"""


def upgrade() -> None:
    op.add_column(_TABLE, sa.Column("extension", sa.Text(), nullable=True))
    op.execute(f"alter table {_TABLE} no force row level security")
    op.execute(f"update {_TABLE} set extension = split_part(author, '@', 1)")
    op.execute(_PART)
    op.execute(f"alter table {_TABLE} force row level security")
    op.alter_column(_TABLE, "extension", nullable=False)
    op.drop_constraint(op.f(f"uq_{_TABLE}_tenant_id_install_id_idempotency_key"), _TABLE)
    op.create_unique_constraint(
        op.f(f"uq_{_TABLE}_tenant_id_extension_idempotency_key"), _TABLE, ["tenant_id", "extension", "idempotency_key"]
    )
