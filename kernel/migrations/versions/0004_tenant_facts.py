"""What a transaction outside HTTP wants to know of its tenant, in the message that begins it."""

from alembic import op

revision = "kernel_0004"
down_revision = "kernel_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create function tenant_facts(tenant uuid) returns text language plpgsql stable as $$
        begin
          return (select json_build_object('slug', t.slug, 'name', t.name, 'zone', t.zone, 'currency', t.currency,
              'locale', t.locale, 'disabled', array(select plugin from tenant_plugins where not enabled),
              'settings', (select json_object_agg(plugin, "values") from tenant_settings))
            from tenants t where t.id = tenant and t.active);
        end $$
    """)
