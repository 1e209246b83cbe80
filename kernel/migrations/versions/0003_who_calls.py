"""Who calls, in the message that begins a request's transaction: one function, whose plans the session keeps."""

from alembic import op

revision = "kernel_0003"
down_revision = "kernel_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        create function who_calls(kind text, token bytea, caller uuid, instant timestamptz, idle timestamptz,
          issued timestamptz) returns json language plpgsql stable as $$
        declare shown uuid; csrf text; seen timestamptz; narrowed jsonb; facts json;
        begin
          if kind = 'session' then
            select s.id, s.user_id, s.csrf_token, s.seen_at into shown, caller, csrf, seen from sessions s
              where s.token_hash = token and s.expires_at > instant and s.seen_at > idle;
          elsif kind = 'api_key' then
            select k.id, k.user_id, k.seen_at, k.scopes into shown, caller, seen, narrowed from api_keys k
              where k.token_hash = token and k.revoked_at is null and (k.expires_at is null or k.expires_at > instant);
          end if;
          select json_build_object('id', t.id, 'slug', t.slug, 'name', t.name, 'zone', t.zone, 'currency', t.currency,
            'locale', t.locale, 'user_id', u.id, 'user_name', u.name, 'user_locale', u.locale, 'session_id', shown,
            'csrf_token', csrf, 'seen_at', seen, 'scopes', narrowed,
            'grants_all', coalesce((select bool_or(r.grants_all) from user_roles ur
              join roles r on r.tenant_id = ur.tenant_id and r.id = ur.role_id
              where ur.tenant_id = u.tenant_id and ur.user_id = u.id), false),
            'permissions', array(select distinct p.permission from user_roles ur
              join role_permissions p on p.tenant_id = ur.tenant_id and p.role_id = ur.role_id
              where ur.tenant_id = u.tenant_id and ur.user_id = u.id),
            'disabled', array(select plugin from tenant_plugins where not enabled),
            'settings', (select json_object_agg(plugin, "values") from tenant_settings)) into facts
          from users u join tenants t on t.id = u.tenant_id
          where u.id = caller and u.active and t.active
            and (kind <> 'jwt' or u.tokens_from is null or u.tokens_from <= issued);
          return facts;
        end $$
    """)
