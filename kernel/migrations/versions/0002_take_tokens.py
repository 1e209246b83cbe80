"""One call for a rate limit: its plans are kept by the session, and it is one statement for the driver."""

from alembic import op

revision = "kernel_0002"
down_revision = "kernel_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create function take_tokens(tenant uuid, bucket uuid, instant timestamptz, step interval, whole interval,
          out taken boolean, out full_then timestamptz) language plpgsql as $$
        begin
          perform set_config('app.tenant_id', tenant::text, true);
          insert into rate_buckets as b (tenant_id, id, full_at) values (tenant, bucket, instant + step)
            on conflict (tenant_id, id) do update set full_at = greatest(b.full_at, instant) + step
            where greatest(b.full_at, instant) + step <= instant + whole
            returning b.full_at into full_then;
          taken := found;
          if not taken then
            select b.full_at into full_then from rate_buckets b where b.tenant_id = tenant and b.id = bucket;
          end if;
        end $$
    """)
