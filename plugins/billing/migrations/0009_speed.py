"""What fast billing runs need: whether lines belong to a final invoice is looked up once for each invoice.

As a join the server may plan it the other way round, every final invoice there is against every new line, as long as it has
not counted the invoices of the last runs; a subquery leaves it no choice.
"""

from alembic import op

revision = "billing_0009"
down_revision = "billing_0008"
branch_labels = None
depends_on = None

_GUARD = """
create or replace function billing_keep_final_parts() returns trigger language plpgsql as $$
begin
  if pg_trigger_depth() = 1 and exists (
    select from (select distinct tenant_id, invoice_id from changed) c
    where (select i.status from billing_invoices i where i.tenant_id = c.tenant_id and i.id = c.invoice_id) <> 'draft'
  ) then
    raise exception 'a finalized invoice never changes' using errcode = 'restrict_violation';
  end if;
  return null;
end $$
"""


def upgrade() -> None:
    op.execute(_GUARD)
