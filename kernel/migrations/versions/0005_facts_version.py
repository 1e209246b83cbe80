"""A version of what a tenant keeps that hardly ever changes, so that a process need not read it for each request.

Whatever changes a tenant's users, roles, plugins or settings gives its row the number of that transaction: numbers are never
used twice, so a process that knows the facts of a number knows those that hold. The rows are stamped when the transaction
commits, so that nobody holds the tenant's row while working.
"""

from alembic import op

from kernel.migrations import stamp

revision = "kernel_0005"
down_revision = "kernel_0004"
branch_labels = None
depends_on = None

WATCHED = {
    "users": "update of name, locale, active, tokens_from or delete",
    "user_roles": "insert or update or delete",
    "roles": "update of grants_all or delete",
    "role_permissions": "insert or update or delete",
    "tenant_plugins": "insert or update or delete",
    "tenant_settings": "insert or update or delete",
}


def upgrade() -> None:
    op.execute("alter table tenants add column facts_version bigint not null default 0")
    op.execute("""
        create function stamp_facts() returns trigger language plpgsql as $$
        declare now_at bigint := pg_current_xact_id()::text::bigint;
        begin
          update tenants set facts_version = now_at
            where id = coalesce(new.tenant_id, old.tenant_id) and facts_version <> now_at;
          return null;
        end $$
    """)
    op.execute("""
        create function stamp_tenant() returns trigger language plpgsql as $$
        begin
          new.facts_version := pg_current_xact_id()::text::bigint;
          return new;
        end $$
    """)
    op.execute("""
        create trigger stamp_facts before insert or update of slug, name, zone, currency, locale, active on tenants
          for each row execute function stamp_tenant()
    """)
    for table, change in WATCHED.items():
        stamp(op, table, change)
    op.execute("drop function tenant_facts(uuid)")
    op.execute("""
        create function tenant_facts(tenant uuid, known bigint) returns json language plpgsql stable as $$
        declare facts json;
        begin
          select case when t.facts_version = known then 'null'::json else
            json_build_object('version', t.facts_version, 'tenant', json_build_array(t.id, t.slug, t.name, t.zone, t.currency,
              t.locale), 'disabled', array(select plugin from tenant_plugins where not enabled),
              'settings', (select json_object_agg(plugin, "values") from tenant_settings)) end into facts
          from tenants t where t.id = tenant and t.active;
          return facts;
        end $$
    """)
    op.execute("drop function who_calls(text, bytea, uuid, timestamptz, timestamptz, timestamptz)")
    op.execute("""
        create function who_calls(tenant uuid, kind text, token bytea, caller uuid, instant timestamptz, idle timestamptz,
          issued timestamptz, known bigint) returns json language plpgsql stable as $$
        declare shown uuid; csrf text; seen timestamptz; narrowed jsonb; version bigint; person json;
        begin
          if kind = 'session' then
            select s.id, s.user_id, s.csrf_token, s.seen_at, t.facts_version into shown, caller, csrf, seen, version
              from sessions s join tenants t on t.id = s.tenant_id
              where s.tenant_id = tenant and s.token_hash = token and s.expires_at > instant and s.seen_at > idle;
          elsif kind = 'api_key' then
            select k.id, k.user_id, k.seen_at, k.scopes, t.facts_version into shown, caller, seen, narrowed, version
              from api_keys k join tenants t on t.id = k.tenant_id
              where k.tenant_id = tenant and k.token_hash = token and k.revoked_at is null
                and (k.expires_at is null or k.expires_at > instant);
          end if;
          if version = known then
            return json_build_object('user_id', caller, 'session_id', shown, 'csrf_token', csrf, 'seen_at', seen,
              'scopes', narrowed, 'facts', null);
          end if;
          select json_build_object('name', u.name, 'locale', u.locale,
            'grants_all', coalesce((select bool_or(r.grants_all) from user_roles ur
              join roles r on r.tenant_id = ur.tenant_id and r.id = ur.role_id
              where ur.tenant_id = u.tenant_id and ur.user_id = u.id), false),
            'permissions', array(select distinct p.permission from user_roles ur
              join role_permissions p on p.tenant_id = ur.tenant_id and p.role_id = ur.role_id
              where ur.tenant_id = u.tenant_id and ur.user_id = u.id)) into person
          from users u join tenants t on t.id = u.tenant_id
          where u.tenant_id = tenant and u.id = caller and u.active and t.active
            and (kind <> 'jwt' or u.tokens_from is null or u.tokens_from <= issued);
          if person is null then
            return null;
          end if;
          return json_build_object('user_id', caller, 'session_id', shown, 'csrf_token', csrf, 'seen_at', seen,
            'scopes', narrowed, 'facts', tenant_facts(tenant, null), 'person', person);
        end $$
    """)
